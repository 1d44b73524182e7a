"""README.txt of a recovery: what lies there, for whoever opens the folder at night. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from orchestrator.reports.recover_words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable


def unfinished(again: Iterable[str], lang: str) -> str:
    """Return the text while nothing is complete; `again` is the command that goes on."""
    return f"{WORDS[lang]['unfinished']}\n\n  {shlex.join(again)}\n"


def complete(text: str) -> str:
    """Return the text of a recovery that has ended, which is what was printed."""
    return f"{text}\n"
