"""How a name is looked for: without regard to case and accents, with * and ?. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

GRAM = 3  # characters that an index of pieces of names keeps together
_SPECIAL = re.compile(r"[*?]")
_BRACKET = "[[]"  # how SQLite's GLOB is told that a bracket is one: people have them in names
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is looked for, folded: the name, and any of these folders; none: wherever it is."""

    text: str
    name: str
    folders: tuple[str, ...] = ()

    @property
    def grams(self) -> tuple[str, ...]:
        """Pieces of three characters that the name of every match has; perhaps none."""
        pieces = _SPECIAL.split(self.name.replace(_BRACKET, "["))
        return tuple(dict.fromkeys(gram for piece in pieces for gram in pieces_of(piece)))


def pattern(text: str) -> Pattern:
    """Read what a person asks for: a name, or with a slash the end of a path.

    Without * or ? it may stand anywhere in the name. In a folder, * goes over slashes too; a slash
    at the end, or `/**`, means whatever is below.
    """
    folder, slash, name = fold(text.strip()).replace("[", _BRACKET).rpartition("/")
    plain = not _SPECIAL.search(folder + name)
    if not slash:
        return Pattern(text, f"*{name}*" if plain else name)
    if not folder.startswith(("/", "*")) and folder:
        folder = f"*{folder}" if plain and name else f"*/{folder}"
    if name in {"", "**"}:
        return Pattern(text, "*", (folder, f"{folder}/*"))
    return Pattern(text, f"{name}*" if plain else name, (folder,))


def pieces_of(text: str) -> tuple[str, ...]:
    """Return the pieces of three characters of a text, in its order."""
    return tuple(text[at : at + GRAM] for at in range(len(text) - GRAM + 1))


def fold(text: str) -> str:
    """Return a text as it is compared: small letters, no accents, ligatures in two."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(c for c in bare if not unicodedata.combining(c))
