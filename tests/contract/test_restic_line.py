"""The line to a repository: limits that change with the hour, and how many connections."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic.line import available, connections, round_trip
from orchestrator.core.policy.model import Limits, Window
from restore_drills.calendar import Hours
from tests.faults import Relay
from tests.repositories import TAGS, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket
    from tests.repositories import Stock

EVERY_DAY = frozenset(range(7))
SLOW, MIB = 150 * 1024, 1 << 20
GIB = 1 << 30


def windows(opens: timedelta, shuts: timedelta, upload: int | None) -> tuple[Window, ...]:
    """A window of UTC, from and to so long from now; if midnight is in it, after midnight."""
    now = datetime.now(UTC)
    if (now + opens).date() != (now + shuts).date():
        time.sleep(max(0.0, (shuts + timedelta(seconds=1)).total_seconds()))
        now = datetime.now(UTC)
    hours = Hours(days=EVERY_DAY, start=(now + opens).time(), end=(now + shuts).time())
    return (Window(hours=hours, upload=upload, download=None),)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A MiB that does not compress."""
    folder = tmp_path / "large"
    folder.mkdir()
    (folder / "file").write_bytes(os.urandom(MIB))
    return folder


@pytest.fixture
def made(tmp_path: Path, restic_018: Path, stock: Stock) -> None:
    """Have an empty repository at once where a scene looks for it."""
    stock.empty(restic_018, tmp_path / "repository")


def telling(tmp_path: Path, binary: Path) -> Path:
    """Return a restic that writes down how it is called."""
    program = tmp_path / "restic"
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\nexec {binary} "$@"\n')
    program.chmod(0o755)
    return program


def backups(tmp_path: Path) -> list[str | None]:
    """The upload limit of every backup that was started, in KiB a second."""
    calls = (tmp_path / "calls").read_text().splitlines()
    words = [call.split() for call in calls if call.startswith("backup")]
    return [
        next((w.partition("=")[2] for w in call if w.startswith("--limit-upload")), None)
        for call in words
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [(SLOW, None), (SLOW, 4 * SLOW)],
    ids=["the office closes", "another limit"],
)
@pytest.mark.usefixtures("made")
def test_a_backup_of_files_is_started_anew_when_other_limits_hold(
    tmp_path: Path, restic_018: Path, large: Path, before: int, after: int | None
) -> None:
    slow = windows(timedelta(0), timedelta(seconds=4), before)
    limits = Limits(upload=after, download=None, windows=slow)
    with scene(tmp_path, telling(tmp_path, restic_018), limits=limits) as here:
        made = here.restic.backup([str(large)], host="bakery", tags=TAGS)

        assert made.complete
        assert [made.snapshot] == [one.id for one in here.restic.snapshots()]
        assert [str(before // 1024), after and str(after // 1024)] == backups(tmp_path)
        assert [] == here.locks()


@pytest.mark.usefixtures("made")
def test_a_dump_is_not_begun_anew_and_keeps_the_lower_limit(
    tmp_path: Path, restic_018: Path
) -> None:
    soon = windows(timedelta(seconds=2), timedelta(seconds=45), SLOW)
    limits = Limits(upload=None, download=None, windows=soon)
    with scene(tmp_path, restic_018, limits=limits) as here:
        began, before = time.monotonic(), here.processes.started
        here.restic.backup_stdin(
            lambda out: write(out, 4 * SLOW), filename="till.dump", host="bakery", tags=TAGS
        )

        assert 1 == here.processes.started - before
        assert time.monotonic() - began > 2.5


def write(descriptor: int, count: int) -> None:
    data = memoryview(os.urandom(count))
    while data:
        data = data[os.write(descriptor, data) :]


@pytest.mark.usefixtures("made")
def test_a_seed_leaves_something_of_the_line_to_the_others(
    tmp_path: Path, restic_018: Path, large: Path
) -> None:
    limits = Limits(upload=4 * SLOW, download=None)
    with scene(tmp_path, restic_018, limits=limits) as here:
        line = here.restic.call.line
        alone = line.now(restartable=True, seed=False).upload
        seed = threading.Thread(
            target=lambda: here.restic.backup([str(large)], host="bakery", tags=TAGS, seed=True)
        )
        seed.start()
        while (beside := line.now(restartable=True, seed=False).upload) == alone:
            assert seed.is_alive(), "it took the whole line, or never began"
            time.sleep(0.02)
        seed.join()

        assert 4 * SLOW == alone
        assert SLOW == beside
        assert alone == line.now(restartable=True, seed=False).upload


@pytest.mark.parametrize(
    ("round_trip_s", "free", "expected"),
    [
        (None, 8 * GIB, 5),
        (0.0002, 8 * GIB, 5),
        (0.008, 8 * GIB, 10),
        (0.040, 8 * GIB, 20),
        (0.040, 600 << 20, 12),
        (0.040, 100 << 20, 5),
    ],
)
def test_a_long_way_is_worth_connections_as_far_as_memory_goes(
    round_trip_s: float | None, free: int, expected: int
) -> None:
    assert expected == connections(round_trip_s, free)


def test_the_way_is_measured_and_memory_is_known(s3: S3Server, tmp_path: Path) -> None:
    near = round_trip(f"s3:{s3.endpoint}/bucket/acme")

    assert near is not None
    assert 0 < near < 1
    assert None is round_trip(str(tmp_path))
    assert None is round_trip("s3:http://127.0.0.1:9/bucket")
    assert available() > 10 << 20


@pytest.fixture
def relay(s3: S3Server) -> Iterator[Relay]:
    with Relay(s3.endpoint) as found:
        yield found


def test_over_a_long_line_a_restore_takes_more_connections_and_restic_knows_them(
    tmp_path: Path, restic_018: Path, s3: S3Server, bucket: Bucket, relay: Relay
) -> None:
    keys = (s3.access_key, s3.secret_key)
    url = relay.url(bucket.name, "acme")
    with scene(tmp_path, restic_018, url=url, keys=keys) as here:
        snapshot = here.backed_up()

        relay.slow(5_000)  # an answer without a body takes some 40 ms
        (_, option) = here.restic.call.line.options()
        relay.slow(1e9)

        assert option in {f"s3.connections={count}" for count in range(6, 21)}
        assert here.restic.restore(snapshot, tmp_path / "back").verified
