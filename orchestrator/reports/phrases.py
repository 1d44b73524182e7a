"""The sentences of a drill's answer, in the languages of the readers. Pure.

French is what a manager says: no RTA, no RPO, no "refuted".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestrator.reports.words import size
from restore_drills.model import Kind
from restore_drills.spans import duration

if TYPE_CHECKING:
    from datetime import datetime, timedelta

SCENARIOS = {
    "en": {
        "human-error": "If a file is erased {when}",
        "server-failure": "If the server dies {when}",
        "burglary": "If the office is burgled {when}",
        "ransomware": "If a virus encrypts everything {when}",
        "bucket-wipe": "If the online copy is erased {when}",
    },
    "fr": {
        "human-error": "Si un fichier est effacé {when}",
        "server-failure": "Si le serveur tombe en panne {when}",
        "burglary": "Si l'on vous cambriole {when}",
        "ransomware": "Si un virus chiffre tout {when}",
        "bucket-wipe": "Si la copie en ligne est effacée {when}",
    },
}

# `is` stands where English writes a colon; French puts a space before it.
PHRASES = {
    "en": {
        "is": ": ",
        "and": "; ",
        "date": "%Y-%m-%d %H:%M",
        "day": "d",
        "tonight": "tonight",
        "then": "on {at}",
        "head": "{site}: drill of {at} on {place}, run {run}",
        # the answer
        "answering": "restored and answering {rta} after you start",
        "proven": "proven just now on {place}",
        "measured": "measured just now on {place}",
        "elsewhere": "{place}, not where you would recover",
        "lead": "detection, decision and all else before that: {lead} as declared, {total} in all",
        "lead-observed": "detection, decision and all else before that: {lead} as in the worst "
        "incident here, {total} in all",
        "restoration-proven": "restoration proven in {rta}; the delay before it is not declared",
        "restoration-measured": "restoration took {rta}; the delay before it is not declared",
        "loss": "at most {rpa} of work lost",
        "late": "NO, too late",
        "old": "NO, too much is lost",
        "late-and-old": "NO, too late and too much is lost",
        "no": "NO, the recovery fails for {who}",
        "unknown": "not known, the drill could not run for {who}; this proves nothing",
        "not-demonstrated": "not demonstrated, too little was really restored",
        "coverage": "{proven} of {total} services really restored",
        "bytes": "{percent} % of bytes, ",
        "promised": "Promised{who}: back within {rto}, at most {rpo} lost: {objective}.",
        "held": "held",
        "missed": "MISSED",
        "undeclared": "not known while the delay before it is not declared",
        "null": "not known",
        # the table
        "PROVEN": "PROVEN",
        "REFUTED": "REFUTED",
        "INCONCLUSIVE": "INCONCLUSIVE",
        "after-start": "answering {rta} after the start, {label}, depth {depth}",
        "no-time": "no time measured, depth {depth}",
        "data": "data of {at}",
        "no-point": "no recovery point",
        "nothing": "nothing was restored",
        "amount": "{files} files, {size}",
        "checks": "{passed} of {total} checks passed",
        "advisory": "advisory",
        "too-late": "back after {total}, promised within {rto}",
        "too-old": "{rpa} of work lost, promised at most {rpo}",
        "too-shallow": "proof of depth {depth}, the policy demands {wanted}",
        # what to do
        "todo": "What to do",
        "do-content": "Drill an older point (--at TIME), and look at the repository with "
        "`restic check`.",
        "do-seal": "Trust no point of this run: somebody changed it. Drill an older one "
        "(--at TIME).",
        "do-sql": "Look at the live database and at what was dumped; then back up and drill again.",
        "do-files": "Look whether the source's paths still hold what they should; then back up "
        "and drill again.",
        "do-command": "Run the check's command by hand on what `--keep DIR` leaves.",
        "do-copy": "Keep a copy where this does not reach it.",
        "do-backup": "See `pra history {site}`; then back it up: `pra backup {site} {service}`.",
        "do-depth": "Add a check that reads the data, by sql or command, or demand less depth.",
        "do-often": "Back up more often, or promise less.",
        "do-lead": "The declared delay alone breaks the promise: shorten it, or promise less.",
        "do-faster": "See above which step took long; shorten it, or promise less.",
        "do-again": "Remove the cause above and drill again: `pra drill {site} {service}`.",
        # findings
        "error": "error",
        "warning": "warning",
        "info": "info",
    },
    "fr": {
        "is": " : ",
        "and": " ; ",
        "date": "%d/%m/%Y %H:%M",
        "day": "j",
        "tonight": "cette nuit",
        "then": "le {at}",
        "head": "{site} : exercice du {at} sur {place}, exécution {run}",
        "answering": "restauré et en service {rta} après le début de la reprise",
        "proven": "démontré à l'instant sur {place}",
        "measured": "mesuré à l'instant sur {place}",
        "elsewhere": "{place}, qui n'est pas le lieu de reprise prévu",
        "lead": "constat, décision et tout le reste auparavant : {lead}, selon ce qui est "
        "déclaré ; vous retravaillez dans {total}",
        "lead-observed": "constat, décision et tout le reste auparavant : {lead}, comme lors du "
        "pire incident vécu ici ; vous retravaillez dans {total}",
        "restoration-proven": "restauration démontrée en {rta} ; le délai avant reprise n'est "
        "pas déclaré",
        "restoration-measured": "restauration en {rta} ; le délai avant reprise n'est pas déclaré",
        "loss": "vous perdez au plus {rpa} de travail",
        "late": "NON, trop tard",
        "old": "NON, trop de travail perdu",
        "late-and-old": "NON, trop tard et trop de travail perdu",
        "no": "NON, la reprise échoue pour {who}",
        "unknown": "on ne sait pas, l'exercice n'a pas pu avoir lieu pour {who} ; cela ne "
        "démontre rien",
        "not-demonstrated": "non démontré, trop peu a été réellement restauré",
        "coverage": "services réellement restaurés : {proven} sur {total}",
        "bytes": "{percent} % des octets, ",
        "promised": "Promis{who} : retravailler sous {rto}, perdre au plus {rpo} : {objective}.",
        "held": "tenu",
        "missed": "DÉPASSÉ",
        "undeclared": "inconnu tant que le délai avant reprise n'est pas déclaré",
        "null": "inconnu",
        "PROVEN": "DÉMONTRÉ",
        "REFUTED": "ÉCHEC",
        "INCONCLUSIVE": "NON CONCLUANT",
        "after-start": "en service {rta} après le début, {label}, niveau de preuve {depth}",
        "no-time": "aucune durée mesurée, niveau de preuve {depth}",
        "data": "données du {at}",
        "no-point": "aucun point de restauration",
        "nothing": "rien n'a été restauré",
        "amount": "{files} fichiers, {size}",
        "checks": "contrôles réussis : {passed} sur {total}",
        "advisory": "pour information",
        "too-late": "vous retravaillez dans {total}, promis sous {rto}",
        "too-old": "{rpa} de travail perdu, promis {rpo} au plus",
        "too-shallow": "niveau de preuve {depth}, la politique exige {wanted}",
        "todo": "Que faire",
        "do-content": "Essayez un point plus ancien (--at HEURE), et examinez la copie avec "
        "`restic check`.",
        "do-seal": "Ne vous fiez à aucun point de cette exécution : quelqu'un l'a modifiée. "
        "Essayez-en un plus ancien (--at HEURE).",
        "do-sql": "Regardez la base en service et ce qui en a été sauvegardé ; puis sauvegardez "
        "et refaites l'exercice.",
        "do-files": "Regardez si les dossiers de la source contiennent ce qu'ils doivent ; puis "
        "sauvegardez et refaites l'exercice.",
        "do-command": "Lancez la commande du contrôle à la main sur ce que laisse `--keep DIR`.",
        "do-copy": "Gardez une copie hors d'atteinte de ce sinistre.",
        "do-backup": "Voyez `pra history {site}` ; puis sauvegardez : `pra backup {site} "
        "{service}`.",
        "do-depth": "Ajoutez un contrôle qui lit les données (sql ou command), ou exigez un "
        "niveau moindre.",
        "do-often": "Sauvegardez plus souvent, ou promettez moins.",
        "do-lead": "Le délai déclaré dépasse à lui seul la promesse : raccourcissez-le, ou "
        "promettez moins.",
        "do-faster": "Voyez plus haut quelle étape a été longue ; raccourcissez-la, ou promettez "
        "moins.",
        "do-again": "Levez la cause ci-dessus et refaites l'exercice : `pra drill {site} "
        "{service}`.",
        "error": "erreur",
        "warning": "attention",
        "info": "information",
    },
}

LABELS: dict[str, dict[str, str]] = {
    "en": {"measured-elsewhere": "measured elsewhere"},
    "fr": {
        "measured": "mesuré",
        "measured-elsewhere": "mesuré ailleurs",
        "partial": "partiel",
        "extrapolated": "extrapolé",
        "declared": "déclaré",
        "unproven": "non démontré",
    },
}

REMEDIES = {
    Kind.CONTENT: "do-content",
    Kind.SEAL: "do-seal",
    Kind.SQL: "do-sql",
    Kind.FILES: "do-files",
    Kind.COMMAND: "do-command",
}

# Findings that say the same of every service: code to message and remedy. Others carry figures,
# and stay in the words of the engine.
FINDINGS_FR = {
    "lead-undeclared": (
        "le délai avant reprise n'est pas déclaré : on ne sait pas quand vous retravaillez",
        "Déclarez `lead:` (detect et decide) dans la politique.",
    ),
    "no-seal": (
        "instantanés faits par un autre outil, sans sceau : lui seul sait s'ils sont complets",
        "Demandez des contrôles qui verraient une partie manquante.",
    ),
    "external-declared": (
        "déclaré par un tiers, non démontré",
        "Demandez-lui une preuve de restauration.",
    ),
    "hardware-undeclared": (
        "le délai déclaré ne compte pas le remplacement du matériel",
        "Déclarez `replace: {delay: ...}` de l'équipement, ou `recover_on`.",
    ),
    "suspected-skipped": (
        "des points plus récents sont suspects : ils n'ont pas servi",
        (
            "Jugez-les : `pra incidents` nomme l'incident, `pra incidents resolve ID --false-alarm`"
            " y met fin s'ils sont sains."
        ),
    ),
    "changed-unusually": (
        "le point utilisé contient un changement inhabituel, que personne n'a encore jugé",
        "Regardez-le, ou prenez le point d'avant (`pra snapshots`, puis --at) ; `pra incidents`.",
    ),
    "marks-removed": (
        (
            "des points scellés comme suspects ont perdu leur marque : quelqu'un a les clés de la "
            "copie"
        ),
        "N'utilisez rien de plus récent et changez les clés : `pra repo rotate-key`.",
    ),
    "kit-not-used": (
        (
            "exercice fait avec la politique, les secrets et le journal de cette machine, qu'un "
            "cambriolage emporte aussi : le kit de reprise n'est pas démontré"
        ),
        "Refaites-le avec le kit : --scenario burglary --kit FICHIER.",
    ),
    "gone-still-there": (
        "une copie que la politique compte comme perdue était encore là : elle a servi",
        "Servez-vous-en maintenant ; ensuite, rendez-la immuable (`immutable:`), hors site.",
    ),
    "checks-not-asked": (
        "un seul chemin revient : les contrôles de l'ensemble n'ont pas été posés",
        "L'exercice server-failure les pose tous.",
    ),
}


class Speech:
    """The phrases and figures of one language, in one time zone."""

    def __init__(self, lang: str, timezone: str) -> None:
        self.lang = lang
        self._zone = ZoneInfo(timezone)
        self._phrases = PHRASES[lang]

    def __getitem__(self, name: str) -> str:
        return self._phrases[name]

    def span(self, span: timedelta | None) -> str:
        """Write a duration, rounded up."""
        return self["null"] if span is None else duration(span, day=self["day"])

    def at(self, at: datetime) -> str:
        """Write an instant in local time."""
        return at.astimezone(self._zone).strftime(self["date"])

    def size(self, count: int) -> str:
        """Write bytes."""
        said = size(count)
        return said.replace(".", ",").replace("B", "o") if self.lang == "fr" else said
