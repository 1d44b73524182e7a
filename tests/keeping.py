"""The upkeep of the bakery's repositories, for the tests: copies, readings, locks, retentions.

The ordinary site: a till backed up to `nas` every hour and copied to `offsite`, a bucket.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.core.decide.actions import StartBackup, StartCopy, StartUpkeep
from orchestrator.core.events import (
    BackedUp,
    BackupFinished,
    CopyFinished,
    Damage,
    Hurt,
    Outcome,
    RelockFinished,
    RetainFinished,
    RunFailed,
    RunKind,
    RunStarted,
    VerifyFinished,
)
from orchestrator.core.policy.model import (
    Immutable,
    Location,
    LockMode,
    Promise,
    Repository,
    Service,
    Site,
)
from restore_drills.model import Scenario
from tests.oncall import DAY, FRIDAY, HOUR, MINUTE, Nights, client
from tests.policies import repository, service

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.decide.actions import Action
    from orchestrator.core.events import Event

SECOND = timedelta(seconds=1)
LOCK = Immutable(mode=LockMode.COMPLIANCE, period=30 * DAY)


def bucket(name: str = "offsite", **other: Any) -> Repository:  # noqa: ANN401 - any field
    far = repository(name, Location.OFFSITE)
    return replace(far, url=f"s3:https://s3.example.net/{name}", **other)


def till(name: str = "till", **other: Any) -> Service:  # noqa: ANN401 - any field
    """Four hours may be lost with the server, six in a burglary or to a virus."""
    ordinary = {
        "every": HOUR,
        "backup_to": "nas",
        "copy_to": ("offsite",),
        "objectives": {
            None: Promise(rto=4 * HOUR, rpo=4 * HOUR),
            Scenario.BURGLARY: Promise(rto=DAY, rpo=6 * HOUR),
            Scenario.RANSOMWARE: Promise(rto=DAY, rpo=6 * HOUR),
        },
    }
    return service(name, **(ordinary | other))


def bakery(*services: Service, far: Repository | None = None, **other: Any) -> Site:  # noqa: ANN401 - any field
    near = repository("nas", Location.ONSITE, "nas-1")
    both = {one.id: one for one in (near, far or bucket())}
    return client(*(services or (till(),)), **{"repositories": both, **other})


class Upkept(Nights):
    """The daemon at work on the bakery; each run here is over when it is said."""

    def __init__(self, site: Site | None = None, **other: Any) -> None:  # noqa: ANN401 - any field
        super().__init__(site or bakery(), **other)
        self.copying: dict[str, Any] | None = None  # how copies fail, as fields of RunFailed
        self._begun = 0

    def _do(self, action: Action) -> None:
        """Have backups made near, copies made or failed, all else done well, a minute later."""
        match action:
            case StartBackup():
                begun = self.begin(RunKind.BACKUP, "nas", action.service, slot=action.slot)
            case StartCopy():
                names = (action.repository, action.service, "nas")
                begun = self.begin(RunKind.COPY, *names, slot=action.slot)
            case StartUpkeep():
                begun = self.begin(action.kind, action.repository, slot=action.slot)
            case _:
                super()._do(action)
                return
        self._ends.append((self.now + MINUTE, begun))

    def _end(self, started: RunStarted) -> None:
        if started.kind is RunKind.BACKUP:
            self.append(self._made(started, self.now - MINUTE, MINUTE))
        elif self.copying is not None and started.kind is RunKind.COPY:
            names = {"site": "bakery", "service": started.service}
            failed = {"run": started.run, **names, **self.copying}
            self.append(RunFailed(kind=started.kind, **failed))
        elif started.kind is RunKind.COPY:
            self.append(self._brought(started, MINUTE))
        else:
            raise AssertionError(f"not expected: {started}")

    def begin(
        self,
        kind: RunKind,
        repository: str,
        service: str = "",
        origin: str = "",
        **other: Any,  # noqa: ANN401 - any field
    ) -> RunStarted:
        self._begun += 1
        begun = RunStarted(
            run=f"{kind}-{self._begun}",
            kind=kind,
            site="bakery",
            service=service,
            repository=repository,
            boot_id="boot",
            origin=origin,
            **other,
        )
        self.append(begun)
        return begun

    def end(self, event: Event, after: timedelta = MINUTE) -> None:
        self.now += after
        self.append(event)

    def backed_up(self, name: str = "till", after: timedelta = MINUTE) -> BackupFinished:
        begun, data = self.begin(RunKind.BACKUP, "nas", name), self.now
        self.now += after
        made = self._made(begun, data, after)
        self.append(made)
        return made

    def _made(self, begun: RunStarted, data: datetime, after: timedelta) -> BackupFinished:
        return BackupFinished(
            run=begun.run,
            site="bakery",
            service=begun.service,
            outcome=Outcome.COMPLETE,
            repository="nas",
            snapshots=(BackedUp(source=begun.service, id="a" * 64, tree="b" * 64, data_time=data),),
            usable_at=self.now,
            files_new=1,
            files_changed=0,
            data_added_bytes=1,
            seconds=after.total_seconds(),
            skipped=(),
            error=None,
        )

    def copied(
        self, after: timedelta = MINUTE, to: str = "offsite", name: str = "till"
    ) -> CopyFinished:
        """The newest point is copied now."""
        begun = self.begin(RunKind.COPY, to, name, "nas")
        self.now += after
        brought = self._brought(begun, after)
        self.append(brought)
        return brought

    def _brought(self, begun: RunStarted, after: timedelta) -> CopyFinished:
        point = self.state.service("bakery", begun.service).complete
        assert point is not None
        return CopyFinished(
            run=begun.run,
            site="bakery",
            service=begun.service,
            origin="nas",
            repository=begun.repository,
            point=point.run,
            snapshots=tuple(replace(one, id="c" * 64) for one in point.snapshots),
            usable_at=self.now,
            points=1,
            seconds=after.total_seconds(),
        )

    def failed(
        self, kind: RunKind, repository: str, failure: dict[str, Any], service: str = ""
    ) -> RunStarted:
        origin = "nas" if kind is RunKind.COPY else ""
        begun = self.begin(kind, repository, service, origin)
        self.end(
            RunFailed(run=begun.run, kind=kind, site="bakery", service=service, **failure), SECOND
        )
        return begun

    def read(
        self, part: int = 1, parts: int = 1, *damage: Damage, of: str = "nas"
    ) -> VerifyFinished:
        begun = self.begin(RunKind.VERIFY, of)
        done = VerifyFinished(
            run=begun.run,
            site="bakery",
            repository=of,
            part=part,
            parts=parts,
            sound=not damage,
            damage=damage,
            packs=9,
            read_bytes=9,
            seconds=60.0,
        )
        self.end(done)
        return done

    def relocked(self, left: timedelta | None = 30 * DAY, *problems: str) -> RelockFinished:
        begun = self.begin(RunKind.RELOCK, "offsite")
        done = RelockFinished(
            run=begun.run,
            site="bakery",
            repository="offsite",
            objects=9,
            extended=0,
            bare=0,
            least_until=None if left is None else self.now + left,
            least_key="data/4f/4f6d",
            problems=problems,
            seconds=1.0,
        )
        self.end(done)
        return done

    def retained(self, held: str = "", *, foreign: int = 0, of: str = "nas") -> RetainFinished:
        begun = self.begin(RunKind.RETAIN, of)
        done = RetainFinished(
            run=begun.run,
            site="bakery",
            repository=of,
            held=held,
            kept=12,
            removed=0 if held else 40,
            removable=40,
            foreign=foreign,
            freed_bytes=None,
            seconds=1.0,
        )
        self.end(done)
        return done


def broken(*hurt: Hurt, fault: str = "pack 4f6d9e is truncated") -> Damage:
    return Damage(kind="data", id="4f6d9e", fault=fault, points=hurt)


def hurt(service: str = "till", days: int = 0) -> Hurt:
    return Hurt(service=service, run=f"run-{days}", data_time=FRIDAY - days * DAY)
