"""`pra backup` as its user calls it: documents, exit codes, words, and a clean house whatever."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import RunFailed, run_of
from restore_drills import process
from restore_drills.process import Processes
from tests.component.backups import SHARE, TILL, House, till
from tests.site import PASSWORD, PRA, TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.demo.servers import PostgresServer, S3Server
    from restore_drills.process import Child
    from tests.conftest import Bucket

FULL_ID = re.compile(r"[0-9a-f]{64}")
# What root may do that other users may not: read what is closed to it.
NO_OVERRIDE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--")


@pytest.fixture(scope="module", autouse=True)
def _our_restic() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", f"{TOOLS / 'bin'}:{os.environ['PATH']}")
        yield


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A site with a shared folder, whose repository is a folder."""
    found = House(tmp_path)
    found.repository()
    found.site.fill(12, 5_000)
    found.write(SHARE)
    return found


def history(house: House) -> list[tuple[str, str]]:
    """The type of every event with its run."""
    app = house.app
    return [(type(r.event).__name__, run_of(r.event)) for r in app.log.read()]


def test_a_backup_answers_with_the_document_and_one_line_for_a_person(house: House) -> None:
    ran = house.site.pra("backup", "acme", "--json")

    assert 0 == ran.code, ran
    (service,) = ran.json["services"]
    assert (1, "acme") == (ran.json["schema"], ran.json["site"])
    assert ("partage", "complete", "far") == tuple(
        service[key] for key in ("id", "outcome", "repository")
    )
    (snapshot,) = service["snapshots"]
    assert "partage" == snapshot["source"]
    assert FULL_ID.fullmatch(snapshot["id"])
    assert FULL_ID.fullmatch(snapshot["tree"])
    assert snapshot["data_time"] < service["usable_at"]
    assert (12, 0, [], [], None) == tuple(
        service[key] for key in ("files_new", "files_changed", "skipped", "copies", "error")
    )
    assert re.search(
        r"^partage: complete, 60 kB read, .* new, .* s, recovery point", ran.err, re.MULTILINE
    )

    again = house.site.pra("backup", "acme", "partage", "--quiet")
    assert 0 == again.code
    assert 1 == len(again.out.splitlines())
    assert not again.err


def test_an_unknown_service_is_a_usage_error_that_says_what_was_meant(house: House) -> None:
    ran = house.site.pra("backup", "acme", "partag")

    assert 2 == ran.code
    assert "no service named partag (did you mean partage?)" in ran.err


def barred(house: House) -> tuple[int, str, str]:
    """Back up as somebody who may not read everything."""
    argv = [*(NO_OVERRIDE if os.geteuid() == 0 else ()), str(PRA), "backup", "acme", "--json"]
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(house.site.home),
        "PRA_POLICIES": str(house.site.policies),
        "PRA_STATE": str(house.site.state),
    }
    ended = Processes("barred").run(argv, env=env, timeout=timedelta(seconds=60))
    return ended.code, ended.stdout.decode(), ended.stderr


def test_a_file_that_cannot_be_read_makes_the_point_partial(house: House) -> None:
    closed = house.site.source / "closed.pst"
    closed.write_text("x")
    closed.chmod(0)

    code, out, err = barred(house)

    assert 3 == code, err
    (service,) = json.loads(out)["services"]
    assert ("partial", None) == (service["outcome"], service["usable_at"])
    assert str(closed) in service["skipped"][0]
    assert 1 == len(service["skipped"])
    assert "partage: partial" in err
    assert "no recovery point" in err
    assert "partial" in [s.tag("outcome") for s in house.listing()]


def test_a_file_that_may_stay_unread_is_named_and_the_point_is_complete(house: House) -> None:
    (house.site.source / "closed.pst").touch(mode=0)
    house.write(
        SHARE
        % {
            "more": ', tolerate_unreadable: {patterns: ["*.pst"], at_most: 1}',
            "source": "%(source)s",
        }
    )

    code, out, err = barred(house)

    assert 0 == code, err
    (service,) = json.loads(out)["services"]
    assert "complete" == service["outcome"]
    assert "closed.pst" in service["skipped"][0]


def test_a_folder_that_may_not_be_entered_is_a_failed_source(house: House) -> None:
    house.site.source.chmod(0)

    code, out, _ = barred(house)
    house.site.source.chmod(0o755)

    assert 1 == code
    assert "cannot be read" in json.loads(out)["services"][0]["error"]


def test_a_wrong_password_and_a_missing_secret_are_told_apart(house: House) -> None:
    house.site.backup()
    house.site.secret("restic", "wrong")
    wrong = house.site.pra("backup", "acme", "--json")
    (house.site.secrets / "restic").unlink()
    missing = house.site.pra("backup", "acme", "--json")

    assert (1, 1) == (wrong.code, missing.code)
    assert "far: the password opens no key" in wrong.json["services"][0]["error"]
    assert f"{house.site.secrets}/restic" in missing.json["services"][0]["error"]
    assert PASSWORD not in wrong.err + missing.err


def test_a_bucket_that_does_not_exist_is_named(tmp_path: Path, s3: S3Server) -> None:
    house = House(tmp_path, s3=s3)
    house.site.fill(1)
    house.site.url = f"s3:{s3.endpoint}/no-such-bucket/restic"
    house.write(SHARE)

    ran = house.site.pra("backup", "acme", "--json")

    assert 1 == ran.code
    assert "bucket no-such-bucket" in ran.json["services"][0]["error"]
    assert "does not exist" in ran.json["services"][0]["error"]


