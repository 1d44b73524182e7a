"""The sentences of a drill's answer, in the languages of the readers. Pure.

French is what a manager says: no RTA, no RPO, no "refuted".
"""

from __future__ import annotations

SCENARIOS = {
    "en": {
        "human-error": "If a file is erased tonight",
        "server-failure": "If the server dies tonight",
        "burglary": "If the office is burgled tonight",
        "ransomware": "If a virus encrypts everything tonight",
        "bucket-wipe": "If the online copy is erased tonight",
    },
    "fr": {
        "human-error": "Si un fichier est effacé cette nuit",
        "server-failure": "Si le serveur tombe en panne cette nuit",
        "burglary": "Si l'on vous cambriole cette nuit",
        "ransomware": "Si un virus chiffre tout cette nuit",
        "bucket-wipe": "Si la copie en ligne est effacée cette nuit",
    },
}

PHRASES = {
    "en": {
        "proven": "restored and answering {rta} after you start, proven just now on {place}",
        "late": "restored and answering {rta} after you start, measured just now on {place}",
        "no": "NO, what was backed up does not come back",
        "unknown": "not known, the drill could not run; this proves nothing",
        "lead": "detection and decision before that: {lead} as declared",
        "no-lead": "the delay before it is not declared",
        "loss": "at most {rpa} of work lost",
        "promised": "Promised{who}: {rto} and {rpo}: {objective}.",
        "held": "held",
        "missed": "MISSED",
        "undeclared": "not known while the delay before is not declared",
        "null": "not known",
        "coverage": "{proven} of {total} services really restored",
        "todo": "What to do",
    },
    "fr": {
        "proven": "restauré et répondant {rta} après le début, démontré à l'instant sur {place}",
        "late": "restauré et répondant {rta} après le début, mesuré à l'instant sur {place}",
        "no": "NON, ce qui a été sauvegardé ne revient pas",
        "unknown": "on ne sait pas, l'exercice n'a pas pu avoir lieu ; cela ne démontre rien",
        "lead": "constat et décision auparavant : {lead}, déclarés",
        "no-lead": "le délai avant la reprise n'est pas déclaré",
        "loss": "au plus {rpa} de travail perdu",
        "promised": "Promis{who} : {rto} et {rpo} : {objective}.",
        "held": "tenu",
        "missed": "DÉPASSÉ",
        "undeclared": "inconnu tant que le délai avant reprise n'est pas déclaré",
        "null": "inconnu",
        "coverage": "{proven} services sur {total} réellement restaurés",
        "todo": "Que faire",
    },
}
