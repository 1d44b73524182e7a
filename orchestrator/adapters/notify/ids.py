"""What a page is called outside: unique over all sites, and the same for every try."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from orchestrator.reports.message import Message

LONGEST = 200


def stable_id(message: Message) -> str:
    """Return `site/id`, safe in a header, a signature and the left side of a Message-ID.

    It has no dot: the signature puts dots between its parts, and none may be moved. `=` stands
    for one, and is itself always quoted, so that two ids stay two.
    """
    return quoted(f"{message.site}/{message.id}")


def source(message: Message) -> str:
    """Return whom a page speaks of, as CloudEvents' `source`; no site: the machine itself."""
    return f"/sites/{quote(message.site, safe='')}" if message.site else "/machine"


def quoted(text: str) -> str:
    """Return a text in the letters of such an id, at most 200 of them: it must fit on a line."""
    whole = quote(text, safe="/", errors="replace").replace(".", "=")
    if len(whole) <= LONGEST:
        return whole
    mark = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"{whole[: LONGEST - len(mark) - 1]}={mark}"
