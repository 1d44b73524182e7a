"""YAML text to the events of a parser: libyaml for its speed, ruamel for its exactness.

libyaml reads ten times as fast and knows YAML 1.1. What the two understand differently it is not
asked, and what it refuses ruamel decides; what a plain scalar means is decided by neither.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The events of both have the same attributes.
ALIAS = (yaml.AliasEvent, events.AliasEvent)
DOCUMENT = (yaml.DocumentStartEvent, events.DocumentStartEvent)
MAP_END = (yaml.MappingEndEvent, events.MappingEndEvent)
SCALAR = (yaml.ScalarEvent, events.ScalarEvent)
SEQUENCE = (yaml.SequenceStartEvent, events.SequenceStartEvent)
SEQUENCE_END = (yaml.SequenceEndEvent, events.SequenceEndEvent)

# Where the two differ: tabs, characters that YAML 1.1 takes for the end of a line, directives,
# anchors, `? ` keys, the end of a document, what touches the mark of a block.
_DIFFERENT = re.compile(
    r"[\t\x7f-\x9f\u2028\u2029\ufeff]|^%|^\.\.\.|(?<!\S)&\S|[\[{,:-]&|\?(?!\w)"
    r"|[|>][-+0-9]*(#| *(#.*)?[\r\n]\s*[\r\n])",
    re.MULTILINE,
)


class Refused(Exception):
    """The file cannot be read beyond this point."""

    def __init__(self, line: int, message: str, remedy: str) -> None:
        super().__init__(message)
        self.line, self.message, self.remedy = line, message, remedy


def quick(text: str) -> Iterator[Any]:
    """Yield the events as libyaml sees them. Raises Refused, which says nothing of the text."""
    if _DIFFERENT.search(text) or not yaml.__with_libyaml__:
        raise Refused(1, "", "")
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeError) as error:
        raise Refused(1, "", "") from error


def exact(text: str) -> Iterator[Any]:
    """Yield the events as ruamel sees them. Raises Refused with what is wrong."""
    line = 1
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            line = line_of(event)
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = _problem(error.problem or error.context or "it cannot be read")
        raise Refused(mark.line + 1 if mark else 1, *problem) from error
    except (YAMLError, ValueError, OverflowError, IndexError, AssertionError) as error:
        if isinstance(error, ReaderError):
            line = text.count("\n", 0, error.position) + 1
        raise Refused(
            line, "a character that YAML does not allow", "save the file as plain UTF-8 text"
        ) from error


def line_of(event: Any) -> int:  # noqa: ANN401 - the events of two parsers
    """Return the line on which the event begins, from 1."""
    return int(event.start_mark.line) + 1


def _problem(text: str) -> tuple[str, str]:
    r"""Say the parser's complaint without quoting the file: a secret may stand there."""
    if r"'\t'" in text:
        return "a tab where YAML wants spaces", "indent with spaces"
    said = re.sub(r"(['\"]).{2,}?\1", "…", text.splitlines()[0])
    return f"not valid YAML: {said}", "mind indentation, colons and quotes"
