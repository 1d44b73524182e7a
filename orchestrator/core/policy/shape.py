"""The grammar of the language: a few shapes, from which checking, merging and the schema follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LINE = r"\S(.*\S)?"
TEXT = r"\s*\S[\s\S]*"
IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
IDENTIFIER_WRITE = "letters, digits, dots, _ and -"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A scalar of text. `read` turns it into its value or raises ValueError with what to write."""

    what: str = "text"
    pattern: str = LINE
    read: Callable[[str], object] = str
    write: str = "write it in quotes"
    quote: bool = True  # False: what stands there may hold a secret and is not repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number; one in `later` is of a feature that is not built yet."""

    least: int
    most: int
    later: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One word of a closed set; `later` are patterns of words for what is not built yet."""

    words: tuple[str, ...]
    later: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference to a secret; what stands there instead is never repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list; a higher layer replaces it whole."""

    item: Shape
    least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf:
    """A map from names of the user's choice."""

    item: Shape
    key: Text | Choice
    least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key; `synonyms` are other words for it."""

    shape: Shape
    doc: str = ""
    required: bool = False
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """A map of known keys. Of each group in `one_of` exactly one stands, of `some_of` at least one.

    Keys in `later` belong to features that are not built yet.
    """

    fields: Mapping[str, Field]
    later: frozenset[str] = frozenset()
    one_of: tuple[tuple[str, ...], ...] = ()
    some_of: tuple[tuple[str, ...], ...] = ()
    names: Mapping[str, str] = field(init=False)  # every accepted key to the one we use

    def __post_init__(self) -> None:
        names = {n: name for name, f in self.fields.items() for n in (name, *f.synonyms)}
        object.__setattr__(self, "names", names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """One word, or a map that says more. Layers merge such a map only where its keys are known."""

    text: Text
    fields: Fields | MapOf


Shape = Text | Whole | Flag | Choice | Reference | ListOf | MapOf | Fields | Either
