"""The journal of a recovery, its place, its order, and what is left of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.policy.model import Location, Manual
from orchestrator.core.recovering import journal, manual
from orchestrator.core.recovering.journal import Asked, Journal, Pinned
from orchestrator.core.recovering.left import Left, Progressing
from orchestrator.core.recovering.order import ordered
from orchestrator.core.recovering.place import alive, conflict
from orchestrator.reports.recover import CUT, back_line
from restore_drills.model import Scenario, Verdict
from tests import builders, policies

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ASKED = Asked(site="bakery", services=("till",), scenario="ransomware", repository="nas")
BEGUN = Journal(
    asked=ASKED,
    began=AT,
    t0=AT,
    runs=("one", "two"),
    since=AT + timedelta(minutes=30),
    point="first-suspected",
    worked=timedelta(minutes=10),
    points={
        "till": Pinned(
            repository="nas",
            run="r",
            data_time=AT,
            snapshots={"till": ("a" * 64, "b" * 64)},
            whole=True,
        )
    },
)


def test_a_journal_comes_back_as_it_was_written() -> None:
    assert BEGUN == journal.decode(journal.encode(BEGUN))
    over = replace(BEGUN, over=True, asked=replace(ASKED, repository=None, path="/srv/é"))
    assert over == journal.decode(journal.encode(over))


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", "null", '{"format": 2}', journal.encode(BEGUN)[:-20]),
        journal.encode(BEGUN).replace('"snapshots": {', '"snapshots": [], "else": {'),
        journal.encode(BEGUN).replace('"worked_s": 600.0', '"worked_s": 1e300'),
        journal.encode(BEGUN).replace("+00:00", ""),
        "[" * 100_000,
    ],
)
def test_what_is_no_journal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        journal.decode(text)


def test_the_same_request_goes_on_and_another_is_named() -> None:
    assert "" == journal.other(BEGUN, ASKED)
    another = Asked(site="mill", services=(), scenario="burglary", path="/x")
    assert (
        "of the site bakery, of till, of whole services, under ransomware, from nas"
        == journal.other(BEGUN, another)
    )


def test_the_command_that_goes_on_has_all_that_was_asked() -> None:
    assert (
        "pra",
        "recover",
        "bakery",
        "till",
        "--to=/back",
        "--scenario=ransomware",
        "--repository=nas",
    ) == journal.words(ASKED, "/back")
    assert "--kit=/k.zip" == journal.words(replace(ASKED, kit=("--kit=/k.zip",)), "/back")[-1]


def test_a_recovery_that_goes_on_counts_its_work_and_how_long_it_lay_from_its_first_start() -> None:
    again = journal.went_on(BEGUN, "three", AT + timedelta(minutes=35), AT + timedelta(minutes=50))

    assert (("one", "two", "three"), AT, AT) == (again.runs, again.began, again.t0)
    assert timedelta(minutes=15) == again.worked, "ten, and five of the one that was cut short"
    told = journal.earlier(again)
    assert [("earlier", 0.0, 900.0), ("interrupted", 900.0, 2100.0)] == [
        (step.name, step.began, step.seconds) for step in told
    ]
    assert 50 * 60 == sum(step.seconds for step in told)
    assert () == journal.earlier(replace(BEGUN, runs=("one",)))


@pytest.mark.parametrize(
    ("seen", "now", "worked", "stood"),
    [
        (60, 50, 30, 20),  # a sign of life that is dated ahead
        (10, 50, 10, 40),  # one from before its run: the clock was put back, and forward again
        (35, 20, 10, 10),  # the clock was put back
        (35, -90, 10, 0),
    ],
)
def test_a_clock_that_was_put_back_makes_no_negative_span(
    seen: int, now: int, worked: int, stood: int
) -> None:
    at = (AT + timedelta(minutes=minutes) for minutes in (seen, now))

    again = journal.went_on(BEGUN, "three", *at)

    assert (timedelta(minutes=worked), timedelta(minutes=stood)) == (
        again.worked,
        journal.stood(again),
    )


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/srv/share", "it is the source /srv/share of share"),
        ("/srv/share/back", "it lies in the source /srv/share of share"),
        ("/srv", "it contains the source /srv/share of share"),
        ("/srv/share2", ""),
        ("/var/lib/pra/x", "it lies in /var/lib/pra"),
        ("/mnt/nas", "it is the repository nas"),
        ("/back", ""),
    ],
)
def test_a_place_that_touches_what_is_alive_is_none(target: str, why: str) -> None:
    share = policies.service("share", policies.source(policies.SHARE, name="share"))
    bucket = replace(
        policies.repository("far", Location.OFFSITE), url="s3:https://s3.example.net/x"
    )
    near = replace(policies.repository("nas", Location.ONSITE), url="/mnt/nas")
    site = policies.site(share, policies.service(), repositories={"far": bucket, "nas": near})
    taken = dict(alive(site, Path("/var/lib/pra")))

    assert why == conflict(Path(target), taken)


def test_services_come_back_by_what_they_need_and_then_by_criticality() -> None:
    declared = [("mail", "P3", ()), ("erp", "P1", ("base",)), ("base", "P4", ()), ("web", "P2", ())]
    site = policies.site(
        *(
            policies.service(name, criticality=how, depends_on=needs)
            for name, how, needs in declared
        )
    )
    plan = builders.plan(
        *(builders.service(id=name, depends_on=needs) for name, _, needs in declared)
    )

    assert ["web", "mail", "base", "erp"] == [s.id for s in ordered(plan, site).services]


def test_before_anything_is_measured_the_time_left_is_that_of_past_drills() -> None:
    fresh = Progressing({("till", "till"): 1000}, 240.0, 40.0)

    assert Left(seconds=240.0) == fresh.left(0)
    assert Left(seconds=None) == Progressing({}, None, None).left(0)


def test_the_time_left_is_what_is_to_come_at_the_rate_of_the_last_minute() -> None:
    work = Progressing({("a", "x"): 6000, ("b", "y"): None}, None, 40.0)
    work.moved(("b", "y"), 0, 4000, 100.0)
    work.moved(("a", "x"), 0, 6000, 101.0)
    assert Left(seconds=None) == work.left(101.0), "a second is no measure"
    work.moved(("a", "x"), 1000, None, 110.0)

    assert Left(seconds=9000 / 100 + 40, rate=100.0) == work.left(110.0)
    assert (1000, 10000) == work.sums()
    for second in range(120, 300, 10):  # twice as fast from now on
        work.moved(("a", "x"), 1000 + (second - 110) * 20, 6000, float(second))
    assert 20.0 == work.left(290.0).rate


def test_a_line_that_gives_nothing_has_no_time_left_to_tell() -> None:
    work = Progressing({("a", "x"): 6000}, None, None)
    work.moved(("a", "x"), 10, 6000, 0.0)
    work.moved(("a", "x"), 10, 6000, 30.0)

    assert Left(seconds=None, stalled=True) == work.left(30.0)


def test_when_all_is_fetched_the_loading_and_the_checks_are_left() -> None:
    work = Progressing({("a", "x"): 6000}, 100.0, 40.0)
    work.moved(("a", "x"), 5000, 6000, 0.0)
    work.moved(("a", "x"), 5999, 6000, 9.0)
    work.fetched("a")

    assert Left(seconds=40.0) == work.left(9.0)


def test_the_steps_by_hand_are_those_of_what_comes_back_under_this_scenario() -> None:
    ordinary = Manual(
        name="plug", owner="Paul", allow=timedelta(minutes=10), services=(), scenarios=()
    )
    others = (
        replace(ordinary, name="of the mail", services=("mail",)),
        replace(ordinary, name="of a thief", scenarios=(Scenario.BURGLARY,)),
        replace(ordinary, name="the till's", services=("till",)),
    )
    site = replace(policies.site(), manual=(ordinary, *others))
    plan = builders.plan(builders.service(id="till"))

    told = [(one.name, one.services) for one in manual.steps(site, plan)]

    assert [("plug", ("till",)), ("the till's", ("till",))] == told
    assert () == manual.steps(site, builders.plan(builders.service(id="till", path="/x")))


def test_a_step_by_hand_stands_with_its_services_when_it_was_signed_off() -> None:
    step = manual.Signed(name="plug", services=("till",), owner="Paul", allow_s=600.0)
    document = {"services": [{"id": "till", "steps": []}, {"id": "mail", "steps": []}]}

    open_, done = (
        manual.signed_off(document, [one]) for one in (step, replace(step, by="Anne", seconds=61.5))
    )

    assert [[], []] == [service["steps"] for service in open_["services"]]
    assert [None] == [one["by"] for one in open_["manual"]]
    said = {"name": "manual", "what": "plug", "seconds": 61.5, "by": "Anne"}
    assert [[said], []] == [service["steps"] for service in done["services"]]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "back and verified"),
        ({"verdict": Verdict.REFUTED, "offsets": {"T6": 1.0}}, "back, but A CHECK FAILED"),
        (
            {"verdict": Verdict.INCONCLUSIVE, "offsets": {"T6": 1.0}, "why": (CUT,)},
            "interrupted before it was checked (the same command goes on)",
        ),
        (
            {"verdict": Verdict.INCONCLUSIVE, "offsets": {"T6": 1.0}, "why": ("no bwrap",)},
            "it could not be checked (no bwrap)",
        ),
        ({"verdict": Verdict.REFUTED, "offsets": {}}, "DAMAGED"),
    ],
)
def test_a_service_is_said_to_be_back_as_far_as_it_is(how: dict[str, Any], said: str) -> None:
    ordinary = {"offsets": {"T6": 1.0, "T8": 2.0}}

    line = back_line(builders.served(**{**ordinary, **how}), "/back", lang="en")

    assert said in line
    assert ("A CHECK FAILED" in said) == ("A CHECK FAILED" in line)
