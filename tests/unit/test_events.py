from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from orchestrator.core import codec, events
from orchestrator.core.events import RunFailed, RunInterrupted, RunKind, decode, encode, type_of
from orchestrator.reports.events import cloudevent, line
from tests.records import NOW, backed_up, drilled, recorded, started

FAILED = RunFailed(
    run="r",
    kind=RunKind.BACKUP,
    site="bakery",
    service="till",
    error="no\nroute",
    remedy="Wait.",
    retryable=True,
)
CUT = RunInterrupted(
    run="r", kind=RunKind.DRILL, site="bakery", service="", swept=1, note="found dead"
)
ALL: list[events.Event] = [started("r"), backed_up("r"), drilled("r"), FAILED, CUT]


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


def test_a_person_reads_one_line_an_event() -> None:
    lines = [line(one) for one in recorded(*ALL, backed_up("r", error="cut"))]

    assert [
        "     1  2026-11-23T11:02:54Z  run.started       bakery/till: backup  [r]",
        "     2  2026-11-23T11:02:55Z  backup.finished   bakery/till: complete  [r]",
        "     3  2026-11-23T11:02:56Z  drill.finished    bakery: proven  [r]",
        "     4  2026-11-23T11:02:57Z  run.failed        bakery/till: backup: no route  [r]",
        "     5  2026-11-23T11:02:58Z  run.interrupted   bakery: drill: found dead  [r]",
        "     6  2026-11-23T11:02:59Z  backup.finished   bakery/till: complete, cut  [r]",
    ] == lines
