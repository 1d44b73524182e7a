"""A client's shared folder with weeks of nightly backups, and what a virus makes of it."""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests import forging
from tests.quick import make
from tests.site import PASSWORD, TOOLS, ClientSite

if TYPE_CHECKING:
    from pathlib import Path

OFFICE = """\
  partage:
    source: {files: {paths: [%(source)s]%(decoy)s}}
    objectives: {rto: 4h, rpo: 30m}
    backup: {to: far}
    checks: [{name: all files, files: {at_least: 10}}]
"""
KINDS = ("docx", "xlsx", "pdf", "odt", "txt")
FILES, WORDS = 150, 8_000
SYLLABLES = ("ba", "lou", "ri", "ment", "tion", "pas", "du", "sel", "eau", "four")
VOCABULARY = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES]
NIGHTS = 14
A_DAY = 6  # files that people change between two backups
A_NIGHT = {
    "files_new": 0,
    "files_changed": A_DAY,
    "files_unmodified": FILES - A_DAY,
    "data_added": 520_000,
    "data_added_packed": 130_000,
    "total_files_processed": FILES,
    "total_bytes_processed": 12_000_000,
}


class Office(ClientSite):
    """A site whose folder holds ordinary documents that compress as such do."""

    def settle(self, services: str = OFFICE, **values: object) -> None:
        """Write the documents, and a repository with a backup of each of the last nights.

        The oldest is restic's own; the others say that a few files were changed, as nights do.
        """
        self.random = random.Random(7)  # noqa: S311 - no secret: the same office every time
        self.write(services, **{"decoy": "", **values})
        for number in range(FILES):
            path = self.source / f"dossier {number % 7}" / f"pièce {number}.{KINDS[number % 5]}"
            path.parent.mkdir(exist_ok=True)
            path.write_text(self.prose())
        if not self.repository.exists():
            make(self.repository, PASSWORD)
        tonight = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        first = tonight - NIGHTS * timedelta(days=1)
        said = ["--quiet", "--host=acme", "--tag=by-hand", f"--time={first:%F %T}"]
        self.restic("backup", *said, str(self.source))
        (whole,) = self.listed()
        forge = forging.forge(self.repository, TOOLS / "bin" / "restic", PASSWORD)
        for night in range(NIGHTS):
            at = first + (night + 1) * timedelta(days=1)
            tags = ("service=partage", f"run={at:%Y%m%dT%H%M%SZ}-000000")
            for more in (("source=partage",), ("source=seal", "outcome=complete")):
                forge.snapshot(
                    str(whole["tree"]),
                    time=at,
                    host="acme",
                    tags=(*tags, *more),
                    path=str(self.source),
                    figures=A_NIGHT if more == ("source=partage",) else None,
                )

    def work(self, files: int = A_DAY) -> None:
        """Change some files, as people do in a day."""
        for path in self.random.sample(self.documents(), files):
            path.write_text(self.prose())

    def encrypt(self, suffix: str = ".locked", share: float = 1.0) -> None:
        """Do what a virus does: other contents, that no longer compress, under another name."""
        documents = self.documents()
        for path in documents[: round(share * len(documents))]:
            path.write_bytes(os.urandom(path.stat().st_size))
            path.rename(path.with_name(path.name + suffix))

    def documents(self) -> list[Path]:
        """The files that people work on, in an order that stays."""
        return sorted(path for path in self.source.rglob("pièce *") if path.is_file())

    def prose(self) -> str:
        """Text of some 50 kB that compresses to less than half."""
        return " ".join(self.random.choices(VOCABULARY, k=WORDS))

    def listed(self) -> list[dict[str, object]]:
        """The repository's snapshots, as restic lists them."""
        found: list[dict[str, object]] = json.loads(self.restic("snapshots", "--json"))
        return found
