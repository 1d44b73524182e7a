"""A drill, from the policy to the log: build the plan, run the engine, write the outcome."""

from __future__ import annotations

import shutil
import threading
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from orchestrator import __version__
from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.restic import STALL, picking
from orchestrator.core import plan as plans
from orchestrator.core.copies.nearest import held_in
from orchestrator.core.detection.mistrust import suspects
from orchestrator.core.events import (
    BackupFinished,
    CopyFinished,
    DrillFinished,
    Outcome,
    RunKind,
)
from orchestrator.core.suspicion import is_suspected
from orchestrator.errors import PraError, RepositoryAbsent, StateUnusable, as_drill_error
from orchestrator.jobs.begun import begin
from orchestrator.jobs.drill_view import View
from orchestrator.jobs.opening import drill_cache, opened, restic_version
from restore_drills import seal
from restore_drills.document import document
from restore_drills.errors import Damaged
from restore_drills.host import Fetched, Machine
from restore_drills.model import FIRST_SUSPECTED
from restore_drills.run import run as run_drill

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from orchestrator.adapters.restic import Progress, Restic
    from orchestrator.app import App
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.begun import Begun
    from restore_drills.host import Shown
    from restore_drills.model import Plan, Report, Scenario, ServicePlan, Snapshot, Step, Suspect
    from restore_drills.process import Processes


MOST_VOUCHED = 40  # seals that are read to judge what the log does not know, one restic each


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """What came out."""

    report: Report
    document: dict[str, Any]  # as the log has it
    unlogged: PraError | None = None  # the answer stands, but the log does not have it


class Watch(Protocol):
    """Whoever looks on; called from several threads, and must return quickly."""

    def stepped(self, service: str, step: Step) -> None:
        """Take that a step of a service has ended."""

    def moved(self, service: str, source: str, progress: Progress) -> None:
        """Take how far the restore of a source is."""


def planned(app: App, site: Site, request: plans.Request) -> Plan:
    """Return the plan of a drill with all that the log remembers."""
    return plans.build(site, request, remembered(app, site, request.scenario), app.clock())


def remembered(app: App, site: Site, scenario: Scenario) -> plans.Memory:
    """Return what the log knows: the trees that our backups saw, the numbers, the suspicions."""
    known = app.known()
    pinned: defaultdict[str, dict[str, str]] = defaultdict(dict)
    sound: defaultdict[str, set[str]] = defaultdict(set)
    for recorded in app.recorded(site.id, types=(BackupFinished, CopyFinished)):
        match recorded.event:
            case BackupFinished() as event:
                pinned[event.service].update({s.id: s.tree for s in event.snapshots})
                of, at = known.service(site.id, event.service), event.data_time
                late = at is not None and is_suspected(of, at)  # judged so after it was made
                if event.outcome is not Outcome.SUSPECTED and not late:
                    sound[event.service].add(event.run)
            case CopyFinished() as event:
                pinned[event.service].update({s.id: s.tree for s in event.snapshots})
            case _:
                pass
    return plans.Memory(
        pinned=pinned.__getitem__,
        last_values=lambda service: known.last_values(site.id, service, scenario),
        suspicions=lambda service: known.service(site.id, service).suspicions,
        sound=sound.__getitem__,
        unusual=lambda service: known.service(site.id, service).unusual,
        leads=known.sites[site.id].leads if site.id in known.sites else {},
        since=lambda service, repository: (
            held_in(known.service(site.id, service), site.services[service], repository).since
        ),
    )


def begin_drill(  # noqa: PLR0913 - what a drill is begun with
    app: App,
    site: Site,
    *,
    run: str,
    scenario: Scenario,
    slot: datetime | None = None,
    drill: str = "",
    key: str | None = None,
) -> Begun | None:
    """Begin the run of a drill; None when `key` was taken before. Raises StateUnusable."""
    return begin(
        app.log,
        app.state,
        run=run,
        kind=RunKind.DRILL,
        site=site.id,
        service="",
        repository=" ".join(site.repositories),
        slot=slot,
        drill=drill,
        scenario=scenario,
        key=key,
    )


