"""What a person reads of a drill that was let in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.evidence import fingerprint_of
from orchestrator.reports.evidence import document, text
from tests.builders import seconds, served, service
from tests.evidence import PLACE, SITE, Machine, here, judged

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine.at(tmp_path / "provider")


def test_one_line_says_what_where_when_and_how_sure(machine: Machine) -> None:
    evidence = judged(machine.drill(), here(machine))

    assert (
        "imported: bakery proven on provider-dc, 2026-11-23 12:29, when the server fails (till); "
        "measured where bakery recovers"
    ) == text(evidence, SITE, new=True)


@pytest.mark.parametrize(
    ("recover_on", "label"),
    [
        (PLACE, "measured where bakery recovers"),
        (None, "measured"),
    ],
)
def test_a_number_measured_in_the_place_of_recovery_says_so(
    machine: Machine, recover_on: str | None, label: str
) -> None:
    evidence = judged(machine.drill(), here(machine))

    said = text(evidence, replace(SITE, recover_on=recover_on), new=True)

    assert said.endswith(f"; {label}")


@pytest.mark.parametrize(
    ("recover_on", "label"),
    [
        ("nas-1", "measured elsewhere, for bakery recovers on nas-1"),
        (None, "measured elsewhere"),
    ],
)
def test_a_number_measured_elsewhere_says_where_it_would_count(
    machine: Machine, recover_on: str | None, label: str
) -> None:
    evidence = judged(machine.drill(served(elsewhere=True)), here(machine))

    said = text(evidence, replace(SITE, recover_on=recover_on), new=True)

    assert said.endswith(f"; {label}")


def test_a_drill_that_says_no_is_let_in_as_a_no(machine: Machine) -> None:
    evidence = judged(machine.drill(served(rta=seconds(20_000))), here(machine))

    assert "imported: bakery refuted on provider-dc" in text(evidence, SITE, new=True)


def test_what_weakens_it_is_said_below(machine: Machine, tmp_path: Path) -> None:
    old = Machine.at(tmp_path / "old")
    services = served(service(policy_hash="of last year")), served(service(id="fax"))
    signed = machine.drill(*services, exploratory=True)

    evidence = judged(signed, here(old), fingerprint_of(machine.public))
    _, *notes = text(evidence, SITE, new=True).splitlines()

    for note, told in zip(
        notes,
        (
            "older policy of till",
            "has no fax",
            "does not count as a proof of tonight",
            f"{fingerprint_of(old.public)} is trusted no more",
        ),
        strict=True,
    ):
        assert told in note
    assert ["older", "unknown"] == [
        one["policy"] for one in document(evidence, new=True)["services"]
    ]


def test_the_second_time_nothing_changed_and_that_is_all(machine: Machine) -> None:
    evidence = judged(machine.drill(exploratory=True), here(machine))

    said = text(evidence, SITE, new=False)

    assert said.startswith("on the log already, nothing changed: bakery proven")
    assert 1 == len(said.splitlines())


def test_the_document_gives_the_same_to_a_program(machine: Machine) -> None:
    evidence = judged(machine.drill(), here(machine))

    said = document(evidence, new=True)

    assert (True, "proven", "measured", PLACE, None) == tuple(
        said[name] for name in ("imported", "verdict", "label", "place", "replaced")
    )
    assert [{"id": "till", "verdict": "proven", "label": "measured", "policy": "current"}] == said[
        "services"
    ]
    assert fingerprint_of(machine.public) == said["key"]["fingerprint"]
    assert evidence.started_at.isoformat().replace("+00:00", "Z") == said["started_at"]
