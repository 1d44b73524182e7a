"""The composition root: settings to adapters. No logic."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.adapters import policies
from orchestrator.core import carried, policy
from orchestrator.core.fold import apply
from orchestrator.core.state import State
from orchestrator.errors import Misused, PolicyInvalid
from orchestrator.log import Log, checkpoint, is_absent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from orchestrator.core.events import Event, Recorded
    from orchestrator.core.policy import Checked
    from orchestrator.core.policy.fault import Unreadable
    from orchestrator.core.policy.model import Site

CHECKPOINT_AFTER = 2_000  # events


def wall_clock() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


class App:
    """What a verb needs of the outside: the sites, the log, the clock."""

    def __init__(
        self, *, policies_dir: Path, state: Path, clock: Callable[[], datetime] = wall_clock
    ) -> None:
        self.policies_dir = policies_dir
        self.state = state
        self.clock = clock

    @cached_property
    def texts(self) -> Mapping[str, str | Unreadable]:
        """The text of all policy files, read once."""
        return policies.read(self.policies_dir)

    @cached_property
    def checked(self) -> Checked:
        """All policy files, read and checked once."""
        return policy.check(self.texts)

    def written(self, site: str) -> dict[str, str]:
        """Return the files that a site's policy is written in, by name."""
        return carried.files(self.texts, site)

    @property
    def sites(self) -> Mapping[str, Site]:
        """Every site. Raises PolicyInvalid when any file has a fault."""
        if self.checked.errors:
            raise PolicyInvalid("\n".join(map(str, self.checked.errors)))
        return self.checked.sites

    def site(self, name: str) -> Site:
        """Return one site, whatever faults the files of others have.

        Raises PolicyInvalid for its own faults, Misused when no file speaks of it.
        """
        site = self.checked.sites.get(name)
        if site is not None:
            return site
        mine = [f for f in self.checked.errors if f.concerns(name)]
        if mine:
            raise PolicyInvalid("\n".join(map(str, mine)))
        known = ", ".join(self.checked.sites) or "none"
        raise Misused(
            f"{self.policies_dir}: no site named {name} (known: {known})",
            hint=f"Write one with `pra init {name}`.",
        )

    def recorded(
        self, site: str | None = None, types: Sequence[type[Event]] = ()
    ) -> Iterator[Recorded]:
        """Return what the log holds, of one site or all; nothing, and no log made, without one."""
        if is_absent(self.state):
            return iter(())
        return self.log.read(site=site, types=types)

    def known(self) -> State:
        """Return the state of all sites; nothing, and no log made, where there is no log.

        Raises StateUnusable.
        """
        if is_absent(self.state):
            return State()
        state = checkpoint.read(self.state, self.log) or State()
        before = state.seq
        for recorded in self.log.read(before):
            apply(state, recorded)
        if state.seq - before > CHECKPOINT_AFTER:
            checkpoint.write(self.state, state)
        return state

    @cached_property
    def log(self) -> Log:
        """The event log, opened (and made) on first use. Raises StateUnusable."""
        return Log.open(self.state, clock=self.clock)
