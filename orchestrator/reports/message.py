"""A page as a value: what every channel sends in its own form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One page. `id` is stable: sent twice, it is the same page, and consumers deduplicate by it.

    `first_line` has at most 130 characters: who, what is broken, which promise breaks when, the
    first command. `body` is a person's text; `data` the same for a program.
    """

    id: str
    type: str  # pra.incident.opened, pra.incident.resolved, pra.channel.tested
    site: str
    subject: str
    time: datetime
    urgent: bool
    first_line: str
    body: str
    data: Mapping[str, Any]
