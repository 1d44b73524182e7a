"""A first policy for a new site: a commented text, to be read and gone on with."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from orchestrator.core.policy.values import MINUTE, duration, written

TABLES = (
    "select count(*) from information_schema.tables "
    "where table_schema not in ('pg_catalog', 'information_schema')"
)
REFERENCE = re.compile(r"(env|file|credential):(\S.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A PostgreSQL database to save; `password` is a reference, `env:NAME` or `file:/path`."""

    name: str
    host: str
    port: int
    user: str
    password: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What somebody says about a new site. A secret is `env:NAME`, `file:/path` or `/path`.

    `timezone` is None where the provider's holds; `s3` is the access key and the secret key.
    """

    site: str
    name: str
    timezone: str | None
    url: str
    password: str
    s3: tuple[str, str] | None
    offsite: bool
    paths: tuple[str, ...]
    databases: tuple[Database, ...]
    rto: str
    rpo: str


def draft(answers: Answers) -> str:
    """Write the policy's text. Raises ValueError for a secret that is not a reference."""
    zone = f"timezone: {_quote(answers.timezone)}\n" if answers.timezone else ""
    services = [_files(answers)] if answers.paths else []
    services += [_database(answers, database) for database in answers.databases]
    return f"""\
# {answers.site}: what is saved, what is promised, and how a drill proves it.
# Every key: policies/README.md. After a change: pra policy check
site: {answers.site}
name: {_quote(answers.name)}
{zone}
# business:                             # opening hours: `fresh` in a check then counts in them
#   hours: [{{days: mon-fri, from: "08:00", to: "18:00"}}]
#   holidays: FR

equipment:
  server:
    kind: server
    # replace: {{delay: 2d}}              # until another one stands there
{_other_machine(answers)}
# Where a recovery takes place; a drill elsewhere says so. Unset: on replaced equipment.
# recover_on: server

# Delays before a recovery starts. Undeclared, no objective can be shown to be held.
# lead:
#   server-failure: {{detect: 30m, decide: 30m}}

# outside: [{{name: Mail, accepted_by: the owner, on: 2026-11}}]  # accepted as not protected

repositories:
{_repository(answers)}
services:
{"".join(services)}
drills:                                 # a recovery for real, in a sandbox, then destroyed
  - {{name: weekly, cron: "0 3 * * sun", scenario: server-failure}}

# Absent, every recovery point is kept, and what is stored is never read again as a whole.
# retention: {{last: 3, hourly: 24, daily: 14, weekly: 8, monthly: 24}}
# verify: {{read_all_within: 30d}}

# Who is called when something breaks: chains of provider.yaml, by criticality.
# escalate: {{P1: wake, P2: wake, P3: ticket, P4: ticket}}
"""


def _other_machine(answers: Answers) -> str:
    if answers.offsite:
        return ""
    return """\
  storage:                              # must be another machine than the server
    kind: nas
"""


def _repository(answers: Answers) -> str:
    name, location = ("offsite", "offsite") if answers.offsite else ("onsite", "onsite")
    keys = ""
    if answers.s3:
        access, secret = map(_reference, answers.s3)
        keys = f"    s3: {{access_key: {access}, secret_key: {secret}}}\n"
    where = "" if answers.offsite else "    equipment: storage\n"
    return f"""\
  {name}:
    url: {_quote(answers.url)}
    password: {_reference(answers.password)}  # without it nothing opens: keep a copy elsewhere
{keys}    location: {location}
{where}{_protection(answers)}"""


def _protection(answers: Answers) -> str:
    """Offer what keeps a thief of our keys from deleting it, there where it is kept."""
    if answers.url.startswith("s3:"):
        return "    # immutable: {mode: compliance, for: 30d}   # on a bucket with Object Lock\n"
    if answers.url.startswith("rest:"):
        return "    # append_only: true                 # where its server lets nobody delete\n"
    return "    # offline: {rotation: 1w}           # a disk that is unplugged between its turns\n"


def _files(answers: Answers) -> str:
    return f"""\
  files:
    name: "Files"
    criticality: P2                       # P1 (nothing works without it) to P4
    source:
      files: {{paths: {_quote(answers.paths)}, exclude_caches: true}}
      equipment: server
{_objectives(answers)}
{_schedule(answers)}
    checks:
      - {{name: files are there, files: {{at_least: 1}}}}
"""


def _database(answers: Answers, database: Database) -> str:
    access = f"host: {_quote(database.host)}, port: {database.port}, user: {_quote(database.user)}"
    password = f", password: {_reference(database.password)}" if database.password else ""
    return f"""\
  {slug(database.name)}:
    name: {_quote(f"Database {database.name}")}
    criticality: P2
    source:
      postgresql: {{{access}{password}, database: {_quote(database.name)}}}
      equipment: server
{_objectives(answers)}
{_schedule(answers)}
    checks:                               # better: a question that only your data can answer
      - name: tables are there
        sql: >-
          {TABLES}
        expect: ">= 1"
      # - {{name: orders are recent, sql: the time of the last order, fresh: 1d}}
"""


def _objectives(answers: Answers) -> str:
    return f"""\
    objectives:                           # rto: until it answers; rpo: how much work may be lost
      rto: {_quote(answers.rto)}
      rpo: {_quote(answers.rpo)}"""


def _schedule(answers: Answers) -> str:
    """Back up twice within the RPO: the data grow older until the next backup has ended."""
    try:
        often = max(duration(answers.rpo) // 2 // MINUTE * MINUTE, MINUTE)
    except ValueError:  # the check says what is wrong with it
        often = MINUTE
    line = f"    backup: {{every: {written(often)}}}"
    return f'{line:<42}# or cron: "0 1,13 * * *"; copy_to: [ANOTHER]'


def slug(name: str) -> str:
    """Make a service's name of a database's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "database"


def _reference(text: str) -> str:
    found = REFERENCE.fullmatch(f"file:{text}" if text.startswith("/") else text)
    if found is None:
        raise ValueError("a secret is given as env:NAME, file:/path or credential:NAME")
    return f"{{{found[1]}: {_quote(found[2])}}}"


def _quote(value: object) -> str:
    # JSON is YAML, and needs no thought about what a text might look like.
    return json.dumps(value, ensure_ascii=False)
