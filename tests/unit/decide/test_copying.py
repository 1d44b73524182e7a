"""Which conditions hold for copies: they fail, or are older than a promise that rests on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core.events import RunKind
from orchestrator.core.policy.model import Promise
from restore_drills.model import Scenario
from tests.keeping import SECOND, Upkept, bakery, bucket, till
from tests.oncall import AWAY, DAY, FRIDAY, HOUR, MINUTE, REFUSED

FAILED = "till/copy-failed-offsite"
LAGS = "till/copy-lags-offsite"
SLIPPED = {**REFUSED, "error": "offsite: restic copy failed", "retryable": True}


def copied_once(**other: Any) -> Upkept:  # noqa: ANN401 - any field
    """A till whose one point is copied; nobody has just woken up."""
    nights = Upkept(bakery(till(**other)))
    nights.policies = replace(nights.policies, awake_since=FRIDAY - DAY)
    nights.backed_up()
    nights.copied()
    return nights


def hours_of_backups(nights: Upkept, count: int) -> None:
    """So many hourly backups, and no copy."""
    for _ in range(count):
        nights.now += HOUR - MINUTE
        nights.backed_up()


def test_what_is_copied_holds_nothing() -> None:
    assert {} == copied_once().holding()


def test_a_copy_that_fails_holds_from_the_second_failure_on_and_wakes_nobody_for_it() -> None:
    nights = copied_once()
    nights.failed(RunKind.COPY, "offsite", SLIPPED, "till")
    assert {} == nights.holding()
    last = nights.failed(RunKind.COPY, "offsite", SLIPPED, "till")

    (held,) = nights.holding().values()
    assert ("till", "copy-failed-offsite", "P2") == (held.service, held.condition, held.criticality)
    assert "the copy of till to offsite failed 2 times in a row: offsite: restic copy failed" == (
        held.summary
    )
    assert (last.run, FRIDAY + 6 * HOUR) == (held.evidence, held.predicted_breach_at)


def test_a_copy_that_only_a_person_can_help_holds_at_once() -> None:
    nights = copied_once()
    nights.failed(RunKind.COPY, "offsite", {**SLIPPED, "retryable": False}, "till")

    assert {FAILED} == set(nights.holding())


def test_a_copy_without_newer_points_lags_from_the_tightest_promise_that_rests_on_it() -> None:
    nights = copied_once()
    hours_of_backups(nights, 5)
    assert {} == nights.holding()
    nights.now = FRIDAY + 6 * HOUR - MINUTE
    assert LAGS not in nights.holding()
    nights.now = FRIDAY + 6 * HOUR
    held = nights.holding()[LAGS]

    assert ("copy-lags-offsite", "P1") == (held.condition, held.criticality)
    assert (
        "the newest point of till in offsite is 6 h old; this endangers the RPO under burglary, "
        "promised 6 h"
    ) == held.summary
    assert FRIDAY + 6 * HOUR == held.predicted_breach_at
    nights.backed_up()
    nights.copied()
    assert {} == nights.holding()


def test_a_copy_that_has_all_there_is_does_not_lag_however_old_that_is() -> None:
    nights = copied_once()
    nights.now += 3 * DAY

    assert {"till/backup-overdue"} == set(nights.holding())


def test_a_lag_is_told_before_the_breach_only_where_copying_fails_or_takes_too_long() -> None:
    failing = copied_once()
    hours_of_backups(failing, 5)
    failing.failed(RunKind.COPY, "offsite", SLIPPED, "till")
    assert {LAGS} == set(failing.holding())

    running = copied_once()
    hours_of_backups(running, 4)
    running.begin(RunKind.COPY, "offsite", "till", "nas")
    running.now = FRIDAY + 4 * HOUR + 25 * MINUTE
    assert {} == running.holding()
    running.now = FRIDAY + 4 * HOUR + 35 * MINUTE
    assert {LAGS} == set(running.holding())
    assert "a copy runs for" in running.holding()[LAGS].summary


def test_an_unreachable_far_repository_is_one_condition_and_the_lag_comes_with_its_breach() -> None:
    nights = copied_once()
    for _ in range(2):
        nights.failed(RunKind.COPY, "offsite", AWAY, "till")
    (held,) = nights.holding().values()
    assert ("", "repository-unreachable-offsite") == (held.service, held.condition)
    assert f"no copy of till: {AWAY['error']}" == held.summary

    hours_of_backups(nights, 6)
    assert {"/repository-unreachable-offsite", LAGS} == set(nights.holding())


def test_a_copy_that_cannot_read_its_origin_blames_the_origin() -> None:
    nights = copied_once()
    nas = {**AWAY, "error": "nas: no answer"}
    for _ in range(2):
        nights.failed(RunKind.COPY, "offsite", nas, "till")

    assert {"/repository-unreachable-nas"} == set(nights.holding())


def test_a_first_copy_under_way_is_said_as_such_and_is_for_the_morning() -> None:
    nights = Upkept()
    nights.policies = replace(nights.policies, awake_since=FRIDAY - DAY)
    nights.backed_up()
    nights.begin(RunKind.COPY, "offsite", "till", "nas")
    hours_of_backups(nights, 5)
    assert {} == nights.holding()
    hours_of_backups(nights, 1)

    (held,) = nights.holding().values()
    assert ("copy-lags-offsite", "P3") == (held.condition, held.criticality)
    assert "the first copy is under way for 6 h" in held.summary
    assert "See how far it is: `pra status bakery`." == held.remedy


def test_a_first_copy_that_fails_leaves_nothing_to_recover_from() -> None:
    nights = Upkept()
    nights.policies = replace(nights.policies, awake_since=FRIDAY - DAY)
    nights.backed_up()
    assert {} == nights.holding()
    for _ in range(2):
        nights.failed(RunKind.COPY, "offsite", SLIPPED, "till")

    held = nights.holding()
    assert {FAILED, LAGS} == set(held)
    assert "P1" == held[LAGS].criticality
    assert "no recovery point of till is in offsite yet: no copy has come to its end" in (
        held[LAGS].summary
    )


def test_a_schedule_that_no_copy_can_keep_up_with_is_told_once_and_for_the_morning() -> None:
    slow = {None: Promise(rto=DAY, rpo=4 * HOUR), Scenario.BURGLARY: Promise(rto=DAY, rpo=HOUR)}
    nights = copied_once(objectives=slow)
    told = set()
    for _ in range(4):
        nights.now += HOUR - MINUTE
        nights.backed_up()
        told |= {(key, one.criticality, one.evidence) for key, one in nights.holding().items()}
        nights.copied()
        told |= {(key, one.criticality, one.evidence) for key, one in nights.holding().items()}

    assert {(LAGS, "P3", "hash of till")} == told


def test_an_unplugged_disk_has_its_rotation_on_top_and_its_absence_is_no_failure() -> None:
    disk = replace(bucket("offsite"), url="/mnt/disk", rotation=7 * DAY)
    nights = Upkept(bakery(till(), far=disk))
    nights.policies = replace(nights.policies, awake_since=FRIDAY - DAY)
    nights.backed_up()
    nights.copied()
    gone = {**AWAY, "error": "offsite: not there", "code": "repository-absent"}
    for _ in range(3):
        nights.failed(RunKind.COPY, "offsite", gone, "till")
    assert {} == nights.holding()

    nights.now = FRIDAY + 7 * DAY + 5 * HOUR
    nights.backed_up()
    assert {} == nights.holding()
    nights.now = FRIDAY + 7 * DAY + 6 * HOUR
    nights.backed_up()
    (held,) = nights.holding().values()
    assert "copy-lags-offsite" == held.condition
    assert held.remedy.startswith("Plug it in, then copy by hand")


def test_nobody_is_told_of_a_lag_before_what_was_missed_asleep_could_be_made_up_for() -> None:
    nights = copied_once()
    nights.now += 3 * DAY
    nights.backed_up()
    nights.policies = replace(nights.policies, awake_since=nights.now)
    assert {} == nights.holding()
    nights.now += 16 * MINUTE
    assert {LAGS} == set(nights.holding())


@pytest.mark.parametrize("far", ["offsite", "elsewhere"])
def test_what_no_promise_rests_on_does_not_lag(far: str) -> None:
    near = replace(bucket("near"))
    site = bakery(till(backup_to="near", copy_to=(far,)), far=bucket(far))
    site = replace(site, repositories={"near": near, **site.repositories})
    nights = Upkept(site)
    nights.policies = replace(nights.policies, awake_since=FRIDAY - DAY)
    nights.backed_up()
    nights.copied(to=far)
    nights.now += SECOND
    hours_of_backups(nights, 48)

    assert {} == nights.holding()


def test_a_night_without_the_far_repository_is_one_call_and_one_more_when_the_promise_breaks() -> (
    None
):
    nights = Upkept()
    nights.run(6 * HOUR)
    assert [] == nights.opened()

    nights.copying = AWAY
    nights.run(3 * HOUR)
    assert ["repository-unreachable-offsite"] == nights.opened()
    nights.run(9 * HOUR)
    assert ["repository-unreachable-offsite", "copy-lags-offsite"] == nights.opened()
    lags = nights.incidents("copy-lags")[0]
    data = nights.state.copy("bakery", "till", "offsite").complete.data_time  # type: ignore[union-attr] # it was made
    assert timedelta(0) <= lags.opened_at - (data + 4.5 * HOUR) <= 2 * HOUR  # type: ignore[operator] # the same

    nights.copying = None
    nights.run(2 * HOUR)
    assert [] == [one for one in nights.incidents() if one.resolved_at is None]
    assert 2 == len(nights.opened())


def test_copies_that_fail_and_recover_all_week_are_one_incident_each_time() -> None:
    nights = Upkept()
    nights.run(3 * HOUR)
    for _ in range(5):
        nights.copying = {**SLIPPED, "error": "offsite: restic copy failed"}
        nights.run(2 * HOUR)
        nights.copying = None
        nights.run(10 * HOUR)

    assert ["copy-failed-offsite"] * 5 == nights.opened()
    assert {"a copy was made"} == {one.note for one in nights.said("incident.resolved")}  # type: ignore[union-attr] # by its type
