"""A repository's place in a bucket, as the child sees it: a client, a bucket, a prefix."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from orchestrator.errors import RepositoryAbsent, RepositoryRefused, RepositoryUnreachable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_s3.client import S3Client

CONNECT_S = 5.0
ANSWER_S = 30.0
# Threads that share the client; each has a connection.
THREADS = 16
REFUSALS = frozenset({"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a repository is; `prefix` ends with a slash, or is empty. The client is thread-safe."""

    client: S3Client
    repository: str
    endpoint: str
    bucket: str
    prefix: str
    region: str

    @classmethod
    def of(cls, brief: dict[str, Any]) -> Place:
        """Make it from what the child was given."""
        return cls(
            client=_client(brief),
            repository=brief["repository"],
            endpoint=brief["endpoint"],
            bucket=brief["bucket"],
            prefix=brief["prefix"],
            region=brief["region"],
        )

    def refusal(
        self, error: ClientError
    ) -> RepositoryAbsent | RepositoryRefused | RepositoryUnreachable:
        """Return what an answer of S3 that is an error means for us."""
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        where = f"{self.repository}: bucket {self.bucket} at {self.endpoint}"
        if code in {"NoSuchBucket", "404"}:
            return RepositoryAbsent(
                f"{where} does not exist",
                hint="Create the bucket (with Object Lock if it is to be immutable), or correct"
                " url.",
            )
        if code in REFUSALS:
            return RepositoryRefused(
                f"{where} refuses {error.operation_name}: {code}",
                hint="Check s3.access_key and s3.secret_key, and what they may do: `pra grants`"
                " prints what they need.",
            )
        return RepositoryUnreachable(
            f"{where} does not do {error.operation_name}: {code}",
            hint="Try again later.",
            retryable=True,
        )


def _client(brief: dict[str, Any]) -> S3Client:
    host = brief["host"]
    amazon = host.endswith(("amazonaws.com", "amazonaws.com.cn"))
    # Neither a profile nor a proxy of the machine's user has a say, as in restic's environment.
    nothing = dict.fromkeys(("profile", "config_file", "credentials_file"), (None,) * 4)
    session = boto3.session.Session(
        botocore_session=botocore.session.Session(session_vars=nothing),
        region_name=brief["region"],
    )
    return session.client(
        "s3",
        endpoint_url=brief["endpoint"],
        # The machine's own roots, which restic and the probe trust, not those that botocore brings.
        verify=ssl.get_default_verify_paths().cafile,
        aws_access_key_id=brief["access_key"],
        aws_secret_access_key=brief["secret_key"],
        config=Config(
            connect_timeout=CONNECT_S,
            read_timeout=ANSWER_S,
            proxies={},
            max_pool_connections=THREADS,
            # Slows down by itself where the storage says so (429, 503).
            retries={"total_max_attempts": 8, "mode": "adaptive"},
            s3={"addressing_style": "virtual" if amazon else "path"},
        ),
    )
