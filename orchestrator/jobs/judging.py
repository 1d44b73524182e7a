"""Whether a point that was just made is ordinary work, before it is sealed.

restic's own figures are compared with those of the points before, as this machine remembers them:
nothing is asked of the repository. Only what looks odd costs two calls more: its listing, and what
differs from the point before.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from orchestrator.adapters.restic.differing import changes, touched
from orchestrator.core import suspicion
from orchestrator.core.detection.history import by, looks
from orchestrator.core.detection.rule import signs, worth_lists
from orchestrator.core.events import Outcome
from orchestrator.core.policy.model import Files
from orchestrator.core.state import SiteState
from orchestrator.errors import Interrupted, PraError
from orchestrator.jobs import looks as remembered
from restore_drills.model import Figures, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from orchestrator.adapters.restic import Restic, Summary
    from orchestrator.app import App
    from orchestrator.core.detection.values import Changes, Look
    from orchestrator.core.events import Sign
    from orchestrator.core.policy.model import Service
    from orchestrator.core.state import ServiceState, Suspicion
    from orchestrator.core.suspicion import Opinion

T = TypeVar("T")
CHUNK = 1 << 20
MOST = 1 << 30  # of a decoy, in bytes: the rest of a larger one is not looked at
SEALED = (str(Outcome.COMPLETE), str(Outcome.SUSPECTED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges the points of one service. `listing` is the repository's, where one was made before.

    `said` is told what could not be looked at.
    """

    app: App
    site: str
    service: Service
    restic: Restic
    said: Callable[[str], None]
    listing: tuple[Snapshot, ...] | None = None

    def opinion(self, run: str, taken: Sequence[tuple[str, Summary]]) -> Opinion:
        """Return what to think of the snapshots that a run took, by source.

        Raises Interrupted, StateUnusable.
        """
        state = self.app.known()
        site = state.sites.get(self.site, SiteState())
        known = state.service(self.site, self.service.id)
        decoys = self._decoys()
        new = self._new(run, taken)
        began = min((s.began for _, s in taken if s.began), default=None)
        if first := suspicion.suspect(known, began):
            return suspicion.Opinion(suspect=first, decoys=decoys, looks=new)
        data_time = min((look.data_time for look in new.values()), default=began)
        past = _Past(self, known, site.anew)
        pinned = {path: known.decoys[path] for path in decoys if known.decoys.get(path)}
        found: dict[str, tuple[Sign, ...]] = {}
        doubts: set[str] = set()
        for source, summary in taken:
            look = new.get(source)
            if look is None:
                continue
            lists = past.changes(source, look, summary.snapshot)
            found[source] = signs(past.of(source, look), look, lists, decoys, pinned)
            over = past.unconfirmed(source, look)
            if over is not None:
                doubts |= {sign.word for sign in over.signs}
                there = past.still(source, look, summary.snapshot)
                if there is None:
                    del new[source]  # the next one is compared
                found[source] = (*(there or ()), *found[source])
        expected = suspicion.announced(site, self.service.id, known, self.app.clock())
        judged = suspicion.judged(
            run, found, expected, doubts, ticket=known.unusual, new_at=data_time
        )
        return replace(judged, decoys=decoys, looks=new)

    def remember(self, opinion: Opinion) -> None:
        """Keep how a sealed point looked, for the next one."""
        one = {source: (look,) for source, look in opinion.looks.items()}
        self.write(remembered.merged(self.read() or {}, one))

    def read(self) -> remembered.Looks | None:
        """Return how the points before looked, as it is remembered."""
        url = self.restic.call.repository.url
        return remembered.read(self.app.state, self.site, self.service.id, url=url)

    def write(self, looks: remembered.Looks) -> None:
        """Remember it."""
        url = self.restic.call.repository.url
        remembered.write(self.app.state, self.site, self.service.id, looks, url=url)

    def _new(self, run: str, taken: Sequence[tuple[str, Summary]]) -> dict[str, Look]:
        made = [shot for source, summary in taken if (shot := self._snapshot(run, source, summary))]
        found = looks(made, self.site, self.service.id)
        return {source: of[-1] for source, of in found.items() if of}

    def _snapshot(self, run: str, source: str, summary: Summary) -> Snapshot | None:
        """Return what the repository will list, as far as a look needs it."""
        if summary.packed_bytes is None:
            return None
        return Snapshot(
            id=summary.snapshot,
            tree="",
            time=summary.began or self.app.clock(),
            host=self.site,
            tags=(f"service={self.service.id}", f"run={run}", f"source={source}"),
            paths=(),
            original=None,
            bytes=summary.total_bytes,
            files=summary.total_files,
            figures=Figures(
                files_new=summary.files_new,
                files_changed=summary.files_changed,
                files_unmodified=summary.files_unmodified,
                added_bytes=summary.data_added_bytes,
                packed_bytes=summary.packed_bytes,
            ),
        )

    def _decoys(self) -> dict[str, str]:
        found = {}
        for source in self.service.sources:
            if isinstance(source.spec, Files) and source.spec.decoy is not None:
                path = Path(source.spec.paths[0]) / source.spec.decoy
                found[str(path)] = digest(path)
        return found


