"""A policy after reading: frozen values, references resolved, defaults and tier merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from orchestrator.core.cron import Cron
    from orchestrator.core.policy.oncall import Channel, Rule, Sla, Step
    from restore_drills.calendar import Hours
    from restore_drills.model import Check, Scenario


class Location(StrEnum):
    """Where a repository is, seen from the site."""

    ONSITE = "onsite"
    OFFSITE = "offsite"


class SandboxPolicy(StrEnum):
    """What to do where a drill cannot be sealed."""

    REQUIRED = "required"
    BEST_EFFORT = "best-effort"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A reference: `kind` is env, file, command or credential; `value` its one or more words."""

    kind: str
    value: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody to call."""

    name: str
    phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The managed service provider."""

    name: str
    language: str
    timezone: str
    contact: Contact | None
    channels: Mapping[str, Channel] = field(default_factory=dict)
    escalation: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    escalate: Mapping[str, Rule] = field(default_factory=dict)  # of what concerns no one site


@dataclass(frozen=True, slots=True, kw_only=True)
class Referent:
    """The client's own person, and how far he is."""

    name: str
    phone: str | None
    travel: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """The client's working life; `holidays` is a key of the `holidays` library."""

    employees: int | None
    hours: tuple[Hours, ...]
    holidays: str | None
    closed: tuple[tuple[date, date], ...]  # first and last day, both closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """A machine and how long it takes to replace."""

    id: str
    kind: str
    bought: str | None
    warranty_until: str | None
    replace_delay: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Access:
    """Keys of the bucket, as references."""

    access_key: Secret
    secret_key: Secret
    region: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time of day, local to the site, at which other limits hold; None: all of the line."""

    hours: Hours
    upload: int | None
    download: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The share of the line that restic may take, in bytes a second; None: all of it.

    The first of `windows` that is open has its say, for both directions.
    """

    upload: int | None
    download: int | None
    windows: tuple[Window, ...] = ()


class LockMode(StrEnum):
    """Who may end an object's retention early: nobody, or who has the right to."""

    COMPLIANCE = "compliance"
    GOVERNANCE = "governance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Immutable:
    """Object Lock: no live object has less than half of `period` left; kept true by relocking."""

    mode: LockMode
    period: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A restic repository."""

    id: str
    url: str
    password: Secret
    s3: S3Access | None
    location: Location
    equipment: str | None
    country: str | None
    limits: Limits = Limits(upload=None, download=None)
    immutable: Immutable | None = None
    append_only: bool = False  # its server lets nobody delete
    rotation: timedelta | None = None  # offline: unplugged, and back after so long
    certified: Mapping[str, str] = field(default_factory=dict)  # hds: ..., as the host declares


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """A tree of files; a file that cannot be read makes the point partial unless tolerated.

    `decoy` is a file in it that nobody touches.
    """

    paths: tuple[str, ...]
    exclude: tuple[str, ...]
    exclude_caches: bool
    one_file_system: bool
    require_mount: str | None
    tolerate: tuple[str, ...]
    tolerate_at_most: int
    decoy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgresql:
    """A database, dumped; without a password, libpq's own ways (peer, trust, PGPASSFILE) hold."""

    host: str
    port: int
    user: str
    password: Secret | None
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """Snapshots that another restic makes; we prove them."""

    repository: str
    host: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """Somebody else answers for it: declared, not proven."""

    tool: str
    ping: str | None
    max_age: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a service's data lives."""

    name: str
    equipment: str | None
    spec: Files | Postgresql | Adopted | External


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """An objective: RTO and RPO."""

    rto: timedelta
    rpo: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Something the business needs back. External ones promise nothing that we prove.

    `objectives` has the base under None; a scenario that is absent takes the base.
    """

    id: str
    name: str
    criticality: str  # P1 to P4
    sources: tuple[Source, ...]
    depends_on: tuple[str, ...]
    objectives: Mapping[Scenario | None, Promise]
    checks: tuple[Check, ...]
    depth: int | None
    backup_to: str | None  # None: adopted or external
    every: timedelta | None = None
    cron: Cron | None = None
    copy_to: tuple[str, ...] = ()  # repositories that get every point after `backup_to`
    policy_hash: str = ""  # over everything in the policy that touches this service

    def promise(self, scenario: Scenario) -> Promise | None:
        """Return what is promised under a scenario; None for an external service."""
        return self.objectives.get(scenario, self.objectives.get(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Declared delays before a recovery starts; both are needed to count."""

    detect: timedelta | None
    decide: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """A step of a recovery that a person does by hand; it counts for the lead."""

    name: str
    owner: str
    allow: timedelta
    services: tuple[str, ...]  # none: all
    scenarios: tuple[Scenario, ...]  # none: all


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillPlan:
    """A drill that the policy schedules; `where` None: wherever the daemon runs.

    `point`: T0 is any instant of so long until now; None: now.
    """

    name: str
    cron: Cron
    scenario: Scenario
    where: str | None
    point: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofValid:
    """How long a proof counts, by scenario."""

    default: timedelta = timedelta(days=35)
    scenarios: Mapping[Scenario, timedelta] = field(default_factory=dict)

    def of(self, scenario: Scenario) -> timedelta:
        """Return how long a proof of this scenario counts."""
        return self.scenarios.get(scenario, self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many recovery points are kept of each kind, as restic's `--keep-...`; 0: none of it."""

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Accepted as not protected, by whom, since when."""

    name: str
    accepted_by: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One client site, resolved. Mappings keep the file's order."""

    id: str
    name: str
    tier: str | None
    language: str
    timezone: str
    provider: Provider | None
    business: Business
    referent: Referent | None
    places: tuple[str, ...]
    equipment: Mapping[str, Equipment]
    recover_on: str | None
    lead: Mapping[Scenario, Lead]
    outside: tuple[Outside, ...]
    repositories: Mapping[str, Repository]
    services: Mapping[str, Service]
    sandbox: SandboxPolicy
    coverage_floor: float  # a fraction
    drills: tuple[DrillPlan, ...] | None = None  # None: only to keep proofs alive; empty: never
    manual: tuple[Manual, ...] = ()
    escalate: Mapping[str, Rule] = field(default_factory=dict)  # by criticality
    sla: Mapping[str, Sla] = field(default_factory=dict)  # by criticality
    proof_valid_for: ProofValid = field(default_factory=ProofValid)
    drill_space: int | None = None  # bytes that a drill may take up
    retention: Retention | None = None  # None: nothing is ever removed
    read_all_within: timedelta | None = None  # every pack is read so often; None: never
