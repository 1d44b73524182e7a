"""The proof of one service: fetch and verify, start and load, ask, measure."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from restore_drills import findings as say
from restore_drills import one_path, points, seal
from restore_drills.checks import sql, tree
from restore_drills.engines import postgresql
from restore_drills.errors import Damaged, DrillError, Interrupted, NoSandbox, of_system
from restore_drills.judge import judge
from restore_drills.model import (
    CheckResult,
    CommandCheck,
    FilesCheck,
    Finding,
    Kind,
    Label,
    ServiceReport,
    SourceKind,
    SqlCheck,
    Status,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from restore_drills.choosing import Disaster
    from restore_drills.host import Fetched, Host, Restore
    from restore_drills.model import Check, Plan, Point, ServicePlan, Snapshot
    from restore_drills.sandbox import Room

COMMAND_TIMEOUT = timedelta(minutes=10)
Tell = "Callable[[str, Step], None]"  # service id and a step that ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the services of one drill share."""

    plan: Plan
    restore: Restore
    host: Host
    disaster: Disaster
    t5: float  # on the host's monotonic clock
    majors: dict[int, Path]
    tell: Callable[[str, Step], None]


@dataclass(slots=True, kw_only=True)
class Proof:
    """Carries one service through its drill; what was seen so far survives an error."""

    setting: Setting
    plan: ServicePlan
    point: Point | None = None
    passed_over: tuple[Point, ...] = ()
    room: Room | None = None
    offsets: dict[str, float] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    stopped: DrillError | None = None
    tools: dict[str, str] = field(default_factory=dict)
    _clusters: dict[str, postgresql.Cluster] = field(default_factory=dict)
    _path: str = ""
    _tree: tree.Tree | None = None
    _files: int | None = None
    _bytes: int | None = None
    _verified: int | None = None

    @property
    def answered(self) -> bool:
        """Say whether the service answers: every mandatory check is green."""
        return "T8" in self.offsets

    def carry_out(self) -> None:
        """Run the whole proof; an error other than Interrupted is kept, not raised.

        What the system refuses (a full disk, a workspace that vanished) is such an error too.
        """
        try:
            self._fetch()
            self._start()
            self._ask()
        except Interrupted:
            raise
        except DrillError as error:
            self.stopped = error
        except OSError as error:
            self.stopped = of_system(error)

    def report(self) -> ServiceReport:
        """Judge what was seen."""
        rta = timedelta(seconds=self.offsets["T8"]) if self.answered else None
        rpa = None
        if self.answered and self.point is not None:
            rpa = max(self.setting.disaster.t0 - self.point.data_time, timedelta(0))
        judged = judge(
            self.plan,
            checks=self.checks,
            rta=rta,
            rpa=rpa,
            stopped=self.stopped,
            elsewhere=self.setting.plan.elsewhere,
        )
        if judged.label is Label.UNPROVEN:  # no number without its label
            rta = rpa = None
        return ServiceReport(
            id=self.plan.id,
            verdict=judged.verdict,
            objective=judged.objective,
            label=judged.label,
            depth=judged.depth,
            plan=self.plan,
            point=self.point,
            rta=rta,
            rpa=rpa,
            files=self._files,
            bytes=self._bytes,
            verified_bytes=self._verified,
            offsets=self.offsets,
            steps=tuple(self.steps),
            checks=tuple(self.checks),
            why=judged.why,
            remedy=self.stopped.hint if self.stopped else "",
            findings=tuple(self.findings),
            passed_over=self.passed_over,
            path=self._path,
        )

    # --- fetch: the bytes are those of the backup ---------------------------------------------

    def _fetch(self) -> None:
        point, room = self._given()
        wanted = self._wanted(point)
        with self._step("fetch"), ThreadPoolExecutor(len(wanted) + 1) as pool:
            sealed = pool.submit(self._read_seal, point) if point.seal else None
            fetches = [pool.submit(self._fetch_one, name, s, room) for name, s in wanted.items()]
        problems = [e for f in fetches if (e := _error(f))]
        self._judge_content(point, room, fetches, problems)
        if sealed is not None:
            problem = _error(sealed)
            if problem is None or isinstance(problem, Damaged):
                status = Status.FAIL if problem else Status.PASS
                words = str(problem or "signature and tree ids match")
                self.checks.append(_result("seal", Kind.SEAL, status, words))
            problems += [problem] if problem else []
        if problems:  # damage outweighs whatever else went wrong beside it
            raise next((p for p in problems if isinstance(p, Damaged)), problems[0])
        room.hand_over()
        self._reach("T6")

    def _wanted(self, point: Point) -> dict[str, Snapshot]:
        """Return what is read: all of the point, or what holds the one path."""
        if not (self.plan.path or self.plan.sample):
            return point.snapshots
        seed = f"{self.setting.plan.run}/{self.plan.id}"
        with self._step("pick"):
            self._path, wanted = one_path.chosen(self.plan, point, self.setting.restore, seed)
        if self._path:
            self.findings.append(say.sampled(self.plan, self._path))
        return wanted

    def _fetch_one(self, name: str, snapshot: Snapshot, room: Room) -> Fetched:
        source = next(s for s in self.plan.sources if name in s.snapshots)
        pinned = self.plan.pinned.get(snapshot.original or snapshot.id)
        if pinned is not None and pinned != snapshot.tree:
            raise Damaged(
                f"{name}: the snapshot's tree {snapshot.tree[:8]} is not the one pinned at "
                f"backup, {pinned[:8]}: it was rewritten"
            )
        restore = self.setting.restore
        if source.kind is not SourceKind.FILES:
            return restore.fetch(self._repository, snapshot, room.dumps / name)
        return restore.fetch(self._repository, snapshot, room.tree, path=self._path)

    def _read_seal(self, point: Point) -> None:
        if point.seal is None:
            return
        restore = self.setting.restore
        content = restore.read(self._repository, point.seal, f"/{seal.FILENAME}")
        manifest = seal.read(content, restore.seal_key(self._repository))
        stated = (manifest.site, manifest.service, manifest.run, manifest.outcome)
        outcome = points.SUSPECTED if point.suspect else points.SOUND
        wanted = (self.setting.plan.site, self.plan.id, point.run, outcome)
        if stated != wanted:
            raise Damaged(f"the seal speaks of {'/'.join(stated)}, not of {'/'.join(wanted)}")
        entries = {entry.source: entry for entry in manifest.snapshots}
        for name, snapshot in point.snapshots.items():
            entry = entries.get(name)
            found = (snapshot.original or snapshot.id, snapshot.tree)
            if entry is None or (entry.id, entry.tree) != found:
                raise Damaged(f"the seal does not cover snapshot {snapshot.id[:8]} of {name}")

    def _judge_content(
        self,
        point: Point,
        room: Room,
        fetches: list[Future[Fetched]],
        problems: list[DrillError],
    ) -> None:
        """Answer the check that nobody has to ask for, unless the fetch itself could not run."""
        damage = next((p for p in problems if isinstance(p, Damaged)), None)
        if damage is not None:
            self.checks.append(_result("every byte", Kind.CONTENT, Status.FAIL, str(damage)))
        if problems:
            return
        try:
            one_path.insist(self._path, room.tree, point.run, self.setting.plan.site)
        except DrillError as error:
            problems.append(error)
            return
        fetched = [f.result() for f in fetches]
        self._tree = tree.survey(room.tree)
        self._files = self._tree.files + tree.survey(room.dumps).files
        self._bytes = sum(f.bytes for f in fetched)
        self._verified = sum(f.bytes for f in fetched if f.verified)
        pins = sum(1 for s in point.snapshots.values() if (s.original or s.id) in self.plan.pinned)
        words = f"{self._files} files, {self._bytes} bytes as in the snapshot"
        words += f"; {pins} of {len(point.snapshots)} tree ids as pinned at backup" if pins else ""
        status = Status.PASS
        if not all(f.verified for f in fetched):
            status, words = Status.FAIL, f"{self._verified} of {self._bytes} bytes were verified"
            problems.append(Damaged(words))
        self.checks.append(_result("every byte", Kind.CONTENT, status, words))

    # --- start: the data becomes a service ----------------------------------------------------

    def _start(self) -> None:
        _, room = self._given()
        dumps = [s for s in self.plan.sources if s.kind is SourceKind.POSTGRESQL_DUMP]
        dumps = [] if self.plan.path else dumps
        for source in dumps:
            cluster = postgresql.Cluster(room, source, self.setting.majors)
            with self._step("boot"):
                cluster.inspect()
                cluster.boot()
            self.tools["postgresql"] = cluster.version
            with self._step("load"):
                try:
                    self.findings += cluster.load()
                except Damaged as error:
                    self.checks.append(
                        _result(f"{source.name} loads", Kind.CONTENT, Status.FAIL, str(error))
                    )
                    raise
            self._clusters[source.name] = cluster
        self._reach("T7")

    # --- ask: the service answers -------------------------------------------------------------

    def _ask(self) -> None:
        ordered = sorted(self.plan.checks, key=lambda c: c.optional)
        mandatory = [c for c in ordered if not c.optional]
        if ordered:
            with self._step("check"):
                for check in mandatory:
                    self.checks.append(self._answer(check))
        if all(c.status is Status.PASS for c in self.checks if c.mandatory):
            self._reach("T8")
        self.checks += [self._answer(check) for check in ordered if check.optional]

    def _answer(self, check: Check) -> CheckResult:
        began = self.setting.host.monotonic()
        value: float | None = None
        try:
            match check:
                case SqlCheck():
                    kind = Kind.SQL
                    passes, words, value = self._ask_database(check)
                case FilesCheck():
                    kind = Kind.FILES
                    passes, words = self._ask_tree(check)
                case CommandCheck():
                    kind = Kind.COMMAND
                    passes, words = self._ask_command(check)
        except (Interrupted, NoSandbox):  # a recovery where nothing may be run: not asked, no fail
            raise
        except DrillError as error:
            passes, words = False, str(error)  # a check that errors is a fail
        except OSError as error:  # a command that cannot be started, being too long for example
            passes, words = False, str(of_system(error))
        return CheckResult(
            name=check.name,
            kind=kind,
            status=Status.PASS if passes else Status.FAIL,
            mandatory=not check.optional,
            detail=words,
            seconds=self.setting.host.monotonic() - began,
            value=value,
        )

    def _ask_database(self, check: SqlCheck) -> tuple[bool, str, float | None]:
        point, _ = self._given()
        name = check.source or next(iter(self._clusters), "")
        if name not in self._clusters:
            return False, "the service has no database to ask", None
        value = sql.first_value(self._clusters[name].query(check.query))
        passes, words = sql.answer(
            check,
            value,
            data_time=point.data_time,
            calendar=self.setting.plan.calendar,
            last=self.plan.last_values.get(check.name),
        )
        seen = sql.number(value)
        return passes, words, None if seen is None else float(seen)

    def _ask_tree(self, check: FilesCheck) -> tuple[bool, str]:
        point, room = self._given()
        # Counted once: the tree is read-only to every command of the drill.
        seen = self._tree or tree.survey(room.tree)
        return tree.answer(check, seen, point.data_time)

    def _ask_command(self, check: CommandCheck) -> tuple[bool, str]:
        _, room = self._given()
        ended = room.run(check.argv, timeout=COMMAND_TIMEOUT)
        printed = ended.stderr.strip() or ended.stdout.decode(errors="replace").strip()
        words = ended.stopped or f"exit {ended.code}"
        if printed:
            words += f": {sql.shown(printed.splitlines()[-1])}"
        return ended.code == 0 and not ended.stopped, words

    # --- the clock ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = self.setting.host.monotonic()
        try:
            yield
        finally:
            seconds = self.setting.host.monotonic() - began
            step = Step(name=name, began=began - self.setting.t5, seconds=seconds)
            self.steps.append(step)
            self.setting.tell(self.plan.id, step)

    def _reach(self, instant: str) -> None:
        self.offsets[instant] = self.setting.host.monotonic() - self.setting.t5

    @property
    def _repository(self) -> str:
        return self.plan.repository or ""

    def _given(self) -> tuple[Point, Room]:
        if self.point is None or self.room is None:
            raise Damaged("no recovery point")
        return self.point, self.room


def _error(future: Future[Fetched] | Future[None]) -> DrillError | None:
    error = future.exception()
    if isinstance(error, OSError):
        return of_system(error)
    if error is not None and not isinstance(error, DrillError):
        raise error
    return error


def _result(name: str, kind: Kind, status: Status, detail: str) -> CheckResult:
    # Content and seal are verified while the bytes are fetched: their time is the fetch's.
    return CheckResult(
        name=name, kind=kind, status=status, mandatory=True, detail=detail, seconds=0
    )
