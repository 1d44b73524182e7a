"""Which repositories are in use: what thins out or heals one must be alone with it.

The lease that the runs take says the same, but whoever waits for it in vain has failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from orchestrator.core.decide.actions import StartBackup, StartCopy, StartDrill
from orchestrator.core.events import RunKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import Run, State

ALONE = frozenset({RunKind.RETAIN, RunKind.REPAIR, RunKind.REWIND})


def shut(state: State, policies: Policies) -> frozenset[str]:
    """Return the addresses of the repositories that a run has to itself."""
    alone = [run for run in state.open.values() if run.kind in ALONE]
    return frozenset(_addresses(alone, policies)) if alone else frozenset()


def in_use(state: State, policies: Policies) -> frozenset[str]:
    """Return the addresses of the repositories that any run uses."""
    return frozenset(_addresses(state.open.values(), policies))


def wanted_by(
    starts: Iterable[StartBackup | StartCopy | StartDrill], policies: Policies
) -> Iterator[str]:
    """Yield the addresses of the repositories that runs will use which are about to start."""
    for start in starts:
        site = policies.sites[start.site]
        names: Iterable[str | None]
        match start:
            case StartBackup():
                names = (site.services[start.service].backup_to,)
            case StartCopy():
                names = (site.services[start.service].backup_to, start.repository)
            case StartDrill():
                names = site.repositories
            case _:
                assert_never(start)
        yield from (found for name in names if (found := address(site, name)))


def address(site: Site, repository: str | None) -> str:
    """Return where a repository is, which two sites may share; empty where the site has none."""
    known = site.repositories.get(repository) if repository else None
    return known.url.rstrip("/") if known else ""


def _addresses(runs: Iterable[Run], policies: Policies) -> Iterator[str]:
    for run in runs:
        site = policies.sites.get(run.site)
        for name in (*run.repository.split(), run.origin):  # a drill may use several
            found = address(site, name) if site else ""
            if found:
                yield found
