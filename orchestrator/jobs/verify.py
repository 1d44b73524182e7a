"""Reads a part of a repository's packs, and its structure: sound, or damaged and what that hurts.

It takes no lock of restic's, or a reading of hours would stop the backups; our own lease keeps our
prunes away from it, and where somebody else's stands in the way there is no answer.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.core.events import VerifyFinished
from orchestrator.core.schedule import parts_of
from orchestrator.errors import Misused
from orchestrator.jobs.examining import Examiner
from orchestrator.jobs.hurt import damage
from orchestrator.jobs.opening import opened

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.app import App
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import State
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.examining import Examined
    from orchestrator.jobs.upkeep import Watch

MOST_PARTS = 256


def verify(  # noqa: PLR0913, PLR0917 - what every upkeep is called with
    app: App, site: Site, repository: str, part: int, parts: int, begun: Begun, watch: Watch
) -> VerifyFinished:
    """Read part `part` of `parts` and write what was found.

    Raises Misused, Interrupted, StateUnusable, and what keeps the repository from being read.
    """
    with begun:
        began = time.monotonic()
        if not 1 <= part <= parts <= MOST_PARTS:
            raise Misused(
                f"{repository}: there is no part {part} of {parts}",
                hint=f"Name a part as N/T, N from 1 to T, T at most {MOST_PARTS}.",
            )
        examined = _examined(app, site, repository, part, parts, begun, watch)
        ended = VerifyFinished(
            run=begun.run,
            site=site.id,
            repository=repository,
            part=part,
            parts=parts,
            sound=not examined.faults,
            damage=damage(app, site, repository, examined.faults, examined.needed, examined.listed),
            packs=examined.sizes.packs if examined.sizes else None,
            read_bytes=examined.read_bytes,
            seconds=round(time.monotonic() - began, 3),
        )
        begun.end(ended)
    return ended


def next_part(state: State, site: Site, repository: str) -> tuple[int, int]:
    """Return the part that was read longest ago and the division, as the daemon would choose.

    Everything at once where the policy does not say how often all is to be read.
    """
    if site.read_all_within is None:
        return 1, 1
    parts = parts_of(site.read_all_within)
    known = state.repository(site.id, repository)
    read = known.read if known.parts == parts else {}

    def last(part: int) -> tuple[bool, datetime | None, int]:
        at = read.get(str(part))
        return at is not None, at, part

    return min(range(1, parts + 1), key=last), parts


def _examined(  # noqa: PLR0913, PLR0917 - the same
    app: App, site: Site, repository: str, part: int, parts: int, begun: Begun, watch: Watch
) -> Examined:
    url = site.repositories[repository].url
    s3.probe(url)
    with (
        lease(app.state, url, exclusive=False),
        opened(
            site=site, repository=repository, state=app.state, processes=begun.processes
        ) as restic,
    ):
        examiner = Examiner(
            restic=restic,
            processes=begun.processes,
            state=app.state,
            held=app.known().repository(site.id, repository).since is not None,
            said=lambda line: watch.said(repository, line),
        )
        return examiner.examine(part, parts)
