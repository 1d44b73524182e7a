from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core import checkpoint
from orchestrator.core.events import (
    TYPES,
    BackedUp,
    BackupFinished,
    CopyFinished,
    DrillFinished,
    EvidenceImported,
    IncidentMarked,
    Outcome,
    Recorded,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
    VerifyFinished,
)
from orchestrator.core.fold import fold
from orchestrator.core.state import State
from tests import disasters, records
from tests.records import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.core.events import Event

SITES = st.sampled_from(["bakery", "butcher"])
SERVICES = st.sampled_from(["till", "share"])
RUNS = st.sampled_from([f"r{number}" for number in range(6)])
INCIDENTS = st.sampled_from(["i1", "i2", "i3"])
CONDITIONS = st.sampled_from(["backup-failed", "disk-short", "log-restored", "clock-wrong"])
REPOSITORIES = st.sampled_from(["", "offsite", "nas"])
KINDS = st.sampled_from(RunKind)
TEXTS = st.text(max_size=8)
SECONDS = st.floats(0, 1e6)
TIMES = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - the zone is an argument of its own
    datetime(2027, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=1))]),
)
SNAPSHOTS = st.lists(
    st.builds(BackedUp, source=SERVICES, id=TEXTS, tree=TEXTS, data_time=TIMES), max_size=2
).map(tuple)
OF_SERVICE = st.fixed_dictionaries(
    {
        "id": SERVICES,
        "verdict": st.sampled_from(["proven", "refuted", "inconclusive"]),
        "rta_s": st.none() | SECONDS,
        "rpa_s": st.none() | SECONDS,
        "why": st.lists(TEXTS, max_size=1),
    }
)


def documents(kind: type[DrillFinished | EvidenceImported]) -> st.SearchStrategy[Event]:
    def made(run: str, site: str, at: datetime, said: dict[str, object], chosen: bool) -> Event:  # noqa: FBT001 - drawn
        one = records.drilled(run, at, **said)
        document = {**one.document, "site": site, "exploratory": chosen}
        if kind is DrillFinished:
            return replace(one, site=site, document=document)
        return replace(records.imported(run), site=site, document=document)

    return st.builds(made, RUNS, SITES, TIMES, OF_SERVICE, st.booleans())


def of_incident(*makers: Callable[[str], Event]) -> st.SearchStrategy[Event]:
    return st.sampled_from(makers).flatmap(lambda maker: st.builds(maker, INCIDENTS))


EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        RunStarted,
        run=RUNS,
        kind=KINDS,
        site=SITES,
        service=SERVICES,
        slot=st.none() | TIMES,
        repository=REPOSITORIES,
        drill=st.sampled_from(["", "nightly"]),
        incident=st.just("") | INCIDENTS,
    ),
    st.builds(
        BackupFinished,
        run=RUNS,
        site=SITES,
        service=SERVICES,
        outcome=st.sampled_from(Outcome),
        snapshots=SNAPSHOTS,
        usable_at=st.none() | TIMES,
        seconds=SECONDS,
        skipped=st.just(()),
        error=st.none() | TEXTS,
    ),
    st.builds(
        CopyFinished,
        run=RUNS,
        site=SITES,
        service=SERVICES,
        repository=REPOSITORIES,
        point=RUNS,
        snapshots=SNAPSHOTS,
        usable_at=TIMES,
        seconds=SECONDS,
    ),
    st.builds(
        VerifyFinished,
        run=RUNS,
        site=SITES,
        repository=REPOSITORIES,
        part=st.integers(1, 2),
        parts=st.integers(2, 4),
        damage=st.just(()),
        seconds=SECONDS,
    ),
    st.sampled_from(
        [
            records.relocked("r1"),
            records.relocked("r2", "weak", repository="nas"),
            records.retained("r3"),
            records.retained("r4", "held", "nas"),
            records.repaired("r1"),
            records.repaired("r2", sound=False),
            records.rewound("r3"),
            records.rewound("r4", sound=False),
            *disasters.ORDINARY,
        ]
    ),
    st.builds(
        IncidentMarked,
        incident=INCIDENTS,
        site=SITES,
        service=SERVICES,
        instant=st.sampled_from(["T0", "T5", "T9"]),
        at=TIMES,
    ),
    documents(DrillFinished),
    documents(EvidenceImported),
    st.builds(RunFailed, run=RUNS, kind=KINDS, site=SITES, service=SERVICES),
    st.builds(RunInterrupted, run=RUNS, kind=KINDS, site=SITES, service=SERVICES),
    st.builds(lambda name, here: records.observed(name, present=here), CONDITIONS, st.booleans()),
    st.builds(lambda i, name: records.incident_opened(i, condition=name), INCIDENTS, CONDITIONS),
    st.builds(lambda i, by: records.resolved(i, by=by), INCIDENTS, st.sampled_from(["", "Zoe"])),
    of_incident(
        records.escalated,
        records.acknowledged,
        records.noted,
        records.page_sent,
        records.page_failed,
    ),
    st.builds(records.daemon_started),
    st.builds(records.daemon_stopped),
    st.builds(lambda site, text: records.policies_read(**{site: text}), SITES, TEXTS),
    st.builds(records.log_restored),
)


