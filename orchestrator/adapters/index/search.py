"""The questions to the index: which files match, what held them, which names are like it."""

from __future__ import annotations

import difflib
import json
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import instant
from orchestrator.core.finding.pattern import fold, pieces_of
from orchestrator.core.finding.values import Answer, Asked, File, Held, Version

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from orchestrator.core.finding.pattern import Pattern

POINTS = """
SELECT c.service, c.source, p.run, p.data_time, p.usable_at, p.tree, p.suspected, p.snapshots,
       p.unread, p.seq, p.chain
FROM points p JOIN chains c ON c.id = p.chain ORDER BY p.seq
"""
MANY = 500  # parameters of one question
COUNTED = 1_000  # of further files; it says "at least" then
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RAREST, COMMON, LIKE, NEAR = 8, 20_000, 200, 5
ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class _Chain:
    """The points of one source, oldest first, and which versions are asked for.

    Those that the point `at` holds, and that a point from `since` on holds; 0: no matter.
    """

    points: tuple[Held, ...]
    seqs: tuple[int, ...]
    at: int
    since: int

    @property
    def where(self) -> str:
        """The same for SQL."""
        found = []
        if self.at:
            found.append(f"v.first <= {self.at} AND (v.until IS NULL OR v.until > {self.at})")
        if self.since:
            found.append(f"(v.until IS NULL OR v.until > {self.since})")
        return " AND ".join(found)

    def wants(self, first: int, until: int | None) -> bool:
        """Whether a version is asked for."""
        return (not self.at or first <= self.at) and (
            until is None or until > max(self.at, self.since)
        )

    def version(self, first: int, until: int | None, size: int, mtime: int) -> Version:
        """Say which points hold a version; one at least does."""
        begin = bisect_left(self.seqs, first)
        end = len(self.seqs) if until is None else bisect_left(self.seqs, until)
        held = self.points[begin:end]
        clean = [n for n in range(begin, end) if not self.points[n].suspected]
        later = self.points[clean[-1] + 1 :] if clean else ()
        return Version(
            size=size,
            mtime=EPOCH + timedelta(microseconds=mtime),
            first=held[0],
            last=held[-1],
            clean=self.points[clean[-1]] if clean else None,
            current=until is None,
            before=min((one.usable_at for one in later), default=None),
        )


def points(db: sqlite3.Connection) -> dict[int, list[tuple[int, Held]]]:
    """Return the points of each chain with their places in its order, oldest first."""
    found: dict[int, list[tuple[int, Held]]] = {}
    for *row, seq, chain in db.execute(POINTS):
        found.setdefault(chain, []).append((seq, _held(tuple(row))))
    return found


def search(db: sqlite3.Connection, pattern: Pattern, asked: Asked) -> Answer:
    """Return the files that match, the last changed first, or else names that are like it."""
    chains = {}
    for number, held in points(db).items():
        chain = _chain(held, asked)
        if chain is not None:
            chains[number] = chain
    if not chains:
        return Answer(files=())
    where, given = _where(pattern, chains)
    limit = -1 if asked.limit is None else asked.limit
    ids = [
        row[0]
        for row in db.execute(
            f"SELECT f.id {where} ORDER BY f.changed DESC, f.id LIMIT ?", (*given, limit)
        )
    ]
    if not ids:
        return Answer(files=(), near=_near(db, pattern))
    more = 0
    if len(ids) == limit:
        most = limit + COUNTED
        (count,) = db.execute(
            f"SELECT count(*) FROM (SELECT 1 {where} LIMIT ?)",  # noqa: S608 - our own words
            (*given, most),
        ).fetchone()
        more = count - limit
    files = _files(db, ids, chains)
    return Answer(files=tuple(files[one] for one in ids), more=more)


def _chain(held: list[tuple[int, Held]], asked: Asked) -> _Chain | None:
    """Say what is asked of a chain; None when nothing of it is."""
    first = held[0][1]
    if asked.services and first.service not in asked.services:
        return None
    at = since = 0
    if asked.at is not None:
        fit = [seq for seq, one in held if one.usable_at <= asked.at and not one.suspected]
        if not fit:
            return None
        at = fit[-1]
    if asked.since is not None:
        later = [seq for seq, one in held if one.data_time >= asked.since]
        if not later:
            return None
        since = later[0]
    seqs = tuple(seq for seq, _ in held)
    return _Chain(tuple(one for _, one in held), seqs, at, since)


