"""Which conditions hold for backups, and which one explains the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.core import cron
from orchestrator.core.decide.wrong.conditions import Condition, stem
from orchestrator.core.events import Outcome
from orchestrator.core.policy.model import Promise
from tests.oncall import AWAY, DAY, FRIDAY, HOUR, MINUTE, REFUSED, Nights, client
from tests.policies import PAYROLL, WINDOWS, service, source
from tests.records import interrupted, log_restored, observed

if TYPE_CHECKING:
    from datetime import timedelta

UNREACHABLE = "/repository-unreachable-offsite"
RETRIED = {**REFUSED, "retryable": True}
NIGHTLY = cron.read("0 2 * * *")


def promised(rpo: timedelta) -> dict[None, Promise]:
    return {None: Promise(rto=4 * HOUR, rpo=rpo)}


def hourly(name: str = "till", **other: object) -> Nights:
    """A service that may lose four hours, backed up a minute ago."""
    nights = Nights(client(service(name, every=HOUR, objectives=promised(4 * HOUR), **other)))
    nights.ran(name)
    return nights


def test_what_is_well_holds_nothing() -> None:
    assert {} == hourly().holding()


def test_a_refused_backup_holds_at_once_with_its_reason_and_its_remedy() -> None:
    nights = hourly()
    begun = nights.now
    nights.ran(failure=REFUSED)

    (held,) = nights.holding().values()
    assert ("till", "backup-failed", "P1") == (held.service, held.condition, held.criticality)
    assert "the backup of till failed: the database of till refuses the password" == held.summary
    assert "Put the right one in place." == held.remedy
    assert "run-2" == held.evidence
    assert begun - MINUTE + 4 * HOUR == held.predicted_breach_at


@pytest.mark.parametrize(("failure", "key"), [(RETRIED, "till/backup-failed"), (AWAY, UNREACHABLE)])
def test_what_is_retried_holds_from_the_second_failure_on(
    failure: dict[str, object], key: str
) -> None:
    nights = hourly()
    nights.ran(failure=failure)
    assert {} == nights.holding()
    nights.ran(failure=failure)
    assert {key} == set(nights.holding())


def test_a_repository_that_does_not_answer_is_one_condition_of_all_its_services() -> None:
    nights = Nights(
        client(
            service("share", every=HOUR, criticality="P3", objectives=promised(8 * HOUR)),
            service("till", every=HOUR, objectives=promised(4 * HOUR)),
            service("mail", every=HOUR, criticality="P2", objectives=promised(9 * HOUR)),
        )
    )
    for name in ("share", "till", "mail"):
        nights.ran(name)
    for name in ("share", "till", "share", "till"):
        nights.ran(name, failure=AWAY)

    ((key, held),) = nights.holding().items()
    assert UNREACHABLE == key
    assert ("", "P1", "run-7") == (held.service, held.criticality, held.evidence)
    assert f"no backup of share, till: {AWAY['error']}" == held.summary
    assert AWAY["remedy"] == held.remedy
    assert FRIDAY + MINUTE + 4 * HOUR == held.predicted_breach_at


def test_a_service_that_failed_otherwise_is_told_beside_the_unreachable_repository() -> None:
    nights = Nights(client(service("till", every=HOUR), service("share", every=HOUR)))
    nights.ran("till", failure=AWAY)
    nights.ran("till", failure=AWAY)
    nights.ran("share", failure=REFUSED)

    assert {UNREACHABLE, "share/backup-failed"} == set(nights.holding())


def test_what_a_repository_that_the_policy_left_did_not_answer_says_nothing() -> None:
    nights = hourly()
    nights.ran(failure=AWAY)
    nights.ran(failure=AWAY)
    nights.reload(client(service(every=HOUR, backup_to="nas", objectives=promised(4 * HOUR))))

    assert {} == nights.holding()


def test_an_interrupted_run_changes_nothing() -> None:
    nights = hourly()
    nights.ran(failure=REFUSED)
    nights.ran(ends=False)
    assert {"till/backup-failed"} == set(nights.holding())
    nights.append(interrupted("run-3"))
    assert {"till/backup-failed"} == set(nights.holding())


def test_a_partial_backup_holds() -> None:
    nights = hourly()
    nights.ran(outcome=Outcome.PARTIAL)

    assert {"till/backup-partial"} == set(nights.holding())


def test_a_backup_that_did_not_run_is_overdue_after_a_grace() -> None:
    nights = hourly()
    nights.now += 75 * MINUTE  # the slot is somewhere in the first hour
    nights.policies = replace(nights.policies, awake_since=FRIDAY)

    (held,) = nights.holding().values()
    assert "backup-overdue" == held.condition
    assert "has not run" in held.summary
    assert "pra backup bakery till" in held.remedy


def test_a_backup_that_runs_is_not_overdue() -> None:
    nights = hourly()
    nights.now += 75 * MINUTE
    nights.ran(ends=False)
    nights.now += 10 * MINUTE

    assert {} == nights.holding()


def test_nothing_is_late_before_what_was_missed_asleep_could_be_caught_up() -> None:
    nights = hourly()
    nights.now += 3 * DAY
    nights.policies = replace(nights.policies, awake_since=nights.now)
    nights.now += 14 * MINUTE
    assert {} == nights.holding()
    nights.now += 2 * MINUTE
    assert {"till/backup-overdue"} == set(nights.holding())


def test_a_promise_that_will_break_before_the_next_backup_ends_is_at_risk() -> None:
    nights = Nights(client(service(every=None, cron=NIGHTLY, objectives=promised(26 * HOUR))))
    nights.outside.seconds = 60.0
    nights.ran()
    nights.ran(ends=False)  # and never ends
    nights.now = FRIDAY + 19 * HOUR
    assert {} == nights.holding()  # more than a quarter is left
    nights.now = FRIDAY + 20 * HOUR
    (held,) = nights.holding().values()
    assert ("rpo-at-risk", "run-1") == (held.condition, held.evidence)
    assert "the RPO of till (26 h) will be missed before the next backup ends" == held.summary

    nights.now = FRIDAY + 27 * HOUR
    (held,) = nights.holding().values()
    assert "the RPO of till (26 h) is missed" == held.summary


def test_a_promise_with_time_left_for_the_next_backup_is_not_at_risk() -> None:
    nights = Nights(client(service(every=HOUR, objectives=promised(HOUR + 5 * MINUTE))))
    nights.ran()
    nights.ran(ends=False)
    nights.now = FRIDAY + HOUR  # it began a while ago, and usually takes a minute
    assert {"till/rpo-at-risk"} == set(nights.holding())

    nights = Nights(client(service(every=HOUR, objectives=promised(HOUR + 5 * MINUTE))))
    nights.ran()
    nights.now = FRIDAY + HOUR
    nights.ran(ends=False)
    assert {} == nights.holding()


def test_a_failure_explains_the_broken_promise() -> None:
    nights = hourly()
    nights.ran(failure=REFUSED)
    nights.now += DAY

    assert {"till/backup-failed"} == set(nights.holding())


def test_a_schedule_that_cannot_keep_the_promise_is_told_as_such_and_not_every_night() -> None:
    nights = Nights(client(service(cron=NIGHTLY, every=None, objectives=promised(24 * HOUR))))
    nights.outside.seconds = 5 * 3600.0
    nights.ran()
    nights.now += HOUR

    (held,) = nights.holding().values()
    assert ("rpo-out-of-reach", "P3") == (held.condition, held.criticality)
    assert held.predicted_breach_at is None
    assert "hash of till" == held.evidence


def test_what_was_never_backed_up_and_has_no_schedule_is_for_the_lints() -> None:
    assert {} == Nights(client(service())).holding()


def test_what_has_no_schedule_is_told_when_its_promise_is_about_to_break() -> None:
    nights = Nights(client(service(objectives=promised(4 * HOUR))))
    nights.ran()
    nights.now = FRIDAY + 2 * HOUR
    assert {} == nights.holding()
    nights.now = FRIDAY + 3 * HOUR + MINUTE
    assert {"till/rpo-at-risk"} == set(nights.holding())


def test_what_has_a_period_and_a_cron_leaves_the_shorter_gap_of_the_two() -> None:
    both = service(every=HOUR, cron=NIGHTLY, objectives=promised(4 * HOUR))
    nights = Nights(client(both))
    nights.ran()

    assert {} == nights.holding()


@pytest.mark.parametrize("spec", [PAYROLL, WINDOWS])
def test_what_others_back_up_is_not_ours_to_watch(spec: object) -> None:
    one = service("pay", source(spec, name="pay"))  # type: ignore[arg-type] # one of two kinds
    nights = Nights(client(one))
    nights.now += 30 * DAY

    assert {} == nights.holding()


def test_what_was_observed_holds_with_its_own_words() -> None:
    nights = hourly()
    nights.append(observed("disk-short"))
    nights.append(observed("clock-wrong"))
    nights.append(replace(observed("policy-broken"), site="bakery"))
    nights.append(log_restored())

    held = nights.holding()
    assert {"/disk-short": "P2", "/clock-wrong": "P3", "/log-restored": "P2"} == {
        key: one.criticality for key, one in held.items() if not one.site
    }
    assert "Make room." == held["/disk-short"].remedy
    nights.append(observed("disk-short", present=False))
    assert "/disk-short" not in nights.holding()


@pytest.mark.parametrize("condition", list(Condition))
def test_a_word_splits_into_its_condition_and_the_name_that_it_carries(
    condition: Condition,
) -> None:
    assert (condition, "") == stem(condition.value)
    assert (condition, "far-away") == stem(f"{condition}-far-away")


def test_a_word_of_another_version_has_no_condition() -> None:
    assert (None, "") == stem("volcano")
