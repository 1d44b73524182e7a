from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core.dry_run import NEVER, Row, steps, whole
from orchestrator.core.policy.model import Manual
from orchestrator.reports.dry_run import text
from restore_drills.document import document
from restore_drills.model import Scenario, SourceKind, SourcePlan
from tests.builders import plan, report, served, service

FILES = (SourcePlan(name="share", kind=SourceKind.FILES),)
TOLD = "measured 2026-11-23 on example-host"


def drilled(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """The document of an ordinary drill of the till."""
    return document(report(served())) | other


def rows(*services: Any, drills: tuple[dict[str, Any], ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - plans
    return [(r.name, r.after, r.estimate) for r in steps(plan(*services), drills)]


def test_a_database_is_opened_fetched_started_loaded_and_asked() -> None:
    assert [
        ("open offsite", (), None),
        ("till/fetch", ("open offsite",), None),
        ("till/boot", ("till/fetch",), None),
        ("till/load", ("till/boot",), None),
        ("till/check", ("till/load",), None),
    ] == rows(service())


def test_files_need_no_start_and_without_checks_no_asking() -> None:
    share = service(id="share", sources=FILES, checks=())

    assert ["open offsite", "share/fetch"] == [name for name, _, _ in rows(share)]


def test_services_come_after_the_last_step_of_what_they_depend_on_and_in_that_order() -> None:
    shop = service(id="shop", sources=FILES, checks=(), depends_on=("share", "elsewhere"))
    share = service(id="share", sources=FILES, checks=(), depends_on=("till",))

    found = {name: after for name, after, _ in rows(shop, share, service())}

    assert ["till/check", "share/fetch", "shop/fetch"] == list(found)[-3:]
    assert ("open offsite", "till/check") == found["share/fetch"]
    assert ("open offsite", "share/fetch") == found["shop/fetch"]


def test_every_repository_is_opened_once() -> None:
    found = rows(service(), service(id="a"), service(id="b", repository="nas"))

    assert ["open nas", "open offsite"] == [name for name, _, _ in found[:2]]
    assert 2 == sum(name.startswith("open") for name, _, _ in found)


def test_a_wiped_bucket_is_opened_through_its_versions() -> None:
    share = service(id="share", sources=FILES, checks=(), rewound=True)

    assert [
        ("open offsite through its versions", (), None),
        ("share/fetch", ("open offsite through its versions",), None),
    ] == rows(share)


def test_a_service_without_a_copy_has_no_step_and_says_why() -> None:
    lost = service(repository=None, lost="no copy survives: nas goes with it")

    (row,) = steps(plan(lost), ())

    assert ("none", "till", None, lost.lost) == (row.step, row.service, row.estimate, row.basis)
    assert None is whole([row])


def test_steps_are_estimated_from_the_last_drill_that_answered() -> None:
    first, last = drilled(), drilled(started_at="2026-11-30T11:00:00Z")
    last["services"][0]["steps"] = [
        {"name": "fetch", "seconds": 4.0},
        {"name": "load", "seconds": 1.0},
        {"name": "load", "seconds": 2.0},
    ]
    failed = drilled()
    failed["services"][0] |= {"rta_s": None, "steps": [{"name": "fetch", "seconds": 99.0}]}

    found = {r.name: r for r in steps(plan(), (first, last, failed))}

    assert (0.7, 4.0, 3.0) == tuple(
        found[name].estimate for name in ("open offsite", "till/fetch", "till/load")
    )
    assert "measured 2026-11-30 on example-host" == found["till/fetch"].basis
    assert "measured 2026-11-30 on example-host" == found["open offsite"].basis
    # A check that is new was never timed, whatever else was.
    assert (None, NEVER) == (found["till/check"].estimate, found["till/check"].basis)


@pytest.mark.parametrize(
    "other",
    [
        drilled(scenario=Scenario.BURGLARY),
        drilled(services=[drilled()["services"][0] | {"repository": "nas"}]),
        drilled(services=[drilled()["services"][0] | {"id": "another"}]),
    ],
)
def test_what_cannot_be_compared_estimates_nothing(other: dict[str, Any]) -> None:
    assert {(None, NEVER)} == {(r.estimate, r.basis) for r in steps(plan(), (other,))}


def test_a_repository_opens_as_slowly_as_it_did_for_its_slowest_service() -> None:
    both = document(report(served(), served(service(id="a"))))
    both["services"][1]["offsets_s"] = {"T5a": 5.0}

    found = steps(plan(service(), service(id="a"), service(id="b", repository="nas")), (both,))

    assert [("open nas", None), ("open offsite", 5.0)] == [(r.step, r.estimate) for r in found[:2]]


def row(name: str, estimate: float | None, *after: str) -> Row:
    return Row(step=name, service="", after=after, estimate=estimate, basis="")


def test_the_whole_takes_as_long_as_its_longest_chain() -> None:
    chain = [row("open", 1.0), row("a", 2.0, "open"), row("b", 9.0, "open"), row("c", 3.0, "a")]

    assert 10.0 == whole(chain)
    assert None is whole([*chain, row("d", None)])
    assert None is whole([])


def by_hand(name: str, hours: int, *services: str, **other: Any) -> Manual:  # noqa: ANN401 - any field
    step = Manual(
        name=name, owner="us", allow=timedelta(hours=hours), services=services, scenarios=()
    )
    return replace(step, **other)


def test_what_a_person_does_comes_first_and_no_drill_waits_for_it() -> None:
    manual = (
        by_hand("Install Windows", 6, "till"),
        by_hand("Plug in", 1),
        by_hand("Of another", 1, "another"),
        by_hand("Of a burglary", 1, scenarios=(Scenario.BURGLARY,)),
    )
    found = steps(plan(service(), service(id="share")), (), manual)

    assert [
        ("till/manual Install Windows", (), 21600.0, "declared, by us"),
        ("manual Plug in", ("till/manual Install Windows",), 3600.0, "declared, by us"),
        ("open offsite", (), None, NEVER),
    ] == [(r.name, r.after, r.estimate, r.basis) for r in found[:3]]
    drills = (drilled(),)
    assert whole(steps(plan(), drills)) == whole(steps(plan(), drills, manual))
    told = text(steps(plan(), drills, manual)).splitlines()
    assert told[1].split() == [
        "manual",
        "Install",
        "Windows",
        "till",
        "6",
        "h",
        "declared,",
        "by",
        "us",
    ]
    assert "after 7 h by hand that no drill waits for. An estimate" in told[-1]


def test_the_plan_as_a_document_has_null_for_the_site_and_for_what_is_not_known() -> None:
    opened, fetched, *_ = (r.document() for r in steps(plan(), ()))

    assert {
        "step": "open offsite",
        "service": None,
        "after": [],
        "estimate_s": None,
        "basis": NEVER,
    } == opened
    assert ("fetch", "till", ["open offsite"]) == (
        fetched["step"],
        fetched["service"],
        fetched["after"],
    )


def test_the_plan_for_a_person_is_a_table_and_the_time_in_all() -> None:
    share = service(sources=FILES)

    unknown = text(steps(plan(share), ()))
    known = text(steps(plan(share), (drilled(),)))

    assert unknown.splitlines()[0].split() == ["step", "service", "after", "estimate", "from"]
    assert "not known" in unknown.splitlines()[1]
    assert (
        "In all: not known, some step was never measured. An estimate proves nothing."
        == (unknown.splitlines()[-1])
    )
    assert f"fetch         till     open offsite  9.1 s     {TOLD}" == known.splitlines()[2]
    assert (
        "In all: about 13 s after you start. An estimate proves nothing."
        == (known.splitlines()[-1])
    )
