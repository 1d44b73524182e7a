from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.codec import timestamp
from orchestrator.core.events import RunKind, SiteResumed
from orchestrator.core.policy.model import Adopted, Location, Outside, Promise, ProofValid, Source
from orchestrator.core.running import Moved
from orchestrator.core.standing import Doubt
from orchestrator.reports import status
from restore_drills.model import Label, Scenario
from tests.policies import repository
from tests.records import NOW, acknowledged, backed_up, drilled, incident_opened, resolved, started
from tests.statuses import LATER, PROMISE, external, page, seen, server_failure, service, site

if TYPE_CHECKING:
    from orchestrator.core.events import Event
    from orchestrator.core.policy.model import Site

VALID = ProofValid().default


def test_a_fresh_proof_of_todays_policy_is_measured() -> None:
    row = server_failure(seen(drilled("r1")))

    assert (Label.MEASURED, (), False, NOW) == (row.label, row.doubts, row.stale, row.proven_at)


def test_a_promise_that_was_never_drilled_is_unproven_and_not_stale() -> None:
    row = server_failure(seen())

    assert (Label.UNPROVEN, (Doubt.NEVER_DRILLED,), False) == (row.label, row.doubts, row.stale)


def test_a_refuted_drill_after_a_proof_leaves_no_proof_but_its_date() -> None:
    row = server_failure(
        seen(drilled("r1"), drilled("r2", NOW + timedelta(hours=1), verdict="refuted"))
    )

    assert (Label.UNPROVEN, (Doubt.NOT_PROVEN,)) == (row.label, row.doubts)
    assert row.proven_at == NOW


def test_an_inconclusive_drill_after_a_proof_takes_nothing_back_and_is_told() -> None:
    later = drilled("r2", NOW + timedelta(hours=1), verdict="inconclusive", rta_s=None, why=["no"])
    found = seen(drilled("r1"), later)

    row = server_failure(found)

    assert (Label.MEASURED, (), NOW) == (row.label, row.doubts, row.proven_at)
    assert "was inconclusive; no: run `pra drill bakery till`." in page(found)
    document = status.document(found, LATER)["sites"][0]["services"][0]["scenarios"][1]
    assert ("proven", "inconclusive") == (document["verdict"], document["last_verdict"])


def test_a_proof_of_another_policy_is_stale() -> None:
    row = server_failure(seen(drilled("r1", policy_hash="h0")))

    assert (Label.UNPROVEN, True) == (row.label, row.stale)


@pytest.mark.parametrize("scenario", list(Scenario))
def test_a_proof_of_any_scenario_is_stale_when_what_it_touches_was_changed(
    scenario: Scenario,
) -> None:
    old = drilled("r1", policy_hash="h0")
    found = seen(replace(old, document=old.document | {"scenario": scenario.value}))

    (row,) = (one for one in found.sites[0].services[0].scenarios if one.scenario is scenario)
    assert (Label.UNPROVEN, True, (Doubt.POLICY_CHANGED,)) == (row.label, row.stale, row.doubts)


def test_a_proof_ages_out() -> None:
    young = server_failure(seen(drilled("r1", LATER - VALID)))
    old = server_failure(seen(drilled("r1", LATER - VALID - timedelta(seconds=1))))

    assert (Label.MEASURED, False) == (young.label, young.stale)
    assert (Label.UNPROVEN, True) == (old.label, old.stale)


def test_the_policy_says_how_long_a_proof_counts() -> None:
    a_day = ProofValid(scenarios={Scenario.SERVER_FAILURE: timedelta(days=1)})
    found = seen(drilled("r1", LATER - timedelta(days=2)), of=site(proof_valid_for=a_day))

    assert (Doubt.TOO_OLD,) == server_failure(found).doubts
    assert "the proof is older than 24 h: run `pra drill bakery till`." in page(found) or (
        "the proof is older than 1 d: run `pra drill bakery till`." in page(found)
    )


def test_the_worst_loss_is_that_of_the_period_and_of_what_the_scenario_leaves() -> None:
    onsite = repository("offsite", Location.ONSITE)
    burglary = Promise(rto=timedelta(days=3), rpo=timedelta(hours=1))
    till = service(objectives={None: PROMISE, Scenario.BURGLARY: burglary})
    found = seen(backed_up("r1"), of=site(till, repositories={"offsite": onsite}))

    rows = {
        row["scenario"]: (row["worst_case_rpa_s"], row["worst_case_period_s"])
        for row in status.document(found, LATER)["sites"][0]["services"][0]["scenarios"]
    }
    assert (7200.0, 7200.0) == rows["human-error"]
    assert (None, None) == rows["ransomware"]
    assert (None, None) == rows["burglary"]


def test_what_runs_right_now_is_told_with_how_far_it_is() -> None:
    drill = started("r2", kind=RunKind.DRILL, service="")
    living = {"r1": Moved(done_bytes=410, total_bytes=1000), "r2": None}
    found = seen(started("r1"), drill, started("r3", service="gone"), living=living)

    document = status.document(found, LATER)["sites"][0]
    (of_till,), (of_site,) = document["services"][0]["running"], document["running"]
    assert ("r1", "backup", "2026-11-23T11:02:54.000000Z") == tuple(
        of_till[key] for key in ("run", "kind", "started_at")
    )
    assert (410, 1000, 41) == tuple(
        of_till["progress"][key] for key in ("done_bytes", "total_bytes", "percent")
    )
    assert 7199 * 590 / 410 == pytest.approx(of_till["progress"]["seconds_left"])
    assert ("r2", None) == (of_site["run"], of_site["progress"])


