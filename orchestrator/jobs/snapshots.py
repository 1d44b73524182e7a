"""What the repositories of a site hold now: each is asked, side by side, without a lock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.copies import snapshots, whereabouts
from orchestrator.core.policy.model import Adopted
from orchestrator.errors import Interrupted, PraError, RepositoryAbsent
from orchestrator.jobs.opening import opened
from orchestrator.jobs.retain import adopted
from orchestrator.log import new_run_id
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.app import App
    from orchestrator.core.copies.whereabouts import Whereabouts
    from orchestrator.core.policy.model import Site
    from restore_drills.model import Snapshot

LANES = 4  # repositories asked at once: a restic takes 60 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is there, newest first, and why a repository could not be asked."""

    points: tuple[Whereabouts, ...]
    unasked: dict[str, PraError]


def look(app: App, site: Site, names: Sequence[str]) -> Found:
    """Ask the named repositories. Raises Interrupted, StateUnusable."""
    processes = Processes(new_run_id(app.clock()))
    with (
        SecretFiles(processes.run_id) as secrets,
        ThreadPoolExecutor(min(LANES, len(names)), "listing") as pool,
    ):
        futures = {
            name: pool.submit(_listed, app, site, name, processes, secrets) for name in names
        }
        try:
            wait(futures.values())
        except KeyboardInterrupt:
            processes.cancel("stopped by hand")
            wait(futures.values())
            raise Interrupted(f"{site.id}: the listing was interrupted") from None
    state = app.known()
    listings: dict[str, tuple[Snapshot, ...]] = {}
    unasked: dict[str, PraError] = {}
    for name, future in futures.items():
        answer = future.result()
        if isinstance(answer, RepositoryAbsent) and state.repository(site.id, name).since is None:
            listings[name] = ()  # nothing was ever put there
        elif isinstance(answer, PraError):
            unasked[name] = answer
        else:
            listings[name] = answer
    known = snapshots.known(app.recorded(site.id, snapshots.TOLD))
    contents = {
        name: snapshots.divided(listing, known, host=site.id, adopted=adopted(site, name))
        for name, listing in listings.items()
    }
    arrived = whereabouts.arrivals(app.recorded(site.id, whereabouts.TOLD))
    points = whereabouts.joined(contents, arrived, _adopting(site))
    return Found(points=points, unasked=unasked)


def _listed(
    app: App, site: Site, name: str, processes: Processes, secrets: SecretFiles
) -> tuple[Snapshot, ...] | PraError:
    """Return a repository's listing; why there is none is an answer too."""
    try:
        s3.probe(site.repositories[name].url)
        with opened(
            site=site, repository=name, state=app.state, processes=processes, secrets=secrets
        ) as restic:
            return restic.snapshots()
    except Interrupted:
        raise
    except PraError as error:
        return error


def _adopting(site: Site) -> dict[str, str]:
    return {
        source.spec.repository: service.id
        for service in site.services.values()
        for source in service.sources
        if isinstance(source.spec, Adopted)
    }
