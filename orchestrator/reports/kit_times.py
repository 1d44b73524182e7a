"""How long it takes until services answer, as a kit's page and a recovery from it say it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.reports.words import duration, size
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from orchestrator.core.kit.contents import Kit
    from orchestrator.core.kit.times import Took

WORDS = {
    "fr": {
        "day": "j",
        "colon": " : ",
        "never": "jamais mesuré, personne ne sait combien de temps",
        "took": "{span} après le départ, {what} ({how}, {at} sur {place}, copie {repository})",
        "bare": "mesuré avec le kit seul",
        "with": "mesuré sans le kit",
        "near": "cette copie est sur place ; si elle part avec les murs, comptez plus",
        "few": "cet exercice n'a ramené que {drilled} services sur {all}",
        "answered": "a répondu {span} après le départ",
        "expected": "attendu : {span}",
        "unanswered": "n'a pas répondu",
    },
    "en": {
        "day": "d",
        "colon": ": ",
        "never": "never measured, nobody knows how long",
        "took": "{span} after the start, {what} ({how}, {at} on {place}, repository {repository})",
        "bare": "measured from the kit alone",
        "with": "measured without the kit",
        "near": "that repository is on site; if it goes with the walls, it takes longer",
        "few": "that drill brought back only {drilled} services of {all}",
        "answered": "answered {span} after the start",
        "expected": "expected: {span}",
        "unanswered": "did not answer",
    },
}
SCENARIOS_FR = {
    Scenario.SERVER_FAILURE: "panne du serveur",
    Scenario.BURGLARY: "cambriolage",
    Scenario.RANSOMWARE: "virus",
    Scenario.BUCKET_WIPE: "copie en ligne effacée",
}


def lines(kit: Kit, lang: str) -> Iterator[str]:
    """Yield one line for each service, in the order in which they come back."""
    found, say = {one.service: one for one in kit.times}, WORDS[lang]
    for number, (service, name) in enumerate(kit.services.items(), 1):
        took = found.get(service)
        said = say["never"] if took is None else "; ".join(_said(kit, took, lang))
        yield f"{number}. {name}{say['colon']}{said}."


def _said(kit: Kit, took: Took, lang: str) -> Iterator[str]:
    say = WORDS[lang]
    french = SCENARIOS_FR.get(Scenario(took.scenario), took.scenario) if lang == "fr" else ""
    what = [french or took.scenario]
    if took.size is not None:
        written = size(took.size)
        what.append(written.replace(".", ",").replace("B", "o") if lang == "fr" else written)
    yield say["took"].format(
        span=_span(took.seconds, lang),
        what=", ".join(what),
        how=say["bare" if took.bare else "with"],
        at=f"{took.at:%Y-%m-%d}",
        place=took.place,
        repository=took.repository,
    )
    held = kit.repository(took.repository)
    if held is not None and held.location != "offsite":
        yield say["near"]
    if took.drilled < len(kit.services):
        yield say["few"].format(drilled=took.drilled, all=len(kit.services))


def beside(times: Sequence[Took], document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return, in seconds, when each service answered beside when it was expected to."""
    expected = {one.service: one.seconds for one in times}
    return [
        {
            "service": service["id"],
            "expected_s": expected.get(service["id"]),
            "answered_s": service["rta_s"],
        }
        for service in document["services"]
    ]


def compared(rows: Sequence[Mapping[str, Any]], lang: str) -> Iterator[str]:
    """Yield of each service when it answered, and when it was expected to."""
    say = WORDS[lang]
    for row in rows:
        took, was = row["answered_s"], row["expected_s"]
        said = say["unanswered"]
        if took is not None:
            said = say["answered"].format(span=_span(took, lang))
        beside_it = say["never"] if was is None else say["expected"].format(span=_span(was, lang))
        yield f"{row['service']}{say['colon']}{said} ({beside_it})"


def _span(seconds: float, lang: str) -> str:
    return duration(timedelta(seconds=seconds), day=WORDS[lang]["day"])
