"""Two repositories of a site, opened to bring recovery points from the one to the other."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from orchestrator.adapters.restic import copying
from orchestrator.adapters.s3.gateway import gateway
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.errors import RepositoryDamaged
from orchestrator.jobs.opening import bucket, opened
from restore_drills import seal
from restore_drills.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.adapters.restic import Restic
    from orchestrator.app import App
    from orchestrator.core.copies.lacking import Whole
    from orchestrator.core.policy.model import Repository, Site
    from orchestrator.jobs.begun import Begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two repositories, opened."""

    origin: Restic
    into: Restic
    secrets: SecretFiles
    begun: Begun

    @property
    def reseals(self) -> bool:
        """Whether a seal of the one cannot be checked with the password of the other."""
        return self.origin.call.password != self.into.call.password

    @contextlib.contextmanager
    def readable(self) -> Iterator[copying.Origin]:
        """Yield the origin as restic reads it beside the other: one pair of S3 keys is all it has.

        So a bucket is read through a gateway, unless the policy gives both the same keys.
        """
        here, there = self.origin.call.repository, self.into.call.repository
        place = None if _same_keys(here, there) else bucket(here, self.begun.processes)
        if place is None:
            yield copying.Origin.of(self.origin, self.secrets, here.url)
            return
        with gateway(place, self.begun.processes) as served:
            yield copying.Origin.of(self.origin, self.secrets, served.url)


@contextlib.contextmanager
def pair_of(app: App, site: Site, origin: str, repository: str, begun: Begun) -> Iterator[Pair]:
    """Open two repositories of a site for a run. Raises SecretMissing, StateUnusable."""
    processes = begun.processes
    with contextlib.ExitStack() as stack:
        secrets = stack.enter_context(SecretFiles(processes.run_id))
        one, other = (
            stack.enter_context(
                opened(
                    site=site,
                    repository=name,
                    state=app.state,
                    processes=processes,
                    secrets=secrets,
                )
            )
            for name in (origin, repository)
        )
        yield Pair(origin=one, into=other, secrets=secrets, begun=begun)


class Lazily:
    """The origin as restic reads it, made ready when it is first needed."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._stack = contextlib.ExitStack()
        self._origin: copying.Origin | None = None

    def __call__(self) -> copying.Origin:
        """Return it; first asked in the thread that carries the run out."""
        if self._origin is None:
            self._origin = self._stack.enter_context(self._pair.readable())
        return self._origin

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def checked(pair: Pair, point: Whole) -> seal.Manifest:
    """Read a point's seal at the origin.

    Raises RepositoryDamaged where it does not fit what the origin lists.
    """
    content = pair.origin.dump(point.seal.id, f"/{seal.FILENAME}")
    try:
        manifest = seal.read(content, pair.origin.seal_keys())
        _fits(manifest, point)
    except Damaged as error:
        raise RepositoryDamaged(
            f"{pair.origin.call.repository.id}: the point {point.run} is not to be trusted, and its"
            f" copy was not sealed: {error}",
            hint=error.hint or "Drill an older point, and find out who wrote there.",
        ) from error
    return manifest


def sign(pair: Pair, point: Whole, manifest: seal.Manifest) -> None:
    """Seal a point in the repository that it was copied to, under the password of that one."""
    signed = memoryview(seal.write(manifest, pair.into.seal_key()))

    def produce(into: int) -> None:
        rest = signed
        while rest:
            rest = rest[os.write(into, rest) :]

    tags, host = point.seal.tags, point.seal.host
    pair.into.backup_stdin(produce, filename=seal.FILENAME, host=host, tags=tags)


def _fits(manifest: seal.Manifest, point: Whole) -> None:
    stated = {(entry.id, entry.tree) for entry in manifest.snapshots}
    found = {(s.original or s.id, s.tree) for s in point.snapshots}
    about = (manifest.site, manifest.service, manifest.run)
    wanted = (point.seal.host, point.seal.tag("service"), point.run)
    if stated != found or about != wanted:
        raise Damaged("the seal speaks of other snapshots than the repository lists")


def _same_keys(one: Repository, other: Repository) -> bool:
    return one.s3 is not None and one.s3 == other.s3
