"""Incidents as a list and as a story."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.core.clock import clock
from orchestrator.core.decide.actions import Page
from orchestrator.core.events import Event, IncidentOpened, SitePaused
from orchestrator.core.incidents import incidents
from orchestrator.core.state import Incident, State
from orchestrator.reports import story
from orchestrator.reports.incidents import document, order, text
from tests.clocks import mark, recovered, recovering
from tests.oncall import FRIDAY, HOUR, MINUTE, client
from tests.records import (
    acknowledged,
    escalated,
    incident_opened,
    noted,
    page_failed,
    page_sent,
    recorded,
    resolved,
    started,
)

ZONE = "Europe/Paris"


def told(*events: Event) -> tuple[Incident, story.Story]:
    """The incident `aaaaaa`, opened just before these events, which are a second apart."""
    log = recorded(incident_opened("aaaaaa"), *events, at=FRIDAY)
    one = incidents(log)["aaaaaa"]
    known = clock(one, log)
    return one, story.Story(incident=one, events=tuple(log), clock=known, owed=(), next_at=None)


def shown(whole: story.Story, **other: Any) -> list[str]:  # noqa: ANN401 - any field
    now = FRIDAY + HOUR
    return story.text(replace(whole, **other), State(), client(), ZONE, now).splitlines()


def test_the_log_tells_every_incident_however_old_and_nothing_else() -> None:
    log = recorded(
        page_sent("before its time"),
        incident_opened("aaaaaa"),
        started("r1"),
        incident_opened("bbbbbb"),
        acknowledged("aaaaaa"),
        resolved("aaaaaa", by="Zoe"),
        at=FRIDAY,
    )
    found = incidents(log)

    assert ["aaaaaa", "bbbbbb"] == list(found)
    assert ("Zoe", "Zoe") == (found["aaaaaa"].acknowledged_by, found["aaaaaa"].resolved_by)


def test_the_document_gives_times_from_the_report_where_there_is_one() -> None:
    event = replace(incident_opened("aaaaaa"), reported_at=FRIDAY - HOUR)
    assert isinstance(event, IncidentOpened)
    one = incidents(recorded(event, acknowledged("aaaaaa"), resolved("aaaaaa"), at=FRIDAY))

    said = document(one["aaaaaa"])
    assert (3602.0, 3603.0) == (said["tr_s"], said["ttr_s"])
    assert (None, None) == (said["tr_contract_s"], said["ttr_contract_s"])
    assert (None, "the owner") == (said["resolved_by"], said["reported_by"])


def test_what_did_not_happen_or_a_clock_made_impossible_is_null() -> None:
    one, _ = told()
    back = replace(one, acknowledged_at=FRIDAY - HOUR)

    assert (None, None) == (document(one)["tr_s"], document(one)["resolved_at"])
    assert document(back)["tr_s"] is None


def test_the_gravest_and_oldest_open_ones_come_first_then_the_last_that_ended() -> None:
    one, _ = told()
    grave = replace(one, id="grave", opened_at=FRIDAY + HOUR)
    old = replace(one, id="old", criticality="P3", opened_at=FRIDAY - HOUR)
    ended = replace(one, id="ended", resolved_at=FRIDAY)
    last = replace(one, id="last", resolved_at=FRIDAY + MINUTE)

    assert ["grave", "old", "last", "ended"] == [i.id for i in order([ended, old, last, grave])]


def test_a_list_says_each_incident_in_full_in_local_time() -> None:
    one, _ = told()
    machine = replace(one, id="b", site="", service="", resolved_at=FRIDAY + HOUR, resolved_by="")
    lines = text([one, machine], lambda _site: ZONE, FRIDAY + HOUR).splitlines()

    assert "aaaaaa  P1  bakery/till backup-failed" in lines[1]
    assert "2026-11-20 18:30  OPEN, for 60 min" in lines[1].replace("1 h", "60 min")
    assert "  the till is not backed up" == lines[2]
    assert "this machine backup-failed" in lines[3]
    assert "resolved, after 1 h" in lines[3].replace("60 min", "1 h")


def test_a_story_tells_who_was_called_and_what_was_done_in_order() -> None:
    _, whole = told(
        page_sent("aaaaaa"),
        page_failed("aaaaaa", "wake.1"),
        page_failed("aaaaaa", "wake.1"),
        escalated("aaaaaa"),
        acknowledged("aaaaaa"),
        noted("aaaaaa"),
        resolved("aaaaaa", by="Zoe", note="line back"),
    )
    lines = shown(whole)
    assert "aaaaaa  P1  bakery/till  backup-failed  resolved by Zoe" == lines[0]
    assert "  wake.0  mail  accepted 2026-11-20 18:30" in lines
    assert "  wake.1  mail  not accepted, 2 times, last 2026-11-20 18:30: 421" in lines
    start = lines.index("History:") + 1
    assert [
        "opened, chain wake: the till is not backed up",
        "page wake.0 accepted by mail: 250 OK",
        "page wake.1 not accepted by mail: 421",
        "page wake.1 not accepted by mail: 421",
        "escalated to call",
        "acknowledged by Zoe",
        "note of Zoe: on my way",
        "resolved by Zoe: line back",
    ] == [line.strip().partition("  ")[2] for line in lines[start : start + 8]]
    assert "What to do now:" not in lines


def test_a_story_that_goes_on_says_who_is_called_next_and_what_to_do() -> None:
    _, whole = told()
    owed = (Page(incident="aaaaaa", page="wake.0", channel="mail"),)

    lines = shown(whole, owed=owed, next_at=FRIDAY + HOUR)
    assert "  wake.0  mail  owed now" in lines
    assert "  next 2026-11-20 19:30, unless somebody acknowledges" in lines
    assert "  pra backup bakery till" in lines
    assert "  pra note aaaaaa TEXT" in lines
    assert any("acknowledged by Zoe" in line for line in shown(told(acknowledged("aaaaaa"))[1]))


def test_a_story_without_a_chain_says_that_nobody_is_called() -> None:
    one, whole = told()
    silent = replace(one, chain="")

    lines = shown(whole, incident=silent)
    assert ["Pages:", "  none was sent", "  no chain: nobody is called"] == lines[
        lines.index("Pages:") : lines.index("Pages:") + 3
    ]


def test_a_storys_document_has_its_pages_and_notes() -> None:
    _, whole = told(page_sent("aaaaaa"), page_failed("aaaaaa", "wake.1"), noted("aaaaaa"))
    owed = (Page(incident="aaaaaa", page="wake.2", channel="mail"),)
    said = story.whole(replace(whole, owed=owed, next_at=FRIDAY))

    assert "aaaaaa" == said["incident"]["id"]
    assert [("wake.0", False, 0), ("wake.1", False, 1), ("wake.2", True, 0)] == [
        (page["page"], page["owed"], page["failures"]) for page in said["pages"]
    ]
    assert ["421"] == [page["error"] for page in said["pages"] if page["error"]]
    assert "on my way" == said["notes"][0]["text"]
    assert "2026-11-20T17:30:00.000000Z" == said["next_page_at"]


def test_a_disaster_is_told_with_its_pause_its_recoveries_and_its_instants() -> None:
    facts = (
        SitePaused(site="bakery", by="Zoe", reason="burgled", incident="aaaaaa"),
        replace(mark("T4", HOUR), note="recover to provider-dc"),
        recovering("r1"),
        recovered("r1", HOUR),
    )
    said = "\n".join(shown(told(*facts)[1]))

    assert "the site was paused by Zoe: burgled" in said
    assert "T4, decision to recover, was 2026-11-22 23:00, says Zoe: recover to prov" in said
    assert "a recovery began, run r1" in said
    assert "the recovery ended: proven, kept in /srv/recovered, run r1" in said
    assert "Clock:" in said


def test_an_event_of_another_kind_is_told_by_its_name() -> None:
    _, whole = told(started("r1"))

    assert any(line.endswith("run.started") for line in shown(whole))
