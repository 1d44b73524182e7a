"""What `decide` is given beside the state, and what it answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from orchestrator.core.events import Event, RunKind
    from orchestrator.core.policy.model import Provider, Site
    from restore_drills.model import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What is promised: the sites whose files are sound, the provider, and where we are.

    `place` is the policy's word for this machine: drills that belong elsewhere are awaited.
    `digests`: by site, of the files that its policy is written in.
    `awake_since` is when the daemon began to watch, or the machine woke: what was missed while
    nobody could act is caught up before anybody is told that it is late.
    """

    sites: Mapping[str, Site]
    provider: Provider | None
    place: str
    awake_since: datetime | None = None
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBackup:
    """Back a service up now, for the slot of this instant. `key` is unique in the log."""

    site: str
    service: str
    slot: datetime
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDrill:
    """Drill a site now; `services` empty: all of it. `drill` is its name in the policy.

    `point`: T0 is any instant of so long until now; None: now.
    """

    site: str
    drill: str
    scenario: Scenario
    services: tuple[str, ...]
    slot: datetime
    key: str
    point: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCopy:
    """Copy what a repository lacks of a service's points there now, the newest point first."""

    site: str
    service: str
    repository: str
    slot: datetime
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartUpkeep:
    """Verify, relock or thin out a repository now. `part` of `parts` is what a verification reads.

    `allowed`: how many points a person has let a retention remove; None: what its rule allows.
    """

    site: str
    repository: str
    kind: RunKind
    slot: datetime
    key: str
    part: int = 0
    parts: int = 0
    allowed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePolicy:
    """Put the policy of a site, which has changed, beside its points in a repository."""

    site: str
    repository: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Append an event of an incident, once: `key` is unique in the log."""

    event: Event
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Send a page that is owed. `page` names it within the incident: `wake.0`, `wake.2.1`, `end`.

    It is sent at least once; the log's key for its receipt is `incident/page@channel`.
    """

    incident: str
    page: str
    channel: str


Action = StartBackup | StartDrill | StartCopy | StartUpkeep | StorePolicy | Say | Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now, the most urgent first, and when to ask again if nothing happens before."""

    actions: tuple[Action, ...]
    wake_at: datetime | None
