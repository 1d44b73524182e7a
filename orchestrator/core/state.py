"""The state of all sites, as bounded as the policies are: `core/fold.py` makes it from the log.

Every value is plain enough for the checkpoint (`core/checkpoint.py`). Mutable only for the fold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - the checkpoint reads the fields' types
from typing import TYPE_CHECKING

from orchestrator.core.drilled import Drilled  # noqa: TC001 - the same
from orchestrator.core.events import (  # noqa: TC001 - the same
    BackupFinished,
    CopyFinished,
    RelockFinished,
    RetainFinished,
    RunKind,
    Sign,
    VerifyFinished,
)

if TYPE_CHECKING:
    from restore_drills.model import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as the log tells it; `outcome` is None while it is open.

    The outcome is a backup's, or a drill's verdict, or failed, or interrupted; of the other kinds
    complete, or what `core/history.py` says. `service` is empty for a drill, whose `services` are
    known when it ends, and for what concerns a repository. `slot` is the instant that it answers,
    None when a person asked. `cause` is the id of the event that asked for it. `code`, `error`,
    `remedy` and `retryable` say why it failed.
    """

    run: str
    kind: RunKind
    site: str
    service: str
    started_at: datetime
    repository: str = ""
    origin: str = ""
    slot: datetime | None = None
    drill: str = ""
    scenario: str = ""
    finished_at: datetime | None = None
    outcome: str | None = None
    cause: str | None = None
    code: str = ""
    error: str | None = None
    remedy: str = ""
    retryable: bool = False
    services: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Series:
    """The runs of one kind for one thing: a service's backups, or a named drill of a site.

    `last` started last, in the order of the log. `answered` ended last with an answer of its own:
    an interrupted run gives none. `failures` counts the answers since the last good one (complete,
    or a drill that was not failed or inconclusive), `interruptions` the runs that were cut short
    since the last answer.
    """

    last: Run | None = None
    answered: Run | None = None
    failures: int = 0
    interruptions: int = 0


@dataclass(slots=True, kw_only=True)
class Proofs:
    """The last drills of a service under a scenario: whatever it said, an answer, a proof.

    An inconclusive drill proves nothing and takes nothing back. One made for an instant or a
    repository of somebody's choice is not here: it does not say what tonight gives.
    """

    drilled: Drilled | None = None
    answered: Drilled | None = None
    proven: Drilled | None = None


@dataclass(slots=True, kw_only=True)
class CopyState:
    """What of a service is in a repository to which it is copied; fields as in ServiceState.

    `complete` is the newest point that is there.
    """

    copies: Series = field(default_factory=Series)
    complete: CopyFinished | None = None
    seconds: tuple[float, ...] = ()
    gaps: dict[str, float] = field(default_factory=dict)
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A reading that began at `at` and found damage."""

    at: datetime
    reading: VerifyFinished


@dataclass(slots=True, kw_only=True)
class RepositoryState:
    """One repository of a site: its upkeep.

    `series`: by kind (verify, relock, retain). `parts`: the division in force, `read`: part number
    to the start of the run that last read it to the end; one that was never read is not there.
    `damages`: by part and division (`3/24`), the readings that found damage that no later one, and
    no repair, has found gone, the newest last. `since`: when the first usable point was there.
    `seq`: of the last event that touched it.
    """

    series: dict[str, Series] = field(default_factory=dict)
    parts: int = 0
    read: dict[str, datetime] = field(default_factory=dict)
    damages: dict[str, Damaged] = field(default_factory=dict)
    relocked: RelockFinished | None = None
    retained: RetainFinished | None = None
    since: datetime | None = None
    policy: str = ""
    seq: int = 0

    @property
    def damaged(self) -> VerifyFinished | None:
        """The newest reading whose damage is still there, as far as anybody knows."""
        return next((one.reading for one in reversed(self.damages.values())), None)

    @property
    def oldest_read(self) -> datetime | None:
        """When the part was read that was read longest ago; None while one never was."""
        whole = self.parts and len(self.read) == self.parts
        return min(self.read.values()) if whole else None

    def of(self, kind: RunKind) -> Series:
        """Return the runs of one kind."""
        return self.series.get(str(kind)) or Series()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """The points of a service from `since` (a data time) to `until` are mistrusted; None: still.

    `run` is the first of them, `signs` what made it so. `cleared`: it was a false alarm, and they
    are points like others.
    """

    run: str
    since: datetime
    signs: tuple[Sign, ...]
    until: datetime | None = None
    cleared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The last recovery kit: `keys` by repository, the fingerprint of its address and keys.

    `verified`: by holder, when it was opened last.
    """

    kit: str
    at: datetime
    holders: tuple[str, ...]
    keys: dict[str, str]
    verified: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Since when a site's work stands still, who said so and why."""

    event: str
    at: datetime
    by: str
    reason: str
    incident: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """What came before a recovery of an incident: the disaster `t0`, and `t5` when it started.

    None where nobody knows. `ended`: `t5` is of a recovery that came to its end, or a person's
    word; until then a later attempt takes its place, for what failed was delay.
    """

    scenario: str
    t0: datetime | None = None
    t5: datetime | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A large change that somebody announced."""

    service: str
    text: str
    begin: datetime
    until: datetime
    by: str


@dataclass(slots=True, kw_only=True)
class ServiceState:
    """One service.

    `suspected` is its newest point since it is suspected, `suspicions` are its periods of it, the
    newest last; `unusual` is a complete point with one sign that nobody has judged, and
    `before_unusual` the one before it. `decoys` are what they are compared with: path to the
    SHA-256 that was there first, or when a person judged last. `seconds`: how long its last five
    complete backups took, the newest last. `gaps`: UTC day (2026-11-23) to the worst RPA, in
    seconds, that ended on that day: from the data time of a usable point until the next one became
    usable. At most 400 days are kept. `since`: when the first usable point became so.
    """

    backups: Series = field(default_factory=Series)
    complete: BackupFinished | None = None  # the last one that gave a usable point
    suspected: BackupFinished | None = None
    suspicions: tuple[Suspicion, ...] = ()
    unusual: BackupFinished | None = None
    before_unusual: BackupFinished | None = None
    decoys: dict[str, str] = field(default_factory=dict)
    seconds: tuple[float, ...] = ()
    gaps: dict[str, float] = field(default_factory=dict)
    since: datetime | None = None
    proofs: dict[str, Proofs] = field(default_factory=dict)  # by scenario
    copies: dict[str, CopyState] = field(default_factory=dict)  # by repository

    @property
    def suspicion(self) -> Suspicion | None:
        """The suspicion that nobody has judged yet."""
        last = self.suspicions[-1] if self.suspicions else None
        return last if last and last.until is None and not last.cleared else None


@dataclass(slots=True, kw_only=True)
class SiteState:
    """One site: its services, its repositories, and its drills by the name the policy gives them.

    `repairs` are what people have done by hand to repositories: repair, rewind. `leads`: by
    scenario, the worst delay before a recovery, in seconds, that an incident here really had;
    `delays`, by incident, is what they are made of. `resumed`: when its last pause ended. `anew`:
    since when its points are those of a rebuilt machine.
    """

    services: dict[str, ServiceState] = field(default_factory=dict)
    repositories: dict[str, RepositoryState] = field(default_factory=dict)
    drills: dict[str, Series] = field(default_factory=dict)
    repairs: Series = field(default_factory=Series)
    recoveries: Series = field(default_factory=Series)
    leads: dict[str, float] = field(default_factory=dict)
    delays: dict[str, Delay] = field(default_factory=dict)
    kit: Kit | None = None
    paused: Pause | None = None
    resumed: datetime | None = None
    anew: datetime | None = None
    expected: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A condition of the outside that is there; `event` is the id of what said so."""

    event: str
    site: str
    condition: str
    since: datetime
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person wrote down about an incident."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A page that its channel did not take: how often, when last, and why."""

    times: int
    at: datetime
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as the log tells it; `chain_since` is when its chain began to run.

    `sent` and `failing` are by `page@channel`; a page that was sent fails no more.
    """

    id: str
    site: str
    service: str
    condition: str
    criticality: str
    summary: str
    remedy: str
    evidence: str
    chain: str
    chain_since: datetime
    opened_at: datetime
    predicted_breach_at: datetime | None = None
    reported_by: str | None = None
    reported_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolution: str = ""
    notes: tuple[Note, ...] = ()
    sent: dict[str, datetime] = field(default_factory=dict)
    failing: dict[str, Failing] = field(default_factory=dict)
    scenario: str = ""
    marks: dict[str, datetime] = field(default_factory=dict)  # T0 to T10, where they are known

    @property
    def key(self) -> str:
        """The condition's key, which deduplicates: `site/service/condition`."""
        return f"{self.site}/{self.service}/{self.condition}"


