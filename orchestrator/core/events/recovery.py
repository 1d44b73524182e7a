"""The events of a disaster and of being ready for one: suspicion, kit, keys, pause, recovery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the codec reads the fields' types
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverFinished:
    """A recovery ended and its data was kept in `target`; `document` is as a drill's.

    `incident` is the one that it was made for; empty where none was open.
    """

    run: str
    site: str
    verdict: str
    target: str
    incident: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspicionEnded:
    """A person judged the points of a service that were suspected since run `first`.

    `false_alarm`: they were sound all the while. Else it was an attack, and its data is back: what
    was suspected stays so, and the next backup is trusted unless what was suspected is there still.
    """

    incident: str
    site: str
    service: str
    first: str
    false_alarm: bool
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeExpected:
    """Somebody announced that much of a site (or of one service) will change, and why.

    With `until` no later than `begin` the announcement of that text and begin is withdrawn.
    """

    site: str
    service: str
    text: str
    begin: datetime
    until: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyStored:
    """The site's policy, of this digest, is a snapshot in the repository: a kit finds it there."""

    site: str
    repository: str
    digest: str
    snapshot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KitExported:
    """A recovery kit was written. `keys`: by repository, the fingerprint of address and keys."""

    site: str
    kit: str
    holders: tuple[str, ...]
    keys: dict[str, str]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KitVerified:
    """A holder's secret opened the kit, and what it holds opened every repository it names."""

    site: str
    kit: str
    holder: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotated:
    """A repository has another password now; `revoked` key ids open it no more."""

    site: str
    repository: str
    added: str
    revoked: tuple[str, ...]
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePaused:
    """Nothing is backed up, removed or drilled by itself at the site until it is resumed."""

    site: str
    by: str
    reason: str
    incident: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResumed:
    """Work goes on; `anew`: on a rebuilt machine, whose points are a lineage of their own."""

    site: str
    by: str
    note: str
    anew: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentMarked:
    """An instant of an incident's clock (T0 to T10), as a person knows it; the last word counts."""

    incident: str
    site: str
    service: str
    instant: str
    at: datetime
    by: str
    note: str
