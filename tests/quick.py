"""Repositories that open at once: the real ones, under a password that is cheap to check.

restic has a new repository's key derived for a quarter of a second, at every call. Here the same
master key is put under a derivation of a microsecond; the password, the id and all else stay.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

from restore_drills.process import Processes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHEAP = {"N": 2, "r": 1, "p": 1}
RESTIC = Path(__file__).parents[1] / ".tools/bin/restic"
MOST = 1 << 30  # bytes that a derivation of restic's may take


def make(place: Path, password: str) -> None:
    """Make an empty repository in a folder, which opens at once.

    It is a twin of the others of this name and password that this process made.
    """
    shutil.copytree(_template(place.name, password).name, place)


@cache
def _template(name: str, password: str) -> TemporaryDirectory[str]:
    folder = TemporaryDirectory(prefix=f"quick-{name}-")
    secret = Path(folder.name) / "password"
    secret.write_text(password)
    env = {
        "PATH": os.environ["PATH"],
        "RESTIC_REPOSITORY": folder.name,
        "RESTIC_PASSWORD_FILE": str(secret),
    }
    argv = [str(RESTIC), "init", "--no-cache"]
    ended = Processes("quick").run(argv, env=env, timeout=timedelta(seconds=60))
    assert ended.code == 0, ended
    secret.unlink()
    quicken(Path(folder.name), password)
    return folder


def quicken(place: Path, password: str) -> None:
    """Make a repository in a folder open at once; it has one key."""
    (key,) = (place / "keys").iterdir()
    name, content = _cheap(key.read_bytes(), password)
    (place / "keys" / name).write_bytes(content)
    if key.name != name:
        key.unlink()


def quicken_bucket(client: S3Client, bucket: str, prefix: str, password: str) -> None:
    """Make a repository in a bucket without Object Lock open at once; it has one key."""
    (listed,) = client.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}keys/")["Contents"]
    key = client.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
    name, content = _cheap(key, password)
    client.put_object(Bucket=bucket, Key=f"{prefix}keys/{name}", Body=content)
    client.delete_object(Bucket=bucket, Key=listed["Key"])


def upload(place: Path, client: S3Client, bucket: str, prefix: str) -> None:
    """Put a repository of a folder into a bucket, as restic would have."""
    for path in sorted(path for path in place.rglob("*") if path.is_file()):
        key = prefix + path.relative_to(place).as_posix()
        client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


def _cheap(key: bytes, password: str) -> tuple[str, bytes]:
    """Put a key's secret under another derivation; the new file's name and content."""
    file = json.loads(key)
    sealed = base64.b64decode(file["data"])
    nonce, text = sealed[:16], sealed[16:-16]
    encrypt, _ = _derived(file, password)
    plain = Cipher(algorithms.AES(encrypt), modes.CTR(nonce)).decryptor().update(text)
    file |= CHEAP
    encrypt, (k, r) = _derived(file, password)
    nonce = os.urandom(16)
    text = Cipher(algorithms.AES(encrypt), modes.CTR(nonce)).encryptor().update(plain)
    block = Cipher(algorithms.AES(k), modes.ECB()).encryptor()  # noqa: S305 - restic's own
    tag = Poly1305.generate_tag(r + block.update(nonce), text)
    file["data"] = base64.b64encode(nonce + text + tag).decode()
    content = json.dumps(file).encode()
    return hashlib.sha256(content).hexdigest(), content


def _derived(file: dict[str, int | str], password: str) -> tuple[bytes, tuple[bytes, bytes]]:
    """The key that a password gives: to encrypt, and to authenticate (its k and r)."""
    made = hashlib.scrypt(
        password.encode(),
        salt=base64.b64decode(str(file["salt"])),
        n=int(file["N"]),
        r=int(file["r"]),
        p=int(file["p"]),
        maxmem=MOST,
        dklen=64,
    )
    return made[:32], (made[32:48], made[48:])
