"""Bringing a bucket back from its versions, after all that an attacker with our keys does."""

from __future__ import annotations

import itertools
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.s3 import view
from orchestrator.adapters.s3.rewind import Moved, rewind
from orchestrator.core.rewinding.choice import Kind
from orchestrator.errors import RepositoryRefused
from tests import wiped
from tests.lying import Liar

if TYPE_CHECKING:
    from orchestrator.adapters.s3 import Bucket
    from orchestrator.demo.servers import S3Server
    from tests.wiped import Holding

ALL = 4 * 4 + 1  # four kinds of four objects, and the config


@pytest.fixture
def held(s3: S3Server) -> Holding:
    return wiped.holding(s3, f"held-{secrets.token_hex(6)}")


@pytest.fixture
def bucket(s3: S3Server, held: Holding) -> Bucket:
    url = f"s3:{s3.endpoint}/{held.bucket}/repo"
    return wiped.asked(url, (s3.access_key, s3.secret_key))


def test_every_object_that_was_deleted_comes_back(held: Holding, bucket: Bucket) -> None:
    at = held.moment()
    held.delete(held.contents)

    done = rewind(bucket, at)

    assert held.contents == held.now()
    assert (ALL, 0, 0) == tuple(done.total(name) for name in ("restored", "whole", "lost"))
    (burst,) = done.bursts
    assert (ALL, 0, 9) == (burst.deleted, burst.overwritten, burst.vital)


def test_every_object_that_was_overwritten_with_noise_comes_back(
    held: Holding, bucket: Bucket
) -> None:
    at = held.moment()
    held.noise(held.contents)

    done = rewind(bucket, at)

    assert held.contents == held.now()
    assert (ALL, 0) == (done.total("restored"), done.total("lost"))
    assert ALL == done.bursts[0].overwritten


def test_half_deleted_and_half_overwritten_comes_back(held: Holding, bucket: Bucket) -> None:
    at = held.moment()
    held.delete(list(held.contents)[::2])
    held.noise(list(held.contents)[1::2])

    rewind(bucket, at)

    assert held.contents == held.now()


def test_keys_and_config_come_back_and_the_rest_is_left_alone(
    held: Holding, bucket: Bucket
) -> None:
    at = held.moment()
    held.delete(key for key in held.contents if key == "config" or key.startswith("keys/"))

    done = rewind(bucket, at)

    assert held.contents == held.now()
    assert (5, ALL - 5) == (done.total("restored"), done.total("whole"))


def test_what_was_overwritten_slowly_before_the_instant_comes_back_by_its_name(
    held: Holding, bucket: Bucket
) -> None:
    held.noise(list(held.contents)[:6])
    held.moment()
    held.noise(list(held.contents)[3:9])
    held.noise(["config"])
    at = held.moment()
    held.delete(held.contents)

    rewind(bucket, at)

    assert held.contents == held.now()


def test_what_the_attacker_added_is_hidden_and_not_deleted(held: Holding, bucket: Bucket) -> None:
    good = dict(held.contents)
    at = held.moment()
    added = [held.add("snapshots"), held.add("keys"), held.add("index")]

    done = rewind(bucket, at)

    assert good == held.now()
    assert 3 == done.total("aside")
    kept = {key for key, _, _ in held.versions()}
    assert {f"repo/{key}" for key in added} <= kept


def test_what_was_forgotten_before_the_instant_stays_forgotten(
    held: Holding, bucket: Bucket
) -> None:
    forgotten = next(key for key in held.contents if key.startswith("snapshots/"))
    held.delete([forgotten])
    at = held.moment()
    held.delete(held.contents)

    rewind(bucket, at)

    assert held.contents.keys() - {forgotten} == held.now().keys()


def test_a_second_rewind_finds_nothing_to_do(held: Holding, bucket: Bucket) -> None:
    at = held.moment()
    held.delete(held.contents)
    rewind(bucket, at)
    before = held.versions()

    done = rewind(bucket, at, read=True)

    assert (0, ALL) == (done.total("restored"), done.total("whole"))
    assert before == held.versions()


def test_a_rewind_can_itself_be_rewound(held: Holding, bucket: Bucket) -> None:
    at = held.moment()
    held.add("snapshots")
    wanted, then = held.now(), held.moment()
    rewind(bucket, at)
    held.moment()

    rewind(bucket, then)

    assert wanted == held.now()


def test_a_dry_run_counts_and_touches_nothing(held: Holding, bucket: Bucket) -> None:
    at = held.moment()
    held.delete(list(held.contents)[:3])
    before = held.versions()

    said = rewind(bucket, at, dry_run=True)

    assert before == held.versions()
    assert (3, ALL - 3) == (said.total("restored"), said.total("whole"))
    assert 12 * 64 == said.total("read")


def test_an_instant_before_everything_hides_nothing(held: Holding, bucket: Bucket) -> None:
    before = held.versions()

    done = rewind(bucket, datetime(2020, 1, 1, tzinfo=UTC))

    assert done.is_nothing
    assert before == held.versions()


def test_versions_that_are_really_gone_are_lost_and_named(held: Holding, bucket: Bucket) -> None:
    unlocked = next(key for key in held.contents if key.startswith("data/"))
    at = held.moment()
    held.delete([unlocked])
    for key, version, is_latest in held.versions():
        if key == f"repo/{unlocked}" and not is_latest:
            held.client.delete_object(Bucket=held.bucket, Key=key, VersionId=version)

    done = rewind(bucket, at)

    assert (1, (unlocked,)) == (done.total("lost"), done.lost_keys)
    assert held.contents.keys() - {unlocked} == held.now().keys()


