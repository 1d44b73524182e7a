"""What a drill or a recovery from a kit alone found, in French too. Pure.

A finding has its names and instants in its English words: they are read there, and put into the
French ones. What has no French words here, or says something else by now, stays English.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator.reports.phrases import FINDINGS_FR

if TYPE_CHECKING:
    from restore_drills.model import Finding

COMMAND = re.compile(r"`[^`]+`")
AGAIN = "Écrivez un nouveau kit, {0}, et donnez-le à ses détenteurs."

# By code: what its message says, then the French message and remedy. `{0}`, `{1}`: the commands of
# the English remedy, in their order.
FRENCH: dict[str, list[tuple[str, str, str]]] = {
    "from-kit": [
        (
            r".* from the kit (?P<kit>\S+) of (?P<at>\S+) alone \(opened by (?P<who>.+)\)",
            "fait dans un environnement vide, avec le seul kit {kit} du {at} (ouvert par {who})",
            "Rien de cette machine n'a servi : ni politique, ni journal, ni cache, ni secret.",
        )
    ],
    "kit-lacks-repository": [
        (
            r"the kit has no key of (?P<name>\S+), .*",
            "le kit n'a pas de clé de {name}, que la politique nomme : copie inutilisée",
            AGAIN,
        )
    ],
    "kit-address-differs": [
        (
            r"(?P<name>\S+): .*",
            "{name} : le kit a une autre adresse que la politique ; celle du kit a servi",
            "Si la copie a déménagé, écrivez un nouveau kit : {0}.",
        )
    ],
    "kit-recovery-key": [
        (
            r"(?P<name>\S+): .*",
            "{name} : le mot de passe a changé depuis ce kit ; sa clé de reprise a ouvert la copie",
            "Écrivez un nouveau kit : {0}.",
        )
    ],
    "kit-repository-shut": [
        (
            r"(?P<name>\S+): its (?P<lost>config and keys|config|keys) (?:is|are) gone .*",
            "{name} : {lost} effacés de la copie : aucun mot de passe ne l'ouvre",
            "Le kit les a. Remettez-les : {0}.",
        ),
        (
            r"(?P<name>\S+): its (?P<lost>config and keys|config|keys) (?:is|are) gone .*",
            "{name} : {lost} effacés de la copie : aucun mot de passe ne l'ouvre",
            "Ce kit n'en a pas de copie : prenez le fichier d'un kit, pas sa page recopiée.",
        ),
        (
            r"(?P<name>[^:]+): the password opens no key .*",
            "{name} : le mot de passe du kit n'ouvre plus la copie",
            (
                "Il a été changé ou révoqué depuis : prenez un kit plus récent. Il n'y en a pas ?"
                " Là où une copie s'ouvre encore : {0}."
            ),
        ),
        (
            r"(?P<name>[^:]+): (?P<why>.*)",
            "{name} : la copie ne s'ouvre pas : {why}",
            "{remedy}",
        ),
    ],
    "policy-absent": [
        (
            r"no policy of (?P<site>\S+) is in (?P<where>.+): .*; (?P<points>\d+) sealed .*",
            (
                "aucune politique de {site} dans {where} : effacée, ou jamais déposée ;"
                " {points} points scellés y sont pourtant"
            ),
            "Restaurez-les à la main, comme le dit la page du kit : {0}, {1}.",
        )
    ],
    "policy-differs": [
        (
            r"(?P<name>\S+) has another policy, of (?P<at>.+); .*, of (?P<newer>.+) in (?P<of>\S+)",
            "{name} a une autre politique, du {at} ; la plus récente a servi, du {newer} dans {of}",
            "Cherchez pourquoi la plus récente n'y est jamais arrivée.",
        )
    ],
    "policy-passed-over": [
        (
            r"(?P<name>\S+): the policy of (?P<at>.+) was passed over: (?P<why>.*)",
            "{name} : la politique du {at} a été écartée ({why})",
            "Cherchez qui l'a écrite.",
        )
    ],
    "policy-ahead": [
        (
            r"(?P<name>\S+): a policy is dated (?P<at>.+), in the future: not used",
            "{name} : une politique est datée du {at}, dans l'avenir : inutilisée",
            "Réglez les horloges ; si elles sont justes, cherchez qui l'a inventée.",
        )
    ],
    "policy-unreadable": [
        (
            r"(?P<name>\S*): the policy there (?P<why>.*)",
            "{name} : cette version de pra ne lit pas la politique qui s'y trouve ({why})",
            "Prenez la version de pra que le kit nomme.",
        )
    ],
    "last-value-unknown": [
        (
            r"(?P<check>.+): nothing to compare with, .*",
            (
                "{check} : rien à quoi comparer, la dernière valeur n'était que dans le journal,"
                " parti avec la machine"
            ),
            "Donnez aussi au contrôle un nombre à lui : {0}.",
        )
    ],
    "secret-not-in-kit": [
        (
            r"the database's own password, (?P<which>\{.*\}), .*",
            (
                "le mot de passe de la base, {which}, n'est dans aucun kit : les données reviennent"
                " sans lui"
            ),
            "Donnez-en un nouveau avant de remettre le service au travail.",
        )
    ],
    "lead-not-in-kit": [
        (
            r"an incident here really took (?P<span>.+) until .*",
            (
                "un incident a vraiment pris {span} avant la reprise : seul le journal le sait, et"
                " le délai annoncé repose sur la politique"
            ),
            "Déclarez `lead:` tel qu'il a été.",
        )
    ],
    "acquittal-not-in-kit": [
        (
            r".*",
            (
                "des points jugés sains par une personne ont été écartés comme suspects : seul le"
                " journal le sait"
            ),
            "Sauvegardez après le jugement : ce point est complet, un kit le trouve.",
        )
    ],
    "pinned-not-in-kit": [
        (
            r"(?P<source>\S+): .* of snapshot (?P<id>\w+): .*",
            (
                "{source} : le journal connaît un autre contenu de l'instantané {id} : il a été"
                " réécrit, et un kit seul ne peut le voir"
            ),
            "Cherchez qui l'a réécrit ; vérifiez la copie.",
        )
    ],
    "no-copy-survives": [
        (
            r"no copy survives: the kit names .*",
            "aucune copie ne survit : le kit ne nomme aucune copie hors site",
            "Copiez le site ailleurs ({0}), puis écrivez un nouveau kit.",
        )
    ],
    "home-left": [
        (
            r".*: (?P<path>/.*)",
            "l'environnement vide n'a pas disparu : {path}",
            "Lancez une commande pra : elle balaie ce qui reste.",
        )
    ],
}


def said(finding: Finding, lang: str) -> tuple[str, str]:
    """Return what a finding says and what to do, in a language."""
    message, remedy = finding.message, finding.remedy
    if lang != "fr":
        return message, remedy
    commands = COMMAND.findall(remedy)
    for pattern, french, todo in FRENCH.get(finding.code, ()):
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found is not None and todo.count("{0}") <= len(commands):
            told = french.format(**found.groupdict())
            return told, todo.format(*commands, remedy=remedy)
    return FINDINGS_FR.get(finding.code, (message, remedy))
