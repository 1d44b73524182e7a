from __future__ import annotations

import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.adapters import whole_file


def test_a_file_is_for_its_owner_alone_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    whole_file.write(path, b"one")
    assert (b"one", 0o600) == (path.read_bytes(), path.stat().st_mode & 0o777)
    path.chmod(0o640)

    whole_file.write(path, b"two", like=path.stat())

    assert (b"two", 0o640) == (path.read_bytes(), path.stat().st_mode & 0o777)
    assert [path] == list(tmp_path.iterdir())


def test_what_was_there_stays_when_the_disk_is_full(small_disk: str, tmp_path: Path) -> None:
    path = tmp_path / "small" / "secret"
    whole_file.write(path, b"one")

    with pytest.raises(OSError, match="No space left") as failed:
        whole_file.write(path, b"x" * (17 << 20))

    assert errno.ENOSPC == failed.value.errno
    assert (b"one", [path]) == (path.read_bytes(), list(Path(small_disk).iterdir()))


def test_what_a_crash_left_or_somebody_laid_there_is_not_written_through(tmp_path: Path) -> None:
    path, victim = tmp_path / "secret", tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / whole_file.draft("secret")).symlink_to(victim)

    whole_file.write(path, b"new")

    assert (b"mine", b"new") == (victim.read_bytes(), path.read_bytes())
    assert not path.is_symlink()


def test_two_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    contents = [bytes([n]) * (4 << 20) for n in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        whole = list(pool.map(lambda content: _write_often(path, content), contents))

    assert [True, True] == whole
    assert path.read_bytes() in contents


def _write_often(path: Path, content: bytes) -> bool:
    """Whether what is there is always whole; one that meets the other is refused, or not alone."""
    for _ in range(20):
        try:
            whole_file.write(path, content)
        except OSError as error:
            if error.errno not in {errno.EBUSY, errno.ENOENT, errno.EEXIST}:
                return False
        if path.exists() and len(set(path.read_bytes())) != 1:
            return False
    return True
