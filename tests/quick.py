"""Repositories that open at once: the real ones, under a password that is cheap to check.

restic has a new repository's key derived for a quarter of a second, at every call. Here the same
master key is put under a derivation of a microsecond; the password, the id and all else stay.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from restore_drills.process import Processes
from tests.ciphers import Key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHEAP = {"N": 2, "r": 1, "p": 1}
RESTIC = Path(__file__).parents[1] / ".tools/bin/restic"
MOST = 1 << 30  # bytes that a derivation of restic's may take
FIRST = "of the first"  # the password of the one that restic itself makes


def make(place: Path, password: str) -> None:
    """Make an empty repository in a folder, which opens at once, unless it was made before.

    It is a twin of the others of this name and password that this process made. All of them cut
    files in one way, as if each had been made to receive the copies of the others.
    """
    if not (place / "config").exists():
        shutil.copytree(_template(place.name, password).name, place)


def make_in(client: S3Client, bucket: str, prefix: str, password: str) -> None:
    """Make an empty repository in a bucket, which opens at once; its name ends the prefix."""
    upload(Path(_template(Path(prefix).name, password).name), client, bucket, prefix)


@cache
def _template(name: str, password: str) -> TemporaryDirectory[str]:
    """Make a sister of the first: its own id and password, the same master key."""
    folder = TemporaryDirectory(prefix=f"quick-{name}-")
    place = Path(folder.name)
    shutil.copytree(_first().name, place, dirs_exist_ok=True)
    (key,) = (place / "keys").iterdir()
    master = Key.read(_opened(key.read_bytes(), FIRST))
    config = master.reseal((place / "config").read_bytes(), id=secrets.token_hex(32))
    (place / "config").chmod(0o600)
    (place / "config").write_bytes(config)
    _put(place, FIRST, password)
    return folder


@cache
def _first() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory(prefix="quick-")
    secret = Path(folder.name) / "password"
    secret.write_text(FIRST)
    env = {
        "PATH": os.environ["PATH"],
        "RESTIC_REPOSITORY": folder.name,
        "RESTIC_PASSWORD_FILE": str(secret),
    }
    argv = [str(RESTIC), "init", "--no-cache"]
    ended = Processes("quick").run(argv, env=env, timeout=timedelta(seconds=60))
    assert ended.code == 0, ended
    secret.unlink()
    quicken(Path(folder.name), FIRST)
    return folder


def quicken(place: Path, password: str) -> None:
    """Make a repository in a folder open at once; it has one key."""
    _put(place, password, password)


def upload(place: Path, client: S3Client, bucket: str, prefix: str) -> None:
    """Put a repository of a folder into a bucket, as restic would have."""
    for path in sorted(path for path in place.rglob("*") if path.is_file()):
        key = prefix + path.relative_to(place).as_posix()
        client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


def _put(place: Path, password: str, new: str) -> None:
    """Put a repository's one key under another password, or the same, that is cheap to check."""
    (key,) = (place / "keys").iterdir()
    content = key.read_bytes()
    file = {**json.loads(content), **CHEAP}
    file["data"] = base64.b64encode(_derived(file, new).seal(_opened(content, password))).decode()
    content = json.dumps(file).encode()
    key.unlink()
    (place / "keys" / hashlib.sha256(content).hexdigest()).write_bytes(content)


def _opened(key: bytes, password: str) -> bytes:
    """The secret in a key's file."""
    file = json.loads(key)
    return _derived(file, password).open(base64.b64decode(file["data"]))


def _derived(file: dict[str, int | str], password: str) -> Key:
    """The key that a password gives."""
    made = hashlib.scrypt(
        password.encode(),
        salt=base64.b64decode(str(file["salt"])),
        n=int(file["N"]),
        r=int(file["r"]),
        p=int(file["p"]),
        maxmem=MOST,
        dklen=64,
    )
    return Key.derived(made)
