"""Warnings about copies that are too few, too near, too late, or not protected."""

from __future__ import annotations

import pytest

from orchestrator.core import policy
from tests.copied import PROVIDER, check


def warnings(*changes: tuple[str, str]) -> list[str]:
    checked = check(*changes)
    assert () == checked.errors
    return [str(fault).removeprefix("acme.yaml:") for fault in checked.warnings]


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            [("to: near, copy_to: [far, disk]", "to: far")],
            "19: services.files: criticality P1, and kept in one repository only, far (add copy_",
        ),
        (
            [("[far, disk]", "[]")],
            (
                "19: services.files: no offsite copy: a burglary or a fire leaves nothing of it "
                "(near) (add copy_to: with an offsite repository to its backup, or keep it in one)"
            ),
        ),
        (
            [("[far, disk]", "[]")],
            (
                "5: repositories.near: our own keys can delete every copy of files: near is online "
                "and nothing refuses (add append_only: or offline: to one; ANSSI asks for a copy"
            ),
        ),
        (
            [("[far, disk]", "[far]"), ("    immutable: {mode: compliance, for: 30d}\n", "")],
            (
                "6: repositories.far: our own keys can delete every copy of files: far, near are "
                "online and nothing refuses (add immutable: {mode: compliance, for: 30d} to one; "
            ),
        ),
        (
            [("for: 30d", "for: 30s")],
            "10: repositories.far.immutable.for: a lock of 30s ends before anybody notices",
        ),
        (
            [("for: 30d", "for: 520w")],
            "10: repositories.far.immutable.for: for 3640d nobody, not even the bucket's owner, c",
        ),
        (
            [("equipment: nas}", "equipment: nas, append_only: true}")],
            "5: repositories.near.append_only: nothing enforces it at such an address: whoever ",
        ),
        (
            [("to: near, copy_to: [far, disk]", "to: disk, copy_to: [far]")],
            "23: services.files.backup: its backup goes to disk, and fails while that is unplugged",
        ),
        (
            [("[far, disk]", "[disk]")],
            (
                "22: services.files.objectives.rpo: an rpo of 1h is missed under burglary, which "
                "leaves disk alone: unplugged for up to 7d (promise less there, plug it in more "
            ),
        ),
        (
            [
                (
                    "location: offsite\n    offline",
                    "location: onsite\n    equipment: nas\n    offline",
                )
            ],
            "24: services.files.backup.copy_to: near and its copy disk sit on one machine, nas (",
        ),
        (
            [("retention", "verify: {read_all_within: 12h}\nretention")],
            "24: verify.read_all_within: all of far is downloaded every 12h (write 30d: what a buc",
        ),
        (
            [("rpo: 1h", "rpo: 1h, scenarios: {bucket-wipe: {rto: 1d}}")],
            "22: services.files.objectives.scenarios.bucket-wipe: no drill of bucket-wipe: what is",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(
    changes: list[tuple[str, str]], warning: str
) -> None:
    found = warnings(*changes)

    assert any(line.startswith(warning) for line in found), found


def test_an_unplugged_disk_is_late_only_where_nothing_else_is_left() -> None:
    virus = ("rpo: 1h", "rpo: 1h, scenarios: {ransomware: {rpo: 1d}}")
    unlocked = ("    immutable: {mode: compliance, for: 30d}\n", "")
    [late] = warnings(virus, unlocked)  # the lock took a line

    assert [] == warnings(virus)
    assert late.startswith(
        "21: services.files.objectives.scenarios.ransomware.rpo: an rpo of 1d is missed under "
        "ransomware, which leaves disk alone: unplugged for up to 7d"
    )
    assert [] == warnings(("rpo: 1h", "rpo: 1h, scenarios: {ransomware: {rpo: 8d}}"), unlocked)


def test_what_can_be_deleted_is_told_once_however_many_services_are_in_it() -> None:
    more = (
        "  mail: {source: {files: {paths: [/m]}, equipment: srv}, objectives: {rto: 4h, rpo: 1h},"
    )
    [one] = warnings(
        ("    immutable: {mode: compliance, for: 30d}\n", ""),
        ("[far, disk]", "[far]"),
        (
            "retention:",
            f"{more}\n    backup: {{to: far, copy_to: [near], every: 15m}}}}\nretention:",
        ),
    )

    assert "every copy of files, mail: far, near are online" in one


def test_nothing_can_be_removed_where_every_repository_refuses() -> None:
    text = """\
site: acme
repositories: {host: {url: "rest:https://far/", password: {env: PW}, location: offsite,
  append_only: true}}
services:
  files: {source: {files: {paths: [/srv]}}, objectives: {rto: 4h, rpo: 1h}, backup: {every: 15m}}
retention: {daily: 14}
"""
    found = policy.check({"provider.yaml": PROVIDER, "acme.yaml": text}).warnings

    assert ["every repository is append_only: nothing can be removed from here"] == [
        fault.message for fault in found
    ]


def test_a_drill_of_a_wiped_bucket_keeps_its_promise_proven() -> None:
    promised = ("rpo: 1h", "rpo: 1h, scenarios: {bucket-wipe: {rto: 1d}}")
    weekly = '{name: a, cron: "0 3 * * sun"}'
    rare = f'drills: [{weekly}, {{name: b, cron: "0 4 1 */3 *", scenario: bucket-wipe}}]\nretention'
    [apart] = warnings(promised, ("retention", rare))

    assert [] == warnings(promised, ("retention", f"proof_valid_for: 100d\n{rare}"))
    assert apart.startswith(
        "24: drills[1].cron: up to 92d 1h between drills, but a proof counts for"
    )
