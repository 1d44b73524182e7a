"""Which conditions hold for repositories: gone, damaged, unread, unlocked, not thinned out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.decide.incidents import changes
from orchestrator.core.decide.starts.retaining import let
from orchestrator.core.decide.wrong.holding import survey
from orchestrator.core.events import Damage, RunKind
from orchestrator.core.policy.model import Location
from tests.keeping import LOCK, Upkept, bakery, broken, bucket, hurt, till
from tests.oncall import AWAY, DAY, FRIDAY, HOUR, MINUTE, SHUT_OUT, VANISHED
from tests.policies import repository

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Service

LOST = "/repository-lost-offsite"
REFUSED = "/repository-refused-offsite"


def held_back(*services: Service, **other: object) -> Upkept:
    """A till and a share with a point in both repositories, watched for a week already."""
    services = services or (till(), till("share", criticality="P3"))
    nights = Upkept(bakery(*services, **other))  # type: ignore[arg-type] # the tests name the fields
    nights.policies = replace(nights.policies, awake_since=FRIDAY - 7 * DAY)
    for name in ("till", "share"):
        nights.backed_up(name)
        nights.copied(name=name)
    return nights


def failing(nights: Upkept, failure: dict[str, object]) -> None:
    """All that is done with the far repository fails."""
    for name in ("till", "share"):
        nights.failed(RunKind.COPY, "offsite", failure, name)
    for kind in (RunKind.VERIFY, RunKind.RELOCK, RunKind.RETAIN):
        nights.failed(kind, "offsite", failure)


@pytest.mark.parametrize(
    ("failure", "key"),
    [(VANISHED, LOST), (SHUT_OUT, REFUSED), (AWAY, "/repository-unreachable-offsite")],
)
def test_whatever_fails_on_a_repository_is_one_condition(
    failure: dict[str, object], key: str
) -> None:
    nights = held_back()
    failing(nights, failure)
    failing(nights, failure)

    (held,) = nights.holding().items()
    assert key == held[0]
    assert ("", "P1") == (held[1].service, held[1].criticality)
    assert (
        f"no copy of till, share, no verification, no relocking, no retention: {failure['error']}"
    ) in held[1].summary


def test_a_wiped_bucket_is_said_to_be_gone_and_nothing_is_to_be_restored_over_it() -> None:
    nights = held_back()
    nights.failed(RunKind.COPY, "offsite", VANISHED, "till")

    held = nights.holding()[LOST]
    assert held.summary.startswith("offsite held recovery points, and is gone; no copy of till")
    assert (
        "Restore nothing over it. See when that was, and what its versions give back: "
        "`pra repo rewind bakery --repository offsite --dry-run`."
    ) == held.remedy


def test_of_a_folder_that_is_gone_the_first_question_is_whether_it_is_mounted() -> None:
    nights = held_back()
    nas = {**VANISHED, "error": "nas: the repository has vanished"}
    nights.failed(RunKind.BACKUP, "nas", nas, "till")

    held = nights.holding()["/repository-lost-nas"]
    assert held.remedy.startswith("See whether its disk is mounted")
    assert held.remedy.endswith("Find out who removed it.")


@pytest.mark.parametrize("failure", [VANISHED, SHUT_OUT])
def test_what_never_was_good_is_a_failure_of_whoever_set_it_up(
    failure: dict[str, object],
) -> None:
    nights = Upkept()
    nights.backed_up()
    nights.failed(RunKind.COPY, "offsite", failure, "till")

    assert "till/copy-failed-offsite" in nights.holding()
    assert not {LOST, REFUSED} & set(nights.holding())


def test_a_loss_explains_all_that_fails_until_the_repository_lets_it_in_again() -> None:
    nights = held_back()
    nights.run(MINUTE)
    nights.copying = VANISHED
    nights.run(2 * HOUR)
    assert ["repository-lost-offsite"] == nights.opened()
    nights.copying = AWAY  # the endpoint goes, too
    nights.run(2 * HOUR)
    assert ["repository-lost-offsite"] == nights.opened()
    nights.copying = None
    nights.run(2 * HOUR)

    assert [] == [one for one in nights.incidents() if one.resolved_at is None]


def test_while_a_repository_is_gone_nobody_is_told_to_copy_into_it() -> None:
    nights = held_back()
    nights.run(MINUTE)
    nights.copying = AWAY
    nights.run(9 * HOUR)
    assert {"repository-unreachable-offsite", "copy-lags-offsite"} == set(nights.opened())
    nights.copying = VANISHED
    nights.run(2 * HOUR)

    assert ["repository-lost-offsite"] == [
        one.condition for one in nights.incidents() if one.resolved_at is None
    ]
    said = [one.note for one in nights.said("incident.resolved")]  # type: ignore[union-attr] # by its type
    assert 2 == said.count("now it is repository-lost-offsite")


def test_a_reading_that_failed_before_the_repository_worked_again_is_not_its_fault() -> None:
    nights = held_back()
    for _ in range(2):
        nights.failed(RunKind.VERIFY, "offsite", AWAY)
    assert {"/repository-unreachable-offsite"} == set(nights.holding())
    nights.backed_up()
    nights.copied()

    (held,) = nights.holding().values()
    assert ("verify-failed-offsite", "P3") == (held.condition, held.criticality)


def test_damage_names_services_and_points_and_who_has_them_whole() -> None:
    nights = held_back()
    seen = nights.read(3, 24, broken(hurt(), hurt(days=1), hurt(days=2), hurt(days=3)))

    (held,) = nights.holding().values()
    assert ("repository-damaged-nas", "P1", seen.run) == (
        held.condition,
        held.criticality,
        held.evidence,
    )
    assert (
        "nas is damaged, seen twice: pack 4f6d9e is truncated. It hurts the recovery points of "
        "till (2026-11-20 18:30, 2026-11-19 18:30, 2026-11-18 18:30 and 1 more); "
        "offsite has those of till"
    ) == held.summary
    assert (
        "Remove nothing from it. Repair it: `pra repo repair bakery --repository nas`."
    ) == held.remedy
    nights.read(3, 24)
    assert {} == nights.holding()


def test_damage_in_both_repositories_is_two_conditions_and_says_that_nothing_is_left() -> None:
    nights = held_back()
    nights.read(1, 1, broken(hurt("share")))
    nights.read(1, 1, broken(hurt("share")), of="offsite")

    near, far = (nights.holding()[f"/repository-damaged-{name}"] for name in ("nas", "offsite"))
    assert ("P3", "P3") == (near.criticality, far.criticality)
    assert near.summary.endswith("; no other repository has them")
    assert far.summary.endswith("; no other repository has them")


def test_damage_that_no_point_is_known_to_need_is_for_the_morning() -> None:
    nights = held_back()
    nights.read(1, 1, broken())

    (held,) = nights.holding().values()
    assert "P3" == held.criticality
    assert held.summary.endswith("No recovery point is known to need it")


def test_a_repository_that_is_not_read_in_time_holds_with_how_much_of_it_was() -> None:
    nights = held_back(read_all_within=30 * DAY)
    nights.policies = replace(nights.policies, awake_since=FRIDAY)
    nights.now = FRIDAY + 29 * DAY
    nights.read(1, 2)
    nights.read(1, 1, of="offsite")
    nights.now = FRIDAY + 30 * DAY
    assert not [key for key in nights.holding() if "verify" in key]
    nights.now += 2 * MINUTE

    held = nights.holding()["/verify-overdue-nas"]
    assert "P3" == held.criticality
    assert "promised within 30 d: 1 of 2 parts were read" in held.summary
    assert "/verify-overdue-offsite" not in nights.holding()
    nights.read(2, 2)
    assert not [key for key in nights.holding() if "verify" in key]


def test_a_lock_with_less_than_half_of_its_period_left_is_weak() -> None:
    nights = held_back(far=bucket(immutable=LOCK))
    nights.relocked(16 * DAY)
    assert {} == nights.holding()
    nights.now += 1.5 * DAY

    held = nights.holding()["/lock-weak-offsite"]
    assert "P2" == held.criticality
    assert "the lock of data/4f/4f6d in offsite ends in" in held.summary
    assert "promised at least 15 d of 30 d" in held.summary
    nights.now += 20 * DAY
    assert "in offsite has ended" in nights.holding()["/lock-weak-offsite"].summary
    nights.relocked()
    assert "/lock-weak-offsite" not in nights.holding()


def test_locks_that_were_never_extended_are_weak_when_half_of_them_is_over() -> None:
    nights = held_back(far=bucket(immutable=LOCK))
    nights.now += 14 * DAY
    assert "/lock-weak-offsite" not in nights.holding()
    nights.now += 2 * DAY
    assert "the locks in offsite were never extended since 2026-11-20" in (
        nights.holding()["/lock-weak-offsite"].summary
    )


def test_a_lock_configuration_that_was_removed_is_grave() -> None:
    nights = held_back(far=bucket(immutable=LOCK))
    nights.relocked(30 * DAY, "2 objects are locked in governance mode")
    assert "P2" == nights.holding()["/lock-weak-offsite"].criticality
    gone = "the bucket has no Object Lock: nothing in it is immutable"
    nights.relocked(30 * DAY, gone, "and more")

    held = nights.holding()["/lock-weak-offsite"]
    assert "P1" == held.criticality
    assert f"{gone} (and 1 more)" in held.summary


def test_a_retention_that_was_held_back_waits_for_a_person_with_its_numbers() -> None:
    nights = held_back()
    last = nights.retained("it would remove 40 of 52 points, and at most 6 may go")

    (held,) = nights.holding().values()
    assert ("retention-held-nas", "P3", last.run) == (
        held.condition,
        held.criticality,
        held.evidence,
    )
    assert "(40 points to remove, 12 points to keep)" in held.summary
    assert "`pra incidents resolve` lets the next run remove exactly that many" in held.remedy
    nights.retained()
    assert {} == nights.holding()


def test_what_a_person_let_go_stays_closed_until_a_later_retention_is_held_back() -> None:
    nights = held_back()
    nights.retained("it would remove 40 of 52 points")
    nights.policies = replace(nights.policies, provider=None)
    opened = decided(nights)
    nights.retained("it would remove 41 of 53 points")
    nights.now += MINUTE
    nights.close(opened)
    assert "" == decided(nights)
    site, known = nights.policies.sites["bakery"], nights.state.repository("bakery", "nas")
    freed = let(nights.state, site, "nas", known, nights.now)
    assert freed is not None
    assert 40 == freed.allowed
    nights.now += DAY
    nights.retained("it would remove 42 of 54 points")

    assert "" != decided(nights)


def decided(nights: Upkept) -> str:
    """Open what is to be opened; return the id of the retention's incident, if it was."""
    says, _ = changes(nights.state, nights.policies, nights.now)
    for say in says:
        nights.append(say.event, say.key)
    found = [say.event for say in says if "retention-held" in getattr(say.event, "condition", "")]
    return found[0].incident if found else ""  # type: ignore[union-attr] # by its condition


