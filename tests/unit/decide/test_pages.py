"""Which pages are owed, to which channel, when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.core.decide.actions import Page, Policies
from orchestrator.core.decide.pages import owed
from orchestrator.core.policy.model import Business
from orchestrator.core.state import Failing, Incident, State
from tests.oncall import DAY, FRIDAY, HOUR, MINUTE, PROVIDER, client, step

if TYPE_CHECKING:
    from orchestrator.core.policy.oncall import Step

SECOND = timedelta(seconds=1)
OPENING = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)


def incident(name: str = "aaaaaa", **other: Any) -> Incident:  # noqa: ANN401 - any field
    ordinary = Incident(
        id=name,
        site="bakery",
        service="till",
        condition="backup-failed",
        criticality="P1",
        summary="the backup of till failed",
        remedy="",
        evidence="r1",
        chain="wake",
        chain_since=FRIDAY,
        opened_at=FRIDAY,
    )
    return replace(ordinary, **other)


def policies(*steps: Step, chain: str = "wake", **other: Any) -> Policies:  # noqa: ANN401 - any field
    chains = {**PROVIDER.escalation, **({chain: steps} if steps else {})}
    provider = replace(PROVIDER, escalation=chains)
    one = client(provider=provider, **other)
    return Policies(sites={"bakery": one}, provider=provider, place="here")


def asked(
    *incidents: Incident, at: datetime = FRIDAY, of: Policies | None = None
) -> tuple[list[str], datetime | None]:
    """The pages that are owed, as page@channel, and when to ask again."""
    pages, again = owed(State(incidents={i.id: i for i in incidents}), of or policies(), at)
    return [f"{page.page}@{page.channel}" for page in pages], again


def sent(*pages: str) -> dict[str, datetime]:
    return dict.fromkeys(pages, FRIDAY)


FIRST = sent("wake.0@chat", "wake.0@page")


def test_a_first_step_is_owed_to_each_of_its_channels_at_once() -> None:
    pages, again = asked(incident())

    assert ["wake.0@chat", "wake.0@page"] == pages
    assert FRIDAY + 15 * MINUTE == again


def test_what_a_channel_took_is_not_owed_again() -> None:
    assert (["wake.0@page"], FRIDAY + 15 * MINUTE) == asked(incident(sent=sent("wake.0@chat")))


def test_steps_follow_when_nobody_answers() -> None:
    one = incident(sent=FIRST)

    assert ([], FRIDAY + 15 * MINUTE) == asked(one, at=FRIDAY + 15 * MINUTE - SECOND)
    assert (["wake.1@mail"], FRIDAY + 30 * MINUTE) == asked(one, at=FRIDAY + 15 * MINUTE)


def test_a_step_is_repeated_each_time_under_its_own_name() -> None:
    told = {**FIRST, **sent("wake.1@mail", "wake.2@page")}

    assert ([], FRIDAY + HOUR) == asked(incident(sent=told), at=FRIDAY + 59 * MINUTE)
    assert (["wake.2.1@page"], FRIDAY + 90 * MINUTE) == asked(incident(sent=told), at=FRIDAY + HOUR)


def test_after_a_long_silence_of_ours_only_the_newest_page_of_a_channel_is_owed() -> None:
    pages, _ = asked(incident(), at=FRIDAY + DAY)

    assert ["wake.0@chat", "wake.1@mail", "wake.2.47@page"] == sorted(pages)


def test_what_came_later_stands_for_what_was_missed_before() -> None:
    told = sent("wake.0@chat", "wake.1@mail", "wake.2.3@page")

    assert [] == asked(incident(sent=told), at=FRIDAY + 125 * MINUTE)[0]


def test_an_acknowledged_incident_owes_nothing_more() -> None:
    one = incident(acknowledged_at=FRIDAY, sent=FIRST)

    assert ([], None) == asked(one, at=FRIDAY + DAY)


def test_the_end_is_owed_to_those_who_heard_the_beginning_and_to_nobody_else() -> None:
    one = incident(sent=sent("wake.0@page"), resolved_at=FRIDAY + HOUR)

    assert (["end@page"], None) == asked(one, at=FRIDAY + 2 * HOUR)
    told = replace(one, sent=sent("wake.0@page", "end@page"), acknowledged_at=FRIDAY)
    assert ([], None) == asked(told, at=FRIDAY + 2 * HOUR)


def test_what_was_over_before_anybody_was_told_is_told_to_nobody() -> None:
    assert ([], None) == asked(incident(resolved_at=FRIDAY), at=FRIDAY + HOUR)


def test_an_end_is_not_owed_to_a_channel_that_the_policy_no_longer_has() -> None:
    one = incident(sent=sent("wake.0@pigeon"), resolved_at=FRIDAY)

    assert ([], None) == asked(one)


def test_a_refused_page_is_tried_again_after_longer_and_longer() -> None:
    waits = []
    for times in range(1, 9):
        failing = {"wake.0@page": Failing(times=times, at=FRIDAY, error="503")}
        one = incident(sent=sent("wake.0@chat"), failing=failing)
        pages, again = asked(one)
        assert ([], True) == (pages, again is not None)
        waits.append(((again or FRIDAY) - FRIDAY) // SECOND)

    assert [30, 60, 120, 300, 600, 900, 900, 900] == waits


def test_a_refused_page_is_owed_when_its_wait_is_over() -> None:
    failing = {"wake.0@page": Failing(times=1, at=FRIDAY, error="503")}
    one = incident(sent=sent("wake.0@chat"), failing=failing)

    assert ["wake.0@page"] == asked(one, at=FRIDAY + 30 * SECOND)[0]


def test_a_page_refused_by_a_clock_that_was_put_back_since_does_not_wait_for_it() -> None:
    failing = {"wake.0@page": Failing(times=1, at=FRIDAY + HOUR, error="503")}
    one = incident(sent=sent("wake.0@chat"), failing=failing)

    assert ["wake.0@page"] == asked(one)[0]


def test_a_step_of_business_hours_waits_for_the_sites_opening() -> None:
    one = incident(chain="ticket")

    assert ([], OPENING) == asked(one)
    assert ([], OPENING) == asked(one, at=OPENING - SECOND)
    assert ["ticket.0@mail"] == asked(one, at=OPENING)[0]


def test_a_ticket_that_failed_all_day_waits_for_the_next_opening() -> None:
    failing = {"ticket.0@mail": Failing(times=9, at=OPENING + 6 * HOUR, error="503")}
    one = incident(chain="ticket", failing=failing)
    tuesday = OPENING + 3 * DAY

    assert ([], tuesday) == asked(one, at=OPENING + 8 * HOUR)
    assert ["ticket.0@mail"] == asked(one, at=tuesday)[0]


def test_a_repeated_step_of_business_hours_is_silent_at_night() -> None:
    of = policies(step("mail", repeat=HOUR, business=True))
    one = incident(chain_since=OPENING, sent=sent("wake.0@mail"))

    assert ["wake.0.6@mail"] == asked(one, at=OPENING + 6 * HOUR, of=of)[0]
    assert ([], OPENING + 3 * DAY) == asked(one, at=OPENING + 8 * HOUR, of=of)


def test_a_step_of_business_hours_does_not_wait_where_no_hours_are_declared() -> None:
    always = Business(employees=None, hours=(), holidays=None, closed=())

    assert ["ticket.0@mail"] == asked(incident(chain="ticket"), of=policies(business=always))[0]


def test_a_step_of_business_hours_for_the_machine_does_not_wait() -> None:
    assert ["ticket.0@mail"] == asked(incident(site="", chain="ticket"))[0]


def test_a_chain_that_the_policy_no_longer_has_gives_way_to_what_the_rules_say_now() -> None:
    assert ["wake.0@chat", "wake.0@page"] == asked(incident(chain="old"))[0]


def test_an_incident_without_a_chain_calls_nobody() -> None:
    assert ([], None) == asked(incident(chain=""), at=FRIDAY + DAY)


def test_an_escalated_incident_starts_its_new_chain_from_there() -> None:
    one = incident(chain_since=FRIDAY + HOUR, sent=sent("ticket.0@mail"))

    assert ([], FRIDAY + HOUR) == (asked(one, at=FRIDAY + HOUR - SECOND))
    assert ["wake.0@chat", "wake.0@page"] == asked(one, at=FRIDAY + HOUR)[0]


def test_the_gravest_goes_first_then_the_oldest_and_what_is_over_last() -> None:
    over = incident("over", sent=FIRST, resolved_at=FRIDAY, opened_at=FRIDAY - DAY)
    later = incident("later", opened_at=FRIDAY + MINUTE)
    lesser = incident("lesser", criticality="P2", opened_at=FRIDAY - HOUR)
    first = incident("first", opened_at=FRIDAY)
    state = State(incidents={i.id: i for i in (over, lesser, later, first)})
    pages, _ = owed(state, policies(), FRIDAY + MINUTE)

    assert ["first", "later", "lesser", "over"] == list(dict.fromkeys(p.incident for p in pages))
    assert Page(incident="over", page="end", channel="chat") in pages


def test_without_a_provider_nobody_is_called() -> None:
    of = Policies(sites={}, provider=None, place="here")

    assert ([], None) == asked(incident(), incident("b", resolved_at=FRIDAY, sent=FIRST), of=of)


def away(name: str, **other: Any) -> Incident:  # noqa: ANN401 - any field
    condition = "repository-unreachable-offsite"
    return incident(name, **{"service": "", "condition": condition, **other})


def behind(url: str = "s3:https://s3.example.net/bakery/restic") -> Policies:
    """A policy whose offsite repository lies behind an endpoint."""
    of = policies()
    one = of.sites["bakery"]
    offsite = replace(one.repositories["offsite"], url=url)
    return replace(of, sites={"bakery": replace(one, repositories={"offsite": offsite})})


def test_one_incident_speaks_for_an_endpoint_the_gravest_first() -> None:
    lesser, graver = away("aaaaaa", criticality="P2"), away("bbbbbb")

    pages, _ = owed(State(incidents={i.id: i for i in (lesser, graver)}), behind(), FRIDAY)

    assert {"bbbbbb"} == {page.incident for page in pages}


def test_a_graver_one_is_told_though_a_lesser_one_speaks_already() -> None:
    told = away("aaaaaa", criticality="P2", sent=FIRST)

    assert [] == asked(told, away("bbbbbb", criticality="P2"), of=behind())[0]
    assert ["wake.0@chat", "wake.0@page"] == asked(told, away("bbbbbb"), of=behind())[0]


def test_what_is_late_while_its_endpoint_is_away_is_spoken_for() -> None:
    late = incident("bbbbbb", condition="backup-overdue")
    told = away("aaaaaa", sent=FIRST)

    assert [] == asked(told, late, of=behind())[0]
    assert ["wake.0@chat", "wake.0@page"] == asked(late, of=behind())[0]
    assert [] != asked(told, replace(late, condition="backup-failed"), of=behind())[0]


def test_one_that_spoke_and_is_over_is_heard_for_half_an_hour() -> None:
    over = away("aaaaaa", sent={**FIRST, **sent("end@chat", "end@page")}, resolved_at=FRIDAY)
    other = away("bbbbbb")

    pages, again = asked(over, other, at=FRIDAY + 10 * MINUTE, of=behind())
    assert ([], FRIDAY + 30 * MINUTE) == (pages, again)
    assert [] != asked(over, other, at=FRIDAY + 31 * MINUTE, of=behind())[0]


def test_local_repositories_and_unknown_sites_speak_for_themselves() -> None:
    for of in (behind("/mnt/nas/restic"), replace(behind(), sites={})):
        told, other = away("aaaaaa", sent=FIRST), away("bbbbbb")
        assert ["wake.0@chat", "wake.0@page"] == asked(told, other, of=of)[0]
