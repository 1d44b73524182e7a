"""Whole nights and weekends: what is opened, who is called, when it ends."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.decide.wrong.holding import holding
from orchestrator.core.events import BackupFinished, IncidentAcknowledged, Outcome
from orchestrator.core.policy.model import Promise
from orchestrator.core.rpa import worst_case, worst_case_of
from tests.oncall import AWAY, DAY, HOUR, MINUTE, REFUSED, Nights, client
from tests.policies import service
from tests.records import drilled

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Service

NAMES = ("till", "share", "mail", "stock", "web")
OPENING = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)  # Saturday, 6:00 in Paris
END = "end"


def promised(rpo: timedelta) -> dict[None, Promise]:
    return {None: Promise(rto=4 * HOUR, rpo=rpo)}


def five() -> Nights:
    services = (service(n, every=15 * MINUTE, objectives=promised(HOUR)) for n in NAMES)
    nights = Nights(client(*services))
    nights.run(2 * HOUR)
    return nights


def quiet(**other: object) -> Service:
    """A P2 service, backed up every hour, that may lose four."""
    return service("share", criticality="P2", every=HOUR, objectives=promised(4 * HOUR), **other)


def acknowledge(nights: Nights) -> None:
    for one in nights.incidents():
        nights.append(
            IncidentAcknowledged(incident=one.id, site=one.site, service=one.service, by="Zoe")
        )


def test_s3_away_for_a_weekend_is_one_incident_paged_once_and_resolved_once() -> None:
    nights = five()
    nights.outside.failure = AWAY
    nights.run_until_opened()
    acknowledge(nights)
    paged = list(nights.paged)

    nights.run(60 * HOUR)
    assert ["repository-unreachable-offsite"] == nights.opened()
    assert [("wake.0", "chat"), ("wake.0", "page")] == [page[2:] for page in paged]
    assert paged == nights.paged

    nights.outside.failure = None
    nights.run(3 * HOUR)
    assert ["repository-unreachable-offsite"] == nights.opened()
    assert 1 == len(nights.said("incident.resolved"))
    assert [(END, "chat"), (END, "page")] == [page[2:] for page in nights.paged[len(paged) :]]


def test_a_weekend_without_s3_is_caught_up_once_and_the_worst_loss_is_its_length() -> None:
    nights = five()
    nights.outside.failure = AWAY
    nights.run(60 * HOUR)
    nights.outside.failure = None
    back = nights.now
    nights.run(20 * MINUTE)

    for name in NAMES:
        done = [
            (at, event)
            for at, event in nights.events
            if isinstance(event, BackupFinished) and event.service == name
        ]
        since = [at for at, _ in done if at > back]
        assert 1 <= len(since) <= 2, "one for the weekend, and perhaps the next slot's"
        points = [(e.data_time, e.usable_at) for _, e in done if e.data_time and e.usable_at]
        exact = worst_case(points, back - 3 * DAY, nights.now)
        kept = worst_case_of(nights.state.service("bakery", name), 3 * DAY, nights.now)
        assert exact is not None
        assert kept is not None
        assert exact.rpa == kept.rpa
        assert timedelta(hours=60) < kept.rpa < timedelta(hours=61)


def fleet(count: int) -> Nights:
    """Sites with one service each, whose repositories lie behind one endpoint."""
    one = client(service(every=15 * MINUTE))
    nas, offsite = one.repositories["nas"], one.repositories["offsite"]
    sites = []
    for number in range(count):
        url = f"s3:https://s3.example.net/client-{number:02d}/restic"
        repositories = {"nas": nas, "offsite": replace(offsite, url=url)}
        sites.append(replace(one, id=f"client-{number:02d}", repositories=repositories))
    nights = Nights(*sites)
    nights.run(2 * HOUR)
    return nights


def test_forty_sites_behind_one_endpoint_that_is_away_are_one_call_and_no_storm_at_its_return() -> (
    None
):
    nights = fleet(40)
    nights.outside.failure = AWAY
    nights.run_until_opened()
    nights.run(5 * HOUR)
    told = {incident for _, incident, _, _ in nights.paged}
    assert 40 <= len(nights.opened())
    assert 1 == len(told)

    nights.outside.failure = None
    nights.run(5 * HOUR)
    assert len(nights.opened()) == len(nights.said("incident.resolved"))
    assert told == {incident for _, incident, _, _ in nights.paged}
    assert END == nights.paged[-1][2]


def test_a_site_that_stays_away_when_the_others_are_back_is_told_after_a_while() -> None:
    nights = fleet(4)
    nights.outside.failure = AWAY
    nights.run_until_opened()
    nights.run(HOUR)
    (speaker,) = {incident for _, incident, _, _ in nights.paged}
    nights.close(speaker)
    nights.run(25 * MINUTE)
    assert {speaker} == {incident for _, incident, _, _ in nights.paged}

    nights.run(2 * HOUR)
    assert len({incident for _, incident, _, _ in nights.paged}) > 1


def test_an_incident_that_nobody_answers_is_repeated_until_somebody_does() -> None:
    nights = five()
    nights.outside.failure = AWAY
    nights.run(3 * HOUR)
    pages = [page for _, _, page, channel in nights.paged if channel == "page"]
    assert ["wake.0", "wake.2", "wake.2.1", "wake.2.2", "wake.2.3"] == pages[:5]
    assert ["wake.1"] == [page for _, _, page, channel in nights.paged if channel == "mail"]

    acknowledge(nights)
    heard = len(nights.paged)
    nights.run(3 * HOUR)
    assert heard == len(nights.paged)


def test_a_failure_that_the_retry_heals_wakes_nobody() -> None:
    nights = five()
    nights.outside.stumble = set(NAMES)
    nights.run(2 * HOUR)
    assert 5 == len(nights.said("run.failed"))

    assert [] == nights.opened()
    assert [] == nights.paged


def test_a_line_that_comes_and_goes_is_one_incident_for_each_time_it_is_really_gone() -> None:
    nights = five()
    for _ in range(4):
        nights.outside.failure = AWAY
        nights.run(HOUR)
        nights.outside.failure = None
        nights.run(HOUR)

    assert 4 * ["repository-unreachable-offsite"] == nights.opened()
    assert 4 == len(nights.said("incident.resolved"))


def test_a_drill_that_says_no_is_a_ticket_in_the_morning_even_for_the_gravest_service() -> None:
    nights = Nights()
    nights.run(HOUR)
    nights.append(drilled("d1", nights.now, verdict="refuted", why=["orders: 3, expected 1000"]))
    nights.run(20 * HOUR)

    assert ["drill-refuted-server-failure"] == nights.opened()
    assert [(OPENING, "ticket.0", "mail")] == [(at, *rest) for at, _, *rest in nights.paged]


def test_a_promise_that_breaks_before_opening_is_a_page_at_night() -> None:
    nights = Nights(client(quiet()))
    nights.run(3 * HOUR)
    nights.outside.failure = REFUSED
    nights.run(2 * HOUR)

    assert ["backup-failed"] == nights.opened()
    assert {"wake.0"} <= {page for _, _, page, _ in nights.paged}
    assert nights.paged[0][0] < OPENING


def test_a_promise_that_holds_until_opening_waits_for_it() -> None:
    nights = Nights(client(quiet()), now=OPENING - 2 * HOUR)
    nights.run(30 * MINUTE)
    nights.outside.failure = REFUSED
    nights.run(5 * HOUR)

    assert ["backup-failed"] == nights.opened()
    assert (OPENING, "ticket.0", "mail") == (nights.paged[0][0], *nights.paged[0][2:])


def test_a_ticket_of_the_afternoon_becomes_a_page_when_everybody_has_gone_home() -> None:
    nights = Nights(client(quiet()), now=OPENING + 5 * HOUR)  # 11:00; it closes at 13:00
    nights.run(HOUR)
    nights.outside.failure = REFUSED
    nights.run(10 * HOUR)

    (escalated,) = nights.said("incident.escalated")
    assert "wake" == escalated.chain  # type: ignore[union-attr] # its type was asked for
    assert ["ticket.0", "wake.0", "wake.0"] == [page for _, _, page, _ in nights.paged[:3]]
    assert OPENING + 7 * HOUR <= nights.paged[1][0] <= OPENING + 7 * HOUR + 5 * MINUTE


def test_a_ticket_that_somebody_has_does_not_become_a_page() -> None:
    nights = Nights(client(quiet()), now=OPENING + 5 * HOUR)
    nights.run(HOUR)
    nights.outside.failure = REFUSED
    nights.run_until_opened()
    nights.run(MINUTE)
    acknowledge(nights)
    nights.run(10 * HOUR)

    assert ["ticket.0"] == [page for _, _, page, _ in nights.paged]


def test_what_a_person_closed_comes_back_with_the_next_failure() -> None:
    nights = Nights()
    nights.run(HOUR)
    nights.outside.failure = REFUSED
    nights.close(nights.run_until_opened().id)
    nights.run(5 * MINUTE)
    assert ["backup-failed"] == nights.opened()
    nights.run(15 * MINUTE)
    assert ["backup-failed", "backup-failed"] == nights.opened()
    assert 2 == len({i.id for i in nights.incidents()})


def test_a_nas_that_is_switched_off_every_night_calls_nobody() -> None:
    nights = Nights(client(quiet()))
    nights.run(2 * HOUR)
    for _ in range(5):
        nights.sleep(10 * HOUR)
        nights.run(14 * HOUR)

    assert [] == nights.opened()


def test_a_partial_backup_gives_way_to_a_failed_one_and_both_to_a_good_one() -> None:
    nights = Nights()
    nights.run(HOUR)
    nights.outside.outcome = Outcome.PARTIAL
    nights.run(16 * MINUTE)
    nights.outside.failure = REFUSED
    nights.run(15 * MINUTE)
    assert ["backup-partial", "backup-failed"] == nights.opened()
    notes = [e.note for e in nights.said("incident.resolved")]  # type: ignore[union-attr] # the same
    assert ["now it is backup-failed"] == notes

    nights.outside.failure, nights.outside.outcome = None, Outcome.COMPLETE
    nights.run(15 * MINUTE)
    assert [] == [i for i in nights.incidents() if i.resolved_at is None]


def test_a_backup_that_never_ends_is_told_before_the_promise_breaks() -> None:
    nights = Nights(client(service(every=15 * MINUTE, objectives=promised(2 * HOUR))))
    nights.run(HOUR)
    nights.outside.stuck = {"till"}
    nights.run(HOUR)
    assert [] == nights.opened()

    one = nights.run_until_opened()
    assert "rpo-at-risk" == one.condition
    assert one.predicted_breach_at
    assert timedelta() < one.predicted_breach_at - one.opened_at <= 30 * MINUTE


def test_an_incident_that_ended_before_its_first_page_was_sent_is_told_to_nobody() -> None:
    nights = Nights(client(quiet()), now=OPENING - 3 * HOUR)
    nights.run(HOUR)
    nights.outside.outcome = Outcome.PARTIAL
    nights.run(HOUR)
    nights.outside.outcome = Outcome.COMPLETE
    nights.run(10 * HOUR)

    assert ["backup-partial"] == nights.opened()
    assert 1 == len(nights.said("incident.resolved"))
    assert [] == nights.paged


def test_a_channel_that_is_deaf_for_a_night_is_told_in_the_end_and_not_flooded() -> None:
    nights = five()
    nights.outside.failure, nights.outside.deaf = AWAY, {"page"}
    nights.run(10 * HOUR)
    assert {"chat", "mail"} == {channel for *_, channel in nights.paged}

    nights.outside.deaf = set()
    nights.run(20 * MINUTE)
    assert 1 == len([page for _, _, page, channel in nights.paged if channel == "page"])


def test_what_is_remembered_of_the_calm_changes_no_answer() -> None:
    nights = five()
    for minute in range(0, 240, 7):
        nights.outside.failure = AWAY if minute % 5 == 0 else None
        nights.outside.stuck = {"web"} if minute % 3 == 0 else set()
        nights.run(7 * MINUTE)
        afresh = deepcopy(nights.policies)  # of other identities: nothing is remembered of them
        assert holding(nights.state, afresh, nights.now) == holding(
            nights.state, nights.policies, nights.now
        )


def test_a_clock_put_back_by_ten_minutes_opens_nothing() -> None:
    nights = five()
    nights.now -= 10 * MINUTE
    nights.run(2 * HOUR)

    assert [] == nights.opened()


def test_a_month_without_trouble_says_nothing() -> None:
    nights = Nights(client(quiet()))
    nights.run(30 * DAY)

    assert [] == nights.opened()