@dataclass(slots=True, kw_only=True)
class State:
    """What the events up to `seq` add up to; `hash` is the chain's at `seq`.

    `incidents` holds the open ones, and the resolved ones for a day, so that their end can be told
    (`pra incidents` reads older ones from the log). `last_incident` is, by key, the id of the last
    one, open or not; `closed`, by key, the evidence on which a person closed it. `keys`: the
    public keys of places whose evidence was let in. `clock_doubted_at`: when it was last said that
    this machine's clock is wrong, or right again. `policies`: what the daemon keeps, by site.
    """

    seq: int = 0
    hash: str = ""
    at: datetime | None = None  # of the last event
    open: dict[str, Run] = field(default_factory=dict)
    sites: dict[str, SiteState] = field(default_factory=dict)
    observed: dict[str, Observation] = field(default_factory=dict)  # by `site/condition`
    incidents: dict[str, Incident] = field(default_factory=dict)
    last_incident: dict[str, str] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    clock_doubted_at: datetime | None = None
    policies: dict[str, str] = field(default_factory=dict)

    def service(self, site: str, service: str) -> ServiceState:
        """Return what is known of a service; nothing, where the log never spoke of it."""
        found = self.sites.get(site)
        return (found and found.services.get(service)) or ServiceState()

    def repository(self, site: str, repository: str) -> RepositoryState:
        """Return what is known of a repository; nothing, where the log never spoke of it."""
        found = self.sites.get(site)
        return (found and found.repositories.get(repository)) or RepositoryState()

    def copy(self, site: str, service: str, repository: str) -> CopyState:
        """Return what is known of a service's copies in a repository."""
        return self.service(site, service).copies.get(repository) or CopyState()

    def repositories(self, site: str) -> frozenset[str]:
        """Return where the last usable points of a site's services are."""
        found = self.sites.get(site)
        points = [service.complete for service in found.services.values()] if found else []
        return frozenset(point.repository for point in points if point)

    def drill(self, site: str, name: str) -> Series:
        """Return the runs of a drill that the policy names."""
        found = self.sites.get(site)
        return (found and found.drills.get(name)) or Series()

    def proofs(self, site: str, service: str, scenario: Scenario) -> Proofs:
        """Return the last drills of a service under a scenario."""
        return self.service(site, service).proofs.get(scenario) or Proofs()

    def last_values(self, site: str, service: str, scenario: Scenario) -> dict[str, float]:
        """Return the numbers that the checks of the last proof saw, by check name."""
        proof = self.proofs(site, service, scenario).proven
        return dict(proof.values) if proof else {}
