"""How restic is called, seen from a program that stands in its place."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic import version
from orchestrator.core.policy.model import Limits
from orchestrator.errors import (
    Interrupted,
    RepositoryUnreachable,
    ResticChanged,
    ResticFailed,
    ResticMissing,
)
from restore_drills.process import Processes
from tests.repositories import PASSWORD, TAGS, scene

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.adapters.restic import Progress
    from tests.repositories import Stock

ID = "5f" * 32
KEYS = ("AKIAEXAMPLE", "a secret # key;")


def stand_in(tmp_path: Path, script: str) -> Path:
    path = tmp_path / "restic"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def answer(tmp_path: Path, said: object) -> Path:
    (tmp_path / "answer").write_text(json.dumps(said))
    return stand_in(tmp_path, f"cat {tmp_path}/answer; echo")


def test_the_version_of_each_restic_is_read(restic_binaries: dict[str, Path]) -> None:
    for expected, binary in restic_binaries.items():
        assert expected == version(str(binary), Processes("v"))


def test_no_restic_is_said_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ResticMissing, match="command not found") as raised:
        version(str(tmp_path / "restic"), Processes("v"))

    assert "Install restic 0.18" in raised.value.hint


@pytest.mark.parametrize(
    "said",
    [
        "restic 0.14.0 compiled with go1.19.8 on linux/amd64",
        '{"message_type":"version","version":"0.17.3","go_version":"go1.23"}',
    ],
)
def test_a_restic_that_is_too_old_is_refused_with_its_version(tmp_path: Path, said: str) -> None:
    with pytest.raises(ResticMissing, match=r"restic 0\.1[47]\.[03] is too old, 0\.18 is needed"):
        version(str(stand_in(tmp_path, f"echo '{said}'")), Processes("v"))


@pytest.mark.parametrize(
    "script", ["echo hello", "exit 3", "echo '{}'", "echo '[1]'", "echo restic 0.19.1; exit 1"]
)
def test_what_does_not_speak_like_restic_is_refused(tmp_path: Path, script: str) -> None:
    with pytest.raises(ResticChanged, match="is not a version of restic"):
        version(str(stand_in(tmp_path, script)), Processes("v"))


def test_a_file_that_cannot_be_run_is_no_restic(tmp_path: Path) -> None:
    (tmp_path / "restic").write_bytes(b"\0")
    (tmp_path / "restic").chmod(0o755)

    with pytest.raises((ResticMissing, ResticChanged)):
        version(str(tmp_path / "restic"), Processes("v"))


def test_a_cancelled_run_asks_for_no_version(tmp_path: Path) -> None:
    processes = Processes("v")
    processes.cancel("somebody pressed Ctrl-C")

    with pytest.raises(Interrupted):
        version(str(stand_in(tmp_path, "true")), processes)


def test_the_child_gets_paths_and_no_secret(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    # The keys go where the child reads them from, while it runs and no longer.
    binary = stand_in(
        tmp_path,
        f'env -0 > {seen}; cat "$AWS_SHARED_CREDENTIALS_FILE" > {seen}.keys;'
        f' stat -c %a "$RESTIC_PASSWORD_FILE" > {seen}.mode; echo "$@" > {seen}.argv;'
        ' readlink /proc/self/fd/0 >> "$HOME/stdin"; echo "[]"',
    )
    with scene(tmp_path, binary, url="s3:http://127.0.0.1:9/example/prefix", keys=KEYS) as here:
        assert () == here.restic.snapshots()

    env = dict(e.split("=", 1) for e in seen.read_text().rstrip("\0").split("\0"))
    ours = {name: value for name, value in env.items() if name not in {"PWD", "SHLVL", "_"}}
    assert {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "tmp"),
        "TMPDIR": str(tmp_path / "tmp"),
        "LANG": "C",
        "PRA_RUN": here.processes.run_id,
        "RESTIC_REPOSITORY": "s3:http://127.0.0.1:9/example/prefix",
        "RESTIC_PASSWORD_FILE": env["RESTIC_PASSWORD_FILE"],
        "RESTIC_CACHE_DIR": str(tmp_path / "cache"),
        "RESTIC_PROGRESS_FPS": "2",
        "AWS_SHARED_CREDENTIALS_FILE": env["AWS_SHARED_CREDENTIALS_FILE"],
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    } == ours
    told = seen.read_text() + (tmp_path / "seen.argv").read_text()
    for secret in (PASSWORD, *KEYS):
        assert secret not in told
        assert secret not in repr(here)
    assert KEYS[1] in (tmp_path / "seen.keys").read_text()
    assert "600\n" == (tmp_path / "seen.mode").read_text()
    assert "/dev/null\n" == (tmp_path / "tmp" / "stdin").read_text()
    for name in ("RESTIC_PASSWORD_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        assert not os.path.lexists(env[name])


def test_a_summary_without_a_field_is_refused(tmp_path: Path) -> None:
    binary = answer(tmp_path, {"message_type": "summary", "files_new": 1, "snapshot_id": ID})

    with (
        scene(tmp_path, binary) as here,
        pytest.raises(ResticChanged, match="restic backup: its answer has no 'files_changed'"),
    ):
        here.restic.backup(["/srv"], host="bakery", tags=TAGS)


def test_messages_of_an_unknown_type_are_let_pass(tmp_path: Path) -> None:
    whole = {
        "message_type": "summary",
        "snapshot_id": ID,
        "files_new": 1,
        "files_changed": 2,
        "files_unmodified": 3,
        "data_added": 4,
        "total_bytes_processed": 5,
        "total_files_processed": 6,
    }
    (tmp_path / "answer").write_text(
        '{"message_type":"horoscope"}\nplain text\n{"half":\n'
        f'{{"message_type":"status","percent_done":"much"}}\n[1]\n{json.dumps(whole)}\n'
    )
    binary = stand_in(tmp_path, f"cat {tmp_path}/answer; echo what is this >&2")

    with scene(tmp_path, binary) as here:
        made = here.restic.backup(["/srv"], host="bakery", tags=TAGS)

    assert (ID, 4, True) == (made.snapshot, made.data_added_bytes, made.complete)


@pytest.mark.parametrize("said", ["", "hello", '{"a": 1}', '[{"id": "5f"}]', "[1]", "null"])
def test_a_list_that_is_none_is_refused(tmp_path: Path, said: str) -> None:
    (tmp_path / "answer").write_text(said)
    binary = stand_in(tmp_path, f"cat {tmp_path}/answer")

    with (
        scene(tmp_path, binary) as here,
        pytest.raises(ResticChanged, match="restic snapshots: its answer"),
    ):
        here.restic.snapshots()


def test_success_without_a_summary_is_none(tmp_path: Path) -> None:
    with scene(tmp_path, stand_in(tmp_path, "echo fine")) as here:
        with pytest.raises(ResticChanged):
            here.restic.backup(["/srv"], host="bakery", tags=TAGS)
        with pytest.raises(ResticChanged):
            here.restic.restore(ID, tmp_path / "out")


def test_a_restore_that_skipped_files_is_not_verified(tmp_path: Path) -> None:
    said = {"message_type": "summary", "total_files": 2, "files_restored": 1, "files_skipped": 1}

    with scene(tmp_path, answer(tmp_path, said)) as here:
        assert not here.restic.restore(ID, tmp_path / "out").verified


def test_an_unknown_exit_code_is_a_failure_with_its_first_line_alone(tmp_path: Path) -> None:
    said = {"message_type": "exit_error", "code": 42, "message": "Fatal: odd\ngoroutine 1"}
    (tmp_path / "answer").write_text(json.dumps(said))
    binary = stand_in(tmp_path, f"cat {tmp_path}/answer >&2; exit 42")

    with scene(tmp_path, binary) as here, pytest.raises(ResticFailed) as raised:
        here.restic.snapshots()

    assert "nas: restic snapshots failed with code 42: odd" == str(raised.value)


def test_a_killed_restic_may_be_tried_again(tmp_path: Path) -> None:
    with (
        scene(tmp_path, stand_in(tmp_path, "kill -9 $$")) as here,
        pytest.raises(ResticFailed, match="killed by signal 9") as raised,
    ):
        here.restic.unlock()

    assert raised.value.retryable


def test_a_restic_that_tries_again_for_too_long_is_stopped(tmp_path: Path) -> None:
    binary = stand_in(
        tmp_path,
        "while :; do"
        ' echo "Load(<data/5f5f5f5f5f>, 10, 0) returned error, retrying after 1s: refused" >&2;'
        " sleep 0.2; done",
    )

    with (
        scene(tmp_path, binary, stall=timedelta(seconds=1)) as here,
        pytest.raises(RepositoryUnreachable, match="nas: the endpoint stopped answering") as raised,
    ):
        here.restic.restore(ID, tmp_path / "out")

    assert raised.value.retryable


def test_a_restic_that_tries_again_and_moves_is_let_be(tmp_path: Path) -> None:
    binary = stand_in(
        tmp_path,
        "for n in 1 2 3 4 5 6 7 8; do"
        ' echo "Load(<data/5f5f5f5f5f>, 10, 0) returned error, retrying after 1s: refused" >&2;'
        ' echo "{\\"message_type\\":\\"status\\",\\"bytes_restored\\":$n}"; sleep 0.3; done;'
        ' echo "{\\"message_type\\":\\"summary\\"}"',
    )

    with scene(tmp_path, binary, stall=timedelta(seconds=1)) as here:
        told: list[Progress] = []
        restored = here.restic.restore(ID, tmp_path / "out", on_progress=told.append)

    assert 0 == restored.entries
    assert [1, 2, 3, 4, 5, 6, 7, 8] == [entry.done_bytes for entry in told]


@pytest.mark.parametrize(
    ("upload", "download", "options"),
    [
        (None, None, []),
        (2_500_000, None, ["--limit-upload=2441"]),
        (2048, 1500, ["--limit-upload=2", "--limit-download=1"]),
        (None, 1, ["--limit-download=1"]),
    ],
)
def test_restic_is_given_the_share_of_the_line_in_whole_kib(
    tmp_path: Path, upload: int | None, download: int | None, options: list[str]
) -> None:
    program = stand_in(tmp_path, f'echo "$@" > {tmp_path}/argv')
    with scene(tmp_path, program, limits=Limits(upload=upload, download=download)) as here:
        here.restic.unlock()

    assert ["unlock", *options] == (tmp_path / "argv").read_text().split()


def test_a_limited_upload_takes_its_time(tmp_path: Path, binary: Path, stock: Stock) -> None:
    """900 kB that do not compress, at 512 KiB a second, of which the first are free."""
    with scene(tmp_path, binary, limits=Limits(upload=512 * 1024, download=None)) as here:
        stock.empty(binary, here.place)
        began = time.monotonic()
        here.restic.backup([str(here.source)], host="bakery", tags=TAGS)

        assert time.monotonic() - began > 0.8


def test_a_limited_download_takes_its_time_too(tmp_path: Path, binary: Path, stock: Stock) -> None:
    with scene(tmp_path, binary, limits=Limits(upload=None, download=512 * 1024)) as here:
        snapshot = stock.backed_up(binary, here.place)
        began = time.monotonic()
        here.restic.restore(snapshot, tmp_path / "restored")

        assert time.monotonic() - began > 0.6
