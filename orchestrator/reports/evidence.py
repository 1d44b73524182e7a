"""What was let in of another machine's drill: for a person, and as a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.evidence import ALGORITHM, fingerprint_of
from orchestrator.reports.words import SCENARIOS, when
from restore_drills.document import stamp
from restore_drills.model import Label

if TYPE_CHECKING:
    from orchestrator.core.evidence import Evidence
    from orchestrator.core.policy.model import Site


def text(evidence: Evidence, site: Site, *, new: bool) -> str:
    """Return one line, and one more for each thing that a person must know about it."""
    services = ", ".join(one.service for one in evidence.services)
    at = when(evidence.started_at, site.timezone)
    line = (
        f"{'imported' if new else 'on the log already, nothing changed'}: {site.id} "
        f"{evidence.verdict} on {evidence.place}, {at}, when {SCENARIOS[evidence.scenario]} "
        f"({services}); {_label(evidence, site)}"
    )
    return "\n".join((line, *(f"  {note}" for note in (notes(evidence) if new else ()))))


def notes(evidence: Evidence) -> tuple[str, ...]:
    """Return what weakens the evidence, or is unusual about it."""
    found = []
    if evidence.older:
        found.append(
            f"It proves an older policy of {', '.join(evidence.older)}: drill again there, with "
            "the policy of today."
        )
    if evidence.unknown:
        found.append(f"Today's policy has no {', '.join(evidence.unknown)}.")
    if evidence.exploratory:
        found.append(
            "It was made for an instant or a repository of somebody's choice: it does not count "
            "as a proof of tonight."
        )
    if evidence.replaced:
        found.append(
            f"{evidence.place} now signs with {fingerprint_of(evidence.key)}; "
            f"{evidence.replaced} is trusted no more."
        )
    return tuple(found)


def document(evidence: Evidence, *, new: bool) -> dict[str, Any]:
    """Return the document of `pra evidence import --json`."""
    return {
        "imported": new,
        "run": evidence.run,
        "site": evidence.site,
        "scenario": evidence.scenario,
        "place": evidence.place,
        "started_at": stamp(evidence.started_at),
        "verdict": evidence.verdict,
        "label": evidence.label,
        "exploratory": evidence.exploratory,
        "services": [
            {
                "id": one.service,
                "verdict": one.verdict,
                "label": one.label,
                "policy": "unknown"
                if one.service in evidence.unknown
                else "older"
                if one.service in evidence.older
                else "current",
            }
            for one in evidence.services
        ],
        "key": key(evidence.key),
        "replaced": evidence.replaced or None,
    }


def key(public: str) -> dict[str, str]:
    """Return a public key, given in base64, and what to compare it by."""
    return {"algorithm": ALGORITHM, "public_key": public, "fingerprint": fingerprint_of(public)}


def _label(evidence: Evidence, site: Site) -> str:
    match evidence.label:
        case Label.MEASURED if site.recover_on == evidence.place:
            return f"measured where {site.id} recovers"
        case Label.MEASURED_ELSEWHERE if site.recover_on and site.recover_on != evidence.place:
            return f"measured elsewhere, for {site.id} recovers on {site.recover_on}"
        case label:
            return label.replace("-", " ")