def test_storage_that_is_gone_is_known_within_a_minute(tmp_path: Path, s3: S3Server) -> None:
    with socket.socket() as taken:  # bound and deaf: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        house = House(tmp_path, s3=s3)
        house.site.fill(1)
        house.site.url = f"s3:http://127.0.0.1:{taken.getsockname()[1]}/bucket/restic"
        house.write(SHARE)
        began = time.monotonic()

        ran = house.site.pra("backup", "acme", "--json")

    assert 1 == ran.code
    assert time.monotonic() - began < 60
    assert "does not answer: connection refused" in ran.json["services"][0]["error"]
    (failed,) = (r.event for r in house.app.log.read() if isinstance(r.event, RunFailed))
    # What makes of five services that fail for it one incident, and of the weekend one page.
    assert ("repository-unreachable", True) == (failed.code, failed.retryable)


def test_ctrl_c_ends_every_process_and_leaves_no_lock(house: House) -> None:
    house.site.backup()
    (house.site.source / "big").write_bytes(os.urandom(80_000_000))
    with house.site.start("backup", "acme", "--json") as running:
        run = started(house, running)
        while not any((house.site.repository / "locks").iterdir()):
            assert not running.poll(0.01), running.ended()
        os.kill(running.pid, signal.SIGINT)
        ended = running.finish(timedelta(seconds=60))

    assert 130 == ended.code, ended
    assert "interrupted" == json.loads(ended.stdout)["error"]["code"]
    assert [] == process.of_run(run)
    assert ("RunInterrupted", run) == history(house)[-1]
    assert not house.locks()
    assert 1 == [s.tag("source") for s in house.listing()].count("seal")


def started(house: House, running: Child) -> str:
    """Wait until a run is on the log that was not there, and return it."""
    known = {"", *(run for _, run in history(house))}
    while not (new := {run for _, run in history(house)} - known):
        assert not running.poll(0.02), running.ended()
    (run,) = new
    return run


def test_after_a_kill_at_any_instant_the_next_command_finds_a_clean_house(
    tmp_path: Path, bucket: Bucket, s3: S3Server, postgres: PostgresServer
) -> None:
    house = House(tmp_path, bucket, s3)
    house.repository()
    house.write(TILL, **till(postgres))
    house.site.backup()
    killed = []
    for latest in (0.1, 1.8, 1.8, 1.8, 1.8):  # no backup ends within the first
        with house.site.start("backup", "acme") as running:
            killed.append(started(house, running))
            time.sleep(random.uniform(0, latest))  # noqa: S311 - no secret
            os.kill(running.pid, signal.SIGKILL)

    ran = house.site.pra("backup", "acme", "--json")

    assert 0 == ran.code, ran
    last = {run: kind for kind, run in history(house)}
    for run in killed:
        assert [] == process.of_run(run)
        assert last[run] in {"RunInterrupted", "BackupFinished"}
    if last[killed[-1]] == "RunInterrupted":  # the others were told by the next of the five
        assert f"acme caisse: the backup run {killed[-1]} was cut short" in ran.err
    assert "RunInterrupted" in last.values()
    assert not house.locks()
    sealed = {s.tag("run") for s in house.listing() if s.tag("source") == "seal"}
    whole = {
        run
        for run in sealed
        if {"caisse", "caisse.roles"}
        <= {s.tag("source") for s in house.listing() if s.tag("run") == run}
    }
    assert sealed == whole
    assert {run for run, kind in last.items() if kind == "BackupFinished"} <= sealed
    assert house.app.log.verify() is None


def test_two_at_once_on_one_state_folder_both_end_well(house: House) -> None:
    with (
        house.site.start("backup", "acme", "--json") as one,
        house.site.start("backup", "acme", "--json") as other,
    ):
        ends = [child.finish(timedelta(seconds=60)) for child in (one, other)]

    assert [0, 0] == [ended.code for ended in ends], ends
    runs = {json.loads(ended.stdout)["services"][0]["run"] for ended in ends}
    assert 2 == len(runs)
    assert runs == {s.tag("run") for s in house.listing()}
    assert house.app.log.verify() is None
    assert not house.locks()


def test_no_secret_is_seen_from_outside_or_kept(
    tmp_path: Path, bucket: Bucket, s3: S3Server, postgres: PostgresServer
) -> None:
    house = House(tmp_path, bucket, s3)
    house.site.secret("database", "till-secret-7531")
    line = "database: %(database)s, password: {file: %(secrets)s/database}"
    house.write(TILL.replace("database: %(database)s", line), **till(postgres))
    secrets = [s.encode() for s in (PASSWORD, s3.secret_key, "till-secret-7531")]
    seen, looked = [], set()
    with house.site.start("backup", "acme", "--json", "--verbose") as running:
        run = started(house, running)
        while not running.poll(0.01):
            for pid in [running.pid, *process.of_run(run)]:
                for name in ("cmdline", "environ"):
                    try:
                        content = Path(f"/proc/{pid}/{name}").read_bytes()
                    except OSError:
                        continue
                    looked.add(content.partition(b"\0")[0].rpartition(b"/")[2])
                    seen += [(pid, name, content) for secret in secrets if secret in content]
        ended = running.ended()

    assert 0 == ended.code, ended
    assert {b"restic", b"pg_dump"} <= looked
    assert [] == seen
    assert not any(secret in ended.stdout + ended.stderr.encode() for secret in secrets)
    kept = [path for path in house.site.state.rglob("*") if path.is_file()]
    assert [] == [p for p in kept if any(secret in p.read_bytes() for secret in secrets)]
