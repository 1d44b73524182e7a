"""What an examination of this machine found, and what it means for backups and drills. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from restore_drills.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Work(StrEnum):
    """What a finding can stand in the way of."""

    BACKUP = "backup"
    DRILL = "drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a person should know, of a machine or a site; `stops` is what it makes impossible.

    `subject` names what it is about: `acme/offsite`, `state`, `restic`. `because` is the message in
    a few words, for the sentence that says what is possible here.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    remedy: str
    stops: frozenset[Work] = frozenset()
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fine:
    """Something that was looked at and is as it should be."""

    subject: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All that was found. `elsewhere`: where the policies want drills to run, if not here."""

    findings: tuple[Finding, ...]
    fine: tuple[Fine, ...]
    elsewhere: tuple[str, ...]

    @property
    def drill_here(self) -> bool:
        """Whether a drill can run on this machine."""
        return not self.against(Work.DRILL)

    @property
    def backup_here(self) -> bool:
        """Whether every service can be backed up from this machine."""
        return not self.against(Work.BACKUP)

    def against(self, work: Work) -> tuple[Finding, ...]:
        """Return what stands in the way."""
        return tuple(one for one in self.findings if work in one.stops)

    @property
    def sound(self) -> bool:
        """Whether nothing is an error."""
        return all(one.severity is not Severity.ERROR for one in self.findings)


def diagnosis(said: Iterable[Finding | Fine], elsewhere: Sequence[str] = ()) -> Diagnosis:
    """Put together what the checks said: the worst first, each once."""
    told = tuple(dict.fromkeys(said))
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    findings = [one for one in told if isinstance(one, Finding)]
    return Diagnosis(
        findings=tuple(sorted(findings, key=lambda one: order.index(one.severity))),
        fine=tuple(one for one in told if isinstance(one, Fine)),
        elsewhere=tuple(elsewhere),
    )
