"""The words of a page, in the provider's language. Pure.

A page goes to technicians: RPO and RTO are their words, in French too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestrator.core.decide.wrong.conditions import Condition, stem

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.policy.model import Provider
    from orchestrator.core.state import Incident

Words = dict[str, str]

WHAT = {
    "en": {
        Condition.REPOSITORY_UNREACHABLE: "no backup, {part} unreachable",
        Condition.REPOSITORY_LOST: "{part} is gone, with its points",
        Condition.REPOSITORY_REFUSED: "{part} refuses us, it used to open",
        Condition.REPOSITORY_DAMAGED: "{part} is damaged",
        Condition.REPOSITORY_FOREIGN: "somebody else works in {part}",
        Condition.BACKUP_FAILED: "backup of {who} fails",
        Condition.BACKUP_PARTIAL: "backup of {who} is partial",
        Condition.BACKUP_OVERDUE: "backup of {who} is overdue",
        Condition.RPO_AT_RISK: "last backup of {who} gets too old",
        Condition.RPO_OUT_OF_REACH: "schedule of {who} cannot hold its RPO",
        Condition.COPY_FAILED: "copy of {who} to {part} fails",
        Condition.COPY_LAGS: "copy of {who} in {part} is too old",
        Condition.VERIFY_FAILED: "verification of {part} fails",
        Condition.VERIFY_OVERDUE: "{part} not read in time",
        Condition.LOCK_WEAK: "{part} less immutable than promised",
        Condition.RETAIN_FAILED: "retention in {part} fails",
        Condition.RETENTION_HELD: "retention in {part} waits for a person",
        Condition.DRILL_REFUTED: "drill {part} refuted",
        Condition.DRILL_FAILED: "drill {part} could not run",
        Condition.PROOF_EXPIRED: "proof for {part} has expired",
        Condition.EVIDENCE_OVERDUE: "no evidence yet of drill {part}, made elsewhere",
        Condition.BACKUP_SUSPECTED: "attack suspected on {who}",
        Condition.CHANGE_UNUSUAL: "unusual change in {who}",
        Condition.KIT_STALE: "recovery kit would not do",
        Condition.SITE_PAUSED: "work stands still, paused for over a day",
        Condition.POLICY_BROKEN: "policy file has faults, the old one holds",
        Condition.DISK_SHORT: "disk nearly full",
        Condition.CLOCK_WRONG: "clock is wrong",
        Condition.LOG_RESTORED: "log was damaged, restored from its copy",
        Condition.REPORTED: "{summary}",
        None: "{summary}",
    },
    "fr": {
        Condition.REPOSITORY_UNREACHABLE: "pas de sauvegarde, {part} injoignable",
        Condition.REPOSITORY_LOST: "{part} a disparu, avec ses points",
        Condition.REPOSITORY_REFUSED: "{part} nous refuse, il s'ouvrait",
        Condition.REPOSITORY_DAMAGED: "{part} est endommagé",
        Condition.REPOSITORY_FOREIGN: "un tiers intervient dans {part}",
        Condition.BACKUP_FAILED: "sauvegarde de {who} en échec",
        Condition.BACKUP_PARTIAL: "sauvegarde de {who} incomplète",
        Condition.BACKUP_OVERDUE: "sauvegarde de {who} en retard",
        Condition.RPO_AT_RISK: "dernière sauvegarde de {who} trop ancienne",
        Condition.RPO_OUT_OF_REACH: "la fréquence de {who} ne peut tenir son RPO",
        Condition.COPY_FAILED: "copie de {who} vers {part} en échec",
        Condition.COPY_LAGS: "copie de {who} dans {part} trop ancienne",
        Condition.VERIFY_FAILED: "vérification de {part} en échec",
        Condition.VERIFY_OVERDUE: "{part} pas relu à temps",
        Condition.LOCK_WEAK: "{part} moins immuable que promis",
        Condition.RETAIN_FAILED: "rétention dans {part} en échec",
        Condition.RETENTION_HELD: "rétention dans {part} en attente d'un accord",
        Condition.DRILL_REFUTED: "exercice {part} en échec",
        Condition.DRILL_FAILED: "exercice {part} impossible",
        Condition.PROOF_EXPIRED: "preuve périmée pour {part}",
        Condition.EVIDENCE_OVERDUE: "preuve de l'exercice {part}, fait ailleurs, attendue",
        Condition.BACKUP_SUSPECTED: "attaque soupçonnée sur {who}",
        Condition.CHANGE_UNUSUAL: "changement inhabituel dans {who}",
        Condition.KIT_STALE: "kit de reprise inutilisable en l'état",
        Condition.SITE_PAUSED: "travaux à l'arrêt, en pause depuis plus d'un jour",
        Condition.POLICY_BROKEN: "politique en erreur, l'ancienne reste en vigueur",
        Condition.DISK_SHORT: "disque presque plein",
        Condition.CLOCK_WRONG: "horloge fausse",
        Condition.LOG_RESTORED: "journal abîmé, rétabli depuis sa copie",
        Condition.REPORTED: "{summary}",
        None: "{summary}",
    },
}

WORDS: dict[str, Words] = {
    "en": {
        "is": ": ",
        "day": "d",
        "machine": "pra's own machine",
        "resolved": "RESOLVED after {after}",
        "reported": "reported by {by}",
        "breaks": "RPO breaks {at}",
        "broken": "RPO broken since {at}",
        "rto": "RTO of {rto} ends {at}",
        "no-point": "No usable point at all",
        "no-proof": "Promise not proven",
        "no-breach": "No breach foreseen",
        "no-lock": "Lock not as promised",
        "isolate": "Restore nothing onto this machine, do not switch off, isolate",
        "kept": "Nothing old is removed meanwhile",
        "lock-gone": "{part} has lost its lock configuration",
        "happened": "What happened",
        "told": "Reported",
        "latest": "Latest",
        "also": "Also",
        "others": "{n} more of them are open: pra incidents",
        "failed-so": "{at}: {error}",
        "remedy": "Remedy",
        "since": "Since",
        "lasted": "Lasted",
        "for": "{at}, for {span}",
        "over": "{span}, {at} to {end}",
        "breach": "Breach",
        "promised": "Promised",
        "promise": "{who}: back within {rto}, at most {rpo} lost",
        "good": "Still good",
        "point": "{who}: last usable point, data of {at} ({span} old)",
        "point-away": "{who}: last usable point, data of {at} ({span} old), if {where} opens again",
        "point-doubted": (
            "{who}: last sealed point, data of {at} ({span} old), but the last drill said no"
        ),
        "point-damaged": (
            "{who}: last sealed point, data of {at} ({span} old), but {where} is damaged"
        ),
        "point-none": "{who}: no usable point yet",
        "copy": "{who}: copy in {where}, data of {at} ({span} old)",
        "copy-away": "{who}: copy in {where}, data of {at} ({span} old), if it opens again",
        "copy-damaged": "{who}: copy in {where}, data of {at} ({span} old), but it is damaged",
        "proof": "{who}: recovery proven on {at} on {place} ({scenario})",
        "proof-none": "{who}: recovery never proven ({scenario})",
        "acknowledged": "Acknowledged",
        "by": "by {by}, {at}",
        "note": "Note",
        "end": "Resolved",
        "do": "What to do now:",
        "story": "the whole story",
        "take": "you have it: nobody further is called",
        "zone": "Times are those of {zone}.",
    },
    "fr": {
        "is": " : ",
        "day": "j",
        "machine": "la machine de pra",
        "resolved": "RÉSOLU après {after}",
        "reported": "signalé par {by}",
        "breaks": "RPO tenu jusqu'au {at}",
        "broken": "RPO dépassé depuis le {at}",
        "rto": "RTO de {rto} échu le {at}",
        "no-point": "Aucun point utilisable",
        "no-proof": "Promesse non démontrée",
        "no-breach": "Aucun dépassement prévu",
        "no-lock": "Verrou non conforme",
        "isolate": "Ne rien restaurer sur cette machine, ne pas éteindre, isoler",
        "kept": "Rien d'ancien n'est supprimé d'ici là",
        "lock-gone": "{part} a perdu sa configuration de verrou",
        "happened": "Constat",
        "told": "Signalé",
        "latest": "Depuis lors",
        "also": "Également",
        "others": "{n} autres sont ouverts : pra incidents",
        "failed-so": "le {at} : {error}",
        "remedy": "Remède",
        "since": "Depuis",
        "lasted": "Durée",
        "for": "le {at}, soit {span}",
        "over": "{span}, du {at} au {end}",
        "breach": "Dépassement",
        "promised": "Promis",
        "promise": "{who} : reprise sous {rto}, au plus {rpo} de perte",
        "good": "Reste bon",
        "point": "{who} : dernier point utilisable, données du {at} (il y a {span})",
        "point-away": (
            "{who} : dernier point utilisable, données du {at} (il y a {span}), si {where} s'ouvre"
            " à nouveau"
        ),
        "point-doubted": (
            "{who} : dernier point scellé, données du {at} (il y a {span}), mais le dernier "
            "exercice a dit non"
        ),
        "point-damaged": (
            "{who} : dernier point scellé, données du {at} (il y a {span}), mais {where} est "
            "endommagé"
        ),
        "point-none": "{who} : aucun point utilisable",
        "copy": "{who} : copie dans {where}, données du {at} (il y a {span})",
        "copy-away": "{who} : copie dans {where}, données du {at} (il y a {span}), si elle s'ouvre",
        "copy-damaged": (
            "{who} : copie dans {where}, données du {at} (il y a {span}), mais endommagée"
        ),
        "proof": "{who} : reprise démontrée le {at} sur {place} ({scenario})",
        "proof-none": "{who} : reprise jamais démontrée ({scenario})",
        "acknowledged": "Pris en charge",
        "by": "par {by}, le {at}",
        "note": "Note",
        "end": "Résolu",
        "do": "Que faire maintenant :",
        "story": "le récit complet",
        "take": "vous vous en chargez : plus personne n'est appelé",
        "zone": "Heures locales : {zone}.",
    },
}
# How an incident ends by itself, in the words of the log, and in those of another reader.
ENDS = {
    "it was seen no more": "la cause a disparu",
    "it holds no more": "la cause a disparu",
    "the service is no longer in the policy": "le service n'est plus dans la politique",
    "a usable recovery point was made": "un point utilisable a été fait",
    "a copy was made": "une copie a été faite",
    "it is no longer copied there": "le service n'y est plus copié",
    "the site is no longer in the policies": "le site n'est plus dans les politiques",
}
DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "fr": ("lun", "mar", "mer", "jeu", "ven", "sam", "dim"),
}


def language(provider: Provider | None) -> str:
    """Return the language of a provider's pages; English where there is none, or no such words."""
    return provider.language if provider and provider.language in WORDS else "en"


def what(lang: str, incident: Incident, who: str) -> str:
    """Say what is broken; `who` is the service's name, for the conditions that have one."""
    condition, part = stem(incident.condition)
    words = WHAT[lang][condition]
    if condition is Condition.LOCK_WEAK and incident.criticality == "P1":
        words = WORDS[lang]["lock-gone"]
    said = words.format(who=who, part=part, summary=incident.summary)
    if incident.reported_by:
        said = f"{WORDS[lang]['reported'].format(by=incident.reported_by)}{WORDS[lang]['is']}{said}"
    return said


def noted(lang: str, note: str) -> str:
    """Say how an incident ended; what a person wrote stays as it is."""
    return note if lang == "en" else ENDS.get(note, note.replace("now it is", "devenu"))


def moment(lang: str, at: datetime, zone: str) -> str:
    """Write an instant in local time with its weekday: Tue 2026-11-24 03:10, `mar 24/11 03:10`."""
    local = at.astimezone(ZoneInfo(zone))
    day = DAYS[lang][local.weekday()]
    return f"{day} {local:%d/%m %H:%M}" if lang == "fr" else f"{day} {local:%Y-%m-%d %H:%M}"
