"""The copies of a site against 3-2-1-1-0, and what no lock on a bucket can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.copies.rule import points
from orchestrator.core.diagnosis import Fine
from orchestrator.core.policy.model import Adopted, External
from orchestrator.jobs.checkup.ground import note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.diagnosis import Finding
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.checkup.ground import Ground, Said


def rule(ground: Ground) -> Said:
    """The five figures, each explained, and two objections of the ANSSI."""
    for site in ground.sites:
        for point in points(site, ground.state, ground.app.clock()):
            said = f"3-2-1-1-0, {point.title}: {point.why}"
            if point.holds:
                yield Fine(subject=site.id, message=said)
            else:
                yield warning(point.code, site.id, said, point.remedy)
        yield from objections(site)


def objections(site: Site) -> Iterator[Finding]:
    """Say plainly what online copies cannot promise."""
    repositories = site.repositories.values()
    locked = [one.id for one in repositories if one.immutable or one.append_only]
    if locked and not any(one.rotation for one in repositories):
        yield note(
            "lock-not-offline",
            site.id,
            f"{', '.join(locked)}: a copy that nobody can delete is still online: a fault or a"
            " closed account at its host takes it away, and it is not the offline copy that the"
            " ANSSI recommends",
            "Keep an offline copy as well, even a rarer one (`offline: {rotation: 1w}`).",
        )
    pushed = [
        one.id
        for one in site.services.values()
        if not any(isinstance(source.spec, (Adopted, External)) for source in one.sources)
    ]
    if pushed and site.repositories:
        yield note(
            "keys-at-the-source",
            site.id,
            "restic pushes: this machine holds the passwords and keys of every copy, so whoever"
            " takes it over can read them all, and delete what no lock holds",
            "Give the keys no more than `pra grants` prints, and keep one copy out of their reach.",
        )
