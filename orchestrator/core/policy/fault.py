"""A fault of a policy file, or a warning about one: where it is, what it is, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

PROVIDER_FILE = "provider.yaml"
LONGEST_QUOTE = 60

Path = tuple[str, ...]  # the keys from the top of the file; a list's entry is "[0]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that could not be turned into text: why, and what to do."""

    message: str
    remedy: str
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One thing to repair; as text, `file:line: path: what (what to do)`."""

    file: str
    line: int
    path: str
    message: str
    remedy: str

    def concerns(self, site: str) -> bool:
        """Whether the site cannot be used for it: its own file's fault, or the provider's."""
        name = PurePath(self.file).name
        return name == PROVIDER_FILE or PurePath(self.file).stem == site

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " + (f"{self.path}: " if self.path else "")
        return f"{where}{self.message}" + (f" ({self.remedy})" if self.remedy else "")


def dotted(path: Path) -> str:
    """Write a path as people do: `services.caisse.checks[0].fresh`."""
    text = ""
    for key in path:
        text += key if key.startswith("[") or not text else f".{key}"
    return printable(text)


def quoted(text: str) -> str:
    """Quote what stands in the file: one line, no control character, not too long."""
    short = text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
    return f'"{printable(short)}"'


def printable(text: str) -> str:
    """Replace what would break a line or a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
