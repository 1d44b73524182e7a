"""A drill over a line that fails: the bucket is real, the relay before it is not kind."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.app import App
from orchestrator.jobs.drill import drill, planned
from restore_drills.document import document
from tests.faults import Relay
from tests.quick import make_in
from tests.site import FILES, PASSWORD, ClientSite, tonight

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket

PATIENCE, ENOUGH = timedelta(seconds=3), timedelta(seconds=60)


@pytest.fixture
def relay(s3: S3Server) -> Iterator[Relay]:
    with Relay(s3.endpoint) as found:
        yield found


@pytest.fixture
def far_site(s3: S3Server, bucket: Bucket, relay: Relay, tmp_path: Path) -> ClientSite:
    """A site of 8 MB that was backed up into a bucket through the relay."""
    keys = (s3.access_key, s3.secret_key)
    site = ClientSite(tmp_path / "site", url=relay.url(bucket.name, "acme"), s3_keys=keys)
    make_in(s3.client(), bucket.name, "acme/", PASSWORD)
    site.fill(40, 200_000)
    site.write(FILES)
    site.backup()
    return site


def drilled(site: ClientSite, patience: timedelta = PATIENCE) -> dict[str, Any]:
    """Drill with little patience or more; returns the document, which is what the log holds too."""
    app = App(policies_dir=site.policies, state=site.state)
    request = tonight(app)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", site.path)
        found = app.site("acme")
        plan = planned(app, found, request)
        return document(drill(app, found, plan, patience=patience).report)


def test_a_bucket_that_answers_proves_and_a_slow_line_only_takes_longer(
    far_site: ClientSite, relay: Relay
) -> None:
    relay.slow(4_000_000)

    found = drilled(far_site, ENOUGH)

    assert "proven" == found["verdict"]
    assert found["rta_s"] > 8 / 4


def test_a_bucket_that_refuses_every_connection_is_inconclusive_within_a_minute(
    far_site: ClientSite, relay: Relay
) -> None:
    relay.refuse()
    began = time.monotonic()

    found = drilled(far_site)

    assert ("inconclusive", None) == (found["verdict"], found["rta_s"])
    assert time.monotonic() - began < 60
    assert found["sandbox"]["destroyed"]


def test_a_bucket_that_is_unavailable_is_inconclusive(far_site: ClientSite, relay: Relay) -> None:
    relay.unavailable()

    found = drilled(far_site)

    assert "inconclusive" == found["verdict"]
    assert "503" in found["services"][0]["why"][0]


@pytest.mark.parametrize("then", ["refuse", "silence"])
def test_a_line_cut_in_the_middle_of_a_restore_is_inconclusive_and_leaves_nothing(
    far_site: ClientSite, relay: Relay, then: str
) -> None:
    relay.cut_after(2_000_000, then)

    found = drilled(far_site)

    assert "inconclusive" == found["verdict"]
    assert ["fetch"] == [step["name"] for step in found["services"][0]["steps"]]
    assert found["sandbox"]["destroyed"]


def test_no_such_bucket_is_inconclusive(far_site: ClientSite) -> None:
    policy = far_site.policies / "acme.yaml"
    policy.write_text(policy.read_text().replace("/acme", "-nonesuch/acme"))

    found = drilled(far_site)

    assert "inconclusive" == found["verdict"]
    assert "bucket" in found["services"][0]["why"][0]
