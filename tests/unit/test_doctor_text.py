from __future__ import annotations

from dataclasses import replace

from orchestrator.core.diagnosis import Finding, Fine, Work, diagnosis
from orchestrator.reports import doctor
from restore_drills.model import Severity

WRONG = Finding(
    code="no-sandbox",
    severity=Severity.ERROR,
    subject="sandbox",
    message="nothing seals a drill here",
    remedy="Install bubblewrap.",
    stops=frozenset({Work.DRILL}),
    because="bubblewrap is not installed",
)
NOTED = Finding(
    code="time-zone", severity=Severity.INFO, subject="acme", message="it is late there", remedy=""
)
WARNED = replace(NOTED, code="lock-stale", severity=Severity.WARNING, message="a lock is old")
FINE = Fine(subject="restic", message="0.18.0")


def test_where_all_is_well_only_that_is_said_and_what_was_looked_at() -> None:
    assert "Here: backup yes, drill yes.\n\nFine:\n  restic: 0.18.0" == doctor.text(
        diagnosis([FINE])
    )


def test_what_was_not_found_fine_is_not_listed() -> None:
    assert "Fine:" not in doctor.text(diagnosis([WRONG]))


def test_the_worst_comes_first_each_with_its_remedy_and_once() -> None:
    found = diagnosis([NOTED, FINE, WARNED, WRONG, WRONG], ["provider-dc"])

    here, *lines = doctor.text(found).splitlines()
    assert here.endswith("because bubblewrap is not installed; run the drill on provider-dc.")
    assert [
        "",
        "ERROR: sandbox: nothing seals a drill here",
        "  Install bubblewrap.",
        "warning: acme: a lock is old",
        "note: acme: it is late there",
    ] == lines[:5]


def test_the_document_holds_what_is_wrong_and_not_what_is_fine() -> None:
    document = doctor.document(diagnosis([FINE, WRONG]))

    assert {
        "findings": [
            {
                "code": "no-sandbox",
                "severity": "error",
                "subject": "sandbox",
                "message": "nothing seals a drill here",
                "remedy": "Install bubblewrap.",
            }
        ],
        "drill_here": False,
        "backup_here": True,
    } == {key: document[key] for key in ("findings", "drill_here", "backup_here")}


def test_without_a_place_of_the_policy_it_says_what_a_place_needs() -> None:
    said = doctor.here(diagnosis([WRONG]))

    assert said.endswith(
        "run the drill on any Linux machine that holds the policy and may read the repository."
    )


def test_one_reason_is_said_once_for_backup_and_drill() -> None:
    both = replace(WRONG, stops=frozenset(Work), because="there is no restic")

    said = doctor.here(diagnosis([both, replace(both, subject="other")]))

    assert said.startswith("here: backup no, drill no, because there is no restic; run the drill")


def test_only_an_error_makes_it_unsound() -> None:
    assert diagnosis([NOTED, WARNED]).sound
    assert not diagnosis([WRONG]).sound
