"""Many sites on paper, and logs that have seen them for a while."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core import events
from orchestrator.core.codec import timestamp
from orchestrator.core.events import (
    BackedUp,
    BackupFinished,
    Outcome,
    RunKind,
    RunStarted,
    run_of,
    service_of,
    type_of,
)
from orchestrator.log import Log, place
from orchestrator.log.sqlite import GENESIS, INSERT, chained, event_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from orchestrator.core.events import Event

SITES, SERVICES = 200, 5
PROVIDER = """\
provider: {name: Bench, language: en, timezone: Europe/Paris}
channels:
  hook: {webhook: {url: "%(hook)s"}}
escalation:
  wake: [{notify: [hook], after: 0s}]
defaults:
  escalate: {P1: wake, P2: wake, P3: wake, P4: wake}
"""
SITE = """\
site: %(site)s
name: Client %(site)s
timezone: Europe/Paris
lead: {server-failure: {detect: 10m, decide: 30m}}
repositories:
  far: {url: "%(repository)s", password: {file: %(password)s}, location: offsite}
drills: []
services:
"""
SERVICE = """\
  s%(number)d:
    name: Service %(number)d of %(site)s
    criticality: P2
    source:
      files:
        paths: [%(source)s]
        exclude: ["*.tmp", "~$*"]
        exclude_caches: true
    objectives:
      rto: 4h
      rpo: 6h
    backup:
      to: far
      every: %(every)s
    checks:
      - {name: all files, files: {at_least: 1}}
      - {name: ledger, command: [test, -s, ledger.ods], optional: true}
"""


def write_policies(
    folder: Path, *, every: str, sites: int = SITES, services: int = SERVICES, **values: object
) -> None:
    """Write the files of so many sites. `values`: repository, password, source, hook."""
    (folder / "provider.yaml").write_text(PROVIDER % values)
    for number in range(sites):
        given = {**values, "site": name(number), "every": every}
        of_services = (SERVICE % {**given, "number": n} for n in range(services))
        (folder / f"{name(number)}.yaml").write_text(SITE % given + "".join(of_services))


def name(number: int) -> str:
    """Return the id of a site."""
    return f"client-{number:03d}"


def runs(site: str, service: str, at: datetime) -> tuple[Event, Event]:
    """Return a backup that started at this instant and was complete 4 s later."""
    run = f"{at:%Y%m%dT%H%M%SZ}-{abs(hash((site, service))) & 0xFFFFFF:06x}"
    snapshot = BackedUp(source=service, id="a" * 64, tree="b" * 64, data_time=at)
    started = RunStarted(
        run=run, kind=RunKind.BACKUP, site=site, service=service, repository="far", boot_id="b"
    )
    finished = BackupFinished(
        run=run,
        site=site,
        service=service,
        outcome=Outcome.COMPLETE,
        repository="far",
        snapshots=(snapshot,),
        usable_at=at + timedelta(seconds=4),
        files_new=3,
        files_changed=1,
        data_added_bytes=40_000,
        seconds=4.0,
        skipped=(),
        error=None,
    )
    return started, finished


def backed_up_once(state: Path, ago: timedelta = timedelta(minutes=1)) -> None:
    """Make a log in which every service of the fleet was backed up once, a moment ago."""
    at = datetime.now(UTC) - ago
    fill(
        state,
        (
            (at, e)
            for s in range(SITES)
            for n in range(SERVICES)
            for e in runs(name(s), f"s{n}", at)
        ),
    )


def years(count: int, services: int = SERVICES) -> Iterator[tuple[datetime, Event]]:
    """Yield so many events of one site that is backed up every 15 minutes, up to now."""
    slots = count // (2 * services)
    first = datetime.now(UTC) - timedelta(minutes=15) * slots
    for slot in range(slots):
        at = first + timedelta(minutes=15) * slot
        for number in range(services):
            for event in runs(name(0), f"s{number}", at):
                yield at, event


def fill(state: Path, facts: Iterable[tuple[datetime, Event]]) -> None:
    """Write events into a new log at their own times, chained as the log itself would."""
    Log.open(state, clock=lambda: datetime.now(UTC)).close()
    db = sqlite3.connect(place(state), isolation_level=None)
    db.execute("BEGIN")
    prevhash = GENESIS
    for seq, (at, event) in enumerate(facts, start=1):
        body = json.dumps(events.encode(event), ensure_ascii=False, separators=(",", ":"))
        keys = (type_of(event), event.site, service_of(event), run_of(event), None, body)
        head = (seq, event_id(at), timestamp(at), *keys)
        row = chained(prevhash, head)
        db.execute(INSERT, row)
        prevhash = row[-1]
    db.execute("COMMIT")
    db.close()
