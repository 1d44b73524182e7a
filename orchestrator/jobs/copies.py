"""Several copies by hand: `pra repo copy`, and what follows a `pra backup`."""

from __future__ import annotations

import difflib
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from orchestrator.core.events import RunKind
from orchestrator.errors import Interrupted, Misused, PraError
from orchestrator.jobs.begun import STOPPED
from orchestrator.jobs.copy import copy
from orchestrator.jobs.upkeep import begin_upkeep
from orchestrator.reports.copies import Copied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.app import App
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.upkeep import Watch


def chosen(site: Site, services: Sequence[str], repository: str | None) -> list[tuple[str, str]]:
    """Return what to copy where, service and repository; all, or what is named.

    Raises Misused for a name that the site does not have, and where nothing is to be copied.
    """
    for what, names, known in (
        ("service", services, site.services),
        ("repository", [repository] if repository else [], site.repositories),
    ):
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise Misused(
                    f"{site.id}: no {what} named {name}"
                    + (f" (did you mean {near[0]}?)" if near else ""),
                    hint=f"It has {', '.join(known)}.",
                )
    found = [
        (service.id, there)
        for service in site.services.values()
        for there in service.copy_to
        if (not services or service.id in services) and repository in {None, there}
    ]
    if not found:
        what = f" of {', '.join(services)}" if services else ""
        where = f" to {repository}" if repository else ""
        raise Misused(
            f"{site.id}: the policy copies nothing{what}{where}",
            hint="Write `backup: {to: near, copy_to: [far]}` in the service, for repositories of"
            " the site.",
        )
    return found


class Copies:
    """The copies of one site, a run each; one at a time into a repository."""

    def __init__(self, app: App, site: Site) -> None:
        self._app = app
        self._site = site
        self._stopped = False
        self._running: list[Begun] = []
        self._lock = threading.Lock()
        self._turns = {name: threading.Lock() for name in site.repositories}

    def stop(self) -> None:
        """Begin no run; have those under way end."""
        with self._lock:
            self._stopped = True
            for begun in self._running:
                begun.stop()

    def all(self, wanted: Sequence[tuple[str, str]], watch: Watch) -> list[Copied]:
        """Carry copies out, side by side where they go to different repositories.

        Must be called in the main thread: Ctrl-C is awaited here. Raises Interrupted when every
        run has ended and said so on the log, StateUnusable.
        """
        lanes = len({there for _, there in wanted})
        with ThreadPoolExecutor(lanes, "copy") as pool:
            futures = [pool.submit(self.one, *each, watch) for each in wanted]
            try:
                wait(futures)
            except KeyboardInterrupt:
                self.stop()
                wait(futures)
                raise Interrupted(f"{self._site.id}: the copy was interrupted") from None
        return [future.result() for future in futures]

    def of(self, service: Service, watch: Watch) -> tuple[Copied, ...]:
        """Copy what a backup has just made, to each repository in turn."""
        return tuple(self.one(service.id, there, watch) for there in service.copy_to)

    def one(self, service: str, repository: str, watch: Watch) -> Copied:
        """Copy one service; that it failed is a result. Raises Interrupted, StateUnusable."""
        with self._turns[repository]:
            began = time.monotonic()
            with self._lock:
                begun = None if self._stopped else self._begin(service, repository)
                if begun is None:
                    where = f"{self._site.id}/{service}"
                    raise Interrupted(f"{where}: not copied to {repository}, {STOPPED}")
                self._running.append(begun)
            try:
                finished = copy(self._app, self._site, service, repository, begun, watch)
            except Interrupted:
                raise
            except PraError as error:
                return Copied(
                    service=service,
                    repository=repository,
                    run=begun.run,
                    seconds=round(time.monotonic() - began, 3),
                    error=error,
                )
            return Copied(
                service=service,
                repository=repository,
                run=begun.run,
                seconds=finished.seconds,
                finished=finished,
            )

    def _begin(self, service: str, repository: str) -> Begun | None:
        origin = self._site.services[service].backup_to or ""
        return begin_upkeep(
            self._app, self._site, RunKind.COPY, repository, service=service, origin=origin
        )