def _where(pattern: Pattern, chains: Mapping[int, _Chain]) -> tuple[str, list[object]]:
    """Return the sources and conditions of a question for files, and their values.

    Its joins are written in the order in which they are to be made: the rarest first.
    """
    given: list[object] = []
    if pattern.grams:
        where = (
            "FROM (SELECT rowid AS id FROM grams WHERE grams MATCH ?) g"
            " CROSS JOIN files f ON f.id = g.id"
        )
        given.append(" AND ".join(map(_quoted, pattern.grams)))
        if pattern.folders:
            where += " CROSS JOIN folders d ON d.id = f.folder"
    elif pattern.folders:
        numbers = ", ".join(map(str, chains))
        where = f"FROM folders d CROSS JOIN files f ON f.folder = d.id AND f.chain IN ({numbers})"
    else:
        where = "FROM files f"
    where += " WHERE f.changed IS NOT NULL AND f.folded GLOB ?"
    given.append(pattern.name)
    if pattern.folders:
        where += f" AND ({' OR '.join('d.folded GLOB ?' for _ in pattern.folders)})"
        given += pattern.folders
    held = "EXISTS (SELECT 1 FROM versions v WHERE v.file = f.id AND "
    each = (
        f"(f.chain = {number} AND {held + chain.where + ')' if chain.where else '1'})"
        for number, chain in chains.items()
    )
    return f"{where} AND ({' OR '.join(each)})", given


def _quoted(gram: str) -> str:
    return '"' + gram.replace('"', '""') + '"'


def _files(db: sqlite3.Connection, ids: list[int], chains: Mapping[int, _Chain]) -> dict[int, File]:
    found: dict[int, tuple[Held, str, list[Version]]] = {}
    for some in _chunks(ids):
        marks = ", ".join("?" * len(some))
        rows = db.execute(
            "SELECT f.id, f.chain, d.path, f.name, v.first, v.until, v.size, v.mtime FROM files f"  # noqa: S608 - marks
            " JOIN folders d ON d.id = f.folder JOIN versions v ON v.file = f.id"
            f" WHERE f.id IN ({marks}) ORDER BY f.id, v.first DESC",
            some,
        )
        for number, chain, folder, name, *row in rows:
            of = chains[chain]
            _, _, versions = found.setdefault(number, (of.points[0], f"{folder}/{name}", []))
            if of.wants(row[0], row[1]):
                versions.append(of.version(*row))
    return {
        number: File(
            path=path, service=point.service, source=point.source, versions=tuple(versions)
        )
        for number, (point, path, versions) in found.items()
    }


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while some := list(islice(rest, MANY)):
        yield some


def _near(db: sqlite3.Connection, pattern: Pattern) -> tuple[str, ...]:
    """Return names that share the rarest pieces with what was looked for, the likest first."""
    wanted = fold(pattern.text.rpartition("/")[2]).strip("*?")
    grams = dict.fromkeys(g for piece in wanted.split("*") for g in pieces_of(piece))
    counted = [
        (count, gram)
        for gram in grams
        for (count,) in db.execute("SELECT doc FROM rarity WHERE term = ?", (gram,))
        if count <= COMMON
    ]
    rare = [gram for _, gram in sorted(counted)[:RAREST]]
    if not rare:
        return ()
    each = " UNION ALL ".join("SELECT rowid FROM grams WHERE grams MATCH ?" for _ in rare)
    rows = db.execute(
        "SELECT f.name, f.folded FROM (SELECT rowid AS id, count(*) AS shared FROM"  # noqa: S608 - our own words
        f" ({each}) GROUP BY rowid ORDER BY shared DESC LIMIT {LIKE}) g"
        " JOIN files f ON f.id = g.id WHERE EXISTS (SELECT 1 FROM versions v WHERE v.file = f.id)",
        [_quoted(gram) for gram in rare],
    )
    names: dict[str, str] = {}
    for name, folded in rows:
        names.setdefault(folded, name)
    plain = wanted.replace("*", "").replace("?", "")
    close = difflib.get_close_matches(plain, names, n=NEAR, cutoff=ALIKE)
    return tuple(names[one] for one in close)


def _held(row: tuple[Any, ...]) -> Held:
    service, source, run, data_time, usable_at, tree, suspected, snapshots, unread = row
    return Held(
        service=service,
        source=source,
        run=run,
        data_time=instant(data_time),
        usable_at=instant(usable_at),
        tree=tree,
        suspected=bool(suspected),
        snapshots=json.loads(snapshots),
        unread=bool(unread),
    )