def test_noise_over_a_version_that_is_gone_is_not_taken_for_the_object(
    held: Holding, bucket: Bucket
) -> None:
    spoilt = next(key for key in held.contents if key.startswith("keys/"))
    held.noise([spoilt])
    for key, version, is_latest in held.versions():
        if key == f"repo/{spoilt}" and not is_latest:
            held.client.delete_object(Bucket=held.bucket, Key=key, VersionId=version)

    done = rewind(bucket, held.moment())

    assert (spoilt,) == done.lost_keys


def test_a_bucket_without_versions_is_refused_plainly(s3: S3Server) -> None:
    held = wiped.holding(s3, f"plain-{secrets.token_hex(6)}", versioned=False)
    bucket = wiped.asked(f"s3:{s3.endpoint}/{held.bucket}/repo", (s3.access_key, s3.secret_key))

    with pytest.raises(RepositoryRefused, match="keeps no versions"):
        rewind(bucket, datetime.now(UTC))
    assert not view.select(bucket, datetime.now(UTC)).is_versioned


def test_a_large_repository_is_listed_folder_by_folder(held: Holding, bucket: Bucket) -> None:
    pack = next(key for key in held.contents if key.startswith("data/"))
    with ThreadPoolExecutor(8) as pool:  # more than one page of markers
        list(pool.map(lambda _: held.delete([pack]), range(1010)))
    heard: list[Moved] = []

    said = rewind(bucket, datetime.now(UTC), dry_run=True, tell=heard.append)

    assert 1010 + ALL == said.versions
    assert ALL - 1 == said.total("whole")
    assert heard[0].of is None


def test_a_version_that_is_listed_and_not_given_is_lost_and_the_rest_comes_back(
    s3: S3Server, held: Holding
) -> None:
    hidden = next(key for key in held.contents if key.startswith("index/"))
    at = held.moment()
    held.delete(held.contents)

    def lie(_method: str, path: str, source: str) -> int | None:
        return 404 if hidden in path + source else None

    with Liar(s3.endpoint, lie) as liar:
        url = f"s3:{liar.endpoint}/{held.bucket}/repo"
        done = rewind(wiped.asked(url, (s3.access_key, s3.secret_key)), at)

    assert (hidden,) == done.lost_keys
    assert held.contents.keys() - {hidden} == held.now().keys()


def test_a_storm_of_503_and_429_is_outlasted(s3: S3Server, held: Holding) -> None:
    at = held.moment()
    held.delete(held.contents)
    number = itertools.count()

    def lie(_method: str, _path: str, _source: str) -> int | None:
        return {1: 503, 2: 429, 8: 503, 9: 500, 20: 503, 21: 503, 30: 429}.get(next(number))

    with Liar(s3.endpoint, lie) as liar:
        url = f"s3:{liar.endpoint}/{held.bucket}/repo"
        rewind(wiped.asked(url, (s3.access_key, s3.secret_key)), at)

    assert held.contents == held.now()


def test_keys_that_may_not_write_are_told_so(s3: S3Server, held: Holding) -> None:
    at = held.moment()
    held.delete(held.contents)

    def lie(method: str, _path: str, _source: str) -> int | None:
        return 403 if method == "PUT" else None

    with Liar(s3.endpoint, lie) as liar:
        url = f"s3:{liar.endpoint}/{held.bucket}/repo"
        with pytest.raises(RepositoryRefused, match="refuses CopyObject"):
            rewind(wiped.asked(url, (s3.access_key, s3.secret_key)), at)


def test_a_view_shows_a_wiped_repository_and_touches_nothing(held: Holding, bucket: Bucket) -> None:
    held.moment()
    held.noise(list(held.contents)[::3])
    held.moment()
    held.delete(held.contents)
    before = held.versions()

    chosen = view.select(bucket, datetime.now(UTC) + timedelta(seconds=1))

    assert held.contents.keys() == chosen.versions.keys()
    for key, (version, size) in chosen.versions.items():
        answer = held.client.get_object(Bucket=held.bucket, Key=f"repo/{key}", VersionId=version)
        content = answer["Body"].read()
        assert (held.contents[key], size) == (content, len(content))
    assert before == held.versions()
    assert (0, ALL) == (chosen.lost, chosen.taken)


def test_locks_that_are_over_let_versions_be_deleted_for_good(s3: S3Server) -> None:
    name = f"locked-{secrets.token_hex(6)}"
    client = s3.client()
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    held = wiped.Holding(client, name)
    held.fill(each=1)
    locked = [(key, version) for key, version, _ in held.versions() if "locks/" not in key]
    for key, version in locked:
        until = datetime.now(UTC) + timedelta(seconds=4)
        client.put_object_retention(
            Bucket=name,
            Key=key,
            VersionId=version,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until},
        )
    at = held.moment()
    held.delete(held.contents)
    time.sleep(max((until - datetime.now(UTC)).total_seconds() + 1, 0))
    gone = locked[:3]
    for key, version in gone:
        client.delete_object(Bucket=name, Key=key, VersionId=version)

    done = rewind(wiped.asked(f"s3:{s3.endpoint}/{name}/repo", (s3.access_key, s3.secret_key)), at)

    assert {key.removeprefix("repo/") for key, _ in gone} == set(done.lost_keys)
    assert len(locked) - 3 == done.total("restored")
    assert 1 == done.kinds[Kind.CONFIG].lost + done.kinds[Kind.CONFIG].restored
