"""`restic check`: reads packs, and says what is damaged, or that it could not tell.

restic ends with the same code for damage and for a line that broke. Damage is only what it names
as such, after reading to the end, while the endpoint still answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters.restic.failures import NETWORK
from orchestrator.errors import RepositoryUnreachable, ResticChanged, ResticFailed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from orchestrator.adapters.restic.call import Said

LONG = timedelta(days=4)
SHOWN = 200  # characters of restic's words about one thing
PANICKED = 2
ID = r"([0-9a-f]{64})"
MISSING, SHORT, CORRUPT = "it is not there", "it has another size than it had", "its content is bad"

PACK_MISSING = re.compile(rf"^pack {ID}: does not exist")
PACK_SIZE = re.compile(rf"^pack {ID}: unexpected file size: (got \d+, expected \d+)")
PACK = re.compile(rf"^pack {ID}[: ]")
INDEX = re.compile(rf"loading index {ID}")
SNAPSHOT = re.compile(r"failed to load snapshot <?(?:snapshot/)?([0-9a-f]{8,64})")
BLOB = re.compile(rf"blob {ID} not found in index")
TREE = re.compile(rf"(?:id|tree) {ID} not found in repository|<tree/([0-9a-f]{{8,64}})>")
KEY = re.compile(
    r"<key/([0-9a-f]{8,64})>.*invalid data|config or key (\S*) ?is damaged|<config/.*invalid data"
)
# restic up to 0.19.1 panics over a key or a config that was cut short.
PANIC = re.compile(r"LoadConfig|SearchKey|OpenKey|LoadKey|searchKey|loadKey", re.IGNORECASE)
# Of what follows from a damage that another line names, and advice.
ECHOES = (
    "Load(",
    "download error",
    "error for tree",
    "ReadFull(",
    "The repository",
    "restic repair",
    "Damaged pack",
)
OURS = "repository contains errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One damaged thing. `kind`: data, index, snapshot, tree, key.

    `id` is restic's, perhaps shortened; empty where it named none. `blobs` are those that no index
    knows any more. `missing`: it is not there at all.
    """

    kind: str
    id: str
    words: str
    blobs: tuple[str, ...] = ()
    missing: bool = False

    @property
    def name(self) -> tuple[str, str]:
        """What makes it the same fault in another reading."""
        return self.kind, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A reading that came to its end."""

    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


def check(restic: Restic, part: int, parts: int, *, cache: Path, read_data: bool = True) -> Checked:
    """Read part `part` of `parts` of the packs, and the structure; only that without `read_data`.

    A pack is of a part by the first byte of its id. Takes no lock: no prune may run beside it.
    `cache` should be cold, for what is in a cache was not read. Raises RepositoryUnreachable when
    the endpoint did not hold to the end, and the other errors of the repository.
    """
    how = "--read-data" if parts == 1 else f"--read-data-subset={part}/{parts}"
    argv = ["check", "--json", "--no-lock", *([how] if read_data else [])]
    good = frozenset({0, 1, PANICKED})
    said = restic.call(argv, timeout=LONG, good=good, cache=cache)
    if said.ended.code == 0:
        if said.ear.summary is None:
            raise ResticChanged("restic check: it gave no summary", hint="Install 0.18 or 0.19.")
        return Checked(faults=())
    faults = _faults(restic, said)
    # Damage is claimed only of a repository that is there.
    restic.call.place.alive(timedelta(seconds=30))
    return Checked(faults=faults)


def _faults(restic: Restic, said: Said) -> tuple[Fault, ...]:
    where = f"{restic.call.repository.id}: restic check"
    if said.ended.stopped is not None:
        raise ResticFailed(f"{where} was stopped: {said.ended.stopped}", retryable=True)
    if said.ended.code == PANICKED:
        if not PANIC.search("\n".join(said.ear.text)):
            raise restic.call.failure("check", said)
        return (Fault(kind="key", id="", words="the config or a key is cut short"),)
    reason = said.ear.exit_error or ""
    if opening := KEY.search(reason):
        id_ = next((one for one in opening.groups() if one), "")
        return (Fault(kind="key", id=id_, words=_short(reason)),)
    if OURS not in reason or not _errors(said):
        raise restic.call.failure("check", said)
    lines = [error.why.strip() for error in said.ear.errors]
    final = [line for line in lines if not line.startswith("Load(")]
    if lost := next((line for line in final if _is_of_the_way(line)), None):
        raise RepositoryUnreachable(
            f"{where} could not read to the end: {_short(lost)}",
            hint="Check the network and the storage, then try again.",
            retryable=True,
        )
    packs = (said.ear.summary or {}).get("broken_packs") or ()
    return _named(final, [str(pack) for pack in packs])


def _errors(said: Said) -> int:
    return int((said.ear.summary or {}).get("num_errors") or 0)


def _is_of_the_way(line: str) -> bool:
    """Whether a line is about the way to the repository, and not about what is there."""
    return not PACK_SIZE.match(line) and NETWORK.search(line) is not None


def _named(lines: Sequence[str], packs: Sequence[str]) -> tuple[Fault, ...]:
    """Return each damaged thing once, in the order in which restic named it."""
    found: dict[tuple[str, str], Fault] = {}
    blobs: dict[str, None] = {}
    for line in lines:
        if named := BLOB.search(line):
            blobs.setdefault(named[1])
        elif fault := _fault(line):
            found.setdefault(fault.name, fault)
    for pack in packs:
        fault = Fault(kind="data", id=pack, words=CORRUPT)
        found.setdefault(fault.name, fault)
    if blobs:
        words = f"{len(blobs)} blobs of files are in no pack that the index knows"
        found["data", ""] = Fault(kind="data", id="", words=words, blobs=tuple(blobs))
    if not found:
        # It counted an error: whatever it is, it is not nothing.
        said = [line for line in lines if not line.startswith(ECHOES)] or lines
        words = next(iter(said), "it counted an error and named none")
        found["data", ""] = Fault(kind="data", id="", words=_short(words))
    return tuple(found.values())


def _fault(line: str) -> Fault | None:
    """Return what a line says is damaged; None for one that says nothing new."""
    if named := PACK_MISSING.match(line):
        return Fault(kind="data", id=named[1], words=MISSING, missing=True)
    if named := PACK_SIZE.match(line):
        return Fault(kind="data", id=named[1], words=f"{SHORT}: {named[2]}")
    if named := PACK.match(line):
        return Fault(kind="data", id=named[1], words=CORRUPT)
    for kind, pattern in (("index", INDEX), ("snapshot", SNAPSHOT), ("tree", TREE)):
        if named := pattern.search(line):
            id_ = next(one for one in named.groups() if one)
            return Fault(kind=kind, id=id_, words=_short(line), missing="not found" in line)
    return None


def _short(words: str) -> str:
    line = (words.strip().splitlines() or ["it gave no reason"])[0].removeprefix("Fatal: ")
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
