"""Whether what opens a site's repositories is still what its kit holds; looked at now and then.

No secret is kept: they are read, digested, compared with the log's fingerprints, and let go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.daemon.senses import Seen
from orchestrator.jobs.kit_today import others, said
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import State

EVERY_S = 3600.0
REMEDY = "Export the kit again and give it to its holders."


class Kits:
    """What was found of each site's kit, by the kit that it was found of."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._asked: dict[str, object] = {}

    def is_new(self, state: State, sites: Mapping[str, Site]) -> bool:
        """Whether a kit was made, or a policy read, since the last look."""
        return self._asked != _asked(state, sites)

    def look(self, state: State, sites: Mapping[str, Site]) -> None:
        """Compare them all; in a thread of its own, for a secret may be asked of a command."""
        self._asked = _asked(state, sites)
        kits = {
            name: (site, state.sites[name].kit)
            for name, site in sites.items()
            if name in state.sites
        }
        processes = Processes("kits")
        for name, (site, kit) in kits.items():
            if kit is None:
                continue
            found = others(site, kit.kit, kit.keys, processes)
            if found is not None:
                self._found[name] = (kit.kit, found)

    def seen(self, state: State) -> Iterator[Seen]:
        """Yield what is there; what nobody could look at stays as the log has it."""
        for name, known in state.sites.items():
            if known.kit is None:
                continue
            kit, names = self._found.get(name, ("", ()))
            before = state.observed.get(f"{name}/{Condition.KIT_STALE}")
            if kit == known.kit.kit:
                if names:
                    yield Seen(
                        site=name,
                        condition=Condition.KIT_STALE,
                        detail=said(names),
                        remedy=REMEDY,
                    )
            elif before is not None and before.since > known.kit.at:
                yield Seen(
                    site=name,
                    condition=Condition.KIT_STALE,
                    detail=before.detail,
                    remedy=before.remedy,
                )


def _asked(state: State, sites: Mapping[str, Site]) -> dict[str, object]:
    return {
        name: (site, kit.kit)
        for name, site in sites.items()
        if (known := state.sites.get(name)) and (kit := known.kit)
    }
