"""What the events of suspicion, kits, keys, pauses and recoveries say, in one line. Pure."""

from __future__ import annotations

from typing import assert_never

from orchestrator.core.events import (
    ChangeExpected,
    KeyRotated,
    KitExported,
    KitVerified,
    PolicyStored,
    RecoverFinished,
    SitePaused,
    SiteResumed,
    SuspicionEnded,
)
from orchestrator.core.fold_recovery import Told

TOLD = Told | RecoverFinished


def of_recovery(event: TOLD) -> str:  # noqa: PLR0911 - a table
    """Return what the event says beside its type and subject."""
    match event:
        case RecoverFinished():
            return f"{event.verdict}, kept in {event.target}"
        case ChangeExpected():
            is_over = event.until <= event.begin
            until = "withdrawn" if is_over else f"until {event.until:%Y-%m-%dT%H:%M:%SZ}"
            return f"{event.text}, {until}, says {event.by}"
        case PolicyStored():
            return f"policy {event.digest[:12]} in {event.repository}"
        case KitExported():
            return f"kit {event.kit} for {', '.join(event.holders)}"
        case KitVerified():
            return f"kit {event.kit} opened for {event.holder}"
        case KeyRotated():
            did = [f"key {event.added[:8]} added"] if event.added else []
            did += [f"{key[:8]} revoked" for key in event.revoked]
            said = ", ".join(did)
            return f"{event.repository}: {said}{f' ({event.reason})' if event.reason else ''}"
        case SitePaused():
            return f"{event.reason}, says {event.by}"
        case SiteResumed():
            note = f": {event.note}" if event.note else ""
            return f"{'on a rebuilt machine' if event.anew else 'as before'}, says {event.by}{note}"
        case SuspicionEnded():
            return judged(event)
        case _:
            assert_never(event)


def judged(event: SuspicionEnded) -> str:
    """Return what a person said of suspected points."""
    word = "a false alarm" if event.false_alarm else "an attack, and the data is back"
    return f"{word}, says {event.by}{f': {event.note}' if event.note else ''}"
