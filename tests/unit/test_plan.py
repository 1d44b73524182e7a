from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from orchestrator.core.plan import Memory, Request, build
from orchestrator.core.policy.model import (
    Immutable,
    Limits,
    Location,
    LockMode,
    Promise,
    SandboxPolicy,
    Window,
)
from orchestrator.errors import Misused
from restore_drills.model import (
    LeadBasis,
    Plan,
    Scenario,
    Selection,
    Severity,
    SourceKind,
    SourcePlan,
)
from tests.builders import hours
from tests.policies import PAYROLL, SHARE, WINDOWS, repository, service, site, source

NOW = datetime(2026, 11, 23, 11, 2, tzinfo=UTC)
NOTHING = Memory(pinned=lambda _service: {}, last_values=lambda _service: {})


def request(*services: str, **other: Any) -> Request:  # noqa: ANN401 - any field
    ordinary = {
        "run": "r",
        "services": services,
        "scenario": Scenario.SERVER_FAILURE,
        "place": "provider-dc",
        "t0": None,
        "repository": None,
    }
    return Request(**(ordinary | other))


def planned(*services: Any, asked: Request | None = None, **of_site: Any) -> Plan:  # noqa: ANN401 - any field
    return build(site(*services, **of_site), asked or request(), NOTHING, NOW)


def test_a_plan_holds_what_the_policy_says_of_a_service() -> None:
    memory = Memory(pinned=lambda s: {"aa": f"tree of {s}"}, last_values=lambda _s: {"orders": 9.0})

    found = build(site(), request(), memory, NOW)
    (till,) = found.services

    assert ("bakery", "provider-dc", False, None) == (
        found.site,
        found.place,
        found.elsewhere,
        found.t0,
    )
    assert Selection(host="bakery", tags=("service=till",), sealed=True) == till.selection
    assert (SourcePlan(name="till", kind=SourceKind.POSTGRESQL_DUMP, database="till"),) == (
        till.sources
    )
    assert ("offsite", "", 1, "hash of till") == (
        till.repository,
        till.lost,
        till.depth,
        till.policy_hash,
    )
    assert (timedelta(minutes=40), LeadBasis.DECLARED) == (till.lead, till.lead_basis)
    assert ({"aa": "tree of till"}, {"orders": 9.0}) == (till.pinned, till.last_values)
    assert () == found.findings


def test_files_and_adopted_snapshots_are_restored_as_files() -> None:
    files = service("share", source(SHARE, name="share"))
    old = service("old", source(WINDOWS, "srv-1", name="old"), depth=2)

    share, adopted = planned(files, old).services

    assert (SourcePlan(name="share", kind=SourceKind.FILES),) == share.sources
    assert (SourcePlan(name="old", kind=SourceKind.FILES),) == adopted.sources
    assert Selection(host="SRV-OLD", tags=("sage",), sealed=False) == adopted.selection
    assert ("offsite", 2) == (adopted.repository, adopted.depth)


def test_the_promise_is_that_of_the_scenario_else_the_base() -> None:
    base = Promise(rto=timedelta(hours=4), rpo=timedelta(minutes=30))
    special = Promise(rto=timedelta(days=3), rpo=timedelta(hours=1))
    till = service(objectives={None: base, Scenario.BURGLARY: special})

    (failure,) = planned(till).services
    (burglary,) = planned(till, asked=request(scenario=Scenario.BURGLARY)).services

    assert (base.rto, base.rpo) == (failure.rto, failure.rpo)
    assert (special.rto, special.rpo) == (burglary.rto, burglary.rpo)
    assert (None, LeadBasis.UNKNOWN) == (burglary.lead, burglary.lead_basis)


@pytest.mark.parametrize(
    ("recover_on", "place", "elsewhere"),
    [
        (None, "here", False),
        ("here", "here", False),
        ("provider-dc", "here", True),
    ],
)
def test_a_drill_is_elsewhere_when_recovery_is_to_happen_in_another_place(
    *, recover_on: str | None, place: str, elsewhere: bool
) -> None:
    assert elsewhere is planned(recover_on=recover_on, asked=request(place=place)).elsewhere


