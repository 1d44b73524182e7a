"""Warnings about schedules, drills and who is called."""

from __future__ import annotations

import pytest

from orchestrator.core import policy

SITE = """\
site: acme
repositories:
  far: {url: "rest:https://far/", password: {env: PW}, location: offsite, append_only: true}
services:
  files:
    source: {files: {paths: [/srv]}}
    objectives: {rto: 4h, rpo: 24h, scenarios: {server-failure: {rpo: 2d}}}
    backup: {every: 6h}
  payroll: {source: {external: {tool: t}}}
drills: [{name: weekly, cron: 0 3 * * sun}]
escalate: {P3: wake}
"""
PROVIDER = """\
provider: {name: P, timezone: Europe/Paris}
channels: {hook: {webhook: {url: "https://example.net/"}}}
escalation: {wake: [{notify: [hook]}], ticket: [{notify: [hook], hours: business}]}
"""


def warnings(old: str, new: str, provider: str = PROVIDER) -> list[str]:
    assert old in SITE
    texts = {"provider.yaml": provider, "acme.yaml": SITE.replace(old, new, 1)}
    checked = policy.check(texts)
    assert () == checked.errors
    return [str(fault).removeprefix("acme.yaml:") for fault in checked.warnings]


def test_a_sound_schedule_has_no_warning() -> None:
    assert [] == warnings("site", "site")


def test_the_rarer_of_two_schedules_does_not_count() -> None:
    assert [] == warnings("every: 6h", 'every: 6h, cron: "0 3 * * sun"')


@pytest.mark.parametrize(
    ("schedule", "gap"),
    [
        ("every: 1d", "1d"),
        ('cron: "0 2 * * *"', "1d 1h"),  # the night of the winter time
        ('cron: "0 20 * * mon-fri"', "3d 1h"),
    ],
)
def test_a_backup_a_night_cannot_hold_an_rpo_of_a_day(schedule: str, gap: str) -> None:
    assert [
        (
            f"7: services.files.objectives.rpo: an rpo of 1d is missed with up to {gap} between "
            "backups, and the time that each takes (back up more often, or promise less)"
        )
    ] == warnings("every: 6h", schedule)


def test_a_backup_every_few_seconds_is_allowed_and_told() -> None:
    assert [
        (
            "8: services.files.backup.every: backed up every 5s: each run starts restic four times "
            "(write 1m or more)"
        )
    ] == warnings("every: 6h", "every: 5s")


def test_the_tightest_promise_is_the_one_that_is_told() -> None:
    [warning] = warnings("rpo: 2d", "rpo: 5h")

    assert warning.startswith(
        "7: services.files.objectives.scenarios.server-failure.rpo: an rpo of 5h is"
    )


def test_a_service_without_a_schedule_is_never_backed_up_by_the_daemon() -> None:
    assert [
        (
            "5: services.files.backup: never backed up by the daemon: no schedule "
            "(add backup: {every: 4h}, or a cron)"
        )
    ] == warnings("    backup: {every: 6h}\n", "")


def test_adopted_snapshots_need_no_schedule() -> None:
    own = "{files: {paths: [/srv]}}"
    start, end = SITE.index("    backup:"), SITE.index("  payroll:")
    text = (SITE[:start] + SITE[end:]).replace(own, "{adopted: {repository: far, host: h}}")

    assert () == policy.check({"provider.yaml": PROVIDER, "acme.yaml": text}).warnings


def test_drills_without_one_of_a_server_failure_prove_no_objective() -> None:
    [warning] = warnings("[{name: weekly, cron: 0 3 * * sun}]", "[]")

    assert warning == (
        "10: drills: no drill of server-failure: its objectives are never proven "
        "(add one, or remove drills: and the daemon keeps proofs alive)"
    )


def test_without_a_word_about_drills_the_daemon_sees_to_the_proofs() -> None:
    assert [] == warnings("drills: [{name: weekly, cron: 0 3 * * sun}]\n", "")


def test_drills_further_apart_than_a_proof_counts_leave_a_hole() -> None:
    rare = "[{name: a, cron: 0 3 1 1 *}, {name: b, cron: 0 3 1 */2 *}]"
    [warning] = warnings("[{name: weekly, cron: 0 3 * * sun}]", rare)

    assert warning.startswith(
        "10: drills[1].cron: up to 62d between drills, but a proof counts for 35d"
    )
    assert [] == warnings(
        "drills: [{name: weekly, cron: 0 3 * * sun}]", f"proof_valid_for: 90d\ndrills: {rare}"
    )


def test_a_criticality_for_which_nobody_is_called_is_told_once() -> None:
    [warning] = warnings("escalate: {P3: wake}\n", "")

    assert warning == (
        "1: escalate: nobody is called when something of P3 breaks "
        "(add escalate: {P3: CHAIN}; a chain is wake, ticket)"
    )


def test_without_chains_it_is_said_where_they_stand() -> None:
    bare = "provider: {name: P, timezone: Europe/Paris}\n"
    [warning] = warnings("escalate: {P3: wake}\n", "", bare)

    assert warning.endswith("; chains and channels stand in provider.yaml)")


def test_a_site_that_others_answer_for_has_nothing_to_drill_and_nobody_to_call() -> None:
    alone = "site: acme\nservices: {payroll: {source: {external: {tool: t}}}}\ndrills: []\n"

    assert () == policy.check({"provider.yaml": PROVIDER, "acme.yaml": alone}).warnings
