"""The offices of the detection benchmark: what files they have and how they work.

`TUNED` are those on which the rule's constants were chosen, `PUBLISHED` those of the printed table.
Every site draws its own figures around these.

How kinds compress was measured with restic 0.19.1 on 100 files of each kind: text, tables and SQL
0.31 to 0.35, old Office and database files 0.31, drawings (DWG) 0.76, PDF 0.97, docx and xlsx
0.995, photos and encrypted data 1.00.
"""

from __future__ import annotations

from dataclasses import dataclass

KB, MB = 1_000, 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Files of one extension: how many, how large, and how they compress.

    `edits` and `news` weigh how often one is changed or made. `fresh`: the share of a changed file
    that is new content; large files are cut into pieces.
    """

    ext: str
    files: int
    mean: int
    ratio: float
    edits: float = 0.0
    news: float = 0.0
    fresh: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A kind of business. Daily figures are of ordinary working days; events are a year's."""

    name: str
    kinds: tuple[Kind, ...]
    edits: float
    news: float
    gone: float
    imports: float = 4.0  # photos, scans, a client's archive: many new files at once
    import_ext: str = ".jpg"
    import_files: int = 400
    moves: float = 1.0  # a reorganisation of folders: 5 to 60 % of the files
    archivings: float = 0.7  # old folders into a few archives, then removed
    cleanups: float = 2.0  # 1 to 12 % removed
    conversions: float = 0.15  # .doc to .docx
    batches: float = 0.7  # one kind changed in place: text recognition, a new template, watermarks
    updates: float = 0.5  # of a program that lies in the share
    touches: float = 0.5  # rights, owners or dates of very many files
    nightly_dump: bool = False  # a program leaves a compressed dump of its database in the share


def _kind(ext: str, files: int, mean: float, ratio: float, *weights: float) -> Kind:
    edits, news, fresh = (*weights, *(0.0, 0.0, 1.0)[len(weights) :])
    return Kind(
        ext=ext, files=files, mean=int(mean), ratio=ratio, edits=edits, news=news, fresh=fresh
    )


PUBLISHED = (
    Office(
        name="office",
        kinds=(
            _kind(".docx", 3200, 60 * KB, 0.99, 5, 4),
            _kind(".xlsx", 1300, 45 * KB, 0.99, 5, 2),
            _kind(".pdf", 2600, 250 * KB, 0.97, 0.25, 4),
            _kind(".doc", 900, 90 * KB, 0.35, 0.3),
            _kind(".xls", 500, 80 * KB, 0.31, 0.5),
            _kind(".jpg", 900, 1.5 * MB, 1.0, 0.03, 0.6),
            _kind(".msg", 500, 120 * KB, 0.6, 0.0, 1),
            _kind(".txt", 300, 8 * KB, 0.35, 0.5, 0.5),
            _kind(".zip", 60, 6 * MB, 1.0, 0.02, 0.1),
        ),
        edits=45,
        news=22,
        gone=7,
    ),
    Office(
        name="accounting",
        kinds=(
            _kind(".mdb", 40, 45 * MB, 0.3, 12, 0, 0.15),
            _kind(".xlsx", 3800, 50 * KB, 0.99, 6, 2),
            _kind(".pdf", 7200, 180 * KB, 0.97, 0.15, 9),
            _kind(".csv", 1500, 60 * KB, 0.34, 0.3, 3),
            _kind(".docx", 1600, 55 * KB, 0.99, 2, 1),
            _kind(".tif", 1400, 300 * KB, 0.9, 0.0, 2),
            _kind(".dll", 600, 350 * KB, 0.45),
        ),
        edits=70,
        news=70,
        gone=12,
        imports=5,
        import_ext=".tif",
        import_files=900,
        updates=4,
        nightly_dump=True,
    ),
    Office(
        name="photographer",
        kinds=(
            _kind(".cr2", 26000, 25 * MB, 0.995, 0.02, 10),
            _kind(".jpg", 30000, 6 * MB, 1.0, 1.0, 10),
            _kind(".xmp", 24000, 6 * KB, 0.3, 30, 9),
            _kind(".psd", 1500, 180 * MB, 0.8, 4, 0.5, 0.5),
            _kind(".mp4", 300, 350 * MB, 1.0, 0, 0.1),
            _kind(".pdf", 900, 400 * KB, 0.97, 0.1, 0.3),
            _kind(".docx", 400, 50 * KB, 0.99, 1, 0.2),
        ),
        edits=220,
        news=260,
        gone=60,
        imports=40,
        import_ext=".cr2",
        import_files=900,
        cleanups=14,
    ),
    Office(
        name="workshop",
        kinds=(
            _kind(".dwg", 4200, 900 * KB, 0.76, 6, 2, 0.6),
            _kind(".step", 1900, 2.5 * MB, 0.33, 1, 1, 0.6),
            _kind(".pdf", 5200, 350 * KB, 0.96, 0.8, 4),
            _kind(".nc", 3600, 90 * KB, 0.3, 2, 3),
            _kind(".xlsx", 900, 45 * KB, 0.99, 3, 1),
            _kind(".jpg", 2600, 2.5 * MB, 1.0, 0.02, 1.5),
            _kind(".zip", 150, 15 * MB, 1.0, 0, 0.2),
        ),
        edits=55,
        news=30,
        gone=10,
        imports=6,
    ),
)

TUNED = (
    Office(
        name="architect",
        kinds=(
            _kind(".dwg", 6500, 2 * MB, 0.7, 5, 2, 0.5),
            _kind(".pdf", 9000, 1.2 * MB, 0.95, 0.4, 5),
            _kind(".jpg", 12000, 3 * MB, 1.0, 0.05, 5),
            _kind(".docx", 2500, 70 * KB, 0.99, 4, 2),
            _kind(".xlsx", 1200, 60 * KB, 0.99, 3, 1),
            _kind(".skp", 700, 20 * MB, 0.85, 1, 0.3, 0.6),
            _kind(".bak", 3000, 1.8 * MB, 0.7, 4, 1),
        ),
        edits=60,
        news=60,
        gone=20,
        imports=12,
        import_files=250,
    ),
    Office(
        name="practice",
        kinds=(
            _kind(".rtf", 15000, 12 * KB, 0.25, 2, 8),
            _kind(".pdf", 9000, 110 * KB, 0.96, 0.05, 6),
            _kind(".jpg", 5000, 700 * KB, 1.0, 0.0, 2),
            _kind(".hl7", 7000, 3 * KB, 0.3, 0.0, 8),
            _kind(".dbf", 120, 12 * MB, 0.2, 20, 0, 0.1),
            _kind(".doc", 1500, 60 * KB, 0.35, 1, 0.3),
        ),
        edits=60,
        news=90,
        gone=25,
        imports=3,
        nightly_dump=True,
        updates=3,
    ),
    Office(
        name="shop",
        kinds=(
            _kind(".xlsx", 500, 40 * KB, 0.99, 5, 1),
            _kind(".docx", 700, 50 * KB, 0.99, 3, 1),
            _kind(".pdf", 900, 150 * KB, 0.97, 0.1, 3),
            _kind(".jpg", 600, 2 * MB, 1.0, 0.05, 1),
            _kind(".csv", 200, 30 * KB, 0.33, 1, 2),
        ),
        edits=12,
        news=8,
        gone=3,
    ),
)
