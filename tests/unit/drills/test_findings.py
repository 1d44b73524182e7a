from __future__ import annotations

from datetime import timedelta

import pytest

from restore_drills import findings
from restore_drills.model import Severity
from tests.builders import NOW, sandbox, service

CGROUP = {"memory": "cgroup2", "pids": "cgroup1", "disk": "watchdog"}


def test_a_wrong_clock_is_told_with_its_error() -> None:
    found = findings.clock(service(), NOW + timedelta(minutes=61), NOW)

    assert ("clock-behind", Severity.ERROR, "till") == (found.code, found.severity, found.service)
    assert "the newest recovery point is dated 61 min in the future: not used" == found.message


def test_a_newer_run_that_gave_nothing_is_told() -> None:
    found = findings.unusable(service(), "20261123T: lacks till")

    assert "a newer run gave no usable recovery point: 20261123T: lacks till" == found.message


def test_what_an_adopted_point_and_an_undeclared_lead_lack_is_told() -> None:
    assert ("no-seal", Severity.INFO) == (
        findings.no_seal(service()).code,
        findings.no_seal(service()).severity,
    )
    assert ("lead-undeclared", Severity.WARNING) == (
        findings.no_lead(service()).code,
        findings.no_lead(service()).severity,
    )


def test_a_full_sandbox_that_is_gone_is_nothing_to_tell() -> None:
    assert [] == findings.sandbox(sandbox(limits=CGROUP), keep=False)


@pytest.mark.parametrize(
    ("limits", "code", "severity", "words"),
    [
        ({**CGROUP, "memory": "none"}, "sandbox-limits", Severity.WARNING, "memory"),
        ({}, "sandbox-limits", Severity.WARNING, "memory, pids, disk"),
        (
            {**CGROUP, "memory": "watchdog", "pids": "rlimit"},
            "sandbox-limits-weaker",
            Severity.INFO,
            "memory by watchdog, pids by rlimit",
        ),
    ],
)
def test_a_weaker_or_missing_limit_is_told_by_its_mechanism(
    limits: dict[str, str], code: str, severity: Severity, words: str
) -> None:
    (found,) = findings.sandbox(sandbox(limits=limits), keep=False)

    assert (code, severity) == (found.code, found.severity)
    assert found.message.endswith(f": {words}")


def test_a_drill_in_the_open_and_a_sandbox_that_is_left_are_errors() -> None:
    facts = sandbox(mechanism="none", network=True, destroyed=False, proof="2 processes left")

    found = findings.sandbox(facts, keep=False)

    assert ["sandbox-none", "sandbox-left"] == [f.code for f in found]
    assert {Severity.ERROR} == {f.severity for f in found}
    assert "the sandbox is not gone: 2 processes left" == found[1].message


def test_what_was_kept_on_purpose_is_no_finding() -> None:
    assert [] == findings.sandbox(sandbox(destroyed=False), keep=True)


def test_every_finding_says_what_to_do() -> None:
    facts = sandbox(mechanism="none", limits={}, destroyed=False)
    found = [
        *findings.sandbox(facts, keep=False),
        findings.no_lead(service()),
        findings.no_seal(service()),
        findings.unusable(service(), "x"),
        findings.clock(service(), NOW, NOW),
    ]

    assert all(f.remedy.endswith(".") and not f.message.endswith(".") for f in found)
