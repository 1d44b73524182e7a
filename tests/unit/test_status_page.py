from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from orchestrator.core.events import Outcome, PoliciesRead, RunFailed, RunKind
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import Promise, ProofValid
from orchestrator.core.running import Moved
from orchestrator.core.status import overview
from orchestrator.reports import status
from restore_drills.model import Scenario
from tests.records import (
    NOW,
    acknowledged,
    backed_up,
    drilled,
    incident_opened,
    policies_read,
    recorded,
    started,
)
from tests.statuses import LATER, PROMISE, external, page, seen, service, site

VALID = ProofValid().default


def test_a_person_sees_promise_proof_place_and_date_in_local_time() -> None:
    text = page(seen(started("r0"), backed_up("r0"), drilled("r1")))

    assert "Example Bakery (bakery), 2026-11-23 14:02" == text.splitlines()[0]
    (row,) = (line for line in text.splitlines() if line.startswith("  till  "))
    assert [
        "till",
        "the server fails",
        "back in 4 h, lost 30 min",
        "back in 41 min, lost 14 min",
        "measured",
        "example-host",
        "2026-11-23 12:02",
    ] == [cell.strip() for cell in row.split("  ") if cell]
    assert "till: last usable recovery point 2 h ago, not scheduled; worst loss " in text


def test_without_a_declared_lead_the_time_is_only_that_of_the_restoration() -> None:
    text = page(seen(drilled("r1", lead_s=None, time_to_recover_s=None, rpa_s=None)))

    assert "restored in 14 s (*)" in text
    assert (
        "(*) till, the server fails: restoration proven in 14 s; "
        "the delay before it is not declared." in text
    )


def test_what_was_never_done_is_said_with_the_command_to_run() -> None:
    text = page(seen())

    assert "till: never backed up, not scheduled: run `pra backup bakery till`." in text
    assert "till, the server fails: never drilled: run `pra drill bakery till`." in text


def test_a_scenario_with_its_own_promise_has_its_own_row_and_command() -> None:
    own = Promise(rto=timedelta(days=3), rpo=timedelta(hours=1))
    wipe = Scenario.BUCKET_WIPE
    text = page(seen(of=site(service(objectives={None: PROMISE, wipe: own}))))

    assert "back in 3 d, lost 1 h" in text
    assert (
        "till, the online copy is wiped: never drilled: "
        "run `pra drill bakery till --scenario bucket-wipe`."
    ) in text


def test_a_disaster_that_leaves_nothing_is_said_without_a_drill_once_for_all_services() -> None:
    own = Promise(rto=timedelta(days=3), rpo=timedelta(hours=1))
    till = service(objectives={None: PROMISE, Scenario.RANSOMWARE: own})
    text = page(seen(of=site(till, service("files"))))

    assert (
        "If a virus encrypts everything, nothing of till, files is left: offsite is neither "
        "immutable, append-only nor offline, and the ransomware deletes what our own keys can."
    ) in text
    assert "--scenario ransomware" not in text
    assert (
        "till: never drilled: a file is deleted, you are burgled, the online copy is wiped." in text
    )


def test_a_promise_for_a_disaster_is_named_with_the_command_that_proves_it() -> None:
    own = Promise(rto=timedelta(days=3), rpo=timedelta(hours=1))
    text = page(seen(of=site(service(objectives={None: PROMISE, Scenario.BURGLARY: own}))))

    assert "run `pra drill bakery till --scenario burglary`." in text


def test_nothing_is_summed_up_where_every_scenario_has_its_own_row() -> None:
    text = page(seen(of=site(service(objectives=dict.fromkeys([None, *Scenario], PROMISE)))))

    assert len(Scenario) == sum(line.startswith("  till  ") for line in text.splitlines())
    assert "till: never drilled" not in text


def test_a_no_is_said_with_its_reason_and_the_age_of_the_last_proof() -> None:
    never = page(seen(drilled("r1", verdict="refuted", rta_s=None, why=["orders: 12 >= 1000"])))
    once = page(seen(drilled("r1", verdict="inconclusive", objective=None, rta_s=None)))

    assert "  NO  " in never
    assert "the last drill was refuted; orders: 12 >= 1000; never proven." in never
    assert "  not known  " in once
    assert "the last drill was inconclusive; never proven." in once


def test_a_stale_proof_is_said_with_the_command_to_run() -> None:
    text = page(seen(drilled("r1", LATER - timedelta(days=40), policy_hash="h0")))

    assert "the policy changed since it was proven: run `pra drill bakery till`." in text
    assert "the proof is older than 35 d: run `pra drill bakery till`." in text


def test_a_proof_dated_in_the_future_is_said() -> None:
    text = page(seen(drilled("r1", LATER + timedelta(hours=3))))

    assert (
        "proof dated 3 h in the future (the clock was set back): check the clock of this machine."
        in text
    )


def test_a_backup_that_failed_after_a_good_one_is_said() -> None:
    partial = backed_up("r2", outcome=Outcome.PARTIAL, error="2 files unread")
    text = page(seen(started("r1"), backed_up("r1"), started("r2"), partial))
    silent = page(seen(started("r2"), replace(partial, error=None)))

    assert (
        "till: the last backup (2026-11-23 12:02) ended partial: 2 files unread; "
        "run `pra backup bakery till`." in text
    )
    assert "ended partial; run" in silent


