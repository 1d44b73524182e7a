"""YAML 1.2 text to nodes that know their line, or to faults; nothing is executed or guessed.

The events of the parser are put together here: what ruamel would build has no lines or costs
three times as much, and aliases, tags, depth and size are held in bounds on the way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from orchestrator.core.policy.fault import Fault, Unreadable, dotted

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


class _Refused(Exception):
    """The file cannot be read beyond this point."""

    def __init__(self, line: int, message: str, remedy: str) -> None:
        super().__init__(message)
        self.line, self.message, self.remedy = line, message, remedy


def read(file: str, text: str | Unreadable) -> tuple[Node | None, list[Fault]]:
    """Turn a file's text into its top node, a map; None when it is not one."""
    if isinstance(text, Unreadable):
        fault = Fault(file=file, line=text.line, path="", message=text.message, remedy=text.remedy)
        return None, [fault]
    composing = _Composing(file, text.removeprefix("\ufeff"))
    try:
        node = composing.document()
    except _Refused as no:
        fault = Fault(file=file, line=no.line, path="", message=no.message, remedy=no.remedy)
        return None, [*composing.faults, fault]
    return node, composing.faults


class _Composing:
    """One pass over the events of one file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.faults: list[Fault] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.path: list[str] = []
        self.nodes = 0
        self.events = self._events()

    def document(self) -> Node:
        node = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if node is not None:
                    raise _Refused(
                        _line(event), "a second document begins here", "one file is one site"
                    )
                node = self.node(next(self.events), 0)
        if node is None or (node.value is None and not self.text.strip("-. \n")):
            raise _Refused(1, "the file is empty", "write a policy, or remove the file")
        if not isinstance(node.value, dict):
            raise _Refused(node.line, "the file is not a map of keys", "begin with `site: name`")
        return node

    def node(self, event: Any, depth: int, key_line: int | None = None) -> Node:  # noqa: ANN401 - ruamel's events are untyped
        line = _line(event)
        before = self.nodes
        self.nodes += 1
        if depth > DEEPEST:
            raise _Refused(line, "nested too deep", f"at most {DEEPEST} levels")
        if isinstance(event, AliasEvent):
            return self.alias(event.anchor, line, key_line or line)
        if event.ctag is not None:
            raise _Refused(line, "YAML tags are not part of the language", "write plain values")
        value: Scalar | list[Node] | dict[str, Node]
        match event:
            case ScalarEvent():
                value = event.value if event.style else _scalar(event.value)
                if not event.value.isascii():
                    _refuse_surrogates(event.value, line)
            case SequenceStartEvent():
                value = []
                while not isinstance(item := next(self.events), SequenceEndEvent):
                    value.append(self.node(item, depth + 1))
            case _:
                value = self.mapping(depth)
        node = Node(value, self.file, line, key_line or line)
        if event.anchor:
            self.anchors[event.anchor] = (node, self.nodes - before)
        self.bound(line)
        return node

    def mapping(self, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            line = _line(event)
            if not isinstance(event, ScalarEvent) or event.ctag is not None:
                raise _Refused(line, "a key is not plain text", "write `key: value`")
            key = event.value
            if not key.isascii():
                _refuse_surrogates(key, line)
            if key == "<<" and not event.style:
                raise _Refused(
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
            raise _Refused(
                line, "an alias of an anchor that is not there", "quote text that begins with *"
            )
        node, size = self.anchors[anchor]
        self.nodes += size
        self.bound(line)
        return Node(node.value, self.file, node.line, key_line)

    def bound(self, line: int) -> None:
        if self.nodes > MOST_NODES:
            raise _Refused(line, "too many values", f"at most {MOST_NODES}, aliases written out")

    def _events(self) -> Iterator[Any]:
        line = 1
        try:
            for event in YAML(typ="safe", pure=True).parse(self.text):
                line = _line(event)
                yield event
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = _problem(error.problem or error.context or "it cannot be read")
            raise _Refused(mark.line + 1 if mark else 1, *problem) from error
        except (YAMLError, ValueError, OverflowError, IndexError, AssertionError) as error:
            if isinstance(error, ReaderError):
                line = self.text.count("\n", 0, error.position) + 1
            raise _Refused(
                line, "a character that YAML does not allow", "save the file as plain UTF-8 text"
            ) from error


def _line(event: Any) -> int:  # noqa: ANN401 - ruamel's events are untyped
    return int(event.start_mark.line) + 1


def _refuse_surrogates(text: str, line: int) -> None:
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise _Refused(line, "half a character (a lone surrogate)", "write the character itself")


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


def _problem(text: str) -> tuple[str, str]:
    r"""Say the parser's complaint without quoting the file: a secret may stand there."""
    if r"'\t'" in text:
        return "a tab where YAML wants spaces", "indent with spaces"
    said = re.sub(r"(['\"]).{2,}?\1", "…", text.splitlines()[0])
    return f"not valid YAML: {said}", "mind indentation, colons and quotes"
