"""Forgetting by ids and freeing space, in both versions of restic."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic import forgetting
from orchestrator.core.policy.model import Limits
from orchestrator.errors import RepositoryRefused, ResticFailed
from restore_drills.process import Processes
from tests.forging import forge
from tests.repositories import PASSWORD, Scene, scene

if TYPE_CHECKING:
    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket
    from tests.repositories import Stock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TIMEOUT = timedelta(seconds=60)
# What is ours and not restic's needs no second version.
ONE_VERSION = pytest.mark.parametrize("binary", ["0.18.0"], indirect=True)


@pytest.fixture
def held(here: Scene, snapshot: str) -> Scene:
    """A scene whose repository has one snapshot."""
    assert snapshot
    return here


def forged(here: Scene, binary: Path, count: int) -> list[str]:
    """So many more snapshots of what is there."""
    forger = forge(here.place, binary, PASSWORD)
    tree = here.restic.snapshots()[0].tree
    return [
        forger.snapshot(
            tree, time=NOW - n * timedelta(hours=1), host="bakery", tags=["service=till"]
        )
        for n in range(count)
    ]


def ids(here: Scene) -> set[str]:
    return {one.id for one in here.restic.snapshots()}


def by_hand(here: Scene, binary: Path, *words: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(here.folder),
        "RESTIC_PASSWORD": PASSWORD,
        "RESTIC_REPOSITORY": str(here.place),
        "RESTIC_CACHE_DIR": str(here.folder / "by-hand"),
    }
    ended = Processes("the-tests").run([str(binary), *words], env=env, timeout=TIMEOUT)
    assert ended.code == 0, ended
    return ended.stdout.decode()


def test_restics_own_policy_would_break_every_point(held: Scene, binary: Path) -> None:
    forger = forge(held.place, binary, PASSWORD)
    tree = held.restic.snapshots()[0].tree
    for night in range(3):
        for second, source in enumerate(("till", "till.roles", "seal")):
            forger.snapshot(
                tree,
                time=NOW - timedelta(days=night) + timedelta(seconds=second),
                host="bakery",
                tags=["service=share", f"run=r{night}", f"source={source}"],
            )
    only = ("--tag", "service=share", "--group-by", "", "--json")

    def kept(rule: str) -> list[tuple[str, str]]:
        (group,) = json.loads(by_hand(held, binary, "forget", "--dry-run", rule, "3", *only))
        tags = [dict(t.split("=") for t in one["tags"]) for one in group["keep"]]
        return sorted((one["run"], one["source"]) for one in tags)

    # Three snapshots are one point, and of a day the newest snapshot is the seal.
    assert [("r0", "seal"), ("r0", "till"), ("r0", "till.roles")] == kept("--keep-last")
    assert [("r0", "seal"), ("r1", "seal"), ("r2", "seal")] == kept("--keep-daily")


@ONE_VERSION
def test_snapshots_go_by_their_ids_in_as_many_calls_as_it_takes(held: Scene, binary: Path) -> None:
    first = ids(held)
    more = forged(held, binary, forgetting.BATCH + 3)

    forgetting.forget(held.restic, more)

    assert first == ids(held)


def test_an_id_that_is_gone_already_is_no_fault(held: Scene, binary: Path) -> None:
    (one,) = forged(held, binary, 1)
    forgetting.forget(held.restic, [one])
    forgetting.forget(held.restic, [one])

    assert 1 == len(ids(held))


@ONE_VERSION
def test_nothing_to_forget_starts_nothing(held: Scene) -> None:
    forgetting.forget(held.restic, [])

    assert 0 == held.processes.started


def test_keys_that_may_not_delete_are_said_to(
    tmp_path: Path, binary: Path, s3: S3Server, bucket: Bucket, uploaded: str
) -> None:
    everything = f"arn:aws:s3:::{bucket.name}/*"
    daily = s3.admit(
        f"daily-{bucket.name}",
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                    "Resource": f"arn:aws:s3:::{bucket.name}",
                },
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": everything,
                },
                {
                    "Effect": "Allow",
                    "Action": "s3:DeleteObject",
                    "Resource": f"arn:aws:s3:::{bucket.name}/acme/locks/*",
                },
            ],
        },
    )
    with scene(tmp_path, binary, url=f"{bucket.url}/acme", keys=daily) as here:
        with pytest.raises(RepositoryRefused) as caught:
            forgetting.forget(here.restic, [uploaded])

        assert "snapshots may not be deleted with these keys" in str(caught.value)
        assert "pra grants" in caught.value.hint
        assert {uploaded} == ids(here)


def test_pruning_gives_back_what_nothing_needs_and_says_how_much(held: Scene, binary: Path) -> None:
    (only,) = ids(held)
    size = sum(path.stat().st_size for path in (held.place / "data").rglob("*") if path.is_file())
    kept = by_hand(held, binary, "backup", "--json", "/etc/hostname", "--host", "bakery")
    forgetting.forget(held.restic, [only])

    freed = forgetting.prune(held.restic, repack="2G")

    left = sum(path.stat().st_size for path in (held.place / "data").rglob("*") if path.is_file())
    assert freed is not None
    assert size * 0.95 < freed < size * 1.05
    assert left < size * 0.05
    assert kept
    assert 0 == forgetting.prune(held.restic, repack="2G")


def test_a_prune_that_is_killed_leaves_a_sound_repository_and_the_next_one_ends_it(
    tmp_path: Path, binary: Path, stock: Stock
) -> None:
    slow = Limits(upload=3_000_000, download=None)
    stock.empty(binary, tmp_path / "repository")
    with scene(tmp_path, binary, limits=slow) as here:
        many = tmp_path / "many"
        many.mkdir()
        for number in range(40):
            (many / f"{number}").write_bytes(os.urandom(300_000))
        by_hand(here, binary, "backup", "--pack-size", "4", str(many))
        (first,) = ids(here)
        for number in range(0, 40, 2):  # every other one: all packs are half needed
            (many / f"{number}").unlink()
        by_hand(here, binary, "backup", str(many))
        forgetting.forget(here.restic, [first])
        before = packs(here)

        def kill() -> None:
            if packs(here) - before:  # it has begun to write anew what is still needed
                for pid in restics():
                    os.kill(pid, signal.SIGKILL)

        with pytest.raises(ResticFailed, match="killed by signal 9"):
            forgetting.prune(here.restic, repack="2G", watch=kill)
        here.restic.unlock()

        assert before < packs(here)
        assert "no errors were found" in by_hand(here, binary, "check", "--read-data")
        freed = forgetting.prune(here.restic, repack="2G")
        assert freed is not None
        assert 20 * 300_000 <= freed
        assert "no errors were found" in by_hand(here, binary, "check", "--read-data")


def packs(here: Scene) -> set[str]:
    """The packs of a local repository, and the one that is being written."""
    return {path.name for path in (here.place / "data").rglob("*") if path.is_file()}


def restics() -> list[int]:
    """The restics that this process has started."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread or a child that has just ended
            pids = (task / "children").read_text().split()
            found += [int(p) for p in pids if "restic" in Path(f"/proc/{p}/comm").read_text()]
    return found
