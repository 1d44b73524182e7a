"""The gateway: what it serves, to whom, what it refuses, and that it does not outlive us."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from orchestrator.adapters import s3 as adapter
from orchestrator.adapters.s3.gateway import gateway
from orchestrator.core.policy.model import Location, Repository, S3Access, Secret
from orchestrator.errors import Interrupted, RepositoryUnreachable
from restore_drills.process import Processes, of_run

if TYPE_CHECKING:
    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket

V2 = "application/vnd.x.restic.rest.v2"
PACK = "0a" + "1" * 62


class Door:
    """Asks a gateway as restic would, or as somebody who does not know its password."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url.removeprefix("rest:"))
        self.root = f"http://{parts.hostname}:{parts.port}"
        self.key = "Basic " + b64encode(f"{parts.username}:{parts.password}".encode()).decode()

    def ask(
        self, path: str, method: str = "GET", *, key: str | None = None, **headers: str
    ) -> tuple[int, bytes, str | None]:
        request = urllib.request.Request(  # noqa: S310 - our own, on the loopback
            self.root + path,
            method=method,
            headers={"Authorization": self.key if key is None else key, **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the same
                return answer.status, answer.read(), answer.headers["Content-Length"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, b"", None


@pytest.fixture
def place(s3: S3Server, bucket: Bucket) -> adapter.Bucket:
    """A bucket with the files of a repository, below a prefix."""
    for path in ("config", f"data/0a/{PACK}", "keys/77", "index/88"):
        s3.client().put_object(
            Bucket=bucket.name, Key=f"acme/{path}", Body=f"content of {path[:6]}".encode()
        )
    return of((s3.access_key, s3.secret_key), f"{bucket.url}/acme")


def of(keys: tuple[str, str], url: str) -> adapter.Bucket:
    nowhere = Secret(kind="file", value=("/nowhere",))
    repository = Repository(
        id="near",
        url=url,
        password=nowhere,
        s3=S3Access(access_key=nowhere, secret_key=nowhere, region=None),
        location=Location.OFFSITE,
        equipment=None,
        country=None,
    )
    access, secret = (key.encode() for key in keys)
    return adapter.Bucket(repository, (access, secret), Processes("a-gateway"))


def test_it_serves_files_ranges_and_both_kinds_of_listings(place: adapter.Bucket) -> None:
    with gateway(place, Processes("a-gateway")) as served:
        door = Door(served.url)
        assert (200, b"content of config", "17") == door.ask("/config")
        assert (206, b"of", "2") == door.ask(f"/data/{PACK}", Range="bytes=8-9")
        assert (206, b"of data/0", "9") == door.ask(f"/data/{PACK}", Range="bytes=8-")
        assert (200, b"", "17") == door.ask(f"/data/{PACK}", "HEAD")
        assert (404, b"", None) == door.ask("/keys/78", "HEAD")
        assert (404, b"", None) == door.ask("/snapshots/78")
        assert (416, b"", None) == door.ask("/config", Range="bytes=99-")
        assert ["77"] == json.loads(door.ask("/keys/")[1])
        with_sizes = json.loads(door.ask("/data/", Accept=V2)[1])
        assert [{"name": PACK, "size": 17}] == with_sizes
        assert [] == json.loads(door.ask("/locks/", Accept=V2)[1])

    assert 10 == served.requests


def test_nothing_is_written_and_nobody_else_reads(
    place: adapter.Bucket, s3: S3Server, bucket: Bucket
) -> None:
    with gateway(place, Processes("a-gateway")) as served:
        door = Door(served.url)
        assert 403 == door.ask("/locks/99", "POST")[0]
        assert 403 == door.ask("/keys/77", "DELETE")[0]
        assert 403 == door.ask("/?create=true", "POST")[0]
        assert 401 == door.ask("/config", key="")[0]
        assert 401 == door.ask("/config", key="Basic cHJhOnByYQ==")[0]
        assert 404 == door.ask("/../config")[0]
        assert 404 == door.ask("/secret/77")[0]
        assert 404 == door.ask("/")[0]

    assert 4 == s3.client().list_objects_v2(Bucket=bucket.name)["KeyCount"]


def test_a_view_shows_the_versions_that_were_chosen(s3: S3Server) -> None:
    name = f"view-{time.monotonic_ns()}"
    s3.make_bucket(name, object_lock=True)
    client = s3.client()
    good = client.put_object(Bucket=name, Key="acme/keys/77", Body=b"good")["VersionId"]
    client.put_object(Bucket=name, Key="acme/keys/77", Body=b"noise!")
    client.put_object(Bucket=name, Key="acme/keys/66", Body=b"forged")
    client.delete_object(Bucket=name, Key="acme/keys/77")
    place = of((s3.access_key, s3.secret_key), f"s3:{s3.endpoint}/{name}/acme")

    with gateway(place, Processes("a-view"), versions={"keys/77": (good, 4)}) as served:
        door = Door(served.url)
        assert (200, b"good", "4") == door.ask("/keys/77")
        assert (200, b"", "4") == door.ask("/keys/77", "HEAD")
        assert [{"name": "77", "size": 4}] == json.loads(door.ask("/keys/", Accept=V2)[1])
        assert 404 == door.ask("/keys/66")[0]
        assert 404 == door.ask("/config")[0]


def test_what_s3_refuses_is_a_refusal(s3: S3Server, bucket: Bucket) -> None:
    place = of((s3.access_key, "wrong"), f"{bucket.url}/acme")

    with gateway(place, Processes("a-gateway")) as served:
        assert 403 == Door(served.url).ask("/config")[0]


def test_it_ends_with_whoever_opened_it(place: adapter.Bucket, s3: S3Server) -> None:
    run = f"gateway-{time.monotonic_ns()}"

    with gateway(place, Processes(run)) as served:
        (pid,) = of_run(run)
        told = b"".join(Path(f"/proc/{pid}/{n}").read_bytes() for n in ("cmdline", "environ"))
        password = urlsplit(served.url.removeprefix("rest:")).password or ""
        assert password
        for secret in (password, s3.access_key, s3.secret_key):
            assert secret.encode() not in told

    assert [] == of_run(run)


def test_a_cancelled_run_gets_no_gateway(place: adapter.Bucket) -> None:
    processes = Processes("cancelled")
    processes.cancel("stopped by hand")

    with pytest.raises(Interrupted, match=r"near: .*stopped by hand"), gateway(place, processes):
        pass


def test_a_gateway_that_cannot_start_says_so(
    place: adapter.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")

    with (
        pytest.raises(RepositoryUnreachable, match=r"near: the gateway .* did not start"),
        gateway(place, Processes("no-gateway")),
    ):
        pass
