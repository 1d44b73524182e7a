"""What a real recovery uses where the policy counts every copy as gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from orchestrator.core import plan as plans
from orchestrator.core.plan import Memory, Request
from orchestrator.core.recovering.standing import CODE, chosen, doomed, seen
from restore_drills.model import Scenario, Snapshot
from tests.keeping import LOCK, bakery, bucket, till

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NOTHING = Memory(pinned=lambda _: {}, last_values=lambda _: {})
ASKED = Request(
    run="r",
    services=(),
    scenario=Scenario.RANSOMWARE,
    place="here",
    t0=None,
    repository=None,
    whole=True,
)
HELD = Snapshot(
    id="a" * 64,
    tree="b" * 64,
    time=NOW,
    host="bakery",
    tags=("service=till", "run=1", "source=till"),
    original="",
    bytes=1,
    files=1,
    paths=("/srv",),
)


def test_where_something_surely_stands_nothing_else_is_asked() -> None:
    assert {} == doomed(bakery(far=bucket(immutable=LOCK)), ASKED)
    assert {"till": ("offsite", "nas")} == doomed(bakery(), ASKED)
    assert {} == doomed(bakery(), replace(ASKED, scenario=Scenario.SERVER_FAILURE))


def test_a_bucket_that_keeps_no_versions_for_sure_is_asked_as_it_is_after_a_wipe() -> None:
    site = bakery(till(backup_to="offsite", copy_to=()))
    wiped = replace(ASKED, scenario=Scenario.BUCKET_WIPE)

    assert {"till": ("offsite",)} == doomed(site, wiped)
    assert {} == doomed(bakery(till(backup_to="nas", copy_to=())), wiped)


def test_what_holds_points_of_the_service_goes_before_what_says_nothing() -> None:
    asked = {"till": ("offsite", "nas")}
    other = replace(HELD, tags=("service=share",))

    def of(**listings: tuple[Snapshot, ...] | None) -> tuple[dict[str, str], frozenset[str]]:
        return chosen(bakery(), asked, listings, Scenario.RANSOMWARE)

    assert ({"till": "offsite"}, frozenset({"offsite"})) == of(offsite=(HELD,), nas=(HELD,))
    assert ({"till": "nas"}, frozenset({"nas"})) == of(offsite=None, nas=(HELD,))
    assert ({"till": "nas"}, frozenset({"nas"})) == of(offsite=(other,), nas=(HELD,))
    assert ({"till": "offsite"}, frozenset()) == of(offsite=None)
    assert ({}, frozenset()) == of(offsite=(other,))


def test_the_plan_uses_what_stands_and_says_that_it_was_luck() -> None:
    site = bakery()
    asked = seen(site, ASKED, {"offsite": (HELD,)})

    luck = plans.build(site, asked, NOTHING, NOW)
    drill = plans.build(site, ASKED, NOTHING, NOW)

    assert ("offsite", False) == (luck.services[0].repository, luck.services[0].rewound)
    (said,) = [one for one in luck.findings if one.code == CODE]
    assert "offsite counts as gone by the policy under ransomware" in said.message
    assert "immutable" in said.remedy
    assert drill.services[0].repository is None
    assert CODE not in {one.code for one in drill.findings}


def test_an_unknown_repository_is_left_to_the_plan_to_refuse() -> None:
    assert {} == doomed(bakery(), replace(ASKED, repository="nowhere"))
    assert {"till": ("nas",)} == doomed(bakery(), replace(ASKED, repository="nas"))
