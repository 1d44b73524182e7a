"""Kinds of sign that add up over an open ticket; announcements withdrawn; whose word it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.core import suspicion
from orchestrator.core.copies import snapshots
from orchestrator.core.events import ChangeExpected, Outcome, Recorded, SuspicionEnded
from orchestrator.core.incidents import incidents
from orchestrator.reports.events_recovery import judged
from tests.keeping import bakery
from tests.oncall import DAY, MINUTE
from tests.suspected import DECOY, DELETED, RENAMED, REWRITTEN, Attacked

if TYPE_CHECKING:
    from orchestrator.core.events import Sign


def records(night: Attacked) -> list[Recorded]:
    """What was said, as the log has it."""
    return [
        Recorded(seq=n, id=f"id-{n}", at=at, event=event, cause=None, prevhash="", hash="")
        for n, (at, event) in enumerate(night.events, 1)
    ]


@pytest.fixture
def night() -> Attacked:
    """One ordinary backup."""
    made = Attacked(bakery())
    made.made()
    return made


@pytest.mark.parametrize(
    ("first", "then", "days", "since"),
    [
        (RENAMED, DECOY, 1, "first"),
        (REWRITTEN, RENAMED, 6, "first"),
        (RENAMED, REWRITTEN, 6, "first"),
        (REWRITTEN, DECOY, 30, "own"),
        (REWRITTEN, RENAMED, 8, ""),
        (REWRITTEN, DELETED, 1, ""),
        (DECOY, DECOY, 1, ""),
    ],
)
def test_over_an_open_ticket_kinds_add_up(
    night: Attacked, first: Sign, then: Sign, days: int, since: str
) -> None:
    unusual = night.made(Outcome.COMPLETE, first)
    night.now += days * DAY
    opinion = suspicion.judged(
        "own", {"docs": (then,)}, None, ticket=night.till.unusual, new_at=night.now
    )

    assert {"first": unusual.run}.get(since, since) == opinion.suspect
    assert ("" if since else unusual.run) == opinion.unusual


def test_an_attack_in_two_backups_is_suspected_since_the_first(night: Attacked) -> None:
    clean = night.till.complete
    unusual = night.made(Outcome.COMPLETE, RENAMED)
    between = night.made()
    touched = night.made(Outcome.SUSPECTED, DECOY, suspect=unusual.run)
    known = night.till

    assert known.suspicion is not None
    assert (unusual.run, (RENAMED, DECOY)) == (known.suspicion.run, known.suspicion.signs)
    assert clean is known.complete
    made = snapshots.known(records(night)).points
    assert [unusual.run] * 3 == [made[one.run].suspect for one in (unusual, between, touched)]
    night.judge(unusual.run, false_alarm=True)
    newest = night.till.complete
    assert newest is not None
    assert touched.run == newest.run
    assert {""} == {one.suspect for one in snapshots.known(records(night)).points.values()}


def test_what_is_seen_later_is_told_in_the_open_ticket(night: Attacked) -> None:
    unusual = night.made(Outcome.COMPLETE, REWRITTEN)
    night.made(Outcome.COMPLETE, DELETED)

    assert night.till.unusual is not None
    assert (REWRITTEN, DELETED) == night.till.unusual.signs
    assert unusual.run == night.till.unusual.run


def test_what_was_announced_may_be_withdrawn(night: Attacked) -> None:
    said = ChangeExpected(
        site="bakery", service="", text="photos", begin=night.now, until=night.now + DAY, by="Zoe"
    )
    night.append(said)
    night.append(replace(said, text="another"))
    night.append(replace(said, until=said.begin))

    assert ["another"] == [one.text for one in night.state.sites["bakery"].expected]


def test_the_watch_that_is_quicker_keeps_whose_word_it_was(night: Attacked) -> None:
    night.made(Outcome.COMPLETE, REWRITTEN)
    night.run(MINUTE)
    (one,) = night.incidents()
    event = SuspicionEnded(
        incident=one.id,
        site="bakery",
        service="till",
        first=one.evidence,
        false_alarm=True,
        by="Zoe",
        note="the wedding",
    )
    night.append(event)
    night.run(MINUTE)  # it closes what holds no longer
    closed = night.state.incidents[one.id]

    assert closed.resolved_at is not None
    assert ("Zoe", "the wedding") == (closed.resolved_by, closed.resolution)
    assert closed == incidents(records(night))[one.id]
    assert "a false alarm, says Zoe: the wedding" == judged(event)
