"""A drill after a wiped bucket: the repository read from its versions, the bucket untouched."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.s3 import view
from orchestrator.adapters.secrets import resolve
from restore_drills.errors import Damaged
from restore_drills.host import Shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from orchestrator.adapters.s3.gateway import Served
    from orchestrator.core.policy.model import Site
    from restore_drills.process import Processes


class View:
    """One repository of a site, as its versions show it."""

    def __init__(self, site: Site, repository: str, processes: Processes) -> None:
        self._site = site
        self._repository = repository
        self._processes = processes
        self._stack = ExitStack()
        self._selection: view.Selection | None = None
        self._served: Served | None = None

    def open(self, at: datetime, undone: datetime | None = None) -> Site | None:
        """Return the site with this repository's address in the view; None: nothing was ever there.

        `undone`: what was deleted after this instant is there all the same.
        Raises Damaged where no copy survives, PraError.
        """
        spec = self._site.repositories[self._repository]
        if spec.s3 is None or s3.address(spec.url) is None:
            raise Damaged(f"no copy survives: {spec.id} is in no bucket, and keeps no versions")
        keys = (spec.s3.access_key, spec.s3.secret_key)
        access, secret = (resolve(key, processes=self._processes).strip() for key in keys)
        bucket = s3.Bucket(spec, (access, secret), self._processes)
        selection = view.select(bucket, at, undone)
        if not selection.is_versioned:
            raise Damaged(
                f"no copy survives: the bucket of {spec.id} keeps no versions",
                hint="Make a bucket with Object Lock, and keep a copy there.",
            )
        if not selection.versions and not selection.lost:
            return None
        for what in ("config", "keys/"):
            if not any(path.startswith(what) for path in selection.versions):
                raise Damaged(
                    f"no copy survives: {spec.id} has no good version of its {what.rstrip('/')}",
                    hint="Without it nothing of the repository can be read, password or not.",
                )
        self._selection = selection
        self._served = self._lasting(lambda: view.showing(bucket, selection, self._processes))
        shown = replace(spec, url=self._served.url, s3=None)
        return replace(
            self._site, repositories={**self._site.repositories, self._repository: shown}
        )

    def shown(self) -> Shown | None:
        """Close the view and say what it was; None where it did not open."""
        self.close()
        if self._selection is None or self._served is None:
            return None
        locks = view.locks_of(self._served)
        return Shown(
            as_of=self._selection.as_of,
            objects=len(self._selection.versions),
            lost=self._selection.lost,
            taken=self._selection.taken,
            read=locks.read if locks else None,
            bare=locks.bare if locks else 0,
            liftable=locks.liftable if locks else 0,
            least_until=locks.least_until if locks else None,
        )

    def close(self) -> None:
        """End the gateway."""
        self._stack.close()

    def _lasting(self, make: Callable[[], AbstractContextManager[Served]]) -> Served:
        """Enter a context in a thread that lives until `close`.

        A child ends with the thread that started it, and the one that opens a repository is gone
        before it is read.
        """
        opened: Future[Served] = Future()
        over = threading.Event()

        def keep() -> None:
            try:
                with make() as served:
                    opened.set_result(served)
                    over.wait()
            except BaseException as error:  # noqa: BLE001 - it is raised where the view is opened
                if not opened.done():
                    opened.set_exception(error)

        keeper = threading.Thread(target=keep, name=f"view of {self._repository}")
        keeper.start()
        self._stack.callback(keeper.join)
        self._stack.callback(over.set)
        return opened.result()
