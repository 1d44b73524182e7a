"""The bakery as a client site: its servers, its data, its policy, all in one folder.

policies/   what the provider promises           s3/   the bucket's server
secrets/    what the policy refers to            db/   the till's live database
state/      pra's log                            partage/   the shared files
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.demo import bakery, files
from orchestrator.demo.servers import PostgresServer, S3Server
from orchestrator.errors import DemoFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

SITE = "boulangerie-demo"
BUCKET = "boulangerie-demo"
PLACE = "this-machine"
LOCKED_DAYS = 30
PROGRAMS = {"restic": "restic", "bwrap": "bubblewrap", "pg_dump": "postgresql-client"}

PROVIDER = """\
provider: {{name: Exemple Infogérance, language: fr, timezone: Europe/Paris}}
places: {{{place}: {{country: FR}}}}
"""
POLICY = """\
site: {site}
name: Boulangerie de démonstration
language: fr
timezone: Europe/Paris
business:
  hours:
    - {{days: tue-sat, from: "06:00", to: "13:00"}}
    - {{days: tue-sat, from: "15:30", to: "19:30"}}
  holidays: FR
recover_on: {place}
lead: {{server-failure: {{detect: 10m, decide: 30m}}}}
outside: [{{name: Messagerie, accepted_by: gérant, on: 2026-11-02}}]

repositories:
  offsite:
    url: {url}
    password: {{file: {secrets[restic-password]}}}
    s3:
      access_key: {{file: {secrets[s3-access-key]}}}
      secret_key: {{file: {secrets[s3-secret-key]}}}
    location: offsite
    immutable: {{mode: compliance, for: {locked}d}}

services:
  caisse:
    name: Caisse et stocks
    criticality: P1
    source:
      postgresql: {{host: {socket}, port: {port}, user: {reader}, database: {database}}}
    objectives: {{rto: 4h, rpo: 30m}}
    backup: {{to: offsite, every: 15m}}
    checks:
      - {{name: orders are there, sql: "select count(*) from orders", expect: ">= 30000"}}
      - {{name: orders are recent, sql: "select max(created_at) from orders", fresh: 2h}}
      - name: every order has its lines
        sql: "select count(*) from orders where id not in (select order_id from order_lines)"
        expect: "= 0"
  partage:
    name: Fichiers partagés
    criticality: P2
    source: {{files: {{paths: [{share}]}}}}
    depends_on: [caisse]
    objectives: {{rto: 4h, rpo: 30m}}
    backup: {{to: offsite, every: 15m}}
    checks:
      - {{name: all files, files: {{at_least: 2000, at_least_size: 50MB}}}}
      - {{name: ledger is there, command: [test, -s, {ledger}]}}
drills: [{{name: hebdo, cron: "0 3 * * sun", scenario: server-failure}}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bakery:
    """The running site; `policies` and `state` are what every verb of `pra` asks for."""

    root: Path
    s3: S3Server
    postgres: PostgresServer

    @property
    def policies(self) -> Path:
        """The folder of the policy files."""
        return self.root / "policies"

    @property
    def state(self) -> Path:
        """The folder of the log and of drills under way."""
        return self.root / "state"

    @property
    def share(self) -> Path:
        """The folder of the shared files."""
        return self.root / "partage"

    def furnish(self, now: datetime) -> str:
        """Make the bucket, the data and the policy; say what there is."""
        self.s3.make_bucket(BUCKET, object_lock=True, days=LOCKED_DAYS)
        rows = bakery.create(self.postgres, now)
        count, size = files.create(self.share, now)
        self._write_policies()
        return f"{rows:,} rows in the till's database, {count:,} shared files ({size / 1e6:.0f} MB)"

    def work(self, *, since: datetime, until: datetime) -> str:
        """Let the bakery go on; say what came."""
        rows = bakery.sell(self.postgres, since=since, until=until)
        touched = files.change(self.share, until)
        return f"{rows} rows of new sales, {touched} files written, renamed or deleted"

    def attack(self) -> str:
        """Try to destroy a stored object for good with the site's own key; say what S3 answers.

        Raises DemoFailed if S3 obeys: its lock would be worth nothing.
        """
        client = self.s3.client()
        versions = client.list_object_versions(Bucket=BUCKET, Prefix="restic/data/", MaxKeys=1)
        victim = versions["Versions"][0]
        key, version = victim["Key"], victim["VersionId"]
        try:
            client.delete_object(Bucket=BUCKET, Key=key, VersionId=version)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            return f"refused ({code}): its versions are locked for {LOCKED_DAYS} days"
        raise DemoFailed(f"{BUCKET}/{key}: a locked version could be deleted")

    def _write_policies(self) -> None:
        self.policies.mkdir()
        references = {
            name: json.dumps(str(self._secret(name, value)))
            for name, value in (
                ("restic-password", secrets.token_urlsafe(24)),
                ("s3-access-key", self.s3.access_key),
                ("s3-secret-key", self.s3.secret_key),
            )
        }
        ledger = str(self.share / files.LEDGER).lstrip("/")  # restored below its whole old path
        text = POLICY.format(
            site=SITE,
            place=PLACE,
            url=json.dumps(f"s3:{self.s3.endpoint}/{BUCKET}/restic"),
            secrets=references,
            locked=LOCKED_DAYS,
            socket=json.dumps(self.postgres.host),
            port=self.postgres.port,
            reader=bakery.READER,
            database=bakery.DATABASE,
            share=json.dumps(str(self.share)),
            ledger=json.dumps(ledger),
        )
        (self.policies / "provider.yaml").write_text(PROVIDER.format(place=PLACE))
        (self.policies / f"{SITE}.yaml").write_text(text)

    def _secret(self, name: str, value: str) -> Path:
        path = self.root / "secrets" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"{value}\n")
        return path


@contextlib.contextmanager
def running(root: Path) -> Iterator[Bakery]:
    """Start the servers of the site in a folder, as it is or empty. Raises DemoFailed."""
    absent = {package for name, package in PROGRAMS.items() if shutil.which(name) is None}
    if absent:
        raise DemoFailed(
            f"lacking: {', '.join(sorted(absent))}",
            hint=f"Run `apt-get install {' '.join(sorted(absent))}` as root; restic must be 0.18+.",
        )
    with S3Server(root / "s3") as s3, PostgresServer(root / "db") as postgres:
        yield Bakery(root=root, s3=s3, postgres=postgres)
