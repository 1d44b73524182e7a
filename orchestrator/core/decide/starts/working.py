"""At which sites work starts by itself: not where somebody has said "hands off". Pure.

The one gate of a pause. Locks are extended all the same: they must not run out meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import State


def working(state: State, policies: Policies) -> Iterator[Site]:
    """Yield the sites that nobody has paused."""
    return (site for site in policies.sites.values() if not is_paused(state, site.id))


def is_paused(state: State, site: str) -> bool:
    """Whether the work of a site stands still."""
    known = state.sites.get(site)
    return known is not None and known.paused is not None
