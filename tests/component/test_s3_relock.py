"""A relock on a real bucket, with retentions of seconds: what would have aged out has not."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.s3.relocking import relock
from orchestrator.core.policy.model import LockMode
from orchestrator.errors import Interrupted, RepositoryAbsent, RepositoryUnreachable
from restore_drills.process import Processes
from tests.buckets import Locked, immutable, wait_until
from tests.faults import Relay

if TYPE_CHECKING:
    from orchestrator.demo.servers import S3Server

ALIVE = ("config", "data/ab/abcd", "index/1", "snapshots/1", "keys/1")
DAY = 86_400


def test_what_would_have_aged_out_is_still_locked(s3: S3Server) -> None:
    place = Locked(s3)
    versions = {key: place.put(key, seconds=6) for key in (*ALIVE, "locks/1")}
    ends = [place.until(key) for key in versions]

    found = relock(place.bucket(), immutable(300))
    wait_until(max(ends))

    assert (5, 5, 0) == (found.objects, found.extended, found.bare)
    assert set() == {key for key in ALIVE if place.may_delete(key, versions[key])}
    assert place.may_delete("locks/1", versions["locks/1"])
    assert found.least_until is not None
    assert timedelta(seconds=200) < found.least_until - datetime.now(UTC)


def test_what_has_enough_left_is_passed_over(s3: S3Server) -> None:
    place = Locked(s3)
    place.put("config", seconds=300)
    place.put("keys/1", seconds=220)
    place.put("data/ab/abcd", seconds=180)

    first = relock(place.bucket(), immutable(300))
    again = relock(place.bucket(), immutable(300))

    assert (3, 1) == (first.objects, first.extended)
    assert (3, 0) == (again.objects, again.extended)
    assert ("keys/1", place.until("keys/1")) == (again.least_key, again.least_until)


def test_an_object_without_any_lock_gets_one_and_is_counted(s3: S3Server) -> None:
    place = Locked(s3)
    place.put("config", seconds=300)
    version = place.put("data/ab/abcd")

    found = relock(place.bucket(), immutable(300))

    assert (2, 1, 1) == (found.objects, found.extended, found.bare)
    assert not place.may_delete("data/ab/abcd", version)
    assert (
        "the bucket locks no new object by itself: each waits for the next relock",
    ) == found.problems


def test_a_dry_run_counts_and_extends_nothing(s3: S3Server) -> None:
    place = Locked(s3)
    place.put("config", seconds=100)
    before = place.until("config")

    found = relock(place.bucket(), immutable(300), dry_run=True)

    assert (1, 1, before) == (found.objects, found.extended, place.until("config"))
    assert before == found.least_until


def test_new_objects_of_a_bucket_that_locks_by_itself_cost_no_request(s3: S3Server) -> None:
    place = Locked(s3, days=1)
    for key in ALIVE:
        place.put(key)
    # It may not ask for a lock, but for `config`'s: whoever needs to, is refused.
    allowed = place.s3.admit(
        place.name,
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": [
                        "s3:ListBucket",
                        "s3:GetBucketObjectLockConfiguration",
                        "s3:GetBucketVersioning",
                    ],
                    "Resource": [f"arn:aws:s3:::{place.name}"],
                },
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObjectRetention"],
                    "Resource": [f"arn:aws:s3:::{place.name}/till/config"],
                },
            ],
        },
    )

    found = relock(place.bucket(pair=allowed), immutable(DAY))

    assert (5, 0, ()) == (found.objects, found.extended, found.problems)
    assert found.least_until is not None


def test_more_objects_than_one_page_and_an_end_half_way_lose_nothing(s3: S3Server) -> None:
    place = Locked(s3)
    place.put("config", seconds=300)
    place.fill(1100, seconds=100)
    processes = Processes("the-tests")

    def enough(_looked_at: int, extended: int) -> None:
        if extended > 400:
            processes.cancel("enough")

    with pytest.raises(Interrupted, match="stopped: enough"):
        relock(
            place.bucket(processes=processes),
            immutable(300),
            moved=enough,
        )
    rest = relock(place.bucket(), immutable(300))
    last = relock(place.bucket(), immutable(300))

    assert 1101 == rest.objects
    assert 0 < rest.extended < 1100
    assert 0 == last.extended


def test_a_storm_of_503_is_survived(s3: S3Server) -> None:
    place = Locked(s3)
    place.put("config", seconds=100)
    place.fill(60, seconds=100)
    with Relay(s3.endpoint) as relay:

        def storm() -> None:
            while relay.connections < 3:
                time.sleep(0.02)
            relay.available()

        relay.unavailable()
        threading.Thread(target=storm, daemon=True).start()

        found = relock(place.bucket(url=relay.url(place.name, "till")), immutable(300))

    assert (61, 61) == (found.objects, found.extended)


def test_an_endpoint_that_goes_away_is_no_finding_about_the_locks(s3: S3Server) -> None:
    place = Locked(s3)
    with Relay(s3.endpoint) as relay:
        url = relay.url(place.name, "till")
        relay.refuse()

        with pytest.raises(RepositoryUnreachable) as raised:
            relock(place.bucket(url=url), immutable(300))

    assert raised.value.retryable


def test_a_bucket_that_locks_less_than_the_policy_says_is_a_problem(s3: S3Server) -> None:
    weak = Locked(s3, days=1, mode="GOVERNANCE")
    weak.put("config")
    none = Locked(s3, lock=False)
    none.put("config")

    assert (
        "the bucket locks new objects for 1 day, the policy says 30 days",
        "the bucket's lock mode is governance: whoever has the right to may end it early",
        "1 object locked in governance mode, which cannot be raised: config",
    ) == relock(weak.bucket(), immutable(30 * DAY)).problems
    assert ("the bucket has no Object Lock: nothing in it is immutable",) == relock(
        none.bucket(), immutable(30 * DAY)
    ).problems
    assert () == relock(weak.bucket(), immutable(DAY, LockMode.GOVERNANCE)).problems


def test_a_repository_that_was_removed_is_not_a_repository_that_is_locked(s3: S3Server) -> None:
    place = Locked(s3, days=1)

    found = relock(place.bucket(), immutable(DAY))

    assert (0, None) == (found.objects, found.least_until)
    assert ("there is no `config`: the repository was removed, or never made",) == found.problems


def test_a_lock_that_the_key_may_not_extend_is_a_problem(s3: S3Server) -> None:
    place = Locked(s3, days=1)
    place.put("config", seconds=50)
    place.put("keys/1", seconds=40)
    reader = s3.admit(
        place.name,
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:ListBucket", "s3:GetObject", "s3:GetObjectRetention"],
                    "Resource": [f"arn:aws:s3:::{place.name}", f"arn:aws:s3:::{place.name}/*"],
                }
            ],
        },
    )

    found = relock(place.bucket(pair=reader), immutable(DAY))

    assert (2, 0, "keys/1") == (found.objects, found.extended, found.least_key)
    assert (
        "the key may not read the bucket's lock configuration: nobody knows what it says",
        "2 objects whose lock could not be extended: config: PutObjectRetention: AccessDenied",
    ) == found.problems


def test_a_bucket_that_is_not_there_is_said_to_be_absent(s3: S3Server) -> None:
    place = Locked(s3)

    with pytest.raises(RepositoryAbsent, match="no-such-bucket"):
        relock(place.bucket(url=f"s3:{s3.endpoint}/no-such-bucket/till"), immutable(300))
