"""What is kept of the points from before a machine was rebuilt, or said to be clean. Pure.

They may be all that is left of the truth. So a new lineage removes nothing of the one before until
a drill of the service has proven a point of its own; from then on the rules choose among all the
points again, but for the last clean one of before, which stays until another lineage begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.core import suspicion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from orchestrator.core.retention.rules import Dated
    from orchestrator.core.state import ServiceState, SiteState

UNPROVEN = "before, and nothing since is proven"
LAST_CLEAN = "last clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A service's points since `begun`; `proven`: a drill has proven one of them.

    `known` tells which points are suspected.
    """

    begun: datetime
    proven: bool
    known: ServiceState

    def reasons(self, points: Iterable[Dated]) -> Mapping[str, str]:
        """Return the points from before that are kept whatever the rules say, and why, by run."""
        before = [point for point in points if point.data_time < self.begun]
        if not self.proven:
            return {point.run: UNPROVEN for point in before}
        clean = [p for p in before if not suspicion.is_suspected(self.known, p.data_time)]
        last = max(clean, key=lambda point: (point.data_time, point.run), default=None)
        return {} if last is None else {last.run: LAST_CLEAN}

    def lets_go(self, data_time: datetime) -> bool:
        """Whether what is left of a run of this data time may go, if the rules say so."""
        return self.proven or data_time >= self.begun


def lineages(site: SiteState) -> dict[str, Lineage]:
    """Return the services of a site that have a lineage of before, and what is known of it."""
    found: dict[str, Lineage] = {}
    for name, known in site.services.items():
        begun = suspicion.begun(site, known)
        if begun is not None:
            found[name] = Lineage(begun=begun, proven=_is_proven(known, begun), known=known)
    return found


def _is_proven(known: ServiceState, begun: datetime) -> bool:
    """Whether a drill has proven a point that was made since; of an old one it says nothing."""
    proofs = (proofs.proven for proofs in known.proofs.values())
    times = (one.data_time for one in proofs if one is not None)
    return any(at is not None and at >= begun for at in times)