def test_a_copy_that_goes_with_the_server_is_said_to_be_lost() -> None:
    till = service(backup_to="disk")
    disk = {"disk": repository("disk", Location.ONSITE, "srv-1")}

    (lost,) = planned(till, repositories=disk).services

    assert (None, "no copy survives: disk goes with what the server-failure takes") == (
        lost.repository,
        lost.lost,
    )


def test_a_service_that_is_kept_nowhere_has_no_copy() -> None:
    (lost,) = planned(service(backup_to=None)).services

    assert (None, "no copy survives: there is none") == (lost.repository, lost.lost)


def test_another_repository_can_be_asked_for() -> None:
    (till,) = planned(asked=request(repository="nas")).services

    assert "nas" == till.repository


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (request("tlil"), "bakery: no service named tlil .known: till."),
        (request(repository="nsa"), "bakery: no repository named nsa .known: offsite, nas."),
    ],
)
def test_a_name_that_the_policy_does_not_have_is_refused_with_those_it_has(
    asked: Request, words: str
) -> None:
    with pytest.raises(Misused, match=words):
        planned(asked=asked)


def test_a_service_without_objectives_is_refused() -> None:
    with pytest.raises(Misused, match="bakery: till has no objectives"):
        planned(service(objectives={}))


def test_services_are_drilled_with_what_they_depend_on_and_no_others() -> None:
    three = (
        service("till"),
        service("share", depends_on=("till",)),
        service("shop", depends_on=("share", "till")),
        service("other"),
    )

    assert ["till", "share", "shop"] == [
        s.id for s in planned(*three, asked=request("shop")).services
    ]
    assert ["other"] == [s.id for s in planned(*three, asked=request("other")).services]
    assert 4 == len(planned(*three).services)


def external() -> Any:  # noqa: ANN401 - a service
    return service("payroll", source(PAYROLL, None, "payroll"), objectives={})


def test_what_others_answer_for_is_declared_and_said_not_to_be_proven() -> None:
    found = planned(service(), external())

    assert (["till"], ("payroll",)) == ([s.id for s in found.services], found.declared)
    assert [("external-declared", Severity.INFO, "payroll")] == [
        (f.code, f.severity, f.service) for f in found.findings
    ]
    assert "Payroll: declared by the editor, not proven" == found.findings[0].message


def test_what_others_answer_for_cannot_be_drilled_alone() -> None:
    with pytest.raises(Misused, match="nothing to drill, all is declared by others: payroll"):
        planned(external(), asked=request("payroll"))


def test_a_site_without_a_service_has_nothing_to_drill() -> None:
    with pytest.raises(Misused, match="declared by others: no service"):
        planned(services={})


def test_a_declared_delay_that_forgets_the_new_server_is_told() -> None:
    till = service("till", source(equipment="nas-1"))

    (told,) = planned(till, recover_on=None).findings
    untold = planned(till, recover_on=None, lead={}).findings

    assert ("hardware-undeclared", "till") == (told.code, told.service)
    assert "the declared delay has no time to replace nas-1" == told.message
    assert () == untold


