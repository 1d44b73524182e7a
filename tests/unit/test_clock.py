"""The clock of an incident: which instants are known, who says so, and the time between them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.checkpoint import decode, encode
from orchestrator.core.clock import NAMES, Clock, Source, clock
from orchestrator.core.events import Outcome, RecoverFinished, RunStarted, Sign
from orchestrator.core.fold import fold
from orchestrator.core.fold_clock import since
from orchestrator.core.incidents import incidents
from orchestrator.reports import clock as report
from orchestrator.reports.incidents import document
from tests.clocks import HOUR, MINUTE, SILENT, T0, log, mark, opened, recovered, recovering
from tests.records import acknowledged, backed_up, incident_opened, page_sent, run_failed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.core.events import Event, Recorded

Fact = tuple[timedelta, "Event"]
REPORTED: tuple[Fact, ...] = ((11 * HOUR, opened()),)
ANSWERED: tuple[Fact, ...] = (
    *REPORTED,
    (11 * HOUR + MINUTE, page_sent("aaaaaa")),
    (11 * HOUR + 5 * MINUTE, acknowledged("aaaaaa")),
)
RECOVERED: tuple[Fact, ...] = (
    *ANSWERED,
    (12 * HOUR, mark("T4", 12 * HOUR)),
    (14 * HOUR, recovering("r1")),
    (14 * HOUR + 2 * MINUTE, recovered("r1", 14 * HOUR)),
)


def of_runs(recorded: list[Recorded]) -> list[Recorded]:
    return [one for one in recorded if isinstance(one.event, RunStarted | RecoverFinished)]


def known(*facts: Fact) -> Clock:
    told = log(*facts)
    own = [one for one in told if one not in of_runs(told)]
    return clock(incidents(told)["aaaaaa"], own, of_runs(told))


def leads(*facts: Fact) -> Mapping[str, float]:
    return fold(log(*facts)).sites["bakery"].leads


def test_what_nobody_knows_is_unknown_and_its_spans_are_never_nothing() -> None:
    found = known(*REPORTED)

    assert ["T1"] == list(found.instants)
    said = report.document(found)
    assert {"T1"} == {name for name, at in said["instants"].items() if at is not None}
    assert {None} == set(said["splits_s"].values())


def test_detected_is_when_the_client_said_so_and_a_page_and_an_answer_are_of_the_log() -> None:
    found = known(*ANSWERED)

    told = {name: (one.at - T0, one.source) for name, one in found.instants.items()}
    assert {
        "T1": (10 * HOUR, Source.PERSON),
        "T2": (11 * HOUR + MINUTE, Source.LOG),
        "T3": (11 * HOUR + 5 * MINUTE, Source.LOG),
    } == told
    assert HOUR + 5 * MINUTE == found.between("T1", "T3")


def test_the_page_that_says_it_is_over_called_nobody() -> None:
    assert "T2" not in known(*REPORTED, (12 * HOUR, page_sent("aaaaaa", "end"))).instants


def test_a_whole_disaster_is_split_between_people_hardware_and_machine() -> None:
    found = known(
        *RECOVERED,
        (15 * HOUR, mark("T0", timedelta(0))),
        (16 * HOUR, mark("T9", 16 * HOUR, by="Mrs Martin")),
        (20 * HOUR, mark("T10", 20 * HOUR)),
    )

    assert set(NAMES) == set(found.instants)
    assert {
        "T0-T1": 36000.0,
        "T1-T3": 3900.0,
        "T3-T4": 3300.0,
        "T4-T5": 7200.0,
        "T5-T8": 90.0,
        "T8-T9": 7110.0,
        "T9-T10": 14400.0,
        "T0-T5": 50400.0,
        "T0-T8": 50490.0,
    } == report.document(found)["splits_s"]


def test_the_last_word_about_an_instant_counts() -> None:
    found = known(*REPORTED, (12 * HOUR, mark("T0", HOUR)), (13 * HOUR, mark("T0", 2 * HOUR)))

    assert T0 + 2 * HOUR == found.instants["T0"].at


def test_a_recovery_that_failed_was_delay_and_the_one_that_ended_gives_t5() -> None:
    found = known(
        *ANSWERED,
        (13 * HOUR, recovering("r1")),
        (13 * HOUR + MINUTE, replace(run_failed("r1"), service="")),
        (14 * HOUR, recovering("r2")),
        (14 * HOUR + 2 * MINUTE, recovered("r2", 14 * HOUR)),
        (18 * HOUR, recovering("r3")),
    )

    assert T0 + 14 * HOUR == found.instants["T5"].at


def test_a_recovery_that_went_on_after_an_interruption_began_when_it_was_first_begun() -> None:
    found = known(
        *ANSWERED,
        (13 * HOUR, recovering("r1")),
        (14 * HOUR, recovering("r2")),
        (14 * HOUR + 2 * MINUTE, recovered("r2", 14 * HOUR, since=13 * HOUR)),
    )

    assert HOUR + timedelta(seconds=90) == found.between("T5", "T8")


def test_an_inconclusive_recovery_has_begun_and_the_next_one_takes_its_place() -> None:
    silent = recovered("r1", 13 * HOUR, "inconclusive", till=SILENT)
    facts: list[Fact] = [*ANSWERED, (13 * HOUR, recovering("r1")), (14 * HOUR, silent)]

    assert T0 + 13 * HOUR == known(*facts).instants["T5"].at
    assert T0 + 15 * HOUR == known(*facts, (15 * HOUR, recovering("r2"))).instants["T5"].at


def test_a_recovery_under_way_has_begun_and_no_service_answers() -> None:
    found = known(*ANSWERED, (14 * HOUR, recovering("r1")))

    assert "T5" in found.instants
    assert {"T5a", "T6", "T7", "T8"}.isdisjoint(found.instants)


def test_while_one_service_is_silent_the_site_does_not_answer() -> None:
    end = recovered("r1", 14 * HOUR, "refuted", till={"T5": 0.0, "T8": 9.0}, share=SILENT)
    found = known(*ANSWERED, (14 * HOUR, recovering("r1")), (15 * HOUR, end))

    assert "T8" not in found.instants


def test_of_one_services_incident_its_own_answer_counts() -> None:
    end = recovered("r1", 14 * HOUR, "refuted", till={"T5": 0.0, "T8": 9.0}, share=SILENT)
    found = known(
        (11 * HOUR, opened(service="till")), (14 * HOUR, recovering("r1")), (15 * HOUR, end)
    )

    assert timedelta(seconds=9) == found.between("T5", "T8")


def test_services_recovered_one_after_the_other_answer_when_the_last_does() -> None:
    found = known(
        *ANSWERED,
        (14 * HOUR, recovering("r1")),
        (14 * HOUR + 2 * MINUTE, recovered("r1", 14 * HOUR)),
        (15 * HOUR, recovering("r2")),
        (16 * HOUR, recovered("r2", 15 * HOUR, share={"T5": 0.0, "T8": 60.0})),
    )

    assert HOUR + MINUTE == found.between("T5", "T8")


def test_what_is_accepted_service_by_service_is_accepted_with_the_last() -> None:
    both = recovered("r1", 14 * HOUR, till={"T5": 0.0, "T8": 9.0}, share={"T5": 0.0, "T8": 9.0})
    facts: list[Fact] = [*REPORTED, (14 * HOUR, recovering("r1")), (14 * HOUR + MINUTE, both)]
    first = known(*facts, (15 * HOUR, mark("T9", 15 * HOUR, service="till")))
    last = known(
        *facts,
        (16 * HOUR, mark("T9", 16 * HOUR, service="share")),
        (17 * HOUR, mark("T9", 15 * HOUR, service="till")),
    )

    assert (("share",), False) == (first.awaited, "T9" in first.instants)
    assert ((), T0 + 16 * HOUR) == (last.awaited, last.instants["T9"].at)


@pytest.mark.parametrize(
    ("instant", "after", "against"),
    [
        ("T0", 11 * HOUR, "T1"),
        ("T0", 10 * HOUR, None),
        ("T4", 11 * HOUR, "T3"),
        ("T4", 12 * HOUR, None),
        ("T10", 13 * HOUR, "T8"),
        ("T4", 15 * HOUR, "T5"),
        ("T9", 15 * HOUR, None),
    ],
)
def test_an_instant_may_not_come_before_what_it_follows(
    instant: str, after: timedelta, against: str | None
) -> None:
    found = known(*RECOVERED)

    assert against == found.contradicted(instant, T0 + after)


def test_spans_that_would_run_backwards_are_unknown_and_the_disorder_is_said() -> None:
    found = known(*RECOVERED, (16 * HOUR, mark("T4", 15 * HOUR)))

    assert found.between("T4", "T5") is None
    assert (("T4", "T5"),) == found.disorder()
    one = incidents(log(*RECOVERED))["aaaaaa"]
    said = "\n".join(report.text(one, found, "Europe/Paris"))
    assert "T4 is dated after T5: one of them is wrong" in said


def test_restored_is_when_the_service_answers_not_when_somebody_closes() -> None:
    one = incidents(log(*RECOVERED))["aaaaaa"]

    assert (4 * HOUR + timedelta(seconds=90)).total_seconds() == document(one)["ttr_s"]


def test_the_lead_that_was_really_had_is_known_when_somebody_says_t0() -> None:
    assert {} == leads(*RECOVERED)
    assert {"burglary": 50400.0} == leads(*RECOVERED, (15 * HOUR, mark("T0", timedelta(0))))


def test_a_corrected_t0_corrects_the_lead_however_late() -> None:
    t0 = mark("T0", timedelta(0))
    later = mark("T0", 2 * HOUR)

    assert {"burglary": 43200.0} == leads(*RECOVERED, (15 * HOUR, t0), (2000 * HOUR, later))


def test_the_worst_of_a_scenario_counts_and_the_others_are_apart() -> None:
    def other(scenario: str, name: str, after: timedelta) -> list[Fact]:
        event = replace(opened(scenario), incident=name, condition=f"reported-{name}")
        t0 = replace(mark("T0", timedelta(0)), incident=name)
        begun = replace(recovering(name, scenario), incident=name)
        return [(HOUR, event), (HOUR, t0), (after, begun)]

    facts = [
        *other("burglary", "one", 9 * HOUR),
        *other("burglary", "two", 3 * HOUR),
        *other("server-failure", "three", 2 * HOUR),
    ]
    assert {"burglary": 32400.0, "server-failure": 7200.0} == leads(*facts)


def test_where_no_scenario_was_said_the_recoverys_own_is_taken() -> None:
    facts: list[Fact] = [
        (HOUR, opened("")),
        (HOUR, mark("T0", timedelta(0))),
        (2 * HOUR, recovering("r1", "server-failure")),
    ]
    assert {"server-failure": 7200.0} == leads(*facts)


def test_an_attack_began_with_the_data_of_the_first_suspected_point() -> None:
    suspected = replace(
        backed_up("b1", outcome=Outcome.SUSPECTED),
        signs=(Sign(word="content", detail="all of it"),),
        suspect="b1",
    )
    data = suspected.data_time
    assert data is not None
    at = data - T0
    attack = replace(
        incident_opened("aaaaaa", condition="backup-suspected"), reported_by=None, evidence="b1"
    )
    begun = recovering("r1", "ransomware")
    state = fold(log((at, suspected), (at + HOUR, attack), (at + 3 * HOUR, begun)))

    assert {"ransomware": 10800.0} == state.sites["bakery"].leads
    one = state.incidents["aaaaaa"]
    first = clock(one, [], suspected=since(state, one)).instants["T0"]
    assert (data, Source.LOG) == (first.at, first.source)


def test_a_persons_word_about_t5_counts_where_pra_recovered_nothing() -> None:
    t0, t5 = mark("T0", timedelta(0)), mark("T5", 5 * HOUR)

    assert {"burglary": 18000.0} == leads((HOUR, opened()), (HOUR, t0), (6 * HOUR, t5))


def test_a_later_recovery_changes_no_lead_and_an_inconclusive_one_makes_none_final() -> None:
    t0: Fact = (HOUR, mark("T0", timedelta(0)))
    first: list[Fact] = [
        (2 * HOUR, recovering("r1")),
        (3 * HOUR, recovered("r1", 2 * HOUR, "inconclusive", till=SILENT)),
    ]
    second: list[Fact] = [(4 * HOUR, recovering("r2")), (5 * HOUR, recovered("r2", 4 * HOUR))]
    third: list[Fact] = [(6 * HOUR, recovering("r3")), (7 * HOUR, recovered("r3", 6 * HOUR))]

    assert {"burglary": 7200.0} == leads((HOUR, opened()), t0, *first)
    assert {"burglary": 14400.0} == leads((HOUR, opened()), t0, *first, *second)
    assert {"burglary": 14400.0} == leads((HOUR, opened()), t0, *first, *second, *third)


def test_a_recovery_for_no_incident_is_of_no_clock() -> None:
    begun = replace(recovering("r1"), incident="")
    end = replace(recovered("r1", 2 * HOUR), incident="")
    strange = replace(recovered("r2", 2 * HOUR), incident="of another log")

    assert {} == leads((2 * HOUR, begun), (3 * HOUR, end))
    assert {} == leads((3 * HOUR, strange))
    assert {} == incidents(log((3 * HOUR, strange)))


def test_the_instant_that_was_said_last_tells_the_spans_that_it_makes_known() -> None:
    found = known(*RECOVERED, (15 * HOUR, mark("T0", timedelta(0))))

    assert [
        "detection, T0 to T1: 10 h",
        "lead, T0 to T5: 14 h",
        "time to recover, T0 to T8: 14 h 2 min",
    ] == report.newly(found, "T0")
    assert [] == report.newly(known(*REPORTED), "T1")


def test_a_person_reads_every_instant_with_its_source_and_what_to_say_of_the_others() -> None:
    one = incidents(log(*RECOVERED))["aaaaaa"]
    said = "\n".join(report.text(one, known(*RECOVERED), "Europe/Paris"))

    assert "T0   disaster                not known         `pra mark aaaaaa T0 --at TIME`" in said
    assert "T1   detected                2026-11-23 08:00  says the owner: reported" in said
    assert "T2   page sent               2026-11-23 09:01  accepted by mail" in said
    assert "T4 to T5   hardware and travel  2 h" in said
    over = replace(one, resolved_at=one.opened_at)
    assert "pra mark" not in "\n".join(report.text(over, known(*RECOVERED), "Europe/Paris"))


def test_who_has_not_accepted_yet_is_named() -> None:
    both = recovered("r1", 14 * HOUR, till={"T5": 0.0, "T8": 9.0}, share={"T5": 0.0, "T8": 9.0})
    facts: list[Fact] = [*REPORTED, (14 * HOUR, recovering("r1")), (14 * HOUR + MINUTE, both)]
    found = known(*facts, (15 * HOUR, mark("T9", 15 * HOUR, service="till")))
    one = incidents(log(*facts))["aaaaaa"]

    assert ["not accepted yet: share"] == report.newly(found, "T9")
    assert "  not accepted yet: share" in report.text(one, found, "Europe/Paris")


def test_a_failed_backup_has_no_clock_to_show() -> None:
    plain = replace(incident_opened("aaaaaa"), reported_by=None)
    one = incidents(log((HOUR, plain)))["aaaaaa"]

    assert not report.is_told(one, known((HOUR, plain)))
    assert report.is_told(incidents(log(*REPORTED))["aaaaaa"], known(*REPORTED))


def test_a_lead_of_nothing_is_one_that_is_not_known() -> None:
    assert {} == leads((HOUR, opened()), (HOUR, mark("T0", 2 * HOUR)), (2 * HOUR, recovering("r")))


def test_a_checkpoint_keeps_the_leads_and_what_they_are_made_of() -> None:
    state = fold(log(*RECOVERED, (15 * HOUR, mark("T0", timedelta(0)))))

    assert state == decode(encode(state))


def test_a_hundred_incidents_later_the_worst_lead_is_still_known() -> None:
    facts: list[Fact] = [*RECOVERED, (15 * HOUR, mark("T0", timedelta(0)))]
    for number in range(120):
        name = f"n{number}"
        facts += [
            (16 * HOUR, replace(opened(), incident=name)),
            (16 * HOUR, replace(mark("T0", 15 * HOUR), incident=name)),
            (16 * HOUR, replace(recovering(name), incident=name)),
        ]
    site = fold(log(*facts)).sites["bakery"]

    assert {"burglary": 50400.0} == site.leads
    assert len(site.delays) <= 100