@st.composite
def logs(draw: st.DrawFn) -> list[Recorded]:
    """Any events, in any order that a log could hold them, by a clock that may step back."""
    at, log = NOW, []
    for seq, event in enumerate(draw(st.lists(EVENTS, max_size=30)), start=1):
        at += timedelta(seconds=draw(st.integers(-7_200, 40_000)))
        log.append(
            Recorded(
                seq=seq,
                id=f"id-{seq}",
                at=at,
                event=event,
                cause=None,
                prevhash=f"h{seq - 1}",
                hash=f"h{seq}",
            )
        )
    return log


@settings(deadline=None)
@given(logs(), st.integers(0, 30))
def test_a_fold_may_be_cut_anywhere_and_go_on(log: list[Recorded], cut: int) -> None:
    first = fold(log[:cut])
    before = checkpoint.encode(first)

    assert fold(log) == fold(log[cut:], first)
    assert before == checkpoint.encode(first)  # and the start is kept


@settings(deadline=None)
@given(logs(), st.integers(0, 30))
def test_a_state_comes_back_from_its_text_as_it_went(log: list[Recorded], cut: int) -> None:
    first = fold(log[:cut])
    back = checkpoint.decode(checkpoint.encode(first))

    assert first == back
    assert fold(log) == fold(log[cut:], back)


def test_every_type_of_event_is_among_those_that_are_tried() -> None:
    seen = set()

    @settings(max_examples=1500, database=None, deadline=None)
    @given(EVENTS)
    def look(event: Event) -> None:
        seen.add(type(event))

    look()
    assert set(TYPES.values()) == seen


@pytest.fixture
def text() -> str:
    facts: list[Event] = [records.started("r1"), records.backed_up("r1"), records.drilled("r2")]
    return checkpoint.encode(fold(records.recorded(*facts, records.incident_opened("i1"))))


def test_an_empty_state_is_a_state() -> None:
    assert State() == checkpoint.decode(checkpoint.encode(State()))


def test_one_run_that_is_last_and_answered_is_held_once(text: str) -> None:
    backups = checkpoint.decode(text).service("bakery", "till").backups

    assert backups.last is backups.answered


def test_durations_come_back_to_the_microsecond() -> None:
    state = fold(records.recorded(records.drilled("r1", rta_s=0.1 + 0.2, rpa_s=1e9 + 1e-6)))

    back = checkpoint.decode(checkpoint.encode(state))

    assert state == back


def test_a_number_that_is_none_is_refused_before_it_is_written() -> None:
    state = State()
    state.sites = fold(records.recorded(records.backed_up("r1"))).sites
    state.sites["bakery"].services["till"].gaps["2026-11-23"] = float("nan")

    with pytest.raises(ValueError, match="not JSON compliant"):
        checkpoint.encode(state)


@pytest.mark.parametrize("key", ["version", "pra", "shape", "crc32"])
def test_a_text_of_another_version_shape_or_content_is_refused(text: str, key: str) -> None:
    head, body, _ = text.split("\n")
    other = json.dumps(json.loads(head) | {key: "other"})

    with pytest.raises(ValueError, match="another version, or a damaged one"):
        checkpoint.decode(f"{other}\n{body}\n")


def test_every_cut_and_every_flipped_character_is_refused(text: str) -> None:
    for place in range(0, len(text) - 1, 7):
        with pytest.raises(ValueError, match=r"."):
            checkpoint.decode(text[:place])
        with pytest.raises(ValueError, match=r"."):
            checkpoint.decode(text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :])


@pytest.mark.parametrize("value", [None, 3, True, 1.5, "x", [], {}, [[]], {"x": 1}, ["x"], [9]])
def test_a_value_that_does_not_fit_its_place_is_refused_or_is_of_its_type(
    text: str, value: object
) -> None:
    body = json.loads(text.split("\n")[1])

    def places(tree: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        items = (
            enumerate(tree)
            if isinstance(tree, list)
            else tree.items()
            if isinstance(tree, dict)
            else ()
        )
        return [path, *[p for key, one in items for p in places(one, (*path, key))]]

    for path in places(body)[1:]:
        changed = json.loads(text.split("\n")[1])
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        try:
            state = checkpoint.decode(signed(changed))
        except ValueError:
            continue
        assert state == checkpoint.decode(checkpoint.encode(state))  # it fits: a state like others


def test_what_is_no_state_and_a_time_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="no state"):
        checkpoint.decode(signed({"seq": 1}))
    head = [0, "", "2026-11-23T11:02:53"]
    with pytest.raises(ValueError, match="without a zone"):
        checkpoint.decode(signed([*head, {}, {}, {}, {}, {}, {}, {}, None, {}]))


def signed(body: object) -> str:
    """The text of a body that says it is whole."""
    head, _ = checkpoint.encode(State()).split("\n", 1)
    written = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    whole = json.loads(head) | {"crc32": checkpoint.checksum(written)}
    return f"{json.dumps(whole)}\n{written}\n"
