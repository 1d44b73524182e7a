"""Everything that can go wrong, as one tree; each class has its exit code.

PraError                     1  could not do it
├── PolicyInvalid            2  all faults of the policy files at once
├── Misused                  2  an argument that does not fit the site
├── SecretMissing            1  a reference that leads nowhere
├── SourceFailed             1  the data could not be read or made consistent
├── ResticMissing            1  no restic, or older than 0.18
├── ResticChanged            1  restic said something that we cannot read
├── ResticFailed             1  restic said no, for a reason that has no class of its own
├── RepositoryAbsent         1  nothing there (restic 10)
├── RepositoryLocked         1  somebody else works exclusively in it (restic 11), retryable
├── RepositoryRefused        1  wrong password or access denied (restic 12, S3 403)
├── RepositoryUnreachable    1  the endpoint does not answer, retryable
├── RepositoryDamaged        3  restic named a damaged or missing blob or pack
├── StateUnusable            1  the state directory or its log cannot be used
├── ChannelFailed            1  a page was not accepted; retryable when it may pass by itself
├── EvidenceRefused          1  a drill made elsewhere that is not let in
├── KitRefused               1  a recovery kit that this secret does not open, or of another site
├── KitDamaged               3  a recovery kit of which a byte is not as it was written
├── DemoFailed               1  a server or a file of the demonstration is not to be had
└── Interrupted            130  somebody asked us to stop
"""

from __future__ import annotations

from typing import ClassVar

from restore_drills import errors as drills


class PraError(Exception):
    """What failed and where (the message), what to do (`hint`, a sentence)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.retryable = retryable

    @property
    def code(self) -> str:
        """The class's name in kebab-case, as the JSON error document gives it."""
        name = type(self).__name__
        return "".join(f"-{c}" if c.isupper() and i else c for i, c in enumerate(name)).lower()


class PolicyInvalid(PraError):
    """The policy files have faults; the message lists them all."""

    exit_code = 2


class Misused(PraError):
    """An argument does not fit."""

    exit_code = 2


class SecretMissing(PraError):
    """A secret's reference leads nowhere."""


class SourceFailed(PraError):
    """The data could not be read or made consistent."""


class ResticMissing(PraError):
    """There is no restic, or it is too old."""


class ResticChanged(PraError):
    """Restic said something that we cannot read."""


class ResticFailed(PraError):
    """Restic said no."""


class RepositoryAbsent(PraError):
    """There is no repository at the location."""


class RepositoryLocked(PraError):
    """Somebody else works exclusively in the repository."""


class RepositoryRefused(PraError):
    """The password is wrong, or access is denied."""


class RepositoryUnreachable(PraError):
    """The endpoint does not answer."""


class RepositoryDamaged(PraError):
    """A blob or pack is damaged or missing."""

    exit_code = 3


class StateUnusable(PraError):
    """The state directory or its log cannot be used."""


class EvidenceRefused(PraError):
    """A drill made elsewhere cannot be let into the log."""


class KitRefused(PraError):
    """A recovery kit does not open with this secret, or cannot be made so."""


class KitDamaged(PraError):
    """A recovery kit is not as it was written."""

    exit_code = 3


class ChannelFailed(PraError):
    """A channel did not accept a page. Neither its message nor its hint holds a secret."""


class DemoFailed(PraError):
    """A server or a file of the demonstration is not to be had."""


class Interrupted(PraError):
    """Somebody asked us to stop."""

    exit_code = 130


def as_drill_error(error: PraError) -> drills.DrillError:
    """Say one of our errors in the words of the drill, which knows only its own."""
    match error:
        case RepositoryDamaged():
            kind: type[drills.DrillError] = drills.Damaged
        case Interrupted():
            kind = drills.Interrupted
        case ResticMissing():
            kind = drills.CommandMissing
        case _ if "no space left" in str(error).lower():
            return drills.NoSpace(str(error), hint="Free space, or give --state a larger disk.")
        case _:
            kind = drills.Unreachable
    return kind(str(error), hint=error.hint)