def drill(  # noqa: PLR0913 - what a caller may choose
    app: App,
    site: Site,
    plan: Plan,
    *,
    begun: Begun | None = None,
    keep: Path | None = None,
    patience: timedelta = STALL,
    watch: Watch | None = None,
    sign: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document,
) -> Drilled:
    """Carry out a drill; its start and its outcome are on the log. Raises PraError, Interrupted.

    `begun` is the run where it was begun already. `patience` is how long an endpoint may give
    nothing before it counts as gone. `sign` adds the machine's signature to the document.
    """
    begun = begun or begin_drill(app, site, run=plan.run, scenario=plan.scenario)
    if begun is None:
        raise ValueError(plan.run)  # a drill without a slot is always begun
    with begun:
        tools = {**_restic(begun.processes), "pra": __version__}
        root = keep or app.state / "drills"
        machine = Machine(root=root, processes=begun.processes, now=app.clock)
        moved = watch.moved if watch else None
        rewound, undone = views(plan, app.clock())
        with ResticRestore(
            app.state,
            site,
            begun.processes,
            patience,
            moved,
            rewound=rewound,
            undone=undone,
            now=app.clock(),
        ) as restore:
            report = run_drill(
                plan,
                restore,
                machine,
                tools=tools,
                tell=watch.stepped if watch else lambda _service, _step: None,
                keep=keep is not None,
            )
        signed = sign(document(report))
        unlogged = None
        try:
            begun.end(
                DrillFinished(run=plan.run, site=site.id, verdict=report.verdict, document=signed)
            )
        except StateUnusable as error:  # hours of restoring have their answer all the same
            unlogged = error
    return Drilled(report=report, document=signed, unlogged=unlogged)


def views(plan: Plan, now: datetime) -> tuple[dict[str | None, datetime], datetime | None]:
    """Return as of when repositories are read from their versions, and what is undone there.

    A virus that is known of deletes from the first suspected point on; what came since may be the
    copy of an older point. Else it is as it was at T0.
    """
    is_known = plan.point == FIRST_SUSPECTED
    at = now if is_known or plan.t0 is None else plan.t0
    return {s.repository: at for s in plan.services if s.rewound}, plan.t0 if is_known else None


def _restic(processes: Processes) -> dict[str, str]:
    """Return restic's version; where there is none to use, opening a repository says why."""
    try:
        return {"restic": restic_version(processes)}
    except PraError:
        return {}


