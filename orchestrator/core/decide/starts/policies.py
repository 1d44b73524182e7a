"""Which policies have changed since they were put beside the points of a repository. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.carried import written_to
from orchestrator.core.decide.actions import StorePolicy
from orchestrator.core.decide.starts.occupied import address, shut
from orchestrator.core.events import RunKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import State

WRITERS = frozenset({RunKind.BACKUP, RunKind.COPY})  # which put it there themselves
_written: dict[str, tuple[Site, tuple[str, ...]]] = {}


def storing(state: State, policies: Policies) -> list[StorePolicy]:
    """Return what to put where now: where points of ours are, and another policy or none."""
    changed = list(_changed(state, policies))
    if not changed:
        return []
    closed = shut(state, policies)
    writing = {(run.site, run.repository) for run in state.open.values() if run.kind in WRITERS}
    return [
        one
        for one in changed
        if (one.site, one.repository) not in writing
        and address(policies.sites[one.site], one.repository) not in closed
    ]


def _changed(state: State, policies: Policies) -> Iterator[StorePolicy]:
    for name, digest in policies.digests.items():
        site, known = policies.sites.get(name), state.sites.get(name)
        if site is None or known is None or not digest or known.paused is not None:
            continue
        for where in _repositories(site):
            found = known.repositories.get(where)
            if found is not None and found.since is not None and found.policy != digest:
                yield StorePolicy(site=name, repository=where, digest=digest)


def _repositories(site: Site) -> tuple[str, ...]:
    made = _written.get(site.id)
    if made is None or made[0] is not site:
        made = _written[site.id] = (site, written_to(site))
    return made[1]
