from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from orchestrator.core import codec, events
from orchestrator.core.events import RunKind, decode, encode, type_of
from orchestrator.reports.events import cloudevent, line
from tests import disasters, records
from tests.records import NOW, backed_up, drilled, recorded, started

ORDINARY: list[events.Event] = [
    started("r"),
    backed_up("r"),
    drilled("r"),
    records.imported("r"),
    records.run_failed("r"),
    records.interrupted("r", kind=RunKind.DRILL, service=""),
    records.observed("disk-short"),
    records.incident_opened("i"),
    records.escalated("i"),
    records.acknowledged("i"),
    records.noted("i", "on my\nway"),
    records.resolved("i", by="Zoe", note="a cable"),
    records.page_sent("i"),
    records.page_failed("i"),
    records.daemon_started(),
    records.daemon_stopped(),
    records.policies_read(bakery="d1"),
    replace(records.log_restored(), kept_as="log-1"),
]
ALL = [
    *ORDINARY,
    records.copied("r", "b"),
    records.verified("r", sound=False),
    records.relocked("r", "config: no lock"),
    records.retained("r"),
    records.repaired("r"),
    records.rewound("r"),
    *disasters.ORDINARY,
]


@pytest.mark.parametrize("event", ALL, ids=type_of)
def test_an_event_comes_back_from_json_as_it_went(event: events.Event) -> None:
    assert event == decode(type_of(event), json.loads(json.dumps(encode(event))))


def test_every_event_is_known_by_its_name() -> None:
    assert [type(event) for event in ALL] == list(events.TYPES.values())
    assert [type_of(event) for event in ALL] == list(events.TYPES)


def test_times_are_written_in_utc_with_a_z() -> None:
    paris = timezone(timedelta(hours=1))

    assert "2026-11-23T11:02:53.000000Z" == codec.timestamp(NOW.astimezone(paris))
    assert NOW == codec.instant("2026-11-23T12:02:53+01:00")


def test_a_time_without_a_zone_is_refused_both_ways() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        codec.timestamp(datetime(2026, 11, 23, tzinfo=UTC).replace(tzinfo=None))
    with pytest.raises(ValueError, match="without a zone"):
        codec.instant("2026-11-23T12:02:53")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("outcome", "perfect", "BackupFinished.outcome: 'perfect'"),
        ("outcome", 3, "BackupFinished.outcome: 3 does not fit"),
        ("files_new", True, "BackupFinished.files_new: True does not fit"),
        ("files_new", "1", "BackupFinished.files_new: '1' does not fit"),
        ("usable_at", "yesterday", "BackupFinished.usable_at: "),
        ("snapshots", "aa", "BackupFinished.snapshots: 'aa' does not fit"),
        ("snapshots", ["aa"], "BackedUp: not an object"),
        ("colour", "red", "BackupFinished: unknown field colour"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_name(field: str, value: object, words: str) -> None:
    body = encode(backed_up("r")) | {field: value}

    with pytest.raises(ValueError, match="^" + words):
        decode("backup.finished", body)


def test_a_missing_field_and_an_unknown_event_are_refused() -> None:
    body = encode(backed_up("r"))
    del body["seconds"]

    with pytest.raises(ValueError, match="BackupFinished: no field seconds"):
        decode("backup.finished", body)
    with pytest.raises(ValueError, match=r"unknown event run\.danced"):
        decode("run.danced", body)


def test_what_an_older_version_wrote_lacks_what_it_did_not_know() -> None:
    body = encode(started("r"))
    for later in ("slot", "drill", "scenario"):
        del body[later]

    assert started("r") == decode("run.started", body)


def test_a_whole_number_is_read_where_a_number_is_due() -> None:
    body = encode(backed_up("r")) | {"seconds": 3}

    event = decode("backup.finished", body)

    assert isinstance(event, events.BackupFinished)
    assert isinstance(event.seconds, float)


@pytest.mark.parametrize("value", [float("nan"), {1: "a"}, {"a": object()}])
def test_what_json_cannot_say_is_refused_before_it_is_written(value: object) -> None:
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        codec.to_json([value])


def test_outside_the_process_an_event_is_a_cloudevent() -> None:
    (one,) = recorded(started("run-1"))

    document = cloudevent(one)

    assert {
        "schema": 1,
        "specversion": "1.0",
        "id": "id-1",
        "source": "/sites/bakery",
        "type": "pra.run.started",
        "subject": "till",
        "time": "2026-11-23T11:02:54.000000Z",
        "datacontenttype": "application/json",
        "run": "run-1",
        "cause": None,
        "seq": 1,
        "prevhash": "",
        "data": encode(one.event),
    } == document


def test_the_subject_of_an_event_of_a_whole_site_is_its_run() -> None:
    (one,) = recorded(drilled("run-2"))

    assert "run-2" == cloudevent(one)["subject"]


def test_the_subject_of_an_incident_of_a_whole_site_is_the_incident() -> None:
    (one,) = recorded(replace(records.incident_opened("i"), service=""))

    assert ("i", "i", "/sites/bakery") == tuple(
        cloudevent(one)[key] for key in ("subject", "run", "source")
    )


def test_what_concerns_the_machine_has_its_root_as_source_and_no_subject() -> None:
    (one,) = recorded(records.daemon_started())

    assert ("/", None, None) == tuple(cloudevent(one)[key] for key in ("source", "subject", "run"))


def test_a_person_reads_one_line_an_event() -> None:
    more: list[events.Event] = [
        backed_up("r", error="cut"),
        replace(started("r", kind=RunKind.DRILL, service=""), drill="weekly", scenario="burglary"),
        records.observed("disk-short", present=False),
        records.resolved("i"),
    ]
    lines = [line(one) for one in recorded(*ORDINARY, *more)]

    assert [
        "     1  2026-11-23T11:02:54Z  run.started            bakery/till: backup  [r]",
        "     2  2026-11-23T11:02:55Z  backup.finished        bakery/till: complete  [r]",
        "     3  2026-11-23T11:02:56Z  drill.finished         bakery: proven  [r]",
        "     5  2026-11-23T11:02:58Z  run.failed             bakery/till: backup: no route  [r]",
        "     6  2026-11-23T11:02:59Z  run.interrupted        bakery: drill: found dead  [r]",
    ] == [*lines[:3], *lines[4:6]]
    assert [
        "evidence.imported      bakery: proven, drilled on provider  [r]",
        "condition.observed     this machine: disk-short: 2 GB left",
        "incident.opened        bakery/till: P1 backup-failed: the till is not backed up  [i]",
        "incident.escalated     bakery/till: to call  [i]",
        "incident.acknowledged  bakery/till: by Zoe  [i]",
        "incident.noted         bakery/till: Zoe: on my way  [i]",
        "incident.resolved      bakery/till: by Zoe, a cable  [i]",
        "page.sent              bakery/till: wake.0 by mail  [i]",
        "page.failed            bakery/till: wake.0 by mail: 421  [i]",
        "daemon.started         this machine: pra 1.0 on example-host",
        "daemon.stopped         this machine: asked to stop",
        "policies.read          this machine: watched: bakery",
        "log.restored           this machine: after event 7: page 3 is malformed; kept as log-1",
        "backup.finished        bakery/till: complete, cut  [r]",
        "run.started            bakery: drill weekly burglary  [r]",
        "condition.observed     this machine: disk-short: over",
        "incident.resolved      bakery/till: the condition is gone  [i]",
    ] == [text[30:] for text in [lines[3], *lines[6:]]]
