"""What can go wrong in a drill.

DrillError                  str: what failed and where; `hint`: what to do, a sentence
├── Damaged                 the data is wrong or missing: the answer is no (refuted)
├── CannotRun               it could not be tried: this proves nothing (inconclusive)
│   ├── CommandMissing      a program is absent or of a version that does not fit
│   ├── Unreachable         the repository does not answer, or does not open
│   ├── NoSpace             the disk cannot hold what is to be restored
│   ├── NoSandbox           no isolation is to be had here
│   └── LimitReached        the sandbox stopped a command at one of its limits
└── Interrupted             somebody asked us to stop
"""

from __future__ import annotations


class DrillError(Exception):
    """Root of the drill's errors."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def of_system(error: OSError) -> CannotRun:
    """Say in one line what the operating system refused; it tells nothing of the data."""
    where = f"{error.filename}: " if error.filename else ""
    return CannotRun(
        f"{where}{error.strerror or error}", hint="Look at the disk, its rights and its limits."
    )


class Damaged(DrillError):
    """The data is wrong or missing."""


class CannotRun(DrillError):
    """It could not be tried."""


class CommandMissing(CannotRun):
    """A program is absent or does not fit."""


class Unreachable(CannotRun):
    """The repository does not answer, or does not open."""


class NoSpace(CannotRun):
    """The disk cannot hold what is to be restored."""


class NoSandbox(CannotRun):
    """No isolation is to be had here."""


class LimitReached(CannotRun):
    """The sandbox stopped a command at one of its limits."""


class Interrupted(DrillError):
    """Somebody asked us to stop."""
