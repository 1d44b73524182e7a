"""Who is called, how and when: channels, escalation chains and the rules that choose one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from orchestrator.core.policy.model import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """CloudEvents by POST, signed with HMAC where there is a secret. `{site}` stands in the URL."""

    url: str
    secret: Secret | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """Mail. `tls` is starttls, tls (from the first byte) or none; `ca` a file of certificates."""

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    tls: str
    user: str | None
    password: Secret | None
    ca: str | None


Channel = Webhook | Smtp


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a chain: whom to tell, how long after the chain began, and how often again.

    `business`: not before the site's next business hour.
    """

    notify: tuple[str, ...]
    after: timedelta
    repeat: timedelta | None
    business: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The chain of one criticality; `hurried` is taken when a breach comes before opening."""

    chain: str
    hurried: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla:
    """What the contract says of one criticality; `business`: counted in contract hours."""

    response: timedelta
    resolution: timedelta
    business: bool
