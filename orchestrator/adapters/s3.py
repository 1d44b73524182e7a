"""What S3 tells that restic does not: whether the endpoint is alive, whether a place is empty.

restic retries a dead endpoint for 15 minutes per operation, and says "no repository" of an empty
bucket and of a mistyped address alike. So both questions are asked here, with our own deadlines.
"""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import tenacity

from orchestrator.errors import RepositoryAbsent, RepositoryRefused, RepositoryUnreachable

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3.client import S3Client

    from orchestrator.core.policy.model import Repository

PROBE_DEADLINE = timedelta(seconds=30)
CONNECT_S = 5.0
ANSWER_S = 10.0
SERVER_FAULT = 500
REFUSALS = frozenset({"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})


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


def probe(url: str, *, deadline: timedelta = PROBE_DEADLINE) -> datetime | None:
    """Return when the repository's endpoint answers; any HTTP answer but 5xx is one.

    Refused connections, time-outs and 5xx are tried again until `deadline` is over; then
    RepositoryUnreachable. A local path needs its parent folder; other back ends are not probed.
    What comes back is the endpoint's own time, to the second, where it tells it.
    """
    target = address(url)
    if target is None:
        _local(url)
        return None
    until = time.monotonic() + deadline.total_seconds()
    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_may_pass),
        wait=tenacity.wait_exponential(multiplier=0.25, max=5),
        stop=tenacity.stop_before_delay(deadline),
        reraise=True,
    )
    try:
        return _instant(attempts(_ask, target, until))
    except (OSError, http.client.HTTPException) as error:
        lasting = isinstance(error, ssl.SSLCertVerificationError)
        raise RepositoryUnreachable(
            f"{target.endpoint}: the endpoint does not answer: {_words(error)}",
            hint="Check the certificate and the address."
            if lasting
            else "Check the network and the address; the storage may be down.",
            retryable=not lasting,
        ) from error


def is_empty(repository: Repository, access_key: bytes, secret_key: bytes) -> bool:
    """Whether the repository's place in its bucket holds nothing, old versions included.

    Deleted objects of a versioned bucket count: a repository that was wiped is not an empty
    place. Raises RepositoryAbsent (no such bucket), RepositoryRefused (the keys may not look),
    RepositoryUnreachable.
    """
    # Slow to import, and only an initialisation needs it.
    from botocore.exceptions import (  # noqa: PLC0415 - see above
        BotoCoreError,
        ClientError,
    )

    target = address(repository.url)
    if target is None:
        raise ValueError(repository.id)
    place = target.prefix + "/" if target.prefix else ""
    try:
        client = _client(repository, target, access_key, secret_key)
        now = client.list_objects_v2(Bucket=target.bucket, Prefix=place, MaxKeys=1)
        if now.get("Contents"):
            return False
        ever = client.list_object_versions(Bucket=target.bucket, Prefix=place, MaxKeys=1)
        return not (ever.get("Versions") or ever.get("DeleteMarkers") or ever.get("IsTruncated"))
    except ClientError as error:
        raise _refusal(repository, target, error.response) from error
    except BotoCoreError as error:
        raise RepositoryUnreachable(
            f"{repository.id}: {target.endpoint} does not answer: {str(error).splitlines()[0]}",
            hint="Check the network and the address; the storage may be down.",
            retryable=True,
        ) from error


class _ServerFault(OSError):
    """The endpoint answered with 5xx."""


def _ask(target: Address, until: float) -> str | None:
    """Return the date of the answer. Raises OSError and HTTPException."""
    connect = max(0.1, min(CONNECT_S, until - time.monotonic()))
    connection = (
        http.client.HTTPSConnection(
            target.host, target.port, timeout=connect, context=ssl.create_default_context()
        )
        if target.secure
        else http.client.HTTPConnection(target.host, target.port, timeout=connect)
    )
    try:
        connection.connect()
        # The request is not signed: a refusal is an answer, and proves that somebody is there.
        connection.sock.settimeout(max(0.1, min(ANSWER_S, until - time.monotonic())))
        connection.request("HEAD", f"/{target.bucket}")
        with connection.getresponse() as answer:
            status, date = answer.status, answer.getheader("Date")
    finally:
        connection.close()
    if status >= SERVER_FAULT:
        raise _ServerFault(f"it answers with {status}")
    return date


def _instant(date: str | None) -> datetime | None:
    """Read an HTTP date; some gateways send none, or one that is no date."""
    try:
        at = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, (OSError, http.client.HTTPException)) and not isinstance(
        error, ssl.SSLCertVerificationError
    )


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


def folder(url: str) -> Path | None:
    """Return the folder of a local repository; None for every other kind."""
    plain = url.removeprefix("local:")
    # restic's other back ends are `name:...`; a folder's path has its first slash earlier
    return Path(plain) if plain != url or ":" not in url.partition("/")[0] else None


def _local(url: str) -> None:
    path = folder(url)
    if path is not None and not path.parent.is_dir():
        raise RepositoryUnreachable(
            f"{path}: the folder that holds the repository is not there",
            hint="Mount the disk that it is on.",
            retryable=True,
        )


def _client(
    repository: Repository, target: Address, access_key: bytes, secret_key: bytes
) -> S3Client:
    import boto3  # noqa: PLC0415 - slow to import, and only an initialisation needs it
    import botocore.session  # noqa: PLC0415 - the same
    from botocore.config import Config  # noqa: PLC0415 - the same

    amazon = target.host.endswith(("amazonaws.com", "amazonaws.com.cn"))
    region = (repository.s3.region if repository.s3 else None) or "us-east-1"
    # Neither a profile nor a proxy of the machine's user has a say, as in restic's environment.
    nothing = dict.fromkeys(("profile", "config_file", "credentials_file"), (None,) * 4)
    session = boto3.session.Session(
        botocore_session=botocore.session.Session(session_vars=nothing), region_name=region
    )
    return session.client(
        "s3",
        endpoint_url=target.endpoint,
        # The machine's own roots, which restic and the probe trust, not those that botocore brings.
        verify=ssl.get_default_verify_paths().cafile,
        aws_access_key_id=access_key.decode(),
        aws_secret_access_key=secret_key.decode(),
        config=Config(
            connect_timeout=CONNECT_S,
            read_timeout=ANSWER_S,
            proxies={},
            retries={"total_max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": "virtual" if amazon else "path"},
        ),
    )


def _refusal(
    repository: Repository, target: Address, response: object
) -> RepositoryAbsent | RepositoryRefused | RepositoryUnreachable:
    fault = response.get("Error", {}) if isinstance(response, dict) else {}
    code = str(fault.get("Code", "unknown"))
    where = f"{repository.id}: bucket {target.bucket} at {target.endpoint}"
    if code in {"NoSuchBucket", "404"}:
        return RepositoryAbsent(
            f"{where} does not exist",
            hint="Create the bucket (with Object Lock if it is to be immutable), or correct url.",
        )
    if code in REFUSALS:
        return RepositoryRefused(
            f"{where} refuses the access key: {code}",
            hint="Check s3.access_key and s3.secret_key; to initialise, the key must be allowed"
            " s3:ListBucket and s3:ListBucketVersions.",
        )
    return RepositoryUnreachable(
        f"{where} does not say what it holds: {code}", hint="Try again later.", retryable=True
    )