def test_of_a_run_without_a_known_end_no_share_is_invented() -> None:
    unknown = Moved(done_bytes=410, total_bytes=None)

    assert (None, None) == (unknown.percent, unknown.seconds_left(timedelta(hours=1)))
    assert Moved(done_bytes=0, total_bytes=9).seconds_left(timedelta(hours=1)) is None
    assert 100 == Moved(done_bytes=11, total_bytes=10).percent


def test_open_incidents_are_listed_as_pra_incidents_lists_them() -> None:
    over = (incident_opened("old"), resolved("old"))
    found = seen(*over, incident_opened("3fa94c"), acknowledged("3fa94c"))

    (incident,) = status.document(found, LATER)["sites"][0]["incidents"]
    assert ("3fa94c", "backup-failed", "P1", "Zoe") == tuple(
        incident[key] for key in ("id", "condition", "criticality", "acknowledged_by")
    )


def test_what_comes_next_is_told_where_there_is_a_schedule() -> None:
    every = site(service(every=timedelta(minutes=15)))

    def due(*facts: Event, of: Site) -> str | None:
        document = status.document(seen(*facts, of=of), LATER)
        next_due: str | None = document["sites"][0]["services"][0]["next_due"]
        return next_due

    assert due(of=site()) is None
    assert due(of=every) is not None


def test_the_base_objective_holds_for_every_scenario_and_each_is_listed() -> None:
    found = seen(drilled("r1"))

    rows = found.sites[0].services[0].scenarios
    assert list(Scenario) == [row.scenario for row in rows]
    others = [row for row in rows if row.scenario is not Scenario.SERVER_FAILURE]
    assert {(Doubt.NEVER_DRILLED,)} == {row.doubts for row in others}
    text = page(found)
    assert (
        "till: never drilled: a file is deleted, you are burgled, the online copy is wiped." in text
    )


def test_the_document_has_the_promised_keys_and_null_for_what_is_not_measured() -> None:
    row = status.document(seen(drilled("r1")), LATER)["sites"][0]["services"][0]["scenarios"][1]

    assert {
        "scenario": "server-failure",
        "rto_s": 14400.0,
        "rpo_s": 1800.0,
        "rta_s": 13.2,
        "lead_s": 2400.0,
        "time_to_recover_s": 2413.2,
        "rpa_s": 812.0,
        "repository": "offsite",
        "no_copy": None,
        "rpa_now_s": None,
        "worst_case_rpa_s": None,
        "worst_case_period_s": None,
        "label": "measured",
        "verdict": "proven",
        "last_verdict": "proven",
        "objective": "held",
        "depth": 2,
        "place": "example-host",
        "proven_at": "2026-11-23T11:02:53.000000Z",
        "stale": False,
    } == row


def test_an_external_service_is_declared_and_promises_nothing() -> None:
    found = seen(of=site(external()))

    document = status.document(found, LATER)["sites"][0]["services"][0]

    assert ("external", None, None) == (
        document["protection"],
        document["usable_at"],
        document["next_due"],
    )
    (row,) = document["scenarios"]
    assert ("declared", None, None, None) == tuple(
        row[key] for key in ("label", "rto_s", "verdict", "proven_at")
    )
    assert "Declared, not proven: Pay (pay): Example Payroll Ltd answers for it." in page(found)
    assert "back in" not in page(found)


def test_what_is_outside_is_always_listed() -> None:
    outside = (Outside(name="Mail", accepted_by="the owner", on="2026-11-02"),)
    found = seen(of=site(outside=outside))

    document = status.document(found, LATER)["sites"][0]
    assert [{"name": "Mail", "accepted_by": "the owner", "on": "2026-11-02"}] == document["outside"]
    assert "Outside, not protected: Mail (accepted by the owner, 2026-11-02)." in page(found)


def test_adopted_snapshots_are_named_with_the_host_that_makes_them() -> None:
    spec = Adopted(repository="offsite", host="SRV-1", tags=())
    adopted = service(sources=(Source(name="till", equipment=None, spec=spec),), backup_to=None)

    text = page(seen(of=site(adopted)))

    assert "till: its snapshots are made by another restic, on SRV-1." in text
    assert "pra backup" not in text


def test_a_proof_of_a_point_from_before_the_machine_was_rebuilt_is_stale() -> None:
    rebuilt = SiteResumed(site="bakery", by="Zoe", note="", anew=True)
    resumed_alone = replace(rebuilt, anew=False)
    since = timestamp(NOW + timedelta(hours=3))
    old = seen(drilled("r1"), rebuilt)
    again = seen(drilled("r1"), rebuilt, drilled("r2", data_time=since))
    same = seen(drilled("r1"), resumed_alone)

    assert (Label.UNPROVEN, (Doubt.MACHINE_REBUILT,), True) == (
        server_failure(old).label,
        server_failure(old).doubts,
        server_failure(old).stale,
    )
    said = "the machine was rebuilt since it was proven: run `pra drill bakery till`."
    assert said in page(old)
    assert ((), ()) == (server_failure(again).doubts, server_failure(same).doubts)
