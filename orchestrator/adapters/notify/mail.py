"""A page as a mail: built so that no value of a policy or a site can become a header of its own.

The Message-ID is the page's stable id in the sender's domain. All mails of an incident refer to
one more such id, which no mail has, so that they make one conversation whichever arrives first.
"""

from __future__ import annotations

import json
import re
from email.charset import QP, Charset
from email.header import Header
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import TYPE_CHECKING

from orchestrator.adapters.notify.faults import one_line
from orchestrator.adapters.notify.ids import quoted, stable_id
from orchestrator.errors import ChannelFailed

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.policy.oncall import Smtp
    from orchestrator.reports.message import Message

FOOTER_LINES = 20
FOOTER_WIDTH = 160
# `name@example.net`, or `A name <name@example.net>`: less than what the standard allows.
BARE = r"[^\s<>@,;:\"()\[\]\\]+@[^\s<>@,;:\"()\[\]\\]+"
ADDRESS = re.compile(rf"(?:\"?(?P<name>[^<>\"]*?)\"?\s*<(?P<inside>{BARE})>|(?P<bare>{BARE}))")
# The older of Python's two: the newer one puts a long Message-ID into code, and no mail program
# finds the conversation then.
POLICY = compat32.clone(linesep="\r\n")


def compose(channel: Smtp, message: Message, now: datetime) -> bytes:
    """Return the mail, in seven bits. Raises ChannelFailed for an address that is none."""
    sender, *to = (_address(text) for text in (channel.sender, *channel.to))
    domain = sender[1].rpartition("@")[2]
    letters = Charset("utf-8")
    letters.body_encoding = QP
    mail = MIMEText(f"{_text(message.body)}\n\n-- \n{_footer(message)}\n", "plain", letters)  # type: ignore[arg-type]  # it takes one
    mail["From"] = formataddr(sender)
    mail["To"] = ", ".join(formataddr(one) for one in to)
    subject = _inert(message.first_line)
    letters_of_it = None if subject.isascii() else "utf-8"
    mail["Subject"] = Header(subject, letters_of_it, header_name="Subject").encode()
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{stable_id(message)}@{domain}>"
    incident = message.data.get("incident")
    if isinstance(incident, str) and incident:
        thread = f"<{quoted(f'{message.site}/{incident}')}@{domain}>"
        mail["In-Reply-To"] = thread
        mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"  # no absence notice in answer
    if message.urgent:
        mail["Importance"] = "high"
    return mail.as_bytes(policy=POLICY)


def envelope(channel: Smtp) -> tuple[str, tuple[str, ...]]:
    """Return the bare addresses of the sender and the recipients. Raises ChannelFailed."""
    sender, *to = (_address(text)[1] for text in (channel.sender, *channel.to))
    return sender, tuple(to)


def _address(text: str) -> tuple[str, str]:
    """Return the name, which may be empty, and the bare address."""
    found = ADDRESS.fullmatch(text) if text.isprintable() else None
    bare = (found["inside"] or found["bare"]) if found else ""
    if found is None or not bare.isascii():
        raise ChannelFailed(
            f"{one_line(text)!r} is no mail address", hint="Write it as name@example.net."
        )
    return _inert(found["name"] or ""), bare


def _inert(text: str) -> str:
    """Put a text on one line, and spoil what would be decoded, line ends and all, in a header."""
    return _text(one_line(text)).replace("=?", "= ?")


def _text(text: str) -> str:
    kept = "".join(c for c in text if c.isprintable() or c in "\n\t ")
    return kept.encode(errors="replace").decode().rstrip()


def _footer(message: Message) -> str:
    """Return the page's data, a line each; a program reads the webhook, not this."""
    lines = [f"type: {message.type}", f"id: {stable_id(message)}"]
    for key, value in message.data.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines.append(_text(one_line(f"{key}: {shown}"))[:FOOTER_WIDTH])
    return "\n".join(lines[:FOOTER_LINES])
