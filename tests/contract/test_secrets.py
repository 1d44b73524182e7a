"""Where secrets come from, and where they lie while a run needs them."""

from __future__ import annotations

import os
import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.adapters.secrets import SecretFiles, resolve
from orchestrator.core.policy.model import Secret
from orchestrator.errors import SecretMissing, StateUnusable
from restore_drills.process import Processes


def resolved(kind: str, *value: str) -> bytes:
    return resolve(Secret(kind=kind, value=value), processes=Processes("secrets"))


def test_one_trailing_newline_is_no_part_of_a_secret(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b" s3cret \n\n")

    assert b" s3cret \n" == resolved("file", str(tmp_path / "password"))


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_PASSWORD", "s3cret")

    assert b"s3cret" == resolved("env", "EXAMPLE_PASSWORD")


def test_a_secret_comes_from_a_command_that_sees_no_other_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EXAMPLE_PASSWORD", "s3cret")

    found = resolved("command", "env")

    assert b"HOME=" in found
    assert b"EXAMPLE_PASSWORD" not in found
    assert b"two words" == resolved("command", "echo", "two words")


def test_a_secret_comes_from_the_credentials_of_a_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "restic").write_text("s3cret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert b"s3cret" == resolved("credential", "restic")


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("env", ("EXAMPLE_ABSENT",), r"secret \{env: EXAMPLE_ABSENT\}: .* no such variable"),
        ("file", ("/nowhere/password",), r"\{file: /nowhere/password\}: .* No such file"),
        ("file", ("/dev/zero",), "too large for a secret"),
        ("file", ("/dev/null",), "it is empty"),
        ("credential", ("restic",), "CREDENTIALS_DIRECTORY is not set"),
        ("command", ("/nowhere/pass",), "cannot be started"),
        ("command", ("sh", "-c", "echo s3cret; exit 3"), "failed with code 3"),
        ("command", ("true",), "it is empty"),
        ("spell", ("abracadabra",), "not a kind of reference"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named_with_a_remedy(
    kind: str, value: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)

    with pytest.raises(SecretMissing, match=words) as raised:
        resolved(kind, *value)

    assert raised.value.hint


def test_what_a_failing_command_says_is_not_repeated() -> None:
    with pytest.raises(SecretMissing) as raised:
        resolved("command", "cat", "/proc/self/cmdline", "/nowhere/s3cret-in-the-words")

    assert "No such file" not in str(raised.value)


def test_secret_files_are_for_their_owner_alone_and_go_with_the_run() -> None:
    with SecretFiles("test-one") as files:
        path = files.write("restic.password", b"s3cret")
        files.write("restic.password", b"another")

        assert b"another" == path.read_bytes()
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)
        assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
        assert 0o700 == stat.S_IMODE(path.parent.parent.stat().st_mode)
        assert "s3cret" not in repr(files)

    assert not path.parent.exists()
    with pytest.raises(StateUnusable):
        files.write("late", b"s3cret")


def test_secret_files_go_when_the_run_fails() -> None:
    written: list[Path] = []

    def fail() -> None:
        with SecretFiles("test-two") as files:
            written.append(files.write("restic.password", b"s3cret"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert not written[0].parent.exists()


def test_what_a_dead_run_left_is_swept_and_nothing_else() -> None:
    with SecretFiles("test-alive") as alive:
        kept = alive.write("password", b"s3cret")
        left = SecretFiles("test-dead").__enter__().write("password", b"s3cret")

        SecretFiles.sweep("test-dead")
        SecretFiles.sweep("../test-alive")
        SecretFiles.sweep("never-was")

        assert not left.parent.exists()
        assert kept.exists()


def test_the_folder_of_all_runs_stays_for_the_one_that_is_about_to_use_it() -> None:
    with SecretFiles("test-last") as files:
        base = files.write("password", b"s3cret").parent.parent

    assert base.is_dir()
    assert "test-last" not in SecretFiles.runs()


def test_a_folder_that_others_can_enter_is_passed_over(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    (runtime / "pra").mkdir(parents=True)
    for folder in (tmp_path, runtime, runtime / "pra"):
        folder.chmod(0o777)
    for folder in tmp_path.parents:  # somebody else must be able to pass through
        if not folder.stat().st_mode & 0o001:
            folder.chmod(0o755)
    script = (
        "from orchestrator.adapters.secrets import SecretFiles\n"
        "with SecretFiles('test-three') as files: print(files.write('password', b'x'))"
    )
    # As root there is a folder of root's own, so this is somebody else.
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "XDG_RUNTIME_DIR": str(runtime),
        "TMPDIR": str(tmp_path),
    }

    ended = Processes("other").run(
        [*(other if os.geteuid() == 0 else []), sys.executable, "-c", script],
        env=env,
        timeout=timedelta(seconds=20),
    )

    assert "" == ended.stderr
    assert tmp_path == Path(ended.stdout.decode().strip()).parents[2]
    assert [] == list(tmp_path.glob("pra-*/*"))