def test_the_calendar_reaches_back_two_years_and_to_the_sites_own_tomorrow() -> None:
    leap = datetime(2028, 2, 29, 23, 30, tzinfo=UTC)

    found = build(site(), request(), NOTHING, leap).calendar

    assert "Europe/Paris" == found.timezone
    assert date(2026, 5, 1) in found.closed
    assert date(2026, 1, 1) not in found.closed
    new_year = build(site(), request(), NOTHING, datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert date(2027, 1, 1) in new_year.calendar.closed


def test_the_sandbox_is_required_unless_the_policy_says_otherwise() -> None:
    assert planned().sealed_only
    assert not planned(sandbox=SandboxPolicy.BEST_EFFORT).sealed_only


def test_the_chosen_instant_is_the_disasters() -> None:
    assert NOW == planned(asked=request(t0=NOW)).t0


def test_a_drill_may_take_up_what_the_policy_gives_it() -> None:
    assert None is planned().space
    assert 20_000_000_000 == planned(drill_space=20_000_000_000).space


def test_a_limited_download_is_told_of_the_repository_that_is_read_alone() -> None:
    bakery = site()
    slow = {
        name: replace(r, limits=Limits(upload=None, download=2_500_000))
        for name, r in bakery.repositories.items()
    }

    (finding,) = planned(repositories=slow).findings

    assert ("download-limited", Severity.INFO) == (finding.code, finding.severity)
    assert "offsite: fetched within the policy's limit of 20Mbit/s" == finding.message


def test_a_drill_that_a_window_slows_says_so() -> None:
    bakery = site()
    night = Window(hours=hours("0123456", "13:00", "14:00"), upload=None, download=2_500_000)
    before = Limits(upload=None, download=None, windows=(night,))
    slow = {name: replace(r, limits=before) for name, r in bakery.repositories.items()}

    (finding,) = planned(repositories=slow).findings

    assert (
        "offsite: fetched within the policy's limit of 20Mbit/s at this time of day"
    ) == finding.message


NAS = repository("nas", Location.ONSITE, "nas-1")
FAR = repository("far", Location.OFFSITE)
FARTHER = repository("farther", Location.OFFSITE)
S3 = replace(repository("s3", Location.OFFSITE), url="s3:https://s3.example.net/bakery")
LOCKED = replace(
    S3, id="locked", immutable=Immutable(mode=LockMode.COMPLIANCE, period=timedelta(days=30))
)
BASE = {r.id: r for r in (NAS, FAR, FARTHER, S3, LOCKED)}


@pytest.mark.parametrize(
    ("homes", "scenario", "repository"),
    [
        (("nas", "far"), Scenario.SERVER_FAILURE, "nas"),
        (("nas", "far"), Scenario.BURGLARY, "far"),
        (("far", "nas"), Scenario.HUMAN_ERROR, "nas"),
        (("farther", "far"), Scenario.BURGLARY, "farther"),
        (("nas", "farther", "far"), Scenario.BURGLARY, "farther"),
        (("nas", "far"), Scenario.BUCKET_WIPE, "nas"),
        (("nas", "s3"), Scenario.BUCKET_WIPE, "nas"),
        (("s3", "far"), Scenario.BUCKET_WIPE, "far"),
    ],
)
def test_a_drill_uses_the_nearest_copy_that_the_scenario_leaves(
    homes: tuple[str, ...], scenario: Scenario, repository: str
) -> None:
    till = service(backup_to=homes[0], copy_to=homes[1:])

    plan = planned(till, asked=request(scenario=scenario), repositories=BASE)
    (used,) = plan.services
    assert (repository, "", False, False) == (
        used.repository,
        used.lost,
        used.rewound,
        plan.exploratory,
    )


@pytest.mark.parametrize(
    ("homes", "repository"),
    [
        (("s3",), "s3"),
        (("nas", "locked"), "locked"),
        (("nas", "s3", "locked"), "locked"),
    ],
)
def test_a_wiped_bucket_is_drilled_as_its_versions_show_it_was(
    homes: tuple[str, ...], repository: str
) -> None:
    till = service(backup_to=homes[0], copy_to=homes[1:])

    (used,) = planned(
        till, asked=request(scenario=Scenario.BUCKET_WIPE), repositories=BASE
    ).services
    assert (repository, True) == (used.repository, used.rewound)


def test_where_every_copy_goes_with_the_disaster_all_of_them_are_named() -> None:
    till = service(backup_to="nas", copy_to=("disk",))
    disk = repository("disk", Location.ONSITE)

    (used,) = planned(
        till, asked=request(scenario=Scenario.BURGLARY), repositories={"nas": NAS, "disk": disk}
    ).services
    assert (None, "no copy survives: nas, disk go with what the burglary takes") == (
        used.repository,
        used.lost,
    )


def test_a_repository_that_is_not_the_nearest_is_explored_and_the_nearest_is_not() -> None:
    till = service(backup_to="nas", copy_to=("far",))

    far, nas = (
        planned(till, asked=request(repository=name), repositories=BASE) for name in ("far", "nas")
    )
    assert (True, "far", False, "nas") == (
        far.exploratory,
        far.services[0].repository,
        nas.exploratory,
        nas.services[0].repository,
    )


def test_a_wiped_bucket_that_was_asked_for_is_rewound_and_another_repository_is_not() -> None:
    till = service(backup_to="nas", copy_to=("s3",))
    wipe = Scenario.BUCKET_WIPE

    bucket, nas = (
        planned(till, asked=request(repository=name, scenario=wipe), repositories=BASE).services[0]
        for name in ("s3", "nas")
    )
    assert (True, False) == (bucket.rewound, nas.rewound)
