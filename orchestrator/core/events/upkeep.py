"""The events of what is done to repositories: copied, read, locked, thinned out, healed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the codec reads the fields' types

from orchestrator.core.events.runs import BackedUp  # noqa: TC001 - the same


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFinished:
    """A service's newest usable point of `origin` is in `repository`, trees compared.

    `point` is the run that made it, `snapshots` its snapshots as the copy has them (other ids, the
    same trees), `points` how many points this run brought there: 0 where all was there already.
    """

    run: str
    site: str
    service: str
    origin: str
    repository: str
    point: str
    snapshots: tuple[BackedUp, ...]
    usable_at: datetime
    points: int
    seconds: float

    @property
    def data_time(self) -> datetime | None:
        """How old the data of the point is: the oldest of its snapshots."""
        return min((s.data_time for s in self.snapshots), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurt:
    """A recovery point that a damage takes something from; `run` is the point's."""

    service: str
    run: str
    data_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One damaged thing of a repository, seen twice. `kind`: data, index, snapshot, tree, key.

    `id` is restic's, empty where it named none; `fault` are its words. `points` are those that
    need it, empty where none does or nobody can tell.
    """

    kind: str
    id: str
    fault: str
    points: tuple[Hurt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyFinished:
    """Part `part` of `parts` of a repository's packs was read to the end, and its structure.

    restic's own division, `--read-data-subset part/parts`. `sound` without `damage`; a damage is
    one that a second reading confirmed. `read_bytes`: of the packs in this part; None: unknown.
    """

    run: str
    site: str
    repository: str
    part: int
    parts: int
    sound: bool
    damage: tuple[Damage, ...]
    packs: int | None
    read_bytes: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RelockFinished:
    """Every live object of a repository was looked at, and its retention extended where due.

    `objects` were looked at, `extended` got a longer lock, `bare` had none at all before.
    `least_until` is the earliest end of a lock now and `least_key` whose it is; None where no
    object is locked. `problems`: what makes the lock less than the policy says, one line each.
    """

    run: str
    site: str
    repository: str
    objects: int
    extended: int
    bare: int
    least_until: datetime | None
    least_key: str
    problems: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainFinished:
    """A repository was thinned out, or was not. Counts are recovery points of ours.

    `held` is why nothing was removed; empty when it was done. `removable` is how many the rule
    would have removed or did; `foreign` counts snapshots that no run of this log made.
    """

    run: str
    site: str
    repository: str
    held: str
    kept: int
    removed: int
    removable: int
    foreign: int
    freed_bytes: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairFinished:
    """A damaged repository was repaired: `healed` points are whole again, `lost` ones are not.

    `sound` when nothing damaged is left; `fetched_bytes` is what was read from the other one.
    """

    run: str
    site: str
    repository: str
    origin: str
    sound: bool
    healed: tuple[Hurt, ...]
    lost: tuple[Hurt, ...]
    fetched_bytes: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RewindFinished:
    """A wiped bucket was brought back to what it held at `at`, and read again.

    `restored` objects were brought back, `set_aside` are hidden (their versions stay), `lost` have
    no good version left. `points` are the usable recovery points it has again.
    """

    run: str
    site: str
    repository: str
    at: datetime
    restored: int
    set_aside: int
    lost: int
    sound: bool
    points: tuple[Hurt, ...]
    seconds: float