def test_a_failure_is_told_once_and_as_it_is_by_now() -> None:
    failed = replace(incident_opened("3fa94c"), summary="the backup of till failed: no such folder")
    wrong = RunFailed(
        run="r2",
        kind=RunKind.BACKUP,
        site="bakery",
        service="till",
        error="no space",
        remedy="Free some.",
        retryable=False,
    )
    text = page(seen(failed, started("r2"), wrong))

    assert "    now: no space\n" in text
    assert "    do first: Free some.\n" in text
    assert "the last backup" not in text


def test_incidents_are_told_where_the_policy_of_their_site_is_broken() -> None:
    state = fold(recorded(incident_opened("3fa94c")))
    text = page(overview(state, [], LATER, unread=["bakery"]))

    assert "INCIDENT 3fa94c: P1 bakery/till, backup-failed, for 2 h" in text


def test_a_site_without_services_of_ours_has_no_table() -> None:
    assert "promised" not in page(seen(of=site(external())))


def test_the_document_is_json() -> None:
    assert json.loads(json.dumps(status.document(seen(), LATER)))


def test_a_stranger_at_night_sees_what_is_broken_first_and_what_to_do() -> None:
    lines = page(seen(backed_up("r1"), incident_opened("3fa94c"))).splitlines()

    assert [
        "Example Bakery (bakery), 2026-11-23 14:02",
        "  INCIDENT 3fa94c: P1 till, backup-failed, for 2 h, nobody has it yet",
        "    the till is not backed up",
        "    its promise breaks in 2 h",
        "    do first: Look.",
        "    take it: `pra ack 3fa94c`",
    ] == lines[:6]


def test_an_incident_says_no_more_than_is_known_and_what_broke() -> None:
    known = replace(incident_opened("i1"), remedy="", predicted_breach_at=None)
    broken = replace(incident_opened("i2"), predicted_breach_at=NOW)

    assert "promise" not in page(seen(known)).partition("pra ack")[0]
    assert "do first" not in page(seen(known))
    assert "    its promise broke 2 h ago\n" in page(seen(broken))


def test_whoever_has_an_incident_is_named_and_nobody_is_asked_again() -> None:
    text = page(seen(incident_opened("3fa94c"), acknowledged("3fa94c")))

    assert "acknowledged by Zoe" in text
    assert "pra ack" not in text


def test_an_incident_of_the_machine_is_told_before_every_site() -> None:
    disk = replace(incident_opened("d1", condition="disk-short"), site="", service="")

    assert "INCIDENT d1: P1 disk-short," in page(seen(disk)).splitlines()[0]


def test_what_runs_is_told_with_its_share_and_what_is_left() -> None:
    drill = started("r2", kind=RunKind.DRILL, service="")
    living = {"r1": Moved(done_bytes=410, total_bytes=1000), "r2": None}
    text = page(seen(started("r1"), drill, living=living))

    assert "\n  running now: backup till, 41 %, 2 h 53 min left\n" in text
    assert "\n  running now: drill, for 2 h\n" in text
    nothing = {"r1": Moved(done_bytes=0, total_bytes=1000)}
    assert "\n  running now: backup till, 0 %\n" in page(seen(started("r1"), living=nothing))


def test_whether_anybody_watches_closes_the_page() -> None:
    assert "Nobody watches: start `pra daemon`." == page(seen()).splitlines()[-1]
    assert "A daemon watches (process 4711)." == page(seen(daemon=4711)).splitlines()[-1]


def test_a_loss_over_the_promise_is_said_now_and_at_worst() -> None:
    text = page(seen(backed_up("r1")))

    assert "till: a failure now loses 2 h, promised 30 min: run `pra backup bakery till`." in text
    assert "; worst loss since the first backup, 2 h: 2 h, promised 30 min." in text


def test_a_backup_that_is_late_is_shouted_and_one_that_is_due_is_not() -> None:
    often = site(service(every=timedelta(minutes=15)))
    backup = replace(started("r1"), slot=NOW)
    late, never = page(seen(backup, backed_up("r1"), of=often)), page(seen(of=often))

    assert "2 h ago, LATE: the next one was due 1 h 4" in late
    assert "never backed up, next due now: run" in never
    assert "LATE" not in page(seen(backup, of=often, living={"r1": None}))


def test_a_policy_that_the_daemon_has_not_read_as_it_is_now_is_said() -> None:
    def told(daemon: int | None, now: str, *facts: PoliciesRead) -> str:
        return page(seen(*facts, daemon=daemon, digests={"bakery": now})).splitlines()[-1]

    read = policies_read(bakery="d1")
    assert "A daemon watches (process 7)." == told(7, "d1", read)
    assert told(7, "d2", read).endswith("bakery as it is now: `systemctl reload pra`.")
    assert "not read the policy of bakery" in told(7, "d1", policies_read(butcher="d1"))
    assert "A daemon watches (process 7)." == told(7, "d1")  # a log of before it was written
    assert "systemctl reload" not in told(None, "d2", read)