def test_what_somebody_else_put_into_a_repository_is_said_as_such() -> None:
    nights = held_back()
    held = "snapshot 4f6d9e1a is dated in the future: a clock is wrong, or somebody made it up"
    nights.retained(held, foreign=12_000)

    (one,) = nights.holding().values()
    assert ("repository-foreign-nas", "P2") == (one.condition, one.criticality)
    assert "(12000 snapshots there are not pra's)" in one.summary
    assert "`pra incidents resolve` alone does not help" in one.remedy


def test_a_point_of_ours_from_the_future_is_not_let_go_by_resolving() -> None:
    nights = held_back()
    nights.retained("the newest point of till is dated 2026-12-24 12:06 UTC, in the future")

    (one,) = nights.holding().values()
    assert "retention-held-nas" == one.condition
    assert "`pra incidents resolve` alone does not help" in one.remedy


def test_what_a_repository_opens_with_is_not_to_be_repaired_from_inside() -> None:
    config = Damage(kind="config", id="", fault="the config is gone", points=())
    nights = held_back()
    nights.read(1, 1, config, of="offsite")
    nights.read(1, 1, config)

    near, far = (nights.holding()[f"/repository-damaged-{name}"] for name in ("nas", "offsite"))
    assert "`pra repo rewind bakery --repository offsite --dry-run`" in far.remedy
    assert "repair bakery" not in far.remedy + near.remedy
    assert near.remedy.endswith("Bring its config and keys back.")


