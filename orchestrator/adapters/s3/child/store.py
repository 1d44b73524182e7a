"""What the gateway serves: a repository's files by kind and name, as its bucket holds them."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from orchestrator.adapters.s3.view_locks import lock_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from orchestrator.adapters.s3.child.place import Place
    from orchestrator.adapters.s3.view_locks import Lock

GONE = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
PAST_THE_END = frozenset({"416", "InvalidRange"})


class Body(Protocol):
    """The bytes of a file, read once."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""

    def close(self) -> None:
        """Let go of the connection."""


class Store(Protocol):
    """Files to serve, asked by several threads; `kind` is restic's folder, empty for `config`.

    Raises KeyError for a file that is not there, ClientError for what S3 does not do.
    """

    def files(self, kind: str) -> Iterable[tuple[str, int]]:
        """Yield the name and the size of every file of a kind."""

    def size(self, kind: str, name: str) -> int:
        """Return a file's size."""

    def open(self, kind: str, name: str, span: str) -> tuple[Body, int]:
        """Return a file's bytes and their number; `span` is an HTTP range, as `bytes=7-`.

        Raises ValueError for a range that begins past the end.
        """


class Live:
    """The objects that are in the bucket now."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def files(self, kind: str) -> Iterator[tuple[str, int]]:
        """Yield the name and the size of every object of a kind."""
        pages = self._place.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._place.bucket, Prefix=f"{self._place.prefix}{kind}/"
        )
        for page in pages:
            for found in page.get("Contents", ()):
                yield found["Key"].rpartition("/")[2], found["Size"]

    def size(self, kind: str, name: str) -> int:
        """Return an object's size."""
        key = self._place.prefix + path(kind, name)
        with _asked(key):
            found = self._place.client.head_object(Bucket=self._place.bucket, Key=key)
        return found["ContentLength"]

    def open(self, kind: str, name: str, span: str) -> tuple[Body, int]:
        """Return an object's bytes."""
        key = self._place.prefix + path(kind, name)
        with _asked(key):
            found = self._place.client.get_object(Bucket=self._place.bucket, Key=key, Range=span)
        return found["Body"], found["ContentLength"]


class View:
    """Chosen versions of objects, whatever is in the bucket now.

    `versions`: a path below the repository's place, as `data/0a/0a12...`, to the id of its version
    and its size.
    """

    def __init__(self, place: Place, versions: Mapping[str, tuple[str, int]]) -> None:
        self._place = place
        self._versions = versions
        self.locks: dict[str, Lock] = {}  # of what was read
        self._by_kind: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for found, (_, size) in versions.items():
            kind, _, name = found.rpartition("/")
            self._by_kind[kind.partition("/")[0]].append((name, size))

    def files(self, kind: str) -> Iterable[tuple[str, int]]:
        """Return the name and the size of every file of a kind."""
        return self._by_kind.get(kind, ())

    def size(self, kind: str, name: str) -> int:
        """Return a version's size."""
        return self._versions[path(kind, name)][1]

    def open(self, kind: str, name: str, span: str) -> tuple[Body, int]:
        """Return a version's bytes."""
        version, _ = self._versions[path(kind, name)]
        key = self._place.prefix + path(kind, name)
        with _asked(key):
            found = self._place.client.get_object(
                Bucket=self._place.bucket,
                Key=key,
                VersionId=version,
                Range=span,
            )
        self.locks[path(kind, name)] = lock_of(found)
        return found["Body"], found["ContentLength"]


def path(kind: str, name: str) -> str:
    """Return where restic keeps a file: packs in a folder of their first two digits."""
    if not kind:
        return name
    return f"{kind}/{name[:2]}/{name}" if kind == "data" else f"{kind}/{name}"


@contextlib.contextmanager
def _asked(key: str) -> Iterator[None]:
    """Say that an object is not there, or not so long, in words that every store has."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in GONE:
            raise KeyError(key) from error
        if code in PAST_THE_END:
            raise ValueError(key) from error
        raise
