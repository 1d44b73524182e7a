"""Where a repository in a bucket is: a restic `s3:` address, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.errors import RepositoryAbsent


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A restic `s3:` address taken apart; `prefix` has no slash at its ends."""

    secure: bool
    host: str
    port: int | None
    bucket: str
    prefix: str

    @property
    def endpoint(self) -> str:
        """The endpoint as a URL without a path."""
        port = f":{self.port}" if self.port else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.secure else ''}://{host}{port}"


def address(url: str) -> Address | None:
    """Take a repository's address apart; None when it is not S3.

    Raises RepositoryAbsent when it names no endpoint or no bucket.
    """
    if not url.startswith("s3:"):
        return None
    rest = url.removeprefix("s3:")
    # restic takes `s3:host/bucket` and `s3://host/bucket` for https
    parts = urlsplit(rest if "://" in rest else "https://" + rest.lstrip("/"))
    bucket, _, prefix = parts.path.strip("/").partition("/")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or not bucket or port == 0:
        raise RepositoryAbsent(
            f"{url}: the address names no endpoint and bucket",
            hint="Write it as s3:https://HOST/BUCKET/PREFIX.",
        )
    return Address(
        secure=parts.scheme == "https",
        host=parts.hostname,
        port=port,
        bucket=bucket,
        prefix=prefix.strip("/"),
    )


def folder(url: str) -> Path | None:
    """Return the folder of a local repository; None for every other kind."""
    plain = url.removeprefix("local:")
    # restic's other back ends are `name:...`; a folder's path has its first slash earlier
    return Path(plain) if plain != url or ":" not in url.partition("/")[0] else None
