"""One scalar, or one reference to a secret, against its shape; what does not fit raises Unfit."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from orchestrator.core.policy.fault import quoted
from orchestrator.core.policy.model import Secret
from orchestrator.core.policy.shape import Choice

if TYPE_CHECKING:
    from orchestrator.core.policy.read import Node
    from orchestrator.core.policy.shape import Text, Whole

NOT_YET = "arrives with a later version: not built yet"
REFERENCE = "write {env: NAME}, {file: /path}, {credential: NAME} or {command: [program, argument]}"
_SECRET_WORDS = {
    "env": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    "file": re.compile(r"/.*"),
    "credential": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
}


class Unfit(Exception):
    """A value that stays out, and why."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


def key(shape: Text | Choice, name: str) -> None:
    """Refuse a name that a map may not have as a key."""
    if isinstance(shape, Choice):
        _word(shape, name)
    elif re.fullmatch(shape.pattern, name) is None:
        raise Unfit(f"this is not {shape.what}", shape.write)


def text(shape: Text, node: Node) -> object:
    """Read a text to its value."""
    written = node.value
    if not isinstance(written, str):
        wrong(shape.what, node, shape.write)
    try:
        read = shape.read(written)
    except ValueError as error:
        raise _unlike(shape, written, str(error)) from None
    if re.fullmatch(shape.pattern, written) is None:
        if not written.strip():
            raise Unfit("the text is empty", "write something, or remove the key")
        raise _unlike(shape, written, shape.write)
    return read


def _unlike(shape: Text, written: str, remedy: str) -> Unfit:
    shown = quoted(written) if shape.quote else "this"
    return Unfit(f"{shown} is not {shape.what}", remedy)


def whole(shape: Whole, node: Node) -> int:
    """Read a whole number within its bounds."""
    number = node.value
    if not isinstance(number, int) or isinstance(number, bool):
        wrong("a whole number", node, "write digits, without quotes")
    if number in shape.later:
        raise Unfit(f"{number} {NOT_YET}", f"write {shape.least} to {shape.most}")
    if not shape.least <= number <= shape.most:
        raise Unfit(f"{number} is out of range", f"write {shape.least} to {shape.most}")
    return number


def choice(shape: Choice, node: Node) -> str:
    """Read a word of a closed set."""
    if not isinstance(node.value, str):
        wrong(f"one of {', '.join(shape.words)}", node, "write one of them")
    return _word(shape, node.value)


def _word(shape: Choice, word: str) -> str:
    if any(re.fullmatch(pattern, word) for pattern in shape.later):
        raise Unfit(f"{word} {NOT_YET}", f"write {' or '.join(shape.words)}")
    if word not in shape.words:
        near = get_close_matches(word, shape.words, n=1)
        known = f"write {', '.join(shape.words)}"
        raise Unfit(
            f"{quoted(word)} is not known here", f"did you mean {near[0]}?" if near else known
        )
    return word


def secret(node: Node) -> Secret:
    """Read a reference. Nothing of what stands there is ever repeated: it may be the secret."""
    if not isinstance(node.value, dict):
        raise Unfit("a literal where a reference to a secret belongs", REFERENCE)
    if len(node.value) != 1:
        raise Unfit("not one reference to a secret", REFERENCE)
    [(kind, child)] = node.value.items()
    words = child.value
    if kind == "command" and isinstance(words, list) and words:
        argv = tuple(n.value for n in words if isinstance(n.value, str) and n.value)
        if len(argv) == len(words):
            return Secret(kind=kind, value=argv)
    elif kind in _SECRET_WORDS and isinstance(words, str) and _SECRET_WORDS[kind].fullmatch(words):
        return Secret(kind=kind, value=(words,))
    raise Unfit("not a reference to a secret", REFERENCE)


def wrong(wanted: str, node: Node, remedy: str) -> NoReturn:
    """Refuse a value of another type, without repeating it."""
    match node.value:
        case None:
            found = "nothing"
        case bool():
            found = "true or false"
        case int() | float():
            found = "a number"
        case str():
            found = "text"
        case list():
            found = "a list"
        case _:
            found = "a map"
    raise Unfit(f"{wanted} was expected, {found} found", remedy)
