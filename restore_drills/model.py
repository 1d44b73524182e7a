"""The words of a drill as values: what is asked (the plan) and what came out (the report).

Nothing here does I/O. Durations are `timedelta`, dates are aware UTC, sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from restore_drills.words import (
    FIRST_SUSPECTED,
    LATEST,
    Kind,
    Label,
    LeadBasis,
    Objective,
    Scenario,
    Severity,
    Status,
    Verdict,
)

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from restore_drills.calendar import Calendar

# The words are said here too: whoever asks for a drill, or tells of one, imports them from here.
__all__ = [
    "FIRST_SUSPECTED",
    "LATEST",
    "Kind",
    "Label",
    "LeadBasis",
    "Objective",
    "Scenario",
    "Severity",
    "Status",
    "Verdict",
]


# --- what is asked ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """A comparison with the first column of the first row; `op` is = != < <= > >= or matches."""

    op: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """The value is a time at most `within` before the data time, in business hours or not."""

    within: timedelta
    business: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlCheck:
    """One query against the restored database; `source` names it where a service has several."""

    name: str
    query: str
    expect: Expect | None = None
    not_below: float | None = None  # a fraction of what the last proof saw
    fresh: Fresh | None = None
    source: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesCheck:
    """Regular files of the restored trees, counted without following links."""

    name: str
    at_least: int | None = None
    at_least_bytes: int | None = None
    newest_within: timedelta | None = None  # of the data time
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCheck:
    """An argv run in the sandbox with the restored tree as working directory; 0 passes."""

    name: str
    argv: tuple[str, ...]
    optional: bool = False


Check = SqlCheck | FilesCheck | CommandCheck


class SourceKind(StrEnum):
    """How the restored data becomes usable."""

    FILES = "files"
    POSTGRESQL_DUMP = "postgresql-dump"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlan:
    """One source of a service: its name is the `source=` tag of its snapshots.

    A dump is the file `<name>.dump` of its snapshot, and its roles are in the snapshot of the
    source `<name>.roles`, file `<name>.roles.sql`; `database` is what it must hold.
    """

    name: str
    kind: SourceKind
    database: str = ""

    @property
    def snapshots(self) -> tuple[str, ...]:
        """The `source=` tags that make this source complete."""
        dump = self.kind is SourceKind.POSTGRESQL_DUMP
        return (self.name, f"{self.name}.roles") if dump else (self.name,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which snapshots of the repository belong to the service.

    `sealed`: ours, grouped by their `run=` tag, complete only with a seal. Otherwise adopted:
    each snapshot of this host that carries all tags is a point of its own.
    """

    host: str
    tags: tuple[str, ...]
    sealed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """Points of a service that are mistrusted: data times from `since` to `until`; None: ever on.

    `run` is the first of them; `why` in a few words.
    """

    run: str
    since: datetime
    why: str
    until: datetime | None = None

    def covers(self, data_time: datetime) -> bool:
        """Whether a point of this data time is one of them."""
        return self.since <= data_time and (self.until is None or data_time < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """What to restore and prove for one service.

    `suspects` are the points that no recovery uses; `acquitted` the runs that a person, or the log
    when they were made, judged sound, whatever their figures say. `path`: this one file or folder
    of the original is restored, not all; `sample`: one file of the point's choice.
    `repository` is None when the scenario leaves no copy; `rewound`: it is read as the versions of
    its objects show it was, before it was wiped. `lead` is None when it is unknown.
    `last_values`: check name to the value the last proof saw. `pinned`: snapshot id to the tree
    id that the log holds since the backup.
    """

    id: str
    repository: str | None
    selection: Selection
    sources: tuple[SourcePlan, ...]
    checks: tuple[Check, ...]
    rto: timedelta
    rpo: timedelta
    lead: timedelta | None
    lead_basis: LeadBasis
    policy_hash: str
    lost: str = ""  # where `repository` is None: what took every copy
    rewound: bool = False
    depends_on: tuple[str, ...] = ()
    depth: int = 1  # the least that is demanded
    last_values: dict[str, float] = field(default_factory=dict)
    pinned: dict[str, str] = field(default_factory=dict)
    suspects: tuple[Suspect, ...] = ()
    acquitted: frozenset[str] = frozenset()
    unusual: Suspect | None = None  # a change that nobody has judged: usable, and to be told
    path: str = ""
    sample: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A drill before it runs. `t0` is None for `latest`: the instant at which it starts.

    `point` is how T0 was chosen: latest, at, first-suspected, random-within-30d. `before` are
    steps that were taken before this plan could be made: T5 is when the first of them began.
    """

    run: str
    site: str
    scenario: Scenario
    place: str
    elsewhere: bool  # place is not where the policy says that recovery happens
    services: tuple[ServicePlan, ...]
    calendar: Calendar
    t0: datetime | None = None
    exploratory: bool = False  # somebody chose T0 or another repository: not "tonight"
    sealed_only: bool = True  # `sandbox: required`; False is best-effort
    declared: tuple[str, ...] = ()  # services that a third party answers for: counted, not proven
    findings: tuple[Finding, ...] = ()
    space: int | None = None  # bytes of disk that it may take up; None: what is free
    point: str = "latest"
    before: tuple[Step, ...] = ()


# --- what a repository tells -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What restic counted while it made a snapshot: files, and bytes before and after compression.

    `added_bytes` is what was new to the repository, `packed_bytes` the same as stored.
    """

    files_new: int
    files_changed: int
    files_unmodified: int
    added_bytes: int
    packed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A restic snapshot as its repository lists it."""

    id: str
    tree: str
    time: datetime
    host: str
    tags: tuple[str, ...]
    paths: tuple[str, ...]
    original: str | None
    bytes: int | None  # of all files, as the backup counted them; None before restic 0.17
    files: int | None
    figures: Figures | None = None  # None before restic 0.17

    def tag(self, name: str) -> str | None:
        """Return the value of a `name=value` tag."""
        return next((t.partition("=")[2] for t in self.tags if t.startswith(f"{name}=")), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A recovery point: the snapshots of one service that share a run.

    `suspect` is the run since which its seal says that it is suspected; empty: it says complete.
    `unusual`: since which it says that a change was in doubt when it was made.
    """

    run: str
    data_time: datetime
    snapshots: dict[str, Snapshot]  # by source name
    seal: Snapshot | None
    suspect: str = ""
    unusual: str = ""

    @property
    def bytes(self) -> int | None:
        """Sum over the snapshots; None when one does not say."""
        sizes = [s.bytes for s in self.snapshots.values()]
        return None if None in sizes else sum(s for s in sizes if s is not None)


# --- what came out ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a person should know; not a verdict."""

    code: str
    severity: Severity
    message: str
    remedy: str
    service: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One question and its answer; `value` is the number seen, for `not_below` next time."""

    name: str
    kind: Kind
    status: Status
    mandatory: bool
    detail: str
    seconds: float
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One timed entry of the plan; `began` counts from T5, both in seconds."""

    name: str
    began: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """What became of one service; what was not measured is None. `why` explains a no.

    `passed_over` are newer points that are suspected; `path` is what alone was restored.
    """

    id: str
    verdict: Verdict
    objective: Objective | None  # None: inconclusive
    label: Label
    depth: int
    plan: ServicePlan
    point: Point | None
    rta: timedelta | None
    rpa: timedelta | None
    files: int | None
    bytes: int | None
    verified_bytes: int | None
    offsets: dict[str, float]  # T5, T5a, T6, T7, T8: seconds after T5
    steps: tuple[Step, ...]
    checks: tuple[CheckResult, ...]
    why: tuple[str, ...]
    remedy: str = ""  # what to do about it, where the error itself knew
    findings: tuple[Finding, ...] = ()
    passed_over: tuple[Point, ...] = ()
    path: str = ""

    @property
    def time_to_recover(self) -> timedelta | None:
        """Lead and RTA; None when one of them is unknown."""
        return None if self.rta is None or self.plan.lead is None else self.plan.lead + self.rta


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxFacts:
    """How the drill was isolated, and the proof that nothing of it is left.

    `limits` maps memory, pids and disk to what held them: cgroup2, cgroup1, rlimit, watchdog,
    or none.
    """

    mechanism: str
    uid: int | None
    network: bool
    limits: dict[str, str]
    prep: timedelta
    destroyed: bool
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A drill after it ran; `undetected` is for how long a suspected point was there before now."""

    plan: Plan
    t0: datetime
    started_at: datetime
    verdict: Verdict
    services: tuple[ServiceReport, ...]
    sandbox: SandboxFacts | None
    tools: dict[str, str]
    findings: tuple[Finding, ...]
    critical_path: tuple[str, ...]
    kept: dict[str, str] = field(default_factory=dict)  # by service: where its data was left
    undetected: timedelta | None = None
