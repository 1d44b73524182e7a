"""Pages by POST: one CloudEvents 1.0 document each (structured mode), signed, safe from replay.

Signed as Standard Webhooks 1.0 has it. With a secret, three headers go with the document:

    webhook-id         the event's id; the same for every try of a page
    webhook-timestamp  when this try was made, in seconds since 1970
    webhook-signature  v1,<base64 of HMAC-SHA256(key, "{id}.{timestamp}.{body}")>

The key is the secret's bytes as they are; of a secret written `whsec_<base64>`, the decoded rest.
A receiver reads the raw body, computes the same over the two headers and compares in constant time
with each `v1,` entry of the third; refuses a timestamp more than 5 minutes away from its own
clock; and forgets what comes with an id that it has seen. As id and time are under the signature,
a recorded request can be replayed neither later nor as another.

A redirect is a failure: the page goes to whom the policy names and nobody else. Proxies of the
environment have no say, so that the daemon pages as a person's shell does. Only the scheme, host
and port of an address are ever shown: many hooks carry their key in the path.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from orchestrator import __version__
from orchestrator.adapters.notify import faults
from orchestrator.adapters.notify.ids import source, stable_id
from orchestrator.adapters.notify.line import connected, trust
from orchestrator.core.codec import timestamp
from orchestrator.errors import ChannelFailed

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from orchestrator.adapters.notify.line import Line
    from orchestrator.core.policy.oncall import Webhook
    from orchestrator.reports.message import Message

TOTAL_S = 15.0
WORDS_S = 1.0
LIMIT_BYTES = 4 * 1024
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
MARK = b"whsec_"
NO_SITE = "_machine"  # for {site}, where the machine itself is spoken of: no site is called so
ACCEPTED = range(200, 300)
REDIRECTS = range(300, 400)
SERVER_FAULT = 500
MAY_PASS = frozenset({408, 425, 429})
REMEDIES = {
    401: "The receiver does not know us: compare the secret, or the key in the address.",
    403: "The receiver refuses us: compare the secret, or the key in the address.",
    404: "Nothing is there: check the path of url.",
    405: "It takes no POST there: check the path of url.",
    410: "The hook was removed at the receiver: make a new one, and write its address in url.",
    429: "The receiver is called too often; it is tried again later.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address taken apart; `path` is quoted and has its query."""

    secure: bool
    host: str
    port: int | None
    path: str

    @property
    def shown(self) -> str:
        """The part that is no secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.secure else ''}://{host}{f':{self.port}' if self.port else ''}"


def send(
    channel: Webhook,
    message: Message,
    *,
    secret: bytes | None,
    now: datetime,
    within: timedelta | None = None,
) -> str:
    """POST a page once; the receipt is the status and what stands in the answer.

    Raises ChannelFailed; 408, 425, 429, 5xx and whatever the network does are retryable.
    """
    target = _target(channel.url, message.site)
    body = document(message)
    headers = {
        "Host": target.shown.partition("://")[2],
        "Content-Type": CONTENT_TYPE,
        "User-Agent": f"pra/{__version__}",
        "Connection": "close",
    }
    if secret is not None:
        headers |= signature(secret, stable_id(message), now, body)
    within_s = min(TOTAL_S, within.total_seconds()) if within else TOTAL_S
    try:
        port = target.port or (443 if target.secure else 80)
        with connected(target.host, port, within_s) as line:
            status, reason, words = _post(line, target, body, headers)
    except (OSError, UnicodeError) as error:
        raise faults.unreached(target.shown, target.host, error) from error
    except http.client.HTTPException as error:
        raise ChannelFailed(
            f"{target.shown}: the answer is not HTTP", hint="Check the port and the scheme of url."
        ) from error
    answer = faults.said(b": ".join(filter(None, (f"{status} {reason}".encode(), words))), secret)
    if status not in ACCEPTED:
        raise _refusal(target, status, answer)
    return answer


def document(message: Message) -> bytes:
    """Return the CloudEvents document of a page."""
    event = {
        "specversion": "1.0",
        "id": stable_id(message),
        "source": source(message),
        "type": message.type,
        **({"subject": message.subject} if message.subject else {}),
        "time": timestamp(message.time),
        "datacontenttype": "application/json",
        "data": {
            **message.data,
            "urgent": message.urgent,
            "first_line": message.first_line,
            "body": message.body,
        },
    }
    # A file's name may hold what no UTF-8 can say: it is replaced, the page is not lost.
    return json.dumps(event, ensure_ascii=False).encode(errors="replace")


def signature(secret: bytes, event_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers. Raises ChannelFailed for a `whsec_` that is no base64."""
    at = str(int(now.timestamp()))
    signed = hmac.new(_key(secret), f"{event_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def _key(secret: bytes) -> bytes:
    if not secret.startswith(MARK):
        return secret
    encoded = secret.removeprefix(MARK)
    try:
        return base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise ChannelFailed(
            "the webhook's secret begins with whsec_, and what follows is no base64",
            hint="Copy it again from the receiver, whole.",
        ) from None


def _target(url: str, site: str) -> Target:
    """Take an address apart, the site put in quoted. Raises ChannelFailed."""
    parts = urlsplit(url.replace("{site}", quote(site, safe="") or NO_SITE))
    try:
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        host, port = "", None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        raise ChannelFailed(
            "the webhook's url is no address of the web",
            hint="Write it as https://HOST/PATH, without a user or password before the host.",
        )
    query = f"?{parts.query}" if parts.query else ""
    path = quote((parts.path or "/") + query, safe="/%:=&?~+!$,;'()*@[]")
    return Target(secure=parts.scheme == "https", host=host, port=port, path=path)


def _post(
    line: Line, target: Target, body: bytes, headers: dict[str, str]
) -> tuple[int, str, bytes]:
    """Return status, reason, and the first bytes of what is said, which may have no end."""
    connection = http.client.HTTPConnection(target.host)
    wire = line.socket
    if target.secure:
        wire = trust(None).wrap_socket(wire, server_hostname=target.host)
    connection.sock = wire
    with contextlib.closing(connection):
        connection.request("POST", target.path, body=body, headers=headers)
        with connection.getresponse() as response:
            if line.over:  # what stands there may be half of an answer
                raise TimeoutError
            if response.status in REDIRECTS:
                where = urlsplit(response.headers.get("Location", "")).hostname or "nowhere"
                return response.status, response.reason, f"to {where}".encode()
            words = b""
            # The status has decided; what is said besides is read once, and not waited for long.
            with contextlib.suppress(OSError, http.client.HTTPException):
                wire.settimeout(WORDS_S)
                words = response.read1(LIMIT_BYTES)
            return response.status, response.reason, words


def _refusal(target: Target, status: int, answer: str) -> ChannelFailed:
    retryable = status in MAY_PASS or status >= SERVER_FAULT
    if status in REDIRECTS:
        hint = "Write the address to which it leads in url: redirects are not followed."
    elif status >= SERVER_FAULT:
        hint = "The receiver has a fault of its own, or is overloaded: look at its log."
    else:
        hint = REMEDIES.get(status, "The receiver does not take our document: look at its log.")
    return ChannelFailed(f"{target.shown}: answered {answer}", hint=hint, retryable=retryable)
