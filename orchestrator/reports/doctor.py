"""An examination as a JSON document and as a person's page. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.diagnosis import Work
from restore_drills.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.diagnosis import Diagnosis, Finding

WORDS = {Severity.ERROR: "ERROR", Severity.WARNING: "warning", Severity.INFO: "note"}
ANYWHERE = "any Linux machine that holds the policy and may read the repository"


def document(found: Diagnosis) -> dict[str, Any]:
    """Return the body of `pra doctor --json`; what is fine is not in it."""
    return {
        "findings": [
            {
                "code": one.code,
                "severity": one.severity.value,
                "subject": one.subject,
                "message": one.message,
                "remedy": one.remedy,
            }
            for one in found.findings
        ],
        "drill_here": found.drill_here,
        "backup_here": found.backup_here,
        "here": here(found),
    }


def text(found: Diagnosis) -> str:
    """Return the page: what is possible here, what is wrong with its remedy, what is fine."""
    parts = [[f"{here(found)[0].upper()}{here(found)[1:]}"]]
    if found.findings:
        parts.append([line for one in found.findings for line in lines(one)])
    if found.fine:
        parts.append(["Fine:", *(f"  {one.subject}: {one.message}" for one in found.fine)])
    return "\n\n".join("\n".join(part) for part in parts)


def lines(one: Finding) -> Iterator[str]:
    """Yield a finding and, below it, what to do."""
    yield f"{WORDS[one.severity]}: {one.subject}: {one.message}"
    if one.remedy:
        yield f"  {one.remedy}"


def here(found: Diagnosis) -> str:
    """Say what this machine is good for, why not for more, and where that can be done."""
    backup, drill = found.against(Work.BACKUP), found.against(Work.DRILL)
    said = f"here: backup {_word(backup)}, drill {_word(drill)}"
    why = list(dict.fromkeys(one.because or one.message for one in (*backup, *drill)))
    if why:
        said += f", because {'; '.join(why)}"
    if drill:
        said += f"; run the drill on {' or '.join(found.elsewhere) or ANYWHERE}"
    return f"{said}."


def _word(against: tuple[Finding, ...]) -> str:
    return "no" if against else "yes"
