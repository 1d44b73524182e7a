"""What can go wrong between us and a channel, in words: what, whether it may pass, what to do."""

from __future__ import annotations

import base64
import socket
import ssl

from orchestrator.errors import ChannelFailed

LONGEST = 160
HIDDEN = b"***"
# TLS ended before it had begun: the network's doing, or a server that was shut down.
CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def said(words: bytes, *secrets: bytes | None) -> str:
    """Return what the other side said: one line, at most 160 characters, no secret in it.

    A server that repeats what it was sent would otherwise carry a password into the log.
    """
    for secret in filter(None, secrets):
        for form in (secret, base64.b64encode(secret).rstrip(b"=")):
            words = words.replace(form, HIDDEN)
    line = one_line(words.decode(errors="replace"))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def one_line(text: str) -> str:
    """Return a text without anything that ends a line or is not to be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def unreached(where: str, host: str, error: Exception) -> ChannelFailed:
    """Say why there is no connection, or none any more. `where` is the address as shown."""
    what, hint, retryable = _network(host, error)
    return ChannelFailed(f"{where}: {what}", hint=hint, retryable=retryable)


def _network(host: str, error: Exception) -> tuple[str, str, bool]:  # noqa: PLR0911 - a table
    match error:
        case socket.gaierror():
            why = f"the name {host} cannot be resolved: {(error.strerror or 'unknown').lower()}"
            return why, f"Check its spelling, and this machine's DNS: `getent hosts {host}`.", True
        case UnicodeError():
            return f"{host} is no host name", "Correct the address in the policy.", False
        case TimeoutError():
            return (
                "no answer in time",
                "A firewall drops the packets, the server hangs, or only one side expects TLS.",
                True,
            )
        case ConnectionRefusedError():
            return "connection refused", "Check the port; the server may not be running.", True
        case ssl.SSLCertVerificationError():
            return (
                f"the certificate is not trusted: {error.verify_message.lower() or 'unknown'}",
                "Check host name and dates; trust a private authority here (for mail: `ca`).",
                False,
            )
        case ssl.SSLError() if not isinstance(error, CUT):
            why = (error.reason or "it does not speak TLS").lower().replace("_", " ")
            return f"TLS failed: {why}", "Check the port: it may not speak TLS.", False
        case ConnectionError() | ssl.SSLError():
            return "the connection was lost", "Look at the server's own log.", True
        case OSError() if error.strerror:
            return error.strerror.lower(), "Check the network of this machine.", True
        case _:
            return "the connection was lost", "Look at the server's own log.", True
