"""The first line of a page: at most 130 characters, whatever the names are. Pure.

It is a subject, a push notification, a text message: what does not fit is lost to its reader, so
names give way first, then what is broken; the promise and the command never do.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MOST = 130
# How long the site's name, and how many services' names of which length, may be, try after try.
TRIES = (
    (60, 9, 40),
    (40, 3, 30),
    (30, 2, 24),
    (30, 1, 24),
    (24, 1, 16),
    (30, 0, 0),
    (16, 0, 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The parts, in their order; `ended` stands before the rest when it is over."""

    criticality: str
    who: str
    ended: str
    what: str
    services: tuple[str, ...]
    promise: str
    command: str
    colon: str = ": "

    def fitted(self) -> str:
        """Return the line, one line indeed, with no control character in it."""
        who, what, services = clean(self.who), clean(self.what), tuple(map(clean, self.services))
        tail = f"{f'. {self.promise}' if self.promise else ''}. {self.command}"
        for site, count, length in TRIES:
            head = f"{self.criticality} {cut(who, site)}{self.colon}"
            head += f"{self.ended}, " if self.ended else ""
            line = _sentence(f"{head}{what}{self._named(services, count, length)}", tail)
            if len(line) <= MOST:
                return line
        room = MOST - len(head) - len(tail)
        return _sentence(f"{head}{cut(what, room)}", tail)

    def title(self) -> str:
        """Return who and what, in full: what stands above the text."""
        ended = f"{self.ended}, " if self.ended else ""
        named = f" ({', '.join(map(clean, self.services))})" if self.services else ""
        return f"{self.criticality} {clean(self.who)}{self.colon}{ended}{clean(self.what)}{named}"

    def _named(self, services: tuple[str, ...], count: int, length: int) -> str:
        if not services or not count:
            return ""
        named = ", ".join(cut(name, length) for name in services[:count])
        more = len(services) - count
        return f" ({named}{f' +{more}' if more > 0 else ''})"


def _sentence(said: str, tail: str) -> str:
    """Put the tail behind what is said; what was cut short needs no full stop."""
    return said + tail.removeprefix("." if said.endswith("…") else "")


def clean(text: str) -> str:
    """Put a text on one line, without control characters: a mail's header takes it as it is."""
    printable = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join("".join(printable).split())


def cut(text: str, length: int) -> str:
    """Shorten a text to at most so many characters, and show it."""
    return text if len(text) <= length else f"{text[: max(length - 1, 0)].rstrip()}…"