def test_points_that_nobody_of_ours_removed_are_graver_than_too_many_to_remove() -> None:
    nights = held_back()
    nights.retained("3 points of ours are gone: find out who did, then resolve the incident")

    (one,) = nights.holding().values()
    assert ("retention-held-nas", "P2") == (one.condition, one.criticality)


def test_a_retention_that_waits_for_another_incident_is_not_one_of_its_own() -> None:
    nights = held_back()
    nights.retained("repository-damaged at this site or machine: nothing is removed while in doubt")

    assert {} == nights.holding()


def test_foreign_snapshots_that_hold_nothing_back_are_not_an_incident() -> None:
    nights = held_back()
    nights.retained(foreign=7)

    assert {} == nights.holding()


def test_a_retention_that_fails_twice_is_told() -> None:
    nights = held_back()
    slipped = {**AWAY, "error": "nas: restic forget failed", "code": "restic-failed"}
    nights.failed(RunKind.RETAIN, "nas", slipped)
    assert {} == nights.holding()
    nights.failed(RunKind.RETAIN, "nas", slipped)

    assert {"/retain-failed-nas"} == set(nights.holding())


def test_an_unplugged_disk_that_is_not_read_is_not_unreachable() -> None:
    disk = replace(repository("offsite", Location.OFFSITE), rotation=7 * DAY)
    nights = held_back(far=disk, read_all_within=30 * DAY)
    for _ in range(3):
        nights.failed(RunKind.VERIFY, "offsite", AWAY)
    assert {} == nights.holding()
    nights.now = FRIDAY + 36 * DAY
    assert "/verify-overdue-nas" in nights.holding()
    assert "/verify-overdue-offsite" not in nights.holding()


def test_a_calm_repository_says_when_to_look_again_and_is_found_out_then() -> None:
    unplanned = (till(every=None), till("share", every=None))
    nights = held_back(*unplanned, read_all_within=30 * DAY, far=bucket(immutable=LOCK))
    nights.relocked(16 * DAY)
    held, until = survey(nights.state, nights.policies, nights.now)
    again, same = survey(nights.state, nights.policies, nights.now)

    assert ([], [], until) == (held, again, same)
    found = set()
    for _ in range(200):
        held, until = survey(nights.state, nights.policies, nights.now)
        found |= {one.condition for one in held}
        if until is None:
            break
        nights.now = until
    assert {"lock-weak-offsite", "verify-overdue-nas", "verify-overdue-offsite"} <= found
