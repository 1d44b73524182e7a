"""What a bucket's endpoint is asked: whether it is alive, and whether a place is empty."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters import s3 as adapter
from orchestrator.core.policy.model import Location, Repository, S3Access, Secret
from orchestrator.errors import (
    RepositoryAbsent,
    RepositoryRefused,
    RepositoryUnreachable,
)
from restore_drills.process import Processes
from tests.faults import Relay, kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket

SOON = timedelta(seconds=2)
LONG = timedelta(seconds=20)  # for a server that is there, on a machine that is busy
AT_MOST_S = 20.0  # whoever has no deadline waits for a minute


@pytest.fixture
def relay(s3: S3Server) -> Iterator[Relay]:
    with Relay(s3.endpoint) as found:
        yield found


@pytest.fixture
def keys(s3: S3Server) -> tuple[str, str]:
    return (s3.access_key, s3.secret_key)


def repository(url: str) -> Repository:
    nowhere = Secret(kind="file", value=("/nowhere",))
    return Repository(
        id="offsite",
        url=url,
        password=nowhere,
        s3=S3Access(access_key=nowhere, secret_key=nowhere, region=None),
        location=Location.OFFSITE,
        equipment=None,
        country=None,
    )


def is_empty(url: str, keys: tuple[str, str]) -> bool:
    pair = (keys[0].encode(), keys[1].encode())
    return adapter.Bucket(repository(url), pair, Processes("the-tests")).is_empty()


@pytest.mark.parametrize(
    ("url", "endpoint", "bucket", "prefix"),
    [
        ("s3:https://s3.example.net/bakery", "https://s3.example.net", "bakery", ""),
        ("s3:http://127.0.0.1:9000/b/some/where/", "http://127.0.0.1:9000", "b", "some/where"),
        ("s3:s3.example.net/bakery/till", "https://s3.example.net", "bakery", "till"),
        ("s3://s3.example.net:8443/bakery", "https://s3.example.net:8443", "bakery", ""),
        ("s3:http://[::1]:9000/bakery", "http://[::1]:9000", "bakery", ""),
    ],
)
def test_every_form_of_an_address_is_understood(
    url: str, endpoint: str, bucket: str, prefix: str
) -> None:
    found = adapter.address(url)

    assert found is not None
    assert (endpoint, bucket, prefix) == (found.endpoint, found.bucket, found.prefix)


@pytest.mark.parametrize("url", ["s3:", "s3:https://s3.example.net", "s3:http://h:port/bucket"])
def test_an_address_without_a_bucket_is_refused(url: str) -> None:
    with pytest.raises(RepositoryAbsent, match="names no endpoint and bucket"):
        adapter.address(url)


def test_a_refusal_is_a_sign_of_life_and_tells_the_time_there(s3: S3Server) -> None:
    there = adapter.probe(f"s3:{s3.endpoint}/no-such-bucket", deadline=LONG)

    assert there is not None
    assert timedelta(minutes=1) > abs(datetime.now(UTC) - there)


def test_what_is_not_s3_has_no_endpoint_to_probe(tmp_path: Path) -> None:
    assert adapter.probe("sftp:backup.example.net:/srv/restic", deadline=SOON) is None
    assert adapter.probe(str(tmp_path / "repository"), deadline=SOON) is None
    assert adapter.probe(f"local:{tmp_path}/repository", deadline=SOON) is None

    with pytest.raises(RepositoryUnreachable, match="not there"):
        adapter.probe(str(tmp_path / "not-mounted" / "repository"), deadline=SOON)


def test_a_dead_endpoint_is_known_within_the_deadline(relay: Relay) -> None:
    relay.refuse()
    began = time.monotonic()

    with pytest.raises(RepositoryUnreachable, match="connection refused") as raised:
        adapter.probe(relay.url("bakery", ""), deadline=SOON)

    assert raised.value.retryable
    assert time.monotonic() - began < AT_MOST_S


def test_an_endpoint_that_answers_503_is_not_alive(relay: Relay) -> None:
    relay.unavailable()

    with pytest.raises(RepositoryUnreachable, match="answers with 503"):
        adapter.probe(relay.url("bakery", ""), deadline=timedelta(seconds=4))

    assert relay.connections > 1


def test_an_endpoint_that_says_nothing_is_not_alive(relay: Relay) -> None:
    relay.fall_silent()
    began = time.monotonic()

    with pytest.raises(RepositoryUnreachable, match="timed out"):
        adapter.probe(relay.url("bakery", ""), deadline=SOON)

    assert time.monotonic() - began < AT_MOST_S


def test_an_endpoint_that_comes_back_in_time_is_alive(s3: S3Server) -> None:
    back: list[Relay] = []
    with kept() as reserved:
        port = reserved.getsockname()[1]
        later = threading.Timer(0.7, lambda: back.append(Relay(s3.endpoint, port).__enter__()))
        later.start()

        adapter.probe(f"s3:http://127.0.0.1:{port}/bakery", deadline=LONG)

        later.join()
        back[0].refuse()


def test_only_a_prefix_without_any_object_is_empty(
    s3: S3Server, bucket: Bucket, keys: tuple[str, str]
) -> None:
    s3.client().put_object(Bucket=bucket.name, Key="till/config", Body=b"x")

    assert not is_empty(bucket.url, keys)
    assert not is_empty(bucket.url + "/till", keys)
    assert is_empty(bucket.url + "/til", keys)
    assert is_empty(bucket.url + "/till/config", keys)


def test_the_machine_s_own_aws_settings_have_no_say(
    bucket: Bucket, keys: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "somebody-elses")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert is_empty(bucket.url, keys)


def test_a_repository_that_was_wiped_is_no_empty_place(s3: S3Server, keys: tuple[str, str]) -> None:
    name = f"versions-{os.urandom(4).hex()}"
    s3.make_bucket(name, object_lock=True)
    url = f"s3:{s3.endpoint}/{name}/till"
    assert is_empty(url, keys)

    s3.client().put_object(Bucket=name, Key="till/config", Body=b"x")
    s3.client().delete_object(Bucket=name, Key="till/config")

    assert not s3.client().list_objects_v2(Bucket=name).get("Contents")
    assert not is_empty(url, keys)


def test_a_bucket_that_does_not_exist_or_refuses_is_no_empty_place(
    s3: S3Server, bucket: Bucket, keys: tuple[str, str], relay: Relay
) -> None:
    with pytest.raises(RepositoryAbsent, match=r"offsite: bucket no-such-bucket at .* not exist"):
        is_empty(f"s3:{s3.endpoint}/no-such-bucket", keys)
    with pytest.raises(RepositoryRefused, match=r"refuses ListObjectsV2: SignatureDoesNotMatch"):
        is_empty(bucket.url, (keys[0], "another"))
    relay.refuse()
    with pytest.raises(RepositoryUnreachable, match=r"offsite: .* does not answer"):
        is_empty(relay.url(bucket.name, ""), keys)
