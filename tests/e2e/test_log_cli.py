"""`pra events`, `pra history` and `pra status` as their user calls them."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import RunKind
from orchestrator.log import Log, RunLock
from orchestrator.log.copy import Copy
from restore_drills.process import Processes
from tests.logs import spoiled
from tests.records import backed_up, drilled, started
from tests.site import PRA, ClientSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BAKERY = """\
site: bakery
name: Example Bakery
timezone: Europe/Paris
outside: [{name: Mail, accepted_by: the owner, on: 2026-11-02}]
repositories:
  far: {url: /nowhere, password: {file: /nowhere}, location: offsite}
services:
  till:
    source: {files: {paths: [/srv/till]}}
    objectives: {rto: 4h, rpo: 30m}
  pay: {name: Payroll, source: {external: {tool: Example Payroll Ltd}}}
"""


@pytest.fixture
def site(tmp_path: Path) -> ClientSite:
    found = ClientSite(tmp_path)
    (found.policies / "bakery.yaml").write_text(BAKERY)
    return found


@pytest.fixture
def log(site: ClientSite) -> Iterator[Log]:
    log = Log.open(site.state, clock=lambda: datetime.now(UTC))
    yield log
    log.close()


def test_events_are_listed_one_a_line(site: ClientSite, log: Log) -> None:
    log.append(started("r1"))
    log.append(backed_up("r1"))

    ran = site.pra("events", "bakery")

    assert 0 == ran.code
    first, second = ran.out.splitlines()
    assert first.endswith("run.started            bakery/till: backup  [r1]")
    assert second.endswith("backup.finished        bakery/till: complete  [r1]")
    assert "" == site.pra("events", "butcher").out


def test_with_json_each_line_is_a_cloudevent(site: ClientSite, log: Log) -> None:
    begun = log.append(started("r1"))
    log.append(backed_up("r1"), cause=begun.id)

    lines = site.pra("events", "--json").out.splitlines()

    first, second = map(json.loads, lines)
    assert ("1.0", "pra.run.started", "/sites/bakery", "till") == tuple(
        first[key] for key in ("specversion", "type", "source", "subject")
    )
    assert (begun.id, begun.id) == (first["id"], second["cause"])
    assert (2, begun.hash) == (second["seq"], second["prevhash"])
    assert "complete" == second["data"]["outcome"]


def test_an_empty_log_is_said(site: ClientSite) -> None:
    ran = site.pra("events")

    assert (0, "") == (ran.code, ran.out)
    assert "no event yet" in ran.err
    assert "" == site.pra("events", "--json").err
    assert "0 events, chain intact\n" == site.pra("events", "--verify").out


def test_the_chain_is_verified_and_a_touched_event_named(site: ClientSite, log: Log) -> None:
    log.append(started("r1"))
    log.append(backed_up("r1"))
    intact = site.pra("events", "--verify")
    log.close()
    db = sqlite3.connect(log.path)
    db.execute("DROP TRIGGER event_is_never_changed")
    db.execute("UPDATE event SET run = 'r9' WHERE seq = 2")
    db.commit()
    db.close()

    broken = site.pra("events", "--verify")
    document = site.pra("events", "--verify", "--json")

    assert (0, "2 events, chain intact\n") == (intact.code, intact.out)
    assert 1 == broken.code
    assert "the chain is broken at event 2: it was changed after it was written" in broken.out
    assert 1 == document.code
    assert {
        "schema": 1,
        "events": 2,
        "broken": {"seq": 2, "why": "it was changed after it was written"},
    } == document.json


def test_a_damaged_log_is_restored_from_its_copy_by_hand(site: ClientSite, log: Log) -> None:
    for run in ("r1", "r2", "r3"):
        log.append(started(run))
    Copy(site.state).advance(log)
    whole = site.pra("events", "--restore")
    log.close()
    spoiled(log.path, 1)

    told = site.pra("events", "--verify")
    restored = site.pra("events", "--restore")

    assert (0, "The log is whole: nothing to restore.\n") == (whole.code, whole.out)
    assert "`pra events --restore`" in told.out
    assert 0 == restored.code
    assert (
        "The log was damaged (event 1: it was changed after it was written) "
        "and is whole again up to event 3." in restored.out
    )
    assert "4 events, chain intact\n" == site.pra("events", "--verify").out
    assert "log.restored           this machine: after event 3" in site.pra("events").out
    assert {"schema": 1, "damage": None, "last_seq": None, "kept_as": None} == site.pra(
        "events", "--restore", "--json"
    ).json


def test_a_damaged_log_without_a_copy_is_said_with_the_way_out(site: ClientSite, log: Log) -> None:
    log.append(started("r1"))
    log.close()
    spoiled(log.path, 1)

    ran = site.pra("events", "--restore")

    assert 1 == ran.code
    assert "and has no copy\n  Move the file aside and pra starts a new log" in ran.err


def test_following_shows_what_comes_and_ends_quietly_on_ctrl_c(site: ClientSite, log: Log) -> None:
    log.append(started("r1"))
    lines: list[bytes] = []
    argv = [str(PRA), "--state", str(site.state), "events", "--follow"]

    def shown(count: int) -> bool:
        until = time.monotonic() + 60
        while len(lines) < count and time.monotonic() < until:
            time.sleep(0.02)
        return len(lines) == count

    with Processes("test").start(
        argv, env={"PATH": "/usr/bin", "LANG": "C.UTF-8"}, on_stdout=lines.append
    ) as child:
        assert shown(1)
        log.append(backed_up("r1"))
        assert shown(2)
        child.stop("Ctrl-C", timedelta(seconds=60))
        ended = child.ended()

    assert (130, "") == (ended.code, ended.stderr)


def test_history_tells_every_run_and_how_it_ended(site: ClientSite, log: Log) -> None:
    log.append(started("r1"))
    log.append(backed_up("r1"))
    log.append(started("r2", kind=RunKind.DRILL, service=""))
    log.append(drilled("r2", verdict="refuted"))
    log.append(started("r3"))  # nobody holds its lock
    with RunLock(site.state, "r4"):
        log.append(started("r4"))
        document = site.pra("history", "bakery", "--json")
        text = site.pra("history", "bakery")

    assert (0, 1) == (document.code, document.json["schema"])
    assert [
        ("r1", "backup", "till", "complete"),
        ("r2", "drill", None, "refuted"),
        ("r3", "backup", "till", "interrupted"),
        ("r4", "backup", "till", None),
    ] == [
        tuple(run[key] for key in ("run", "kind", "service", "outcome"))
        for run in document.json["runs"]
    ]
    assert "  drill   till  " in text.out
    assert "under way" in text.out


def test_history_without_a_policy_is_told_in_utc_and_a_typing_error_is_named(
    site: ClientSite, log: Log
) -> None:
    log.append(started("r1"))
    (site.policies / "bakery.yaml").unlink()

    known = site.pra("history", "bakery")
    unknown = site.pra("history", "bakry")

    assert (0, True) == (known.code, "r1" in known.out)
    assert (2, True) == (unknown.code, "no site named bakry" in unknown.err)


def test_a_site_where_nothing_was_done_says_how_to_start(site: ClientSite) -> None:
    history, status = site.pra("history", "bakery"), site.pra("status")

    assert "bakery: nothing was done yet. Start with `pra backup bakery`.\n" == history.out
    assert 0 == status.code
    assert "till: never backed up, not scheduled: run `pra backup bakery till`." in status.out
    assert "never drilled: run `pra drill bakery till`." in status.out
    assert "Declared, not proven: Payroll (pay): Example Payroll Ltd answers for it." in status.out
    assert "Outside, not protected: Mail (accepted by the owner, 2026-11-02)." in status.out


def test_status_shows_promised_against_proven(site: ClientSite, log: Log) -> None:
    log.append(drilled("r1", datetime.now(UTC)))

    ran = site.pra("status", "bakery", "--json")

    assert (0, 1) == (ran.code, ran.json["schema"])
    (found,) = ran.json["sites"]
    assert "Mail" == found["outside"][0]["name"]
    till, pay = found["services"]
    rows = {row["scenario"]: row for row in till["scenarios"]}
    assert (14400.0, 1800.0) == (rows["server-failure"]["rto_s"], rows["server-failure"]["rpo_s"])
    # Proven under another policy than today's, and so no longer proven.
    assert ("unproven", "proven", True) == tuple(
        rows["server-failure"][key] for key in ("label", "verdict", "stale")
    )
    assert ("unproven", None, False) == tuple(
        rows["burglary"][key] for key in ("label", "verdict", "stale")
    )
    assert ["declared"] == [row["label"] for row in pay["scenarios"]]


def test_a_state_that_cannot_be_used_is_an_error_in_words(site: ClientSite) -> None:
    site.state.write_text("a file")

    ran = site.pra("events", "--json")

    assert 1 == ran.code
    assert "state-unusable" == ran.json["error"]["code"]
    assert "--state or PRA_STATE" in ran.json["error"]["remedy"]
