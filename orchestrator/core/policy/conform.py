"""The strict check: a node against its shape; what fits becomes values, the rest faults."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, assert_never

from orchestrator.core.policy import scalars
from orchestrator.core.policy.fault import Fault, Path, dotted
from orchestrator.core.policy.shape import (
    Choice,
    Either,
    Fields,
    Flag,
    ListOf,
    MapOf,
    Reference,
    Shape,
    Text,
    Whole,
)

if TYPE_CHECKING:
    from orchestrator.core.policy.read import Node


class Conforming:
    """One tree's check. `complete`: a required key must be there; a layer may leave some out."""

    def __init__(self, *, complete: bool) -> None:
        self.complete = complete
        self.faults: list[Fault] = []
        self.faulty: set[Path] = set()
        self.meant: set[Path] = set()  # what misspelt keys were probably meant to be

    def value(self, shape: Shape, node: Node, path: Path = ()) -> Any:  # noqa: ANN401 - each shape has its own type of value
        """Return the value, or None where nothing of it fits; collect the faults.

        A map is a dict of what fits, with our own names for its keys; in a list, and under a name
        of the user's choice, None holds the place of what does not fit.
        """
        try:
            return self._value(shape, node, path)
        except scalars.Unfit as no:
            self.fault(node, path, no.message, no.remedy)
            return None

    def fault(
        self, node: Node, path: Path, message: str, remedy: str, *, key: bool = False
    ) -> None:
        """Collect a fault at the value, or at the key where that is or begins the culprit."""
        self.faulty.add(path)
        line = node.key_line if key or isinstance(node.value, dict | list) else node.line
        self.faults.append(
            Fault(file=node.file, line=line, path=dotted(path), message=message, remedy=remedy)
        )

    def touched(self, path: Path) -> bool:
        """Whether something at or under the path is faulty, so that what it lacks means little."""
        return any(bad[: len(path)] == path for bad in self.faulty)

    def misspelt(self, path: Path, key: str) -> bool:
        """Whether an unknown key of the map was probably meant to be this one."""
        return (*path, key) in self.meant

    def _value(  # noqa: C901, PLR0911 - a closed set, one line for each of it
        self, shape: Shape, node: Node, path: Path
    ) -> Any:  # noqa: ANN401 - the same
        match shape:
            case Text():
                return scalars.text(shape, node)
            case Whole():
                return scalars.whole(shape, node)
            case Flag():
                if not isinstance(node.value, bool):
                    scalars.wrong("true or false", node, "write true or false")
                return node.value
            case Choice():
                return scalars.choice(shape, node)
            case Reference():
                return scalars.secret(node)
            case ListOf():
                return self._list(shape, node, path)
            case MapOf():
                return self._map(shape, node, path)
            case Fields():
                return self._fields(shape, node, path)
            case Either():
                is_map = isinstance(node.value, dict)
                return self._value(shape.fields if is_map else shape.text, node, path)
        assert_never(shape)

    def _list(self, shape: ListOf, node: Node, path: Path) -> list[Any]:
        if not isinstance(node.value, list):
            scalars.wrong("a list", node, "write [one, two], or a line with - for each")
        if len(node.value) < shape.least:
            raise scalars.Unfit("the list is empty", "write at least one")
        # A list is replaced whole by a higher layer: what an entry lacks, nobody will add.
        complete, self.complete = self.complete, True
        read = [self.value(shape.item, n, (*path, f"[{i}]")) for i, n in enumerate(node.value)]
        self.complete = complete
        return read

    def _map(self, shape: MapOf, node: Node, path: Path) -> dict[str, Any]:
        entries = _entries(node)
        if len(entries) < shape.least:
            raise scalars.Unfit("the map is empty", "write at least one")
        read: dict[str, Any] = {}
        for key, child in entries.items():
            try:
                scalars.key(shape.key, key)
            except scalars.Unfit as no:
                self.fault(child, (*path, key), no.message, no.remedy, key=True)
            read[key] = self.value(shape.item, child, (*path, key))
        return read

    def _fields(self, shape: Fields, node: Node, path: Path) -> dict[str, Any]:
        entries = _entries(node)
        read: dict[str, Any] = {}
        written: dict[str, str] = {}
        guessed: set[str] = set()
        for key, child in entries.items():
            here = (*path, key)
            name = shape.names.get(key)
            if name is None:
                meant = self._unknown(shape, key, child, here)
                guessed.add(meant)
                self.meant.add((*path, meant))
            elif name in written:
                self.fault(
                    child, here, f"says the same as {written[name]}", "keep one of them", key=True
                )
            else:
                written[name] = key
                read[name] = self.value(shape.fields[name].shape, child, here)
        self._groups(shape, node, path, set(written), guessed)
        return {name: value for name, value in read.items() if value is not None}

    def _unknown(self, shape: Fields, key: str, child: Node, path: Path) -> str:
        """Report a key; return what was probably meant, or ""."""
        if key in shape.later:
            self.fault(child, path, scalars.NOT_YET, "remove it for now", key=True)
            return ""
        near = get_close_matches(key, [*shape.names, *sorted(shape.later)], n=1)
        known = ", ".join(shape.fields)
        remedy = f"did you mean {near[0]}?" if near else f"known: {known}"
        self.fault(child, path, "unknown key", remedy, key=True)
        return shape.names.get(near[0], near[0]) if near else ""

    def _groups(
        self, shape: Fields, node: Node, path: Path, written: set[str], guessed: set[str]
    ) -> None:
        """Report what is missing or stands too often; a misspelt key is not missing."""
        for group in shape.one_of:
            said = [name for name in group if name in written]
            if len(said) > 1:
                self.fault(node, path, f"both {' and '.join(said)} stand here", "keep one of them")
        if not self.complete:
            return
        there = written | guessed
        for name, field in shape.fields.items():
            if field.required and name not in there:
                self.fault(node, path, f"{name} is missing", f"add {name}:", key=True)
        for group in (*shape.one_of, *shape.some_of):
            # A key of a later version says why nothing of the group is there.
            later = shape.later & set(_entries(node))
            if not there & set(group) and not later:
                words = ", ".join(group[:-1]) + f" or {group[-1]}"
                self.fault(node, path, f"one of {words} is missing", "add one of them", key=True)


def _entries(node: Node) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        scalars.wrong("a map", node, "write key: value, indented below it")
    return node.value
