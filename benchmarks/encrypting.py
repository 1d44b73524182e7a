"""Attacks laid over an office's ordinary points: what restic counts of them besides the work.

Whoever encrypts takes all kinds alike, in place or under a new name; encrypted data does not
compress (restic 0.19.1 counted 1.0005 of it), and large files go whole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from benchmarks.working import ENTRY, ENTRY_RATIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.core.detection.values import Changes, Look

OVERHEAD = 1.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """`share` of the files is encrypted within `lasts`; `suffix`: they get it behind their name.

    `heads`: of each file only the first piece is encrypted, at most so many bytes.
    """

    name: str
    share: float
    lasts: timedelta = timedelta(0)
    suffix: str = ""
    heads: int = 0


ATTACKS = (
    Attack(name="5 % at once, renamed", share=0.05, suffix=".crypt"),
    Attack(name="5 % at once, in place", share=0.05),
    Attack(name="30 % at once, in place", share=0.30),
    Attack(name="all over 7 days, in place", share=1.0, lasts=timedelta(days=7)),
    Attack(name="all over 7 days, renamed", share=1.0, lasts=timedelta(days=7), suffix=".crypt"),
    Attack(name="30 %, heads of files alone", share=0.30, heads=1 << 20),
    Attack(name="2 % at once, in place", share=0.02),
    Attack(name="all over 30 days, in place", share=1.0, lasts=timedelta(days=30)),
)


def overlaid(
    points: Sequence[tuple[Look, Changes]],
    attack: Attack,
    begin: int,
    files: Mapping[str, int],
) -> list[tuple[Look, Changes]]:
    """Return the points from `begin` on until the attack is over, with it; `files` by kind."""
    found: list[tuple[Look, Changes]] = []
    start = points[begin - 1][0].data_time
    usual = points[0][0].packed / points[0][0].added
    done = 0.0
    for look, changes in points[begin:]:
        spent = look.data_time - start
        upto = attack.share * (min(spent / attack.lasts, 1.0) if attack.lasts else 1.0)
        found.append(_with(look, changes, attack, files, share=upto - done, usual=usual))
        done = upto
        if done >= attack.share:
            break
    return found


def _with(  # noqa: PLR0913 - what an attack meets
    look: Look,
    changes: Changes,
    attack: Attack,
    files: Mapping[str, int],
    *,
    share: float,
    usual: float,
) -> tuple[Look, Changes]:
    total = max(sum(files.values()), 1)
    taken = {ext: int(look.files * share * count / total) for ext, count in files.items()}
    many = sum(taken.values())
    mean = look.size / max(look.files, 1)
    size = many * (min(mean, attack.heads) if attack.heads else mean)
    ratio = usual if attack.heads else OVERHEAD  # the rest of a piece is as it was
    entries = many * ENTRY * 1.2
    look = replace(
        look,
        added=look.added + int(size + entries),
        packed=look.packed + int(size * ratio + entries * ENTRY_RATIO),
    )
    if attack.suffix:
        look = replace(look, new=look.new + many, unmodified=max(look.unmodified - many, 0))
        return look, replace(
            changes,
            gone=dict(Counter(changes.gone) + Counter(taken)),
            came=dict(Counter(changes.came) + Counter({attack.suffix: many})),
            renamed={attack.suffix: many},
        )
    changed = min(look.changed + many, look.files)
    look = replace(look, changed=changed, unmodified=max(look.files - look.new - changed, 0))
    return look, replace(changes, modified=dict(Counter(changes.modified) + Counter(taken)))
