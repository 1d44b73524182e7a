"""What a drill or a recovery from a kit alone says beside its answer. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.bare import finding
from orchestrator.reports import dry_run
from orchestrator.reports.kit_findings import said
from orchestrator.reports.kit_times import compared
from orchestrator.reports.phrases import Speech
from orchestrator.reports.words import columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from orchestrator.core.dry_run import Row
    from orchestrator.core.kit.times import Took
    from restore_drills.model import Finding

WORDS = {
    "en": {
        "refuted": "REFUTED: nothing comes back from this kit.",
        "inconclusive": "INCONCLUSIVE: it could not be tried, and proves nothing.",
        "unplanned": "Nothing can be planned from this kit.",
        "log": "What the log of this machine knows, and a kit does not:",
        "policy": ", policy from {repository}",
        "from": "From kit {kit}, opened by {holder}{policy}; {proof}.",
        "when": "How long from the start until each answers, as drills measured it:",
    },
    "fr": {
        "refuted": "ÉCHEC : rien ne revient de ce kit.",
        "inconclusive": "NON CONCLUANT : l'essai n'a pas pu se faire, et ne démontre rien.",
        "unplanned": "Rien ne peut être prévu depuis ce kit.",
        "log": "Ce que le journal de cette machine sait, et qu'un kit ignore :",
        "policy": ", politique trouvée dans {repository}",
        "from": "Depuis le kit {kit}, ouvert par {holder}{policy} ; {proof}.",
        "when": "Temps mesuré en exercice, du départ jusqu'à ce que chacun réponde :",
    },
}


def text(
    document: Mapping[str, Any], told: str, added: Iterable[Finding], proof: str, lang: str
) -> str:
    """Return what the child said, and below it what this machine adds.

    `told` is empty where it did not come as far as a child.
    """
    say = WORDS[lang]
    blocks = [told] if told else []
    lines = _lines(added, lang)
    if lines and told:
        lines.insert(0, say["log"])
    blocks.append("\n".join(lines))
    if not told:
        blocks.append(say.get(str(document["verdict"]), str(document["verdict"])))
    bare = document["bare"]
    blocks.append("\n".join(compared(bare["times"], lang)))
    used = bare["policy"]
    policy = say["policy"].format(repository=used["repository"]) if used else ""
    blocks.append(
        say["from"].format(kit=bare["kit"], holder=bare["holder"], policy=policy, proof=proof)
    )
    return "\n\n".join(block for block in blocks if block)


def plan_text(
    rows: Sequence[Row], times: Sequence[str], findings: Iterable[Finding], lang: str
) -> str:
    """Return the plan from a kit: its steps, when each service is expected, what is the matter."""
    say = WORDS[lang]
    blocks = ["\n".join(_lines(findings, lang))]
    if not rows:
        blocks.append(say["unplanned"])
    elif any(row.estimate is not None for row in rows if not row.by_hand):
        blocks.append(dry_run.text(tuple(rows)))
    else:  # the kit's own figures below are of whole services
        table: list[tuple[str, ...]] = [("step", "service", "after")]
        table += [(row.step, row.service, ", ".join(row.after)) for row in rows]
        blocks.append("\n".join(columns(table)))
    if times:
        blocks.append("\n".join([say["when"], *(f"  {line}" for line in times)]))
    return "\n\n".join(block for block in blocks if block)


def plan_document(
    rows: Iterable[Row], times: Iterable[Took], findings: Iterable[Finding]
) -> dict[str, Any]:
    """Return it as `--dry-run --json` gives it."""
    return {
        "plan": [row.document() for row in rows],
        "times": [one.plain() for one in times],
        "findings": [finding(one) for one in findings],
    }


def _lines(findings: Iterable[Finding], lang: str) -> list[str]:
    """Tell what holds for several services once."""
    speech = Speech(lang, "UTC")
    merged: dict[tuple[str, str, str], list[str]] = {}
    for one in findings:
        message, remedy = said(one, lang)
        who = merged.setdefault((speech[one.severity], message, remedy), [])
        who += [one.service] if one.service else []
    return [
        f"{speech['is'].join([severity, *filter(None, [', '.join(who)]), message])}\n  {remedy}"
        for (severity, message, remedy), who in merged.items()
    ]
