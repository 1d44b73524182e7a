from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.events import Outcome
from orchestrator.core.policy.model import (
    Adopted,
    Business,
    External,
    Outside,
    Postgresql,
    Promise,
    SandboxPolicy,
    Service,
    Site,
    Source,
)
from orchestrator.core.state import fold
from orchestrator.core.status import PROOF_VALID, Doubt, ScenarioStatus, SiteStatus, site_status
from orchestrator.reports import status
from restore_drills.model import Label, Scenario
from tests.records import NOW, backed_up, drilled, recorded, started

if TYPE_CHECKING:
    from orchestrator.core.events import Event

DATABASE = Postgresql(host="127.0.0.1", port=5432, user="pra", password=None, database="till")
PROMISE = Promise(rto=timedelta(hours=4), rpo=timedelta(minutes=30))
LATER = NOW + timedelta(hours=2)


def service(name: str = "till", **changes: object) -> Service:
    plain = Service(
        id=name,
        name=name.title(),
        criticality="P1",
        sources=(Source(name=name, equipment=None, spec=DATABASE),),
        depends_on=(),
        objectives={None: PROMISE},
        checks=(),
        depth=None,
        backup_to="offsite",
        policy_hash="h1",
    )
    return replace(plain, **changes)  # type: ignore[arg-type] # the tests name the fields


def site(*services: Service, outside: tuple[Outside, ...] = ()) -> Site:
    return Site(
        id="bakery",
        name="Example Bakery",
        tier=None,
        language="en",
        timezone="Europe/Paris",
        provider=None,
        business=Business(employees=None, hours=(), holidays=None, closed=()),
        referent=None,
        places=(),
        equipment={},
        recover_on=None,
        lead={},
        outside=outside,
        repositories={},
        services={one.id: one for one in services},
        sandbox=SandboxPolicy.REQUIRED,
        coverage_floor=0.5,
    )


def external() -> Service:
    spec = External(tool="Example Payroll Ltd", ping=None, max_age=None)
    sources = (Source(name="pay", equipment=None, spec=spec),)
    return service("pay", sources=sources, objectives={}, backup_to=None)


def seen(*facts: Event, of: Site | None = None) -> SiteStatus:
    return site_status(fold(recorded(*facts)), of or site(service()), LATER)


def server_failure(found: SiteStatus) -> ScenarioStatus:
    return next(s for s in found.services[0].scenarios if s.scenario is Scenario.SERVER_FAILURE)


def page(found: SiteStatus) -> str:
    return status.text([found], LATER)


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
    document = status.document([found])["sites"][0]["services"][0]["scenarios"][1]
    assert ("proven", "inconclusive") == (document["verdict"], document["last_verdict"])


def test_a_proof_of_another_policy_is_stale() -> None:
    row = server_failure(seen(drilled("r1", policy_hash="h0")))

    assert (Label.UNPROVEN, True) == (row.label, row.stale)


def test_a_proof_ages_out() -> None:
    young = server_failure(seen(drilled("r1", LATER - PROOF_VALID)))
    old = server_failure(seen(drilled("r1", LATER - PROOF_VALID - timedelta(seconds=1))))

    assert (Label.MEASURED, False) == (young.label, young.stale)
    assert (Label.UNPROVEN, True) == (old.label, old.stale)


def test_the_base_objective_holds_for_every_scenario_and_each_is_listed() -> None:
    found = seen(drilled("r1"))

    assert list(Scenario) == [row.scenario for row in found.services[0].scenarios]
    others = [r for r in found.services[0].scenarios if r.scenario is not Scenario.SERVER_FAILURE]
    assert {(Doubt.NEVER_DRILLED,)} == {row.doubts for row in others}
    assert (
        "till: never drilled: a file is deleted, you are burgled, a virus encrypts everything, "
        "the online copy is wiped." in page(found)
    )


def test_the_document_has_the_promised_keys_and_null_for_what_is_not_measured() -> None:
    row = status.document([seen(drilled("r1"))])["sites"][0]["services"][0]["scenarios"][1]

    assert {
        "scenario": "server-failure",
        "rto_s": 14400.0,
        "rpo_s": 1800.0,
        "rta_s": 13.2,
        "lead_s": 2400.0,
        "time_to_recover_s": 2413.2,
        "rpa_s": 812.0,
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

    document = status.document([found])["sites"][0]["services"][0]

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
    found = seen(of=site(service(), outside=outside))

    assert [{"name": "Mail", "accepted_by": "the owner", "on": "2026-11-02"}] == status.document(
        [found]
    )["sites"][0]["outside"]
    assert "Outside, not protected: Mail (accepted by the owner, 2026-11-02)." in page(found)


def test_adopted_snapshots_are_named_with_the_host_that_makes_them() -> None:
    spec = Adopted(repository="offsite", host="SRV-1", tags=())
    adopted = service(sources=(Source(name="till", equipment=None, spec=spec),), backup_to=None)

    text = page(seen(of=site(adopted)))

    assert "till: its snapshots are made by another restic, on SRV-1." in text
    assert "pra backup" not in text


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
    assert "till: last usable recovery point 2 h ago." in text


def test_without_a_declared_lead_the_time_is_only_that_of_the_restoration() -> None:
    text = page(seen(drilled("r1", lead_s=None, time_to_recover_s=None, rpa_s=None)))

    assert "restored in 14 s (*)" in text
    assert (
        "(*) till, the server fails: restoration proven in 14 s; "
        "the delay before it is not declared." in text
    )


def test_what_was_never_done_is_said_with_the_command_to_run() -> None:
    text = page(seen())

    assert "till: never backed up: run `pra backup bakery till`." in text
    assert "till, the server fails: never drilled: run `pra drill bakery till`." in text


def test_a_scenario_with_its_own_promise_has_its_own_row_and_command() -> None:
    own = Promise(rto=timedelta(days=3), rpo=timedelta(hours=1))
    text = page(seen(of=site(service(objectives={None: PROMISE, Scenario.BURGLARY: own}))))

    assert "back in 3 d, lost 1 h" in text
    assert (
        "till, you are burgled: never drilled: run `pra drill bakery till --scenario burglary`."
        in text
    )


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


def test_a_site_without_services_of_ours_has_no_table() -> None:
    assert "promised" not in page(seen(of=site(external())))


def test_the_document_is_json() -> None:
    assert json.loads(json.dumps(status.document([seen()])))
