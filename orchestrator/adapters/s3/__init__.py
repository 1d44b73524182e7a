"""What S3 tells that restic does not: whether the endpoint is alive, and what a bucket holds.

restic retries a dead endpoint for 15 minutes per operation, and says "no repository" of an empty
bucket and of a mistyped address alike. So the endpoint is probed here, with our own deadlines, and
everything that needs credentials is asked by a short-lived child (`child/`): an S3 library is 40
MB that a daemon on a NAS does not keep, and a child can be stopped.
"""

from __future__ import annotations

import http.client
import ssl
import time
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import tenacity

from orchestrator.adapters.s3.address import Address, address, folder
from orchestrator.adapters.s3.bucket import Bucket
from orchestrator.errors import RepositoryUnreachable

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["PROBE_DEADLINE", "Address", "Bucket", "address", "connection", "folder", "probe"]

PROBE_DEADLINE = timedelta(seconds=30)
CONNECT_S = 5.0
ANSWER_S = 10.0
SERVER_FAULT = 500


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


class _ServerFault(OSError):
    """The endpoint answered with 5xx."""


def _ask(target: Address, until: float) -> str | None:
    """Return the date of the answer. Raises OSError and HTTPException."""
    connect = max(0.1, min(CONNECT_S, until - time.monotonic()))
    talk = connection(target, connect)
    try:
        talk.connect()
        # The request is not signed: a refusal is an answer, and proves that somebody is there.
        talk.sock.settimeout(max(0.1, min(ANSWER_S, until - time.monotonic())))
        talk.request("HEAD", f"/{target.bucket}")
        with talk.getresponse() as answer:
            status, date = answer.status, answer.getheader("Date")
    finally:
        talk.close()
    if status >= SERVER_FAULT:
        raise _ServerFault(f"it answers with {status}")
    return date


def connection(target: Address, timeout_s: float) -> http.client.HTTPConnection:
    """Return a connection to an endpoint that is yet to be made, its certificate verified."""
    if target.secure:
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            target.host, target.port, timeout=timeout_s, context=context
        )
    return http.client.HTTPConnection(target.host, target.port, timeout=timeout_s)


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


def _local(url: str) -> None:
    path = folder(url)
    if path is not None and not path.parent.is_dir():
        raise RepositoryUnreachable(
            f"{path}: the folder that holds the repository is not there",
            hint="Mount the disk that it is on.",
            retryable=True,
        )
