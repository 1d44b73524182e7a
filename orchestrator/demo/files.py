"""The bakery's shared files: some 2,000 in 90 MB, the same for the same seed."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SEED = 1789
KIB = 1024
MONTHS = ("01 janvier", "03 mars", "05 mai", "06 juin", "08 août", "10 octobre", "12 décembre")
PHRASES = (
    "farine levure beurre œufs",
    "facture du four et du pétrin",
    "règlement à l'échéance",
    "client livré, quantité vérifiée",
    "montant TVA, remise de Noël",
    "façade refaite cet été",
    "bûche glacée, crème brûlée",
    "tournée du maïs, n° à saisir",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Files of one kind: where (`{n}`, `{year}`, `{month}` vary), how many, how large, like what.

    `text` is the fraction of the bytes that compress: 1 for a table, 0 for a photograph.
    """

    path: str
    count: int
    kib: tuple[int, int]
    text: float


INVOICES = Family(path="compta/{year}/{month}/facture {n:04}.pdf", count=620, kib=(8, 60), text=0.5)
QUOTES = Family(path="devis/{year}/devis n° {year}-{n:04}.odt", count=420, kib=(6, 30), text=0.2)
SCANS = Family(
    path="scans/{year}/{month}/à classer/scan_{n:05}.tif", count=50, kib=(100, 500), text=0
)
FAMILIES = (
    INVOICES,
    QUOTES,
    SCANS,
    Family(path="compta/{year}/journal des ventes {n:03}.csv", count=72, kib=(20, 120), text=1),
    Family(path="compta/banque/relevé {year}-{n:03}.pdf", count=60, kib=(30, 90), text=0.5),
    Family(path="photos/{year}/vitrine {month}/IMG_{n:04}.jpg", count=300, kib=(50, 220), text=0),
    Family(path="recettes/{n:03} recette à l'ancienne.txt", count=180, kib=(1, 6), text=1),
    Family(
        path="personnel/plannings/{year}/{month}/semaine {n:02}.ods",
        count=150,
        kib=(4, 20),
        text=0.3,
    ),
    Family(
        path="fournisseurs/moulin de l'Étang/bons/{year}/bon {n:04}.pdf",
        count=150,
        kib=(4, 40),
        text=0.5,
    ),
)
LEDGER = "compta/grand-livre.ods"
LEDGER_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
DEEP = "archives/ancien serveur/Sauvegarde de Brigitte/Mes documents/Projets/Rénovation/Devis/2019/"
DEEP += "Électricité et plomberie/Version définitive/vraiment définitive/plan du fournil.txt"


def create(root: Path, now: datetime, *, seed: int = SEED) -> tuple[int, int]:
    """Fill an empty folder; modification times end before `now`. Return (files, bytes)."""
    random = _random(seed)
    for family in FAMILIES:
        for number in range(1, family.count + 1):
            path = _path(root, family, number, now.year)
            _write(path, _content(random, family), now - timedelta(hours=random.uniform(2, 16_000)))
    _ledger(root / LEDGER, random)
    _write(root / DEEP, _text(random, 3 * KIB), now - timedelta(days=2000))
    _write(root / "À LIRE.txt", b"", now - timedelta(days=400))
    (root / "compta/en cours").symlink_to(str(now.year))
    (root / "photos/à trier").mkdir()
    return measure(root)


def change(root: Path, now: datetime, *, seed: int = SEED) -> int:
    """Do an hour's office work: new files, corrected ones, one renamed, one deleted; how many."""
    random = _random(seed + 1)
    touched = 0
    for family in (INVOICES, QUOTES, SCANS):
        for number in range(1, 6):
            path = _path(root, family, 9000 + number, now.year)
            _write(path, _content(random, family), now - timedelta(minutes=number))
            touched += 1
    for path in sorted((root / "recettes").iterdir())[:10]:
        _write(path, path.read_bytes() + _text(random, 200), now)
        touched += 1
    first, second, *_ = sorted((root / "scans").rglob("*.tif"))
    first.rename(first.with_name("contrat de bail signé.tif"))
    second.unlink()
    return touched + 2


def measure(root: Path) -> tuple[int, int]:
    """Count the regular files below a folder and their bytes."""
    sizes = [
        path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink()
    ]
    return len(sizes), sum(sizes)


def _random(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same files for everybody, nothing secret


def _path(root: Path, family: Family, number: int, year: int) -> Path:
    month = MONTHS[number % len(MONTHS)]
    return root / family.path.format(n=number, year=year - number % 3, month=month)


def _content(random: Random, family: Family) -> bytes:
    size = random.randint(*family.kib) * KIB + random.randrange(KIB)
    text = int(size * family.text)
    return _text(random, text) + random.randbytes(size - text)


def _text(random: Random, size: int) -> bytes:
    """Make lines that are like and unlike one another, as a table's are."""
    lines, length = [], 0
    while length < size:
        words = ";".join(random.choices(PHRASES, k=2))
        line = f"{random.randrange(10**6):06};{words};{random.randrange(10**5) / 100} €\n".encode()
        lines.append(line)
        length += len(line)
    return b"".join(lines)[:size]


def _write(path: Path, content: bytes, changed: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (changed.timestamp(), changed.timestamp()))


def _ledger(path: Path, random: Random) -> None:
    """Write a small table in the shape of an office suite's: a zip with its type first."""
    table = _text(random, 200 * KIB).decode(errors="ignore").replace("\n", "</text:p><text:p>")
    with zipfile.ZipFile(path, "w") as archive:
        stamp = (2026, 1, 5, 8, 0, 0)
        archive.writestr(zipfile.ZipInfo("mimetype", stamp), LEDGER_TYPE)
        entry = zipfile.ZipInfo("content.xml", stamp)
        archive.writestr(entry, f"<text:p>{table}</text:p>", zipfile.ZIP_DEFLATED)
