"""What speaks against a point, for a reader: the rule's own words and numbers. Pure.

The log has them in English. What is not known here stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator.core.detection.values import Word

if TYPE_CHECKING:
    from orchestrator.core.events import Sign

KINDS = {
    "en": {
        Word.REWRITTEN: "files rewritten",
        Word.INCOMPRESSIBLE: "contents that no longer compress",
        Word.RENAMED: "files renamed",
        Word.FINISHED: "files changed that nobody edits",
        Word.DELETED: "files deleted",
        Word.DECOY: "decoy touched",
        Word.STILL: "said to be over, and still there",
    },
    "fr": {
        Word.REWRITTEN: "fichiers réécrits",
        Word.INCOMPRESSIBLE: "contenu devenu incompressible",
        Word.RENAMED: "fichiers renommés",
        Word.FINISHED: "fichiers modifiés que personne ne modifie",
        Word.DELETED: "fichiers supprimés",
        Word.DECOY: "leurre touché",
        Word.STILL: "dit terminé, et encore là",
    },
}
IS = {"en": ": ", "fr": " : "}
# In this order; `core/detection` has the English.
FRENCH = tuple(
    (re.compile(english), french)
    for english, french in (
        (r"(?<=\d),(?=\d{3})", "\u00a0"),
        (r"([\d\u00a0]+) of ([\d\u00a0]+) files", r"\1 fichiers sur \2"),
        (r"files of kinds that nobody edits were changed", "d'un genre que personne ne modifie"),
        (r"of kinds that nobody edits were changed", "d'un genre que personne ne modifie"),
        (r"came back under their own name with something behind it", "ont pris un suffixe"),
        (r"came back under their own name with (\S+) behind it", r"ont pris le suffixe \1"),
        (r"gave way to as many of another kind", "ont fait place à autant d'un autre genre"),
        (r"without an extension", "sans extension"),
        (
            r"are still as in the suspected point, not as in the last clean one",
            "sont encore comme dans le point suspect, et non comme dans le dernier point sain",
        ),
        (r"have new content", "ont un contenu nouveau"),
        (r"are gone", "ont disparu"),
        (r" in ([\d\u00a0]+) files came (in one|within)", r" dans \1 fichiers sont arrivés \2"),
        (r"in one backup", "en une sauvegarde"),
        (r"within 24 hours", "en 24 heures"),
        (r"within 7 days", "en 7 jours"),
        (r"and compress to ([\d.]+)%", r"et se réduisent à \1 %"),
        (r"usually ([\d.]+)%", r"d'ordinaire \1 %"),
        (r"of such bytes", "de tels octets"),
        (r"the dump holds ([\d\u00a0.]+ MB)", r"la sauvegarde de base fait \1"),
        (r"in the last (\d+) days", r"ces \1 derniers jours"),
        (r"in the last (\d+) weeks", r"ces \1 dernières semaines"),
        (r"at most", "au plus"),
        (r"at least", "au moins"),
        (r", once ", ", une fois "),
        (r"of the decoys ", "parmi les leurres "),
        (r"has another content", "a un autre contenu"),
        (r"is gone", "a disparu"),
        (r"\(announced: (.*), by (.*)\)", r"(annoncé : \1, par \2)"),
        (r"; ", " ; "),
        (r" MB\b", "\u00a0Mo"),
    )
)


def told(lang: str, sign: Sign) -> str:
    """Return a sign as a line: what kind it is, and the numbers."""
    names = {str(word): name for word, name in KINDS[lang].items()}
    return f"{names.get(sign.word, sign.word)}{IS[lang]}{detail(lang, sign)}"


def detail(lang: str, sign: Sign) -> str:
    """Return the numbers in the reader's language."""
    said = sign.detail
    for english, french in FRENCH if lang == "fr" else ():
        said = english.sub(french, said)
    return said
