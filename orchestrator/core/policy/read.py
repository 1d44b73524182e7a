"""YAML 1.2 text to nodes that know their line, or to faults; nothing is executed or guessed.

The events of a parser are put together here: what it would build itself has no lines, and aliases,
tags, depth and size are held in bounds on the way.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy.fault import Fault, Unreadable, dotted
from orchestrator.core.policy.parse import (
    ALIAS,
    DOCUMENT,
    MAP_END,
    SCALAR,
    SEQUENCE,
    SEQUENCE_END,
    Refused,
    exact,
    line_of,
    quick,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 30
MOST_NODES = 50_000  # with every alias written out

Scalar = str | int | float | bool | None

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {w: w.lower() == "true" for w in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)  # positional: thousands are made
class Node:
    """A value of a file: a scalar, a list, or a map; `key_line` is where its key stands."""

    value: Scalar | list[Node] | dict[str, Node]
    file: str
    line: int
    key_line: int


def read(file: str, text: str | Unreadable) -> tuple[Node | None, list[Fault]]:
    """Turn a file's text into its top node, a map; None when it is not one."""
    if isinstance(text, Unreadable):
        fault = Fault(file=file, line=text.line, path="", message=text.message, remedy=text.remedy)
        return None, [fault]
    text = text.removeprefix("\ufeff")
    with contextlib.suppress(Refused):  # its yes is taken; on a no, the exact parser says why
        return compose(file, text, quick(text))
    composing = _Composing(file, text, exact(text))
    try:
        return composing.document(), composing.faults
    except Refused as no:
        fault = Fault(file=file, line=no.line, path="", message=no.message, remedy=no.remedy)
        return None, [*composing.faults, fault]


def compose(file: str, text: str, events: Iterator[Any]) -> tuple[Node, list[Fault]]:
    """Put a text's events together. Raises Refused where it cannot be read."""
    composing = _Composing(file, text, events)
    return composing.document(), composing.faults


class _Composing:
    """One pass over the events of one file."""

    def __init__(self, file: str, text: str, events: Iterator[Any]) -> None:
        self.file = file
        self.text = text
        self.events = events
        self.faults: list[Fault] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.path: list[str] = []
        self.nodes = 0

    def document(self) -> Node:
        node = None
        for event in self.events:
            if isinstance(event, DOCUMENT):
                if node is not None:
                    raise Refused(
                        line_of(event), "a second document begins here", "one file is one site"
                    )
                node = self.node(next(self.events), 0)
        if node is None or (node.value is None and not self.text.strip("-. \n")):
            raise Refused(1, "the file is empty", "write a policy, or remove the file")
        if not isinstance(node.value, dict):
            raise Refused(node.line, "the file is not a map of keys", "begin with `site: name`")
        return node

    def node(self, event: Any, depth: int, key_line: int | None = None) -> Node:  # noqa: ANN401 - the events of two parsers
        line = line_of(event)
        before = self.nodes
        self.nodes += 1
        if depth > DEEPEST:
            raise Refused(line, "nested too deep", f"at most {DEEPEST} levels")
        if isinstance(event, ALIAS):
            return self.alias(str(event.anchor), line, key_line or line)
        if event.tag is not None:
            raise Refused(line, "YAML tags are not part of the language", "write plain values")
        value: Scalar | list[Node] | dict[str, Node]
        if isinstance(event, SCALAR):
            value = event.value if event.style else _scalar(event.value)
            if value is None and key_line is not None:
                line = key_line  # nothing stands there, and the parsers differ on where that is
            if not event.value.isascii():
                _refuse_surrogates(event.value, line)
        elif isinstance(event, SEQUENCE):
            value = []
            while not isinstance(item := next(self.events), SEQUENCE_END):
                value.append(self.node(item, depth + 1))
        else:
            value = self.mapping(depth)
        node = Node(value, self.file, line, key_line or line)
        if event.anchor:
            self.anchors[event.anchor] = (node, self.nodes - before)
        self.bound(line)
        return node

    def mapping(self, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self.events), MAP_END):
            line = line_of(event)
            if not isinstance(event, SCALAR) or event.tag is not None:
                raise Refused(line, "a key is not plain text", "write `key: value`")
            key = event.value
            if not key.isascii():
                _refuse_surrogates(key, line)
            if key == "<<" and not event.style:
                raise Refused(
                    line, "merge keys are not part of YAML 1.2", "use a tier or `defaults:`"
                )
            self.path.append(key)
            value = self.node(next(self.events), depth + 1, line)
            if key in entries:
                message = f"this key is already written on line {entries[key].key_line}"
                self.faults.append(
                    Fault(
                        file=self.file,
                        line=line,
                        path=dotted(tuple(self.path)),
                        message=message,
                        remedy="keep one of them",
                    )
                )
            else:
                entries[key] = value
            self.path.pop()
        return entries

    def alias(self, anchor: str, line: int, key_line: int) -> Node:
        # Its name is not repeated: an unquoted password may begin with a star.
        if anchor not in self.anchors:
            raise Refused(
                line, "an alias of an anchor that is not there", "quote text that begins with *"
            )
        node, size = self.anchors[anchor]
        self.nodes += size
        self.bound(line)
        return Node(node.value, self.file, node.line, key_line)

    def bound(self, line: int) -> None:
        if self.nodes > MOST_NODES:
            raise Refused(line, "too many values", f"at most {MOST_NODES}, aliases written out")


def _refuse_surrogates(text: str, line: int) -> None:
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise Refused(line, "half a character (a lone surrogate)", "write the character itself")


def _scalar(text: str) -> Scalar:
    """Resolve a plain scalar by the core schema of YAML 1.2: `on` and `18:00` stay text."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
