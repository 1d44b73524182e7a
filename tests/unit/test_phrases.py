from __future__ import annotations

from string import Formatter

from orchestrator.reports.phrases import FINDINGS_FR, LABELS, PHRASES, REMEDIES, SCENARIOS
from restore_drills.model import (
    Kind,
    Label,
    Scenario,
    Severity,
)


def fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


def test_both_languages_say_the_same_things() -> None:
    english, french = PHRASES["en"], PHRASES["fr"]

    assert list(english) == list(french)
    assert {k: fields(v) for k, v in english.items()} == {k: fields(v) for k, v in french.items()}
    assert set(Scenario) == set(SCENARIOS["en"]) == set(SCENARIOS["fr"])
    assert set(Label) == set(LABELS["fr"])
    assert set(Severity) <= set(english)


def test_every_kind_of_check_has_its_remedy() -> None:
    assert set(Kind) == set(REMEDIES)
    assert set(REMEDIES.values()) <= set(PHRASES["en"])


def test_findings_that_are_translated_are_findings_that_there_are() -> None:
    assert {
        "lead-undeclared",
        "no-seal",
        "external-declared",
        "hardware-undeclared",
        "kit-not-used",
        "checks-not-asked",
        "suspected-skipped",
        "changed-unusually",
        "gone-still-there",
        "marks-removed",
    } == set(FINDINGS_FR)
