"""Pages by mail, handed to one server; TLS is verified, and a password never goes without it.

The server must take the page for at least one recipient: then it is accepted, and the receipt
names those that were refused and why. To fail the page for one full mailbox would send it again
and again to all the others. When all are refused it failed, and is tried again if the server said
of any that it may pass (4xx).
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import smtplib
from typing import IO, TYPE_CHECKING

from orchestrator.adapters.notify import faults, mail
from orchestrator.adapters.notify.line import connected, trust
from orchestrator.errors import ChannelFailed

if TYPE_CHECKING:
    import ssl
    from datetime import datetime, timedelta

    from orchestrator.adapters.notify.line import Line
    from orchestrator.core.policy.oncall import Smtp
    from orchestrator.reports.message import Message

TOTAL_S = 30.0  # many servers let a stranger wait before they greet
LIMIT_BYTES = 64 * 1024
RECEIPT = 400
TAKEN = frozenset({250, 251, 252})
TEMPORARY = range(400, 500)


def send(
    channel: Smtp,
    message: Message,
    *,
    secret: bytes | None,
    now: datetime,
    within: timedelta | None = None,
) -> str:
    """Hand a page to the server once; the receipt is its word for it, often a queue's id.

    Raises ChannelFailed; the network and 4xx are retryable, 5xx and certificates are not.
    """
    content = mail.compose(channel, message, now)
    context = None if channel.tls == "none" else trust(channel.ca)
    within_s = min(TOTAL_S, within.total_seconds()) if within else TOTAL_S
    try:
        with connected(channel.host, channel.port, within_s) as line:
            return _Talk(channel, line, secret).hand_over(content, context)
    except (OSError, UnicodeError) as error:
        raise faults.unreached(_shown(channel), channel.host, error) from error


class _Talk:
    """One conversation with a mail server."""

    def __init__(self, channel: Smtp, line: Line, secret: bytes | None) -> None:
        self._channel = channel
        self._secret = secret
        login = (channel.user or "").encode(), secret or b""
        self._plain = b"\0".join((b"", *login))
        self._smtp = smtplib.SMTP(local_hostname=_literal(line.socket.getsockname()[0]))
        self._smtp.sock = line.socket
        self._loopback = ipaddress.ip_address(line.socket.getpeername()[0]).is_loopback

    def hand_over(self, content: bytes, context: ssl.SSLContext | None) -> str:
        """Greet, secure, log in, send; return the receipt."""
        try:
            if self._channel.tls == "tls":
                self._wrap(context)
            self._listen()
            self._expect("greeting", self._smtp.getreply(), frozenset({220}))
            self._hello()
            if self._channel.tls == "starttls":
                self._starttls(context)
            if self._channel.user is not None and self._secret is not None:
                self._log_in(self._channel.user)
            return self._deliver(content)
        finally:
            self._smtp.close()

    def _wrap(self, context: ssl.SSLContext | None) -> None:
        if context is not None and self._smtp.sock is not None:
            self._smtp.sock = context.wrap_socket(
                self._smtp.sock, server_hostname=self._channel.host
            )

    def _listen(self) -> None:
        """Read replies anew, and no more of them than a server can mean."""
        if self._smtp.file is not None:
            self._smtp.file.close()
        if self._smtp.sock is not None:
            self._smtp.file = _Replies(self._smtp.sock.makefile("rb"))

    def _hello(self) -> None:
        code, words = self._smtp.ehlo()
        if code not in TAKEN:
            code, words = self._smtp.helo()
        self._expect("EHLO", (code, words), TAKEN)

    def _starttls(self, context: ssl.SSLContext | None) -> None:
        if not self._smtp.has_extn("starttls"):
            raise ChannelFailed(
                f"{_shown(self._channel)}: the server offers no STARTTLS",
                hint="Write `tls: tls` with its TLS port (465), or `tls: none` for a relay on this"
                " machine.",
            )
        self._expect("STARTTLS", self._smtp.docmd("STARTTLS"), frozenset({220}))
        self._wrap(context)
        self._listen()  # anew: what came before TLS is nobody's word
        self._hello()

    def _log_in(self, user: str) -> None:
        """Log in with PLAIN or LOGIN, which are as safe as the TLS around them."""
        if self._channel.tls == "none" and not self._loopback:
            raise ChannelFailed(
                f"{_shown(self._channel)}: a password is not sent without TLS",
                hint="Write `tls: starttls` or `tls: tls`.",
            )
        ways = self._smtp.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in ways:
            reply = self._smtp.docmd("AUTH", f"PLAIN {_base64(self._plain)}")
        elif "LOGIN" in ways:
            reply = self._smtp.docmd("AUTH", f"LOGIN {_base64(user.encode())}")
            self._expect("AUTH", reply, frozenset({334}))
            reply = self._smtp.docmd(_base64(self._secret or b""))
        else:
            raise ChannelFailed(
                f"{_shown(self._channel)}: the server offers no way to log in that we know"
                f" ({' '.join(ways) or 'none'})",
                hint="It may want TLS first, or no user and password at all.",
            )
        self._expect("AUTH", reply, frozenset({235}))

    def _deliver(self, content: bytes) -> str:
        sender, recipients = mail.envelope(self._channel)
        self._expect("MAIL FROM", self._smtp.mail(sender), TAKEN)
        refused = {}
        for recipient in recipients:
            code, words = self._smtp.rcpt(recipient)
            if code not in TAKEN:
                refused[recipient] = (code, words)
        told = ", ".join(f"{who} ({self._said(reply)})" for who, reply in refused.items())
        if len(refused) == len(recipients):
            raise ChannelFailed(
                f"{_shown(self._channel)}: every recipient was refused: {told}",
                hint=_remedy("RCPT TO", *next(iter(refused.values()))),
                retryable=any(code in TEMPORARY for code, _ in refused.values()),
            )
        try:
            reply = self._smtp.data(content)
        except smtplib.SMTPDataError as error:
            said = error.smtp_error
            reply = error.smtp_code, said if isinstance(said, bytes) else said.encode()
        self._expect("DATA", reply, TAKEN)
        with contextlib.suppress(OSError):  # it has the mail, whatever it says from here on
            self._smtp.docmd("QUIT")
        return (self._said(reply) + (f"; refused: {told}" if told else ""))[:RECEIPT]

    def _expect(self, step: str, reply: tuple[int, bytes], codes: frozenset[int]) -> None:
        code, words = reply
        if code in codes:
            return
        if code < 0:
            raise ChannelFailed(
                f"{_shown(self._channel)}: what answers there is no mail server",
                hint="Check host and port.",
            )
        raise ChannelFailed(
            f"{_shown(self._channel)}: {step} refused: {self._said(reply)}",
            hint=_remedy(step, code, words),
            retryable=code in TEMPORARY,
        )

    def _said(self, reply: tuple[int, bytes]) -> str:
        code, words = reply
        return faults.said(f"{code} ".encode() + words, self._plain, self._secret)


class _Replies:
    """The server's side of the talk; ends it when there is no end to it."""

    def __init__(self, replies: IO[bytes]) -> None:
        self._replies = replies
        self._left = LIMIT_BYTES

    def readline(self, size: int) -> bytes:
        """Return a line. Raises OSError after 64 KiB of them."""
        line = self._replies.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("there is no end to what the server says")
        return line

    def close(self) -> None:
        """Close it."""
        self._replies.close()


def _remedy(step: str, code: int, words: bytes) -> str:
    if code in TEMPORARY:
        return "The server says that it may pass; look at its log if it does not."
    if b"auth" in words.lower() and step in {"MAIL FROM", "RCPT TO"}:
        return "The server wants a login: give the channel user and password."
    if b"relay" in words.lower():
        return "The server does not relay for us: log in, or have it allow this machine's address."
    return {
        "greeting": "The server turns this machine away: have it allow our address.",
        "AUTH": "Check user and password; some providers want a password made for applications.",
        "MAIL FROM": "Write a `from` that this server lets us use.",
        "RCPT TO": "Check the addresses of `to`.",
    }.get(step, "Look at the server's own log.")


def _shown(channel: Smtp) -> str:
    return f"smtp://{channel.host}:{channel.port}"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _literal(address: str) -> str:
    """Return our own address as a greeting has it: asking DNS for our name may take a minute."""
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
