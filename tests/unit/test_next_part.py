"""Which part of a repository `pra verify` reads by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.core.state import RepositoryState, SiteState, State
from orchestrator.jobs.verify import next_part
from tests import policies

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TEN = timedelta(days=10)
SITE = policies.site(policies.service())


def known(read: dict[str, int], parts: int = 8) -> State:
    """A state in which parts were read so many days ago."""
    days = {part: NOW - timedelta(days=ago) for part, ago in read.items()}
    repositories = {"offsite": RepositoryState(parts=parts, read=days)}
    return State(sites={SITE.id: SiteState(repositories=repositories)})


def test_everything_is_read_where_the_policy_does_not_say_how_often() -> None:
    assert (1, 1) == next_part(State(), SITE, "offsite")


def test_the_first_part_comes_first() -> None:
    assert (1, 8) == next_part(State(), replace(SITE, read_all_within=TEN), "offsite")


def test_what_was_never_read_comes_before_what_was_read_longest_ago() -> None:
    site = replace(SITE, read_all_within=TEN)
    all_but_four = {str(part): 9 - part for part in range(1, 9) if part != 4}

    assert (4, 8) == next_part(known(all_but_four), site, "offsite")
    assert (1, 8) == next_part(known({**all_but_four, "4": 0}), site, "offsite")


def test_what_another_division_read_does_not_count() -> None:
    state = known({"1": 0}, parts=3)

    assert (1, 8) == next_part(state, replace(SITE, read_all_within=TEN), "offsite")
