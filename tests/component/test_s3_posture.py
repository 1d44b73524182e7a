"""What a real bucket is like, and what keys may do to it: tried, and nothing is harmed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.adapters.s3.posture import Answer, Posture, posture
from orchestrator.core.policy.model import LockMode
from orchestrator.errors import RepositoryAbsent
from tests.buckets import PREFIX, Locked, immutable

if TYPE_CHECKING:
    from orchestrator.demo.servers import S3Server

DAY = 86_400


def seen(place: Locked, **access: Any) -> Posture:  # noqa: ANN401 - as Locked.bucket
    return posture(place.bucket(**access))


def rules(place: Locked, *rules: dict[str, Any]) -> None:
    said: Any = [{"ID": f"rule {n}", "Status": "Enabled", **r} for n, r in enumerate(rules)]
    place.client.put_bucket_lifecycle_configuration(
        Bucket=place.name, LifecycleConfiguration={"Rules": said}
    )


def test_a_locked_bucket_is_told_as_it_is_and_keeps_its_probe(s3: S3Server) -> None:
    place = Locked(s3, days=30)
    place.put("config", body=b"x")
    rules(
        place,
        {"Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 31}},
        {"Filter": {"Prefix": "other/"}, "Expiration": {"Days": 7}},
    )

    found, again = seen(place), seen(place)

    assert (True, "COMPLIANCE", timedelta(days=30), True, ()) == (
        found.locked,
        found.mode,
        found.period,
        found.versioning,
        found.public,
    )
    assert found.rules is not None
    assert [("", False, 31), ("other/", True, None)] == [
        (rule.prefix, rule.expires, rule.noncurrent_days) for rule in found.rules
    ]
    assert found == again
    assert found.tamper is not None
    assert (Answer.REFUSED, Answer.REFUSED, "") == (
        found.tamper.delete_version,
        found.tamper.shorten,
        found.tamper.probe,
    )
    versions = place.client.list_object_versions(Bucket=place.name, Prefix=PREFIX + "pra-probe")
    assert 1 == len(versions["Versions"])
    assert [] == versions.get("DeleteMarkers", [])


def test_keys_with_all_rights_may_change_the_bucket_and_leave_it_as_it_was(s3: S3Server) -> None:
    place = Locked(s3, days=1)
    place.put("config")
    rules(place, {"Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 2}})

    def settings() -> list[Any]:
        at: Any = {"Bucket": place.name}
        return [
            place.client.get_object_lock_configuration(**at)["ObjectLockConfiguration"],
            place.client.get_bucket_versioning(**at)["Status"],
            place.client.get_bucket_lifecycle_configuration(**at)["Rules"],
        ]

    before = settings()
    found = seen(place)

    assert before == settings()
    assert found.tamper is not None
    assert {Answer.ALLOWED} == {
        found.tamper.change_lock,
        found.tamper.change_versioning,
        found.tamper.change_lifecycle,
    }


def test_keys_that_may_end_a_governance_lock_are_found_out(s3: S3Server) -> None:
    place = Locked(s3, days=1, mode="GOVERNANCE")
    place.put("config")
    bypassing = s3.admit(
        place.name,
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:*"],
                    "Resource": [f"arn:aws:s3:::{place.name}", f"arn:aws:s3:::{place.name}/*"],
                }
            ],
        },
    )

    found = seen(place, pair=bypassing, immutable=immutable(DAY, LockMode.GOVERNANCE))

    assert found.tamper is not None
    assert (Answer.ALLOWED, Answer.ALLOWED) == (found.tamper.shorten, found.tamper.delete_version)


@pytest.mark.parametrize("append_only", [False, True])
def test_keys_of_a_bucket_without_a_lock_delete_the_probe_and_nothing_else(
    s3: S3Server,
    append_only: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    place = Locked(s3, lock=False)
    place.put("config")

    found = seen(place, append_only=append_only)

    assert (False, None, None, False) == (
        found.locked,
        found.mode,
        found.period,
        found.versioning,
    )
    assert found.tamper is not None
    assert Answer.ALLOWED == found.tamper.delete_version
    assert append_only == (found.tamper.delete is Answer.ALLOWED)
    assert (Answer.UNKNOWN, Answer.UNKNOWN) == (
        found.tamper.change_lock,
        found.tamper.change_versioning,
    )
    listed = place.client.list_objects_v2(Bucket=place.name)["Contents"]
    assert [PREFIX + "config"] == [one["Key"] for one in listed]


def test_a_bucket_without_a_repository_is_left_empty(s3: S3Server) -> None:
    place = Locked(s3, days=1)

    found = seen(place)

    assert (False, None) == (found.inhabited, found.tamper)
    assert place.bucket().is_empty()


def test_a_bucket_that_strangers_read_is_public(s3: S3Server) -> None:
    place = Locked(s3, lock=False)
    place.put("config")
    assert () == seen(place).public
    everybody = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject"],
                "Resource": [f"arn:aws:s3:::{place.name}/*"],
            }
        ],
    }
    place.client.put_bucket_policy(Bucket=place.name, Policy=json.dumps(everybody))

    assert (
        "an unsigned request reads its config",
        "the bucket's policy is public",
    ) == seen(place).public


def test_a_bucket_that_is_not_there_is_said_to_be_absent(s3: S3Server) -> None:
    place = Locked(s3)

    with pytest.raises(RepositoryAbsent, match="no-such-bucket"):
        seen(place, url=f"s3:{s3.endpoint}/no-such-bucket/till")
