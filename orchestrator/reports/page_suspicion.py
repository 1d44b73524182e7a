"""What a page says of a suspicion: what was seen, what to leave alone, the last clean point. Pure.

It says all that the incident's own summary and remedy do, in the reader's language.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core import suspicion
from orchestrator.core.decide.wrong.conditions import Condition, stem
from orchestrator.core.events import RunKind
from orchestrator.reports.signs import told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.events import Sign
    from orchestrator.core.policy.model import Repository
    from orchestrator.core.state import RepositoryState, ServiceState, State
    from orchestrator.reports.page_body import Facts

Row = tuple[str, ...]
OF_SUSPICION = (Condition.BACKUP_SUSPECTED, Condition.CHANGE_UNUSUAL)
WORDS = {
    "en": {
        "seen": "Seen",
        "doubted": "Suspected",
        "since": "{who}: points since {at}, and every one until somebody has judged",
        "first": "First of all",
        "isolate": "Restore nothing onto this machine. Do not switch off. Isolate: cut the "
        "network, not the power.",
        "frozen": "Meanwhile",
        "kept": "backups go on and are marked; nothing is removed, nothing suspected is copied",
        "kept-unusual": "backups go on; no recovery point is removed",
        "with": "Also struck",
        "joined": "{who}, suspected since {at}: incident {id}, part of this call",
        "clean": "Last clean",
        "before": "Before it",
        "point": "{who}: data of {at} ({span} old), run {run}",
        "older": "{who}: in {where} data of {at} ({span} old); {how}",
        "where": "{who}: it is in {where}; {how}",
        "none": "{who}: no point before it",
        "judged": "Judged",
        "sound": "{who}: a false alarm, its points count again; the newest is of {at}, run {run}",
        "locked": "immutable, verified {at}",
        "unlocked": "the policy says immutable, and nobody has verified it",
        "weak": "the policy says immutable, and it is not: {why}",
        "append": "append-only",
        "offline": "offline, unless it is plugged in: leave it unplugged",
        "open": "whoever has its keys can delete it",
        "snapshots": "the points, the suspected ones marked",
        "drill": "try the recovery from the last clean point, in a sandbox",
        "recover": "recover it, on a clean machine, beside",
        "pause": "no schedule, no retention until you resume",
        "clean-end": "when its data is back: what is suspected stays so",
        "all": " (--all: every service)",
        "false": "when it was ordinary work: its points count again",
        "closed": "when somebody has looked: it was ordinary work",
    },
    "fr": {
        "seen": "Observé",
        "doubted": "Suspects",
        "since": "{who} : les points depuis le {at}, et les suivants jusqu'à ce qu'on ait tranché",
        "first": "Avant tout",
        "isolate": "Ne rien restaurer sur cette machine. Ne pas éteindre. Isoler : couper le "
        "réseau, pas le courant.",
        "frozen": "D'ici là",
        "kept": "les sauvegardes continuent, marquées ; rien n'est supprimé, ni copié de suspect",
        "kept-unusual": "les sauvegardes continuent ; aucun point n'est supprimé",
        "with": "Touchés aussi",
        "joined": "{who}, suspect depuis le {at} : incident {id}, compris dans cet appel",
        "clean": "Dernier sain",
        "before": "Juste avant",
        "point": "{who} : données du {at} (il y a {span}), exécution {run}",
        "older": "{who} : dans {where}, données du {at} (il y a {span}) ; {how}",
        "where": "{who} : il est dans {where} ; {how}",
        "none": "{who} : aucun point antérieur",
        "judged": "Jugé",
        "sound": "{who} : fausse alerte, ses points comptent à nouveau ; le dernier est du {at}, "
        "exécution {run}",
        "locked": "immuable, vérifié le {at}",
        "unlocked": "dit immuable par la politique, jamais vérifié",
        "weak": "dit immuable par la politique, et ne l'est pas : {why}",
        "append": "ajout seul",
        "offline": "hors ligne, sauf s'il est branché : le laisser débranché",
        "open": "qui a ses clés peut l'effacer",
        "snapshots": "les points, les suspects marqués",
        "drill": "essayer la reprise du dernier point sain, en bac à sable",
        "recover": "le récupérer, sur une machine saine, à côté",
        "pause": "ni planification ni rétention jusqu'à la reprise",
        "clean-end": "ses données sont revenues : ce qui est suspect le reste",
        "all": " (--all : tous)",
        "false": "c'était du travail ordinaire : ses points comptent à nouveau",
        "closed": "quelqu'un a regardé : c'était du travail ordinaire",
    },
}


def is_one(facts: Facts) -> bool:
    """Whether the incident is of a suspicion."""
    return stem(facts.incident.condition)[0] in OF_SUSPICION


def rows(state: State, facts: Facts) -> list[Row]:
    """Return what is known of a suspicion, each with its label."""
    words, known = WORDS[facts.lang], _known(state, facts)
    grave = stem(facts.incident.condition)[0] is Condition.BACKUP_SUSPECTED
    signs, since = _seen(known, facts.incident.evidence)
    found = _under(
        words["seen"], [told(facts.lang, sign) for sign in signs] or [facts.incident.summary]
    )
    if facts.incident.resolved_at is None:
        if grave:
            found.insert(0, (words["first"], words["isolate"]))
        if grave and since is not None:
            line = words["since"].format(who=_who(facts), at=facts.moment(since))
            found.append((words["doubted"], line))
        if grave:
            found += _under(words["with"], list(_joined(state, facts)))
        found.append((words["frozen"], words["kept" if grave else "kept-unusual"]))
    if facts.incident.resolved_at is not None and not _is_mistrusted(known, facts):
        return found + _under(words["judged"], list(_sound(facts, known)))
    return found + _under(words["clean" if grave else "before"], list(_clean(state, facts, known)))


def _is_mistrusted(known: ServiceState, facts: Facts) -> bool:
    """Whether the points of an incident stay suspected, now that it is over."""
    first = facts.incident.evidence
    return any(one.run == first and not one.cleared for one in known.suspicions)


def _sound(facts: Facts, known: ServiceState) -> Iterator[str]:
    last = known.complete
    if last is not None and last.data_time is not None:
        line = WORDS[facts.lang]["sound"]
        yield line.format(who=_who(facts), run=last.run, at=facts.moment(last.data_time))


def commands(facts: Facts) -> list[Row]:
    """Return what to do now, each with what it is for."""
    words, one = WORDS[facts.lang], facts.incident
    where = f"{one.site} {one.service}"
    found = [(f"pra snapshots {where}", words["snapshots"])]
    if stem(one.condition)[0] is Condition.CHANGE_UNUSUAL:
        return [
            *found,
            (f"pra resolve {one.id}", words["closed"]),
            (f"pra resolve {one.id} --clean", words["clean-end"]),
        ]
    return [
        *found,
        (f"pra drill {where} --scenario ransomware", words["drill"]),
        (f"pra recover {where} --scenario ransomware --to DIR", words["recover"]),
        (f'pra pause {one.site} --reason "virus" --incident {one.id}', words["pause"]),
        (f"pra resolve {one.id} --clean", words["clean-end"] + words["all"]),
        (f"pra resolve {one.id} --false-alarm", words["false"]),
    ]


def _known(state: State, facts: Facts) -> ServiceState:
    return state.service(facts.incident.site, facts.incident.service)


def _who(facts: Facts) -> str:
    return facts.services[0].name if facts.services else facts.incident.service


def _seen(known: ServiceState, first: str) -> tuple[tuple[Sign, ...], datetime | None]:
    """Return the signs that made it so, and the data time of the first point."""
    for one in reversed(known.suspicions):
        if one.run == first:
            return one.signs, one.since
    unusual = known.unusual
    if unusual is not None and unusual.run == first:
        return unusual.signs, unusual.data_time
    return (), None


def _clean(state: State, facts: Facts, known: ServiceState) -> Iterator[str]:
    """Yield the last clean point, and each repository that has it or an older one."""
    words, who = WORDS[facts.lang], _who(facts)
    last = suspicion.last_clean(known)
    if last is None or last.data_time is None:
        yield words["none"].format(who=who)
        return
    yield words["point"].format(who=who, run=last.run, **_age(facts, last.data_time))
    places = suspicion.holders(known, last, facts.site.repositories if facts.site else {})
    for name in places:
        yield words["where"].format(who=who, where=name, how=_how(state, facts, name))
    for name, copied in known.copies.items():
        there, how = copied.complete, _how(state, facts, name)
        if there is not None and there.data_time is not None and name not in places:
            yield words["older"].format(
                who=who, where=name, how=how, **_age(facts, there.data_time)
            )


def _joined(state: State, facts: Facts) -> Iterator[str]:
    """Yield the other services of the site that are suspected now: one attack is one call."""
    one, services = facts.incident, facts.site.services if facts.site else {}
    alike = (
        i for i in state.incidents.values() if (i.site, i.condition) == (one.site, one.condition)
    )
    for other in sorted(alike, key=lambda i: (i.opened_at, i.id)):
        now = state.service(other.site, other.service).suspicion
        if other.id != one.id and other.resolved_at is None and now is not None:
            name = services[other.service].name if other.service in services else other.service
            at = facts.moment(now.since)
            yield WORDS[facts.lang]["joined"].format(who=name, at=at, id=other.id)


def _age(facts: Facts, data: datetime) -> dict[str, str]:
    span = facts.span(max(facts.now - data, timedelta(0)))
    return {"at": facts.moment(data), "span": span}


def _how(state: State, facts: Facts, name: str) -> str:
    """Say who could take away what a repository holds."""
    words = WORDS[facts.lang]
    spec = facts.site.repositories.get(name) if facts.site else None
    if spec is not None and spec.immutable is not None:
        return _locked(state.repository(facts.incident.site, name), facts)
    return words[_reach(spec)]


def _reach(spec: Repository | None) -> str:
    if spec is not None and spec.append_only:
        return "append"
    return "offline" if spec is not None and spec.rotation is not None else "open"


def _locked(known: RepositoryState, facts: Facts) -> str:
    words, seen = WORDS[facts.lang], known.relocked
    answered = known.of(RunKind.RELOCK).answered
    at = answered.finished_at if answered else None
    if seen is None or at is None:
        return words["unlocked"]
    if seen.problems:
        return words["weak"].format(why=seen.problems[0])
    return words["locked"].format(at=facts.moment(at))


def _under(label: str, said: list[str]) -> list[Row]:
    return [(label if n == 0 else "", text) for n, text in enumerate(said)]
