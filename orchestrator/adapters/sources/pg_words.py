"""What PostgreSQL's programs say: a dump's header, and their complaints with what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_WITH_METHOD_BYTE = (1, 15)  # of the archive's format, since PostgreSQL 16
TIME_FIELDS = 7
SHOWN = 300
REMEDIES = (
    (
        "server version mismatch",
        "Install the client programs of the server's major version (postgresql-client-NN).",
    ),
    ("password authentication failed", "Check `user` and `password` of the source."),
    ("no password supplied", "Give the source a `password`, or the role a way in without one."),
    ("Peer authentication failed", "Give a `password`, or run pra as that system user."),
    ("no pg_hba.conf entry", "Allow this machine and user in the server's pg_hba.conf."),
    ("permission denied", "Grant the role what it lacks: `grant pg_read_all_data to ROLE`."),
    ("lock timeout", "Somebody holds a table; back up again when he is done."),
    ("does not exist", "Check `database` and `user` of the source."),
    ("connection to server", "Check that the server runs, and `host` and `port` of the source."),
)
ELSE = "Run the same command by hand and see what it says."


def server_version(head: bytes) -> str | None:
    """Return the server's version, as `15.18`, from the start of a custom-format dump."""
    try:
        numbers = tuple(head[5:7])
        size = head[8]
        at = 11  # after magic, version, sizes of int and offset, format

        def integer() -> int:
            nonlocal at
            sign, digits = head[at], head[at + 1 : at + 1 + size]
            at += 1 + size
            return -int.from_bytes(digits, "little") if sign else int.from_bytes(digits, "little")

        def text() -> str:
            nonlocal at
            length = integer()
            start, at = at, at + max(length, 0)
            return head[start:at].decode("ascii", errors="replace")

        if numbers >= FIRST_WITH_METHOD_BYTE:
            at += 1
        else:
            integer()  # compression
        for _ in range(TIME_FIELDS):
            integer()
        text()  # database
        found = re.match(r"\d+[\w.]*", text())
    except IndexError:
        return None
    return found[0] if found else None


def reason(stderr: str) -> str:
    """Return the complaint of a program: its first error and that error's detail, on one line."""
    lines = list(_said(stderr))
    for number, (kind, words) in enumerate(lines):
        if kind == "error":
            details = [w for k, w in lines[number + 1 : number + 2] if k == "detail"]
            return ": ".join([words, *details])[:SHOWN]
    return lines[-1][1][:SHOWN] if lines else ""


def hint(complaint: str) -> str:
    """Return what to do about a complaint."""
    return next((remedy for words, remedy in REMEDIES if words in complaint), ELSE)


def _said(stderr: str) -> Iterator[tuple[str, str]]:
    for line in stderr.splitlines():
        found = re.match(r"\S+: (?:(error|detail|hint|warning): )?(.*)", line)
        if line.strip():
            yield (found[1] or "", found[2].strip()) if found else ("", line.strip())
