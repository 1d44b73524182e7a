"""A tree of which only dates, owners, rights or inodes changed is no attack, in both versions.

restic counts every such file as changed, and stores its description anew.
"""

from __future__ import annotations

import os
import random
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic.differing import changes, touched
from orchestrator.core.detection.rule import signs, worth_lists
from orchestrator.core.detection.values import Look, Word
from tests.repositories import TAGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.adapters.restic import Summary
    from tests.repositories import Scene

FILES, NIGHTS, A_NIGHT = 160, 20, 4
NIGHT = timedelta(days=1)
KINDS = ("odt", "txt", "pdf", "jpg", "csv")
WORDS = ("facture", "devis", "client", "livraison", "four", "farine", "caisse", "mardi")


def copied_back(tree: Path) -> None:
    """As after a server was replaced: other inodes, other dates of change, the same content."""
    aside = tree.with_name("aside")
    tree.rename(aside)
    shutil.copytree(aside, tree)
    shutil.rmtree(aside)


def rights(tree: Path) -> None:
    """`chmod -R`."""
    for path in tree.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def owners(tree: Path) -> None:
    """`chown -R`; whoever is not root gives the files to himself, which makes new dates."""
    uid, gid = (12345, 54321) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    for path in tree.rglob("*"):
        os.chown(path, uid, gid)


def dates(tree: Path) -> None:
    """`touch -r`: every file gets the date of another."""
    for path in tree.rglob("*"):
        os.utime(path, (1_600_000_000, 1_600_000_000))


def content(tree: Path) -> None:
    """What is none of these: other content, of the same size."""
    for path in sorted(path for path in tree.rglob("*") if path.is_file()):
        path.write_bytes(os.urandom(path.stat().st_size))


def office(tree: Path) -> None:
    """Prose that compresses, in files of some 20 kB with names as people give them."""
    drawn = random.Random(5)  # noqa: S311 - no secret
    for number in range(FILES):
        name = f"{' '.join(drawn.choices(WORDS, k=4))} {number}.{KINDS[number % len(KINDS)]}"
        path = tree / f"dossier {number % 9}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(" ".join(drawn.choices(WORDS, k=3000)))


def before_and_after(here: Scene, change: Callable[[Path], None]) -> tuple[Summary, Summary]:
    tree = here.folder / "office"
    office(tree)
    first = here.restic.backup([str(tree)], host="bakery", tags=TAGS)
    change(tree)
    return first, here.restic.backup([str(tree)], host="bakery", tags=TAGS)


def look(made: Summary, at: timedelta = timedelta(0), **other: int) -> Look:
    assert made.began is not None
    assert made.packed_bytes is not None
    counts = {
        "new": made.files_new,
        "changed": made.files_changed,
        "unmodified": made.files_unmodified,
        "added": made.data_added_bytes,
        "packed": made.packed_bytes,
        **other,
    }
    return Look(
        run=made.snapshot[:8],
        data_time=made.began + at,
        files=made.total_files,
        size=made.total_bytes,
        **counts,
    )


def nights(first: Summary) -> list[Look]:
    """Quiet nights after the first point, on which four files were worked on."""
    ordinary = {
        "new": 0,
        "changed": A_NIGHT,
        "unmodified": FILES - A_NIGHT,
        "added": 80_000,
        "packed": 12_000,
    }
    after = [look(first, -n * NIGHT, **ordinary) for n in range(NIGHTS, 0, -1)]
    return [look(first, -(NIGHTS + 1) * NIGHT), *after]


@pytest.mark.parametrize("change", [copied_back, rights, owners, dates])
def test_what_changed_but_its_content_gives_no_sign(
    empty: Scene, change: Callable[[Path], None]
) -> None:
    first, again = before_and_after(empty, change)
    history, new = nights(first), look(again)
    lists = changes(empty.restic, first.snapshot, again.snapshot)

    assert FILES <= again.files_changed, "that is what restic counts"
    assert {} == {**lists.gone, **lists.came, **lists.modified, **lists.renamed}
    assert frozenset() == touched(empty.restic, first.snapshot, again.snapshot)
    assert ((), ()) == (signs(history, new), signs(history, new, lists))
    assert not worth_lists(history, new), "nor does it cost anything"


def test_other_content_gives_two(empty: Scene) -> None:
    first, again = before_and_after(empty, content)
    history, new = nights(first), look(again)
    lists = changes(empty.restic, first.snapshot, again.snapshot)

    assert FILES == len(touched(empty.restic, first.snapshot, again.snapshot))
    assert {Word.REWRITTEN, Word.FINISHED} == {sign.word for sign in signs(history, new, lists)}
    assert worth_lists(history, new)
