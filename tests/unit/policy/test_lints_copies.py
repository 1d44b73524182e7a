"""Warnings about copies that are too few, too near, too late, or not protected."""

from __future__ import annotations

import pytest

from orchestrator.core import policy
from tests.copied import PROVIDER, check

VIRUS_DRILLED = (
    "retention",
    (
        "drills: [{name: a, cron: 0 3 * * sun}, {name: v, cron: 0 4 * * sun, scenario: ransomware}]"
        "\nretention"
    ),
)


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
    [late] = warnings(virus, unlocked, VIRUS_DRILLED)  # the lock took a line

    assert [] == warnings(virus, VIRUS_DRILLED)
    assert late.startswith(
        "21: services.files.objectives.scenarios.ransomware.rpo: an rpo of 1d is missed under "
        "ransomware, which leaves disk alone: unplugged for up to 7d"
    )
    slower = ("rpo: 1h", "rpo: 1h, scenarios: {ransomware: {rpo: 8d}}")
    assert [] == warnings(slower, unlocked, VIRUS_DRILLED)


def test_a_promise_for_what_leaves_no_copy_is_told_without_a_drill() -> None:
    both = "rpo: 1h, scenarios: {ransomware: {rpo: 1d}, burglary: {rpo: 1d}}"
    found = warnings(("rpo: 1h", both), ("copy_to: [far, disk], ", ""))

    for scenario in ("burglary", "ransomware"):
        said = f"objectives.scenarios.{scenario}: no copy survives a {scenario} (near): what is "
        assert [line for line in found if said in line], found


def test_only_a_server_is_believed_to_refuse() -> None:
    promise = ("rpo: 1h", "rpo: 1h, scenarios: {ransomware: {rpo: 1d}}")
    claim = ("equipment: nas}", "equipment: nas, append_only: true}")
    lost = "no copy survives a ransomware"

    claimed = warnings(promise, ("copy_to: [far, disk], ", ""), claim)
    served = warnings(promise, ("to: near, copy_to: [far, disk]", "to: host"))

    assert [True, False] == [any(lost in line for line in said) for said in (claimed, served)]


def test_an_instant_of_weeks_ago_may_lie_between_what_is_still_kept() -> None:
    virus = "rpo: 1h, scenarios: {ransomware: {rpo: 1d}}"
    drawn = VIRUS_DRILLED[1].replace("ransomware}", "ransomware, point: random-within-14d}")
    slow = virus.replace("1d", "2d")

    (said,) = warnings(("rpo: 1h", virus), (VIRUS_DRILLED[0], drawn))
    assert "].point: of 14d ago the retention keeps a point every 1d: an rpo of 1d is" in said
    assert [] == warnings(("rpo: 1h", slow), (VIRUS_DRILLED[0], drawn))


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