class ResticRestore:
    """The engine's `Restore` over our adapter: one restic each repository, a cold cache each."""

    def __init__(  # noqa: PLR0913 - what a drill is carried out with
        self,
        state: Path,
        site: Site,
        processes: Processes,
        patience: timedelta = STALL,
        moved: Callable[[str, str, Progress], None] | None = None,
        *,
        rewound: Mapping[str | None, datetime] | None = None,
        undone: datetime | None = None,
        now: datetime | None = None,
    ) -> None:
        """`rewound` are the repositories to read from their versions, and as of when.

        `undone`: what was deleted there after this instant counts as being there.
        """
        self._state = state
        self._site = site
        self._processes = processes
        self._patience = patience
        self._moved = moved
        self._cache = drill_cache(state, processes.run_id)
        self._stack = ExitStack()
        self._restics: dict[str, Restic] = {}
        self._rewound = rewound or {}
        self._undone = undone
        self._now = now
        self._views: dict[str, View] = {}
        self._listings: dict[str, tuple[Snapshot, ...]] = {}
        self._lock = threading.Lock()

    def open(self, repository: str) -> tuple[Snapshot, ...]:
        """List a repository's snapshots, if its endpoint answers at all."""
        self._listings[repository] = listed = self._open(repository)
        return listed

    def _open(self, repository: str) -> tuple[Snapshot, ...]:
        try:
            url = self._site.repositories[repository].url
            s3.probe(url, deadline=min(s3.PROBE_DEADLINE, self._patience))
            with self._lock:
                self._stack.enter_context(lease(self._state, url, exclusive=False))
            if repository in self._rewound:
                return self._viewed(repository)
            with self._lock:
                restic = self._stack.enter_context(
                    opened(
                        site=self._site,
                        repository=repository,
                        state=self._state,
                        processes=self._processes,
                        cache=self._cache / repository,
                        patience=self._patience,
                    )
                )
                self._restics[repository] = restic
            return self._listed(restic)
        except PraError as error:
            raise as_drill_error(error) from error

    def _viewed(self, repository: str) -> tuple[Snapshot, ...]:
        """List a repository as its versions show it was."""
        view = View(self._site, repository, self._processes)
        with self._lock:
            self._stack.callback(view.close)
            self._views[repository] = view
        site = view.open(self._rewound[repository], self._undone)
        if site is None:
            return ()
        with self._lock:
            restic = self._stack.enter_context(
                opened(
                    site=site,
                    repository=repository,
                    state=self._state,
                    processes=self._processes,
                    cache=self._cache / repository,
                    patience=self._patience,
                )
            )
            self._restics[repository] = restic
        return restic.snapshots()

    def shown(self, repository: str) -> Shown | None:
        """Close the view of a repository and say what it was."""
        view = self._views.get(repository)
        return view.shown() if view else None

    def _listed(self, restic: Restic) -> tuple[Snapshot, ...]:
        try:
            return restic.snapshots()
        except RepositoryAbsent:
            if restic.is_vacant():  # nothing was ever backed up: an answer, and it is no
                return ()
            raise

    def fetch(self, repository: str, snapshot: Snapshot, into: Path, *, path: str = "") -> Fetched:
        """Restore one snapshot, or a path of it, verified."""
        try:
            into.mkdir(parents=True, exist_ok=True)
            restored = self._restics[repository].restore(
                snapshot.id, into, beside=True, path=path, on_progress=self._mover(snapshot)
            )
        except PraError as error:
            raise as_drill_error(error) from error
        return Fetched(bytes=restored.bytes, verified=restored.verified)

    def pick(self, repository: str, snapshot: Snapshot, seed: str) -> str:
        """Return one regular file of a snapshot."""
        try:
            return picking.pick(self._restics[repository], snapshot.id, seed)
        except PraError as error:
            raise as_drill_error(error) from error

    def mistrusted(self, repository: str, service: ServicePlan) -> tuple[Suspect, ...]:
        """Return what the listing's own figures make suspicious."""
        left = MOST_VOUCHED

        def says(snapshot: Snapshot) -> str:
            nonlocal left
            left -= 1
            if left < 0:  # somebody made very many: who has to be asked so often is not believed
                return ""
            try:
                content = self.read(repository, snapshot, f"/{seal.FILENAME}")
                manifest = seal.read(content, self.seal_key(repository))
            except Damaged:
                return ""
            is_its_own = (manifest.service, manifest.run) == (service.id, snapshot.tag("run"))
            return manifest.outcome if is_its_own else ""

        return suspects(self._listings.get(repository, ()), service, says, self._now)

    def _mover(self, snapshot: Snapshot) -> Callable[[Progress], None] | None:
        moved = self._moved
        if moved is None:
            return None
        service = snapshot.tag("service") or snapshot.host
        source = snapshot.tag("source") or snapshot.id[:8]
        return lambda progress: moved(service, source, progress)

    def read(self, repository: str, snapshot: Snapshot, path: str) -> bytes:
        """Return a small file of a snapshot."""
        try:
            return self._restics[repository].dump(snapshot.id, path)
        except PraError as error:
            raise as_drill_error(error) from error

    def seal_key(self, repository: str) -> bytes:
        """Return the keys of the repository's seals."""
        try:
            return self._restics[repository].seal_keys()
        except PraError as error:
            raise as_drill_error(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        shutil.rmtree(self._cache, ignore_errors=True)
