"""`pra repo copy` and the copies of `pra backup`, as their user calls them."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import CopyFinished, RunInterrupted, RunStarted
from orchestrator.demo.servers import S3Server
from restore_drills import process
from tests.copying import Places
from tests.site import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Bucket


@pytest.fixture(scope="module", autouse=True)
def _our_restic() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", f"{TOOLS / 'bin'}:{os.environ['PATH']}")
        yield


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[S3Server]:
    """Another S3 server, whose keys are not those of the first."""
    with S3Server() as server:
        server.make_bucket("far")
        yield server


def test_two_buckets_of_two_keys_are_copied_and_the_far_one_recovers_alone(
    tmp_path: Path, s3: S3Server, bucket: Bucket, elsewhere: S3Server
) -> None:
    places = Places(tmp_path / "home")
    places.site.fill(30, 20_000)
    places.bucket("near", s3, f"{bucket.url}/acme")
    places.bucket("far", elsewhere, f"s3:{elsewhere.endpoint}/far/acme")
    places.write()

    ran = places.site.pra("backup", "acme", "--json")

    assert 0 == ran.code, ran
    (service,) = ran.json["services"]
    (copied,) = service["copies"]
    assert ("far", None) == (copied["repository"], copied["error"])
    assert service["usable_at"] < copied["usable_at"]
    assert [s["tree"] for s in service["snapshots"]] == [s["tree"] for s in copied["snapshots"]]
    assert [s["id"] for s in service["snapshots"]] != [s["id"] for s in copied["snapshots"]]

    # The near keys and the near password are gone with the office.
    for name in ("near", "near.access", "near.secret"):
        (places.site.secrets / name).unlink()
    drill = places.site.drill("--repository", "far")

    assert 0 == drill.code, drill
    assert "proven" == drill.json["verdict"]
    (drilled,) = drill.json["services"]
    assert "far" == drilled["repository"]
    assert {"seal": "pass"}.items() <= {c["name"]: c["status"] for c in drilled["checks"]}.items()
    assert not process.of_run(service["run"])


def test_a_copy_answers_with_its_document_and_a_line_for_a_person(tmp_path: Path) -> None:
    places = Places(tmp_path / "home").ready()
    places.site.fill(12, 5_000)
    places.write()
    assert 0 == places.site.pra("backup", "acme", "--no-copy").code
    assert not (tmp_path / "home" / "far").exists()

    ran = places.site.pra("repo", "copy", "acme", "--json")
    said = places.site.pra("repo", "copy", "acme", "partage", "--repository", "far")

    assert 0 == ran.code, ran
    (copied,) = ran.json["copies"]
    assert ("partage", "far", "complete", 1, None) == tuple(
        copied[key] for key in ("service", "repository", "outcome", "points", "error")
    )
    assert 0 == said.code
    assert said.out.startswith("partage: all is already in far in ")
    assert 2 == places.site.pra("repo", "copy", "acme", "--repository", "near").code


def test_a_backup_whose_copy_fails_is_protected_in_part(tmp_path: Path) -> None:
    places = Places(tmp_path / "home").ready()
    places.site.fill(12, 5_000)
    places.far = str(tmp_path / "unplugged" / "disk" / "far")
    places.write()

    ran = places.site.pra("backup", "acme", "--json")
    alone = places.site.pra("repo", "copy", "acme")

    assert 3 == ran.code, ran
    (service,) = ran.json["services"]
    assert ("complete", []) == (service["outcome"], service["copies"][0]["snapshots"])
    assert "not there" in service["copies"][0]["error"]
    assert 1 == alone.code
    assert "partage: not copied to far" in alone.out
    assert "Mount the disk" in alone.out


def test_a_copy_that_was_killed_goes_on_next_time(tmp_path: Path) -> None:
    places = Places(tmp_path / "home").ready()
    places.site.fill(36, 1_000_000)  # three packs of restic's
    places.write()
    limited = places.site.policies / "acme.yaml"
    free = limited.read_text()
    limited.write_text(
        free.replace("location: offsite", "location: offsite, limits: {upload: 4MB/s}")
    )
    assert 0 == places.site.pra("backup", "acme", "--no-copy").code
    child = places.site.start("repo", "copy", "acme")
    until = time.monotonic() + 60
    packs = tmp_path / "home" / "far" / "data"
    while not any(p.is_file() for p in packs.rglob("*")):
        assert time.monotonic() < until
        assert not child.poll(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.close()
    limited.write_text(free)

    ran = places.site.pra("repo", "copy", "acme", "--json")

    assert 0 == ran.code, ran
    assert 1 == ran.json["copies"][0]["points"]
    ends = [type(e) for e in places.events() if not isinstance(e, RunStarted)]
    assert [RunInterrupted, CopyFinished] == ends[-2:]
    assert "" == places.restic("far", "list", "locks")
    assert 0 == places.site.drill("--repository", "far").code
