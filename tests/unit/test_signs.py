"""A French reader gets the rule's numbers in French: every sentence that the rule says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from orchestrator.core.detection.rule import signs
from orchestrator.core.detection.values import Changes, Look
from orchestrator.core.events import Sign
from orchestrator.reports.signs import told

ENGLISH = re.compile(r"\b(files?|the|of|in|and|at|last|came|with|days|weeks|is|are|have)\b")
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def look(day: int, **other: int) -> Look:
    ordinary = {
        "files": 2000,
        "size": 200_000_000,
        "new": 0,
        "changed": 6,
        "unmodified": 1994,
        "added": 600_000,
        "packed": 150_000,
    }
    return Look(run=f"r{day}", data_time=BEGIN + day * DAY, **(ordinary | other))


PAST = [look(day) for day in range(60)]
ATTACK = look(60, new=900, changed=1000, unmodified=100, added=190_000_000, packed=189_000_000)
RENAMES = Changes(gone={".docx": 900}, came={".locked": 900}, renamed={".locked": 900})
MIXED = Changes(
    gone={".docx": 300, ".xlsx": 300, ".odt": 300}, came={".x1": 880, ".y": 20}, renamed={}
)
DUMP = {"files": 1, "changed": 0, "unmodified": 0, "new": 1}


def every() -> list[Sign]:
    """What the rule says of attacks of all kinds."""
    gone = look(60, files=700)
    dumps = [look(day, **DUMP) for day in range(60)]
    small = look(60, **(DUMP | {"size": 1_000_000}))
    found = [
        *signs(PAST, ATTACK, RENAMES, {"/a": "2"}, {"/a": "1"}),
        *signs(PAST, ATTACK, MIXED, {"/a": ""}, {"/a": "1"}),
        *signs(PAST, gone),
        *signs(dumps, small),
    ]
    return [*found, Sign(word="rewritten", detail=f"{found[0].detail} (announced: fêtes, by Zoé)")]


def test_every_sentence_of_the_rule_is_said_in_french() -> None:
    said = [told("fr", sign) for sign in every()]

    assert {"rewritten", "incompressible", "renamed", "deleted", "decoy"} <= {
        sign.word for sign in every()
    }
    assert [] == [line for line in said if ENGLISH.search(line)]
    assert any("900 fichiers sur 2 000" in line.replace("\u00a0", " ") for line in said)


def test_an_english_reader_gets_what_the_log_has() -> None:
    (first, *_) = every()

    assert f"files rewritten: {first.detail}" == told("en", first)


def test_a_kind_of_a_later_version_is_told_as_it_is() -> None:
    assert "novel : 3 things" == told("fr", Sign(word="novel", detail="3 things"))
