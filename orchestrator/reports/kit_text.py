"""The texts of a recovery kit: the page as plain text, and the notes beside the envelopes. Pure."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from orchestrator.core.kit.contents import DATABASE
from orchestrator.reports.kit_blocks import (
    SHOWN_SPACE,
    Code,
    Commands,
    Heading,
    Typed,
    Words,
    blocks,
    foot,
)
from orchestrator.reports.words import when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.kit.contents import Kit
    from orchestrator.reports.kit_blocks import Block

WIDTH = 88
GROUP = 4
MONOTONOUS = re.compile(r"[A-Za-z0-9+/=]{9,}")


def text(kit: Kit) -> str:
    """Return the page as text, for who has no printer and no reader of PDF."""
    return "\n".join([foot(kit), *(line for block in blocks(kit) for line in _lines(block)), ""])


def grouped(line: str) -> tuple[str, str]:
    """Return a line as it is shown, and the marks under it: capitals, digits.

    What has no sign of its own to hold on to stands in groups of four; a space is made visible.
    """
    step = GROUP if MONOTONOUS.fullmatch(line) and line[0] != "/" else len(line) or 1
    parts = [line[at : at + step] for at in range(0, len(line), step)]
    shown = "  ".join(part.replace(" ", SHOWN_SPACE) for part in parts)
    marks = "  ".join("".join(map(_mark, part)) for part in parts)
    return shown, marks.rstrip()


def _mark(sign: str) -> str:
    if sign.isdigit():
        return "#"
    return "^" if sign.isupper() else " "


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield ""
            yield block.text
            yield ("=" if block.top else "-") * len(block.text)
        case Words():
            for said in (block.fr, block.en):
                yield ""
                yield from textwrap.wrap(said, WIDTH, break_on_hyphens=False)
        case Commands():
            yield ""
            yield from (f"    {line}" for line in block.lines)
        case Typed():
            yield ""
            yield f"{block.label}{f' ({block.note})' if block.note else ''}:"
            for line, check in block.rows:
                shown, marks = grouped(line)
                yield f"    {shown}   [{check}]"
                if marks:
                    yield f"    {marks}"
        case Code():
            yield ""
            yield f"{block.caption}: {block.payload}"


def readme(kit: Kit, language: str) -> str:
    """Return the note beside the envelopes; it holds no secret."""
    envelopes = ", ".join(f"{holder}.age" for holder in kit.holders)
    first = kit.holders[0] if kit.holders else "NAME"
    at = when(kit.at, kit.timezone)
    commands = [
        f"    age -d {first}.age > {first}.zip",
        f"    python3 -m zipfile -e {first}.zip kit/      (unzip, 7-Zip ...)",
    ]
    ours = [
        f"    pra kit verify KIT.zip --holder {first} --passphrase-file PHRASE",
        f"    pra drill {kit.site} --scenario burglary --kit KIT.zip --passphrase-file PHRASE",
        f"    pra recover {kit.site} --kit KIT.zip --passphrase-file PHRASE --to /reprise",
    ]
    ours[-1] += " --start" if any(kind == DATABASE for _, _, kind in kit.sources) else ""
    said = _FRENCH if language == "fr" else _ENGLISH
    head, opening, inside, with_pra, damaged = (
        part.format(
            name=kit.name, kit=kit.kit, at=at, envelopes=envelopes, pra=kit.tools.get("pra", "?")
        )
        for part in said
    )
    body = [head, opening, *commands, inside, with_pra, *ours, damaged]
    wrapped = [
        line for part in body for line in ([part] if part.startswith("    ") else _paragraph(part))
    ]
    return "\n".join(wrapped).strip() + "\n"


def _paragraph(said: str) -> list[str]:
    return ["", *textwrap.wrap(said, WIDTH, break_on_hyphens=False), ""]


_FRENCH = (
    "Kit de reprise de {name}, {kit}, du {at}. Ce fichier ne contient aucun secret.",
    (
        "Chaque enveloppe ({envelopes}) contient la même chose, chiffrée pour une personne, avec sa"
        " phrase de passe ou sa clé age. Pour ouvrir la vôtre avec l'outil libre « age »"
        " (age-encryption.org), sans nous :"
    ),
    (
        "Dedans : recovery.pdf (à imprimer) et recovery.txt disent tout, pas à pas : adresses, mots"
        " de passe, clés, commandes restic exactes. kit.json dit la même chose aux machines."
    ),
    "Avec pra ({pra}) :",
    "Fichier abîmé ? Prenez la copie de l'autre détenteur ; SHA256SUMS dit ce qui est intact.",
)
_ENGLISH = (
    "Recovery kit of {name}, {kit}, of {at}. This file holds no secret.",
    (
        "Each envelope ({envelopes}) holds the same, encrypted for one person, under a passphrase"
        ' or an age key. To open yours with the free tool "age" (age-encryption.org), without us:'
    ),
    (
        "Inside: recovery.pdf (to be printed) and recovery.txt say everything, step by step:"
        " addresses, passwords, keys, the exact restic commands. kit.json says it to machines."
    ),
    "With pra ({pra}):",
    "A damaged file? Take the other holder's copy; SHA256SUMS tells what is whole.",
)
