"""The policy that travels: when it is put beside the points again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.decide.actions import Policies, StorePolicy
from orchestrator.core.decide.starts.policies import storing
from orchestrator.core.events import PolicyStored, Recorded, RunKind, SitePaused
from orchestrator.core.fold import fold
from tests import policies, records

if TYPE_CHECKING:
    from orchestrator.core.events import Event
    from orchestrator.core.state import State

NOW = datetime(2026, 11, 23, 11, 2, 53, tzinfo=UTC)
BAKERY = policies.site()
PROMISED = Policies(sites={"bakery": BAKERY}, provider=None, place="h", digests={"bakery": "new"})
WANTED = StorePolicy(site="bakery", repository="offsite", digest="new")


def told(*events: Event, point: bool = True) -> State:
    first = [replace(records.backed_up("b1"), usable_at=NOW - timedelta(days=9))] if point else []
    return fold(
        Recorded(seq=n, id=f"e{n}", at=NOW, event=event, cause=None, prevhash="", hash="")
        for n, event in enumerate((*first, *events), start=1)
    )


def put(digest: str) -> PolicyStored:
    return PolicyStored(site="bakery", repository="offsite", digest=digest, snapshot="s")


def test_a_repository_with_points_and_no_policy_gets_it() -> None:
    assert [WANTED] == storing(told(), PROMISED)


def test_a_repository_with_another_policy_gets_the_new_one() -> None:
    assert [WANTED] == storing(told(put("old")), PROMISED)


def test_one_that_has_it_is_left_alone() -> None:
    assert [] == storing(told(put("old"), put("new")), PROMISED)


def test_one_whose_policy_was_damaged_and_removed_gets_it_again() -> None:
    assert [WANTED] == storing(told(put("new"), put("")), PROMISED)


def test_nothing_is_put_where_no_point_ever_was() -> None:
    assert [] == storing(told(point=False), PROMISED)


def test_a_policy_that_was_never_sound_is_not_stored() -> None:
    assert [] == storing(told(), replace(PROMISED, digests={}))


def test_a_site_that_is_paused_is_left_alone() -> None:
    paused = SitePaused(site="bakery", by="me", reason="a burglary")

    assert [] == storing(told(paused), PROMISED)


def test_a_backup_under_way_puts_it_there_itself() -> None:
    assert [] == storing(told(records.started("b2")), PROMISED)


def test_whoever_is_alone_in_the_repository_is_waited_for() -> None:
    alone = records.upkeep_started("u1", RunKind.RETAIN)

    assert [] == storing(told(alone), PROMISED)
