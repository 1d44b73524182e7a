"""What the checks stand on, and the words that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.diagnosis import Finding, Fine, Work
from restore_drills.model import Severity
from restore_drills.process import Processes

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.policy.oncall import Channel
    from orchestrator.core.state import State
    from restore_drills.model import Snapshot

Said = Iterator[Finding | Fine]
PATIENCE = timedelta(seconds=6)  # with an endpoint that may be dead
BACKUP, DRILL = frozenset({Work.BACKUP}), frozenset({Work.DRILL})
BOTH = BACKUP | DRILL
NOTHING: frozenset[Work] = frozenset()


@dataclass(slots=True, kw_only=True)
class Ground:
    """One examination. `state` is what the log knows, nothing where it cannot be read.

    `listed`: what the repositories hold, by site and name, once they said.
    """

    app: App
    sites: tuple[Site, ...]
    state: State
    place: str
    processes: Processes
    listed: dict[tuple[str, str], tuple[Snapshot, ...]] = field(default_factory=dict)
    _others: list[Processes] = field(default_factory=list)

    def apart(self, name: str) -> Processes:
        """Return processes of their own for one check, so that it can be stopped by itself."""
        made = Processes(f"{self.processes.run_id}-{name}")
        self._others.append(made)
        return made

    def stop(self, why: str) -> None:
        """End all that was started."""
        for processes in (self.processes, *self._others):
            processes.cancel(why)

    def services(self) -> Iterator[tuple[Site, Service]]:
        """Yield every service with its site."""
        for site in self.sites:
            for service in site.services.values():
                yield site, service

    def channels(self) -> Iterator[tuple[str, Channel]]:
        """Yield every channel with its name, once."""
        for provider in {id(s.provider): s.provider for s in self.sites if s.provider}.values():
            yield from provider.channels.items()

    def no_drill(
        self, code: str, subject: str, message: str, remedy: str, *, because: str
    ) -> Finding:
        """Return what stands in the way of a drill: an error only where one is to run here."""
        here = any(
            not site.drills or any(plan.where in {None, self.place} for plan in site.drills)
            for site in self.sites
        )
        found = error(code, subject, message, remedy, stops=DRILL, because=because)
        return found if here else replace(found, severity=Severity.WARNING)


Check = Callable[[Ground], Said]


def error(  # noqa: PLR0913 - a finding
    code: str,
    subject: str,
    message: str,
    remedy: str,
    *,
    stops: frozenset[Work] = NOTHING,
    because: str = "",
) -> Finding:
    """Return a finding that somebody must do something about."""
    return Finding(
        code=code,
        severity=Severity.ERROR,
        subject=subject,
        message=message,
        remedy=remedy,
        stops=stops,
        because=because,
    )


def warning(code: str, subject: str, message: str, remedy: str) -> Finding:
    """Return a finding that somebody should look at."""
    return replace(error(code, subject, message, remedy), severity=Severity.WARNING)


def note(code: str, subject: str, message: str, remedy: str = "") -> Finding:
    """Return a finding that is only to be known."""
    return replace(error(code, subject, message, remedy), severity=Severity.INFO)
