"""What a person reads of a rewind, before and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.core.events import Hurt, RewindFinished
from orchestrator.core.rewinding.choice import Burst, Kind
from orchestrator.core.rewinding.values import Rewinding, Rewound, Tally
from orchestrator.reports.rewind import document, foreseen_document, foreseen_text, text

ZONE = "Europe/Paris"
AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NIGHT = Burst(start=AT - 60 * MINUTE, end=AT - 60 * MINUTE, deleted=7, overwritten=0, vital=0)
ATTACK = Burst(start=AT + MINUTE, end=AT + 5 * MINUTE, deleted=12431, overwritten=3, vital=41)
NOTHING = Tally(restored=0, whole=0, aside=0, lost=0, read=0, copied=0, held=0)
PACKS = replace(NOTHING, restored=12431, whole=2, aside=1, copied=5_000_000, read=1000)
TOLD = Rewound(
    versions=30_000,
    kinds={Kind.DATA: PACKS, Kind.KEYS: NOTHING},
    lost_keys=(),
    configs=1,
    bursts=(NIGHT, ATTACK),
)
EMPTY = replace(TOLD, kinds={Kind.DATA: replace(NOTHING, aside=1)}, bursts=())
EVENT = RewindFinished(
    run="r1",
    site="acme",
    repository="far",
    at=AT,
    restored=12431,
    set_aside=1,
    lost=0,
    sound=True,
    points=tuple(Hurt(service="till", run=f"b{n}", data_time=AT - n * MINUTE) for n in range(5)),
    seconds=61.0,
)
DONE = Rewinding(event=EVENT, bucket=TOLD)


def test_a_dry_run_shows_when_objects_were_taken_away_and_what_would_be_done() -> None:
    said = foreseen_text(TOLD, "far", AT, ZONE)

    assert "2026-11-02 02:00: 7 deleted\n" in said
    attack = "2026-11-02 03:01: 12,431 deleted and 3 overwritten in 4 min"
    assert f"{attack}, 41 of them keys, snapshots or config  <- the most" in said
    assert "12,431 objects to bring back (5 MB)" in said
    assert "1 came later and would be hidden, none deleted" in said
    assert "To be read and hashed first: 1 kB." in said


def test_without_an_instant_a_dry_run_proposes_one() -> None:
    said = foreseen_text(TOLD, "far", None, ZONE)

    assert said.endswith("Just before the greatest: --at '2026-11-02 03:00:59'")
    assert "bring back" not in said


def test_a_bucket_from_which_nothing_was_taken_says_so() -> None:
    said = foreseen_text(EMPTY, "far", None, ZONE)

    assert "Nothing was ever deleted or overwritten, as far as the versions tell." in said
    assert "--at" not in said


def test_an_instant_at_which_there_was_nothing_is_said_to_be_one() -> None:
    assert "there was nothing: choose a later instant" in foreseen_text(EMPTY, "far", AT, ZONE)


def test_what_was_not_tried_is_null_in_the_document() -> None:
    said = foreseen_document(TOLD, "acme", "far", AT)

    assert (True, None, None, None) == tuple(
        said[name] for name in ("dry_run", "run", "sound", "points")
    )
    assert (12431, "2026-11-02T02:00:00Z") == (said["restored"], said["at"])
    assert foreseen_document(TOLD, "acme", "far", None)["at"] is None


def test_a_sound_repository_names_its_newest_points_and_what_comes_next() -> None:
    said = text(DONE, site="acme", timezone=ZONE)

    assert "till: 2026-11-02 03:00, 2026-11-02 02:59, 2026-11-02 02:58 and 2 older" in said
    assert "It is sound, as far as restic's check read it." in said
    assert "then `pra drill acme`" in said


def test_an_unsound_one_says_why_and_what_to_do() -> None:
    bad = Rewinding(
        event=replace(EVENT, sound=False, lost=1, points=()),
        bucket=replace(TOLD, lost_keys=("keys/ab",), configs=2),
        fault="its keys are gone",
        remedy="Use the kit.",
    )
    said = text(bad, site="acme", timezone=ZONE)

    assert "It is NOT sound: its keys are gone\n  Use the kit.\n" in said
    assert "keys/ab" in said
    assert "The config has 2 different versions: the oldest one is taken." in said
    assert "Recovery points:\n  none" in said
    assert "pra drill" not in said


def test_the_document_counts_by_kind_and_names_the_points() -> None:
    said = document(DONE)

    assert {"restored": 12431, "whole": 2, "aside": 1, "lost": 0} == said["kinds"]["data"]
    assert {"service": "till", "run": "b0", "data_time": "2026-11-02T02:00:00Z"} == said["points"][
        0
    ]
    assert 12434 == said["timeline"][1]["deleted"] + said["timeline"][1]["overwritten"]
    assert (False, None) == (said["dry_run"], said["fault"])
