"""Every version of every object of a repository, as its bucket lists them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.adapters.s3.child.place import THREADS
from orchestrator.adapters.s3.child.rewind_calls import Calls, Unreadable
from orchestrator.core.rewinding.choice import Version, history, kind_of
from orchestrator.errors import RepositoryUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from orchestrator.adapters.s3.child.place import Place
    from orchestrator.core.rewinding.choice import History

AREAS = ("config", "keys/", "snapshots/", "index/")
FOLDERS = tuple(f"data/{number:02x}/" for number in range(256))
NEVER = "null"  # the id of a version that was written while the bucket kept none


def pasts(
    place: Place, calls: Calls, tell: Callable[[int], None] = lambda _versions: None
) -> dict[str, History]:
    """Return the versions of every object by its key below the prefix, without locks.

    What restic would not read as its own is left out. `tell` takes how many versions were seen,
    from several threads. A small repository is one round of requests; of a large one the folders of
    data are listed side by side.
    """
    listed: dict[str, list[Version]] = {}

    def whole(area: str) -> list[tuple[str, Version]]:
        return list(_Page(place, calls, area).through(tell))

    with ThreadPoolExecutor(THREADS) as pool:
        small = [pool.submit(whole, area) for area in AREAS]
        data = _Page(place, calls, "data/")
        folders = [pool.submit(whole, folder) for folder in FOLDERS if data.following]
        if data.following is None:
            _take(listed, place, data.through(tell))
        for part in small + folders:
            _take(listed, place, part.result())
    return {key: history(versions) for key, versions in listed.items()}


def keeps_versions(place: Place, known: dict[str, History]) -> bool:
    """Whether the bucket keeps versions, or kept some that are still there."""
    if any(v.id != NEVER or v.is_marker for past in known.values() for v in past):
        return True
    try:
        said = place.client.get_bucket_versioning(Bucket=place.bucket)
    except ClientError:  # the keys may not ask, or the storage does not know the question
        return False
    return said.get("Status") == "Enabled"


def _take(
    listed: dict[str, list[Version]], place: Place, found: Iterable[tuple[str, Version]]
) -> None:
    cut = len(place.prefix)
    for full, version in found:
        key = full[cut:]
        if kind_of(key) is not None:
            listed.setdefault(key, []).append(version)


class _Page:
    """One page of a listing; `following` are the markers of the next one."""

    def __init__(
        self, place: Place, calls: Calls, prefix: str, after: dict[str, str] | None = None
    ) -> None:
        self._place = place
        self._calls = calls
        self._prefix = prefix
        asked: dict[str, Any] = {"Prefix": place.prefix + prefix, **(after or {})}
        try:
            self.said = calls(
                "ListObjectVersions",
                lambda: place.client.list_object_versions(Bucket=place.bucket, **asked),
            )
        except Unreadable as error:
            if isinstance(error.__cause__, ClientError):
                raise place.refusal(error.__cause__) from error
            raise
        self.following: dict[str, str] | None = None
        if self.said.get("IsTruncated"):
            self.following = _next(self.said)
            if self.following == after or not self.following.get("KeyMarker"):
                raise RepositoryUnreachable(
                    f"{place.repository}: bucket {place.bucket} does not list its versions to the"
                    " end",
                    hint="Ask the storage: a listing says that it goes on, and not from where.",
                )

    def through(self, tell: Callable[[int], None]) -> Iterator[tuple[str, Version]]:
        """Yield the versions of this page and of all that follow."""
        page: _Page | None = self
        while page is not None:
            found = list(page.versions())
            tell(len(found))
            yield from found
            after = page.following
            page = _Page(self._place, self._calls, self._prefix, after) if after else None

    def versions(self) -> Iterator[tuple[str, Version]]:
        """Yield the versions and markers of this page, with their full keys."""
        for one in self.said.get("Versions", ()):
            yield (
                one["Key"],
                Version(
                    one["VersionId"],
                    one["LastModified"],
                    one["Size"],
                    one.get("ETag", ""),
                    is_marker=False,
                    is_latest=one["IsLatest"],
                ),
            )
        for marker in self.said.get("DeleteMarkers", ()):
            yield (
                marker["Key"],
                Version(
                    marker["VersionId"],
                    marker["LastModified"],
                    0,
                    "",
                    is_marker=True,
                    is_latest=marker["IsLatest"],
                ),
            )


def _next(said: Any) -> dict[str, str]:  # noqa: ANN401 - an answer of S3
    pairs = (("KeyMarker", "NextKeyMarker"), ("VersionIdMarker", "NextVersionIdMarker"))
    return {ours: said[theirs] for ours, theirs in pairs if said.get(theirs)}
