"""What the daemon sees of the outside and no run tells: the disk, the clock, the policy files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.core.events import Observed
from orchestrator.log.faults import said_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from orchestrator.core.state import State

MACHINE = ""
MIB = 1 << 20
SHORT_BYTES = 512 * MIB  # the log, restic's caches and a small drill still fit
ENOUGH = 1.5  # times that, before it counts as over
CLOCK_OFF = timedelta(minutes=2)
CLOCK_RIGHT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A condition that is there."""

    site: str
    condition: Condition
    detail: str
    remedy: str


def changes(state: State, seen: Iterable[Seen], looked_for: frozenset[Condition]) -> list[Observed]:
    """Return what began and what ended since the log last said; unsaid conditions are not judged.

    A clock or a disk that hovers is the business of whoever makes `seen`.
    """
    now = {f"{s.site}/{s.condition}": s for s in seen}
    began = [
        Observed(site=s.site, condition=s.condition, present=True, detail=s.detail, remedy=s.remedy)
        for key, s in now.items()
        if key not in state.observed
        or state.observed[key].detail.split(":")[0] != s.detail.split(":")[0]
    ]
    ended = [
        Observed(site=o.site, condition=o.condition, present=False, detail="", remedy="")
        for key, o in state.observed.items()
        if key not in now and o.condition in looked_for
    ]
    return began + ended


def broken(policies: Mapping[str, str]) -> Iterator[Seen]:
    """Return the policy files that cannot be used, by site."""
    for site, faults in policies.items():
        first, *others = faults.splitlines()
        more = f" (and {len(others)} more)" if others else ""
        yield Seen(
            site=site,
            condition=Condition.POLICY_BROKEN,
            detail=f"{first}{more}",
            remedy="Run `pra policy check`, mend the file, then `systemctl reload pra`; "
            "until then the last sound version is in force.",
        )


def disk(state_dir: Path, state: State, least: int = SHORT_BYTES) -> Iterator[Seen]:
    """Return whether the state's disk has less than `least` bytes left.

    Once it had, it must win half as much again. Raises StateUnusable.
    """
    with said_of(state_dir):
        found = os.statvfs(state_dir)
    free = found.f_bavail * found.f_frsize
    already = f"{MACHINE}/{Condition.DISK_SHORT}" in state.observed
    if free < least * (ENOUGH if already else 1):
        yield Seen(
            site=MACHINE,
            condition=Condition.DISK_SHORT,
            detail=f"{state_dir}: the disk is nearly full: {free // MIB} MiB are left",
            remedy="Free space: without it the log cannot be written, and nothing is backed up.",
        )


def clock(
    now: datetime, state: State, latest: datetime | None, skew: timedelta | None
) -> Iterator[Seen]:
    """Return whether the clock is behind what the log has seen, or off from the storage's.

    `skew` is this machine's clock less the storage's, None where nobody could tell. Where that one
    agrees with us, what the log has seen was written by a clock that was ahead.
    """
    already = f"{MACHINE}/{Condition.CLOCK_WRONG}" in state.observed
    bound = CLOCK_RIGHT if already else CLOCK_OFF
    remedy = "Set the clock (`timedatectl set-ntp true`): schedules and data ages rest on it."
    agreed = skew is not None and abs(skew) <= bound
    if latest is not None and latest - now > bound and not agreed:
        behind = round((latest - now).total_seconds() / 60)
        detail = f"the clock is behind: the log was last written {behind} min after now"
        yield Seen(site=MACHINE, condition=Condition.CLOCK_WRONG, detail=detail, remedy=remedy)
    elif skew is not None and abs(skew) > bound:
        minutes = round(abs(skew).total_seconds() / 60)
        way = "ahead of" if skew > timedelta(0) else "behind"
        detail = f"the clock is off: {minutes} min {way} the storage's"
        yield Seen(site=MACHINE, condition=Condition.CLOCK_WRONG, detail=detail, remedy=remedy)