class _Past:
    """The points before, as they are remembered, or where that is odd as the repository tells."""

    def __init__(self, judge: Judge, known: ServiceState, since: datetime | None) -> None:
        self._judge, self._known, self._since = judge, known, since
        self._listing = judge.listing
        kept = judge.read()
        self._looks = kept or {}
        if kept is None or judge.listing is not None:
            self._list()

    def of(self, source: str, new: Look) -> list[Look]:
        """Return how the trusted points of a source looked, the oldest first."""
        every = suspicion.counted(self._looks.get(source, ()), self._known, self._since)
        return by(every, new.data_time)

    def changes(self, source: str, new: Look, snapshot: str) -> Changes | None:
        """Return what differs from the point before, where the figures make it worth a look."""
        history = self.of(source, new)
        worth = self.unconfirmed(source, new) or worth_lists(history, new)
        if not self._is_tree(source) or not worth:
            return None
        before = self._newest(source, {look.run for look in history})
        if before is None:
            return None
        what = "what differs from the point before"
        return self._asked(what, lambda: changes(self._judge.restic, before, snapshot))

    def unconfirmed(self, source: str, new: Look) -> Suspicion | None:
        """Return the suspicion that a person called over and no point since has borne out."""
        every = suspicion.counted(self._looks.get(source, ()), self._known, None)
        return suspicion.unconfirmed(self._known, every, new.data_time)

    def still(self, source: str, new: Look, snapshot: str) -> tuple[Sign, ...] | None:
        """Return whether what was suspected is there still; None: it could not be looked at.

        restic's own figures cannot tell: they say what differs from the suspected point.
        """
        if not self._is_tree(source):
            return ()
        runs = {
            look.run
            for look in self._looks.get(source, ())
            if suspicion.is_suspected(self._known, look.data_time)
        }
        last, clean = self._newest(source, runs), self._clean(source)
        if last is None or clean is None:
            return () if self._listing is not None else None
        restic = self._judge.restic
        what = "what differs from the last clean point"
        other = self._asked(what, lambda: touched(restic, clean, snapshot))
        since = self._asked(what, lambda: touched(restic, last, snapshot))
        if other is None or since is None:
            return None
        sign = suspicion.still(len(other - since), new, self.of(source, new))
        return () if sign is None else (sign,)

    def _clean(self, source: str) -> str | None:
        """Return the snapshot of the last clean point, where it is still there."""
        last = self._known.complete
        ids = {one.id for one in last.snapshots if one.source == source} if last else set()
        return next((one.id for one in self._listed() if one.id in ids), None)

    def _is_tree(self, source: str) -> bool:
        sources = self._judge.service.sources
        return any(one.name == source and isinstance(one.spec, Files) for one in sources)

    def _list(self) -> None:
        """Take in what the repository holds now; what was removed from it is not forgotten."""
        judge = self._judge
        if self._listing is None:
            self._listing = self._asked("the points before", judge.restic.snapshots)
        found = looks(self._listing or (), judge.site, judge.service.id, outcomes=SEALED)
        self._looks = remembered.merged(self._looks, found)
        if self._listing is not None:
            judge.write(self._looks)

    def _listed(self) -> tuple[Snapshot, ...]:
        if self._listing is None:
            self._list()
        return self._listing or ()

    def _newest(self, source: str, runs: Collection[str]) -> str | None:
        """Return the newest snapshot of these runs that is still there."""
        judge = self._judge
        mine = [
            one
            for one in self._listed()
            if one.host == judge.site
            and one.tag("service") == judge.service.id
            and one.tag("source") == source
            and one.tag("run") in runs
        ]
        return max(mine, key=lambda one: (one.time, one.id)).id if mine else None

    def _asked(self, what: str, ask: Callable[[], T]) -> T | None:
        """Ask the repository, and go on where it cannot tell: the point itself is sound."""
        try:
            return ask()
        except Interrupted:
            raise
        except PraError as error:
            self._judge.said(f"{what} could not be looked at: {error}")
            return None


def digest(path: Path) -> str:
    """Return the SHA-256 of a decoy, of at most a gigabyte; empty where it cannot be read."""
    hashed, left = hashlib.sha256(), MOST
    try:
        # Whoever put a pipe in its place would have us wait for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return ""
            while left and (chunk := file.read(min(CHUNK, left))):
                hashed.update(chunk)
                left -= len(chunk)
    except OSError:
        return ""
    return hashed.hexdigest()
