"""The rule: which signs a point shows that it is not ordinary work. Pure.

In words. A point is compared with the last 90 days of its own service: alone, with all points of
the last 24 hours, and with all of the last 7 days. For each of the three, "more than ever" means
more than `CAUTION` times the second highest of those days (one exception in a quarter is no
habit), a little more than that while less is known, and in proportion more where backups stood
still. Before 10 days (for the 7 days: 4 weeks) are known, figures say nothing. The point must have
part in it: what is over is not said again. The least shares below count three times in 7 days.

- rewritten: at least 2 % of the files and 25 of them have new content, and more than ever; a third
  of that suffices where names or kinds are a sign already. A file of which only the date or the
  owner changed does not count.
- incompressible: at least 20 files, 4 MB and 0.5 % of all bytes were added that save a third as
  much as usual or less, less than on 9 of 10 days, and more of such bytes came than ever. It is
  silent where kinds that never compress (photos, archives, today's office documents) are 40 % of
  what was touched and less than a quarter of the files was changed, where a few large files
  explain it, and where nothing ever compresses.
- deleted: the number of files fell by at least 10 %, and by more than ever.
- renamed: at least 20 files and 0.5 % came back under their own name with something behind it, or
  files of three or more kinds gave way to as many of a kind unknown so far.
- finished: at least 20 files and 0.1 % of kinds that nobody edits were changed in place, of two
  families at least (photos, documents as PDF, archives, recordings, mail), and they are a quarter
  or more of what was changed.
- decoy: the file that nobody touches has another content, or is gone.

Of a dump, which is one file: that it compresses no longer, and that less than a quarter of it is
left. The signs are those of the stretch that shows most; two kinds are an attack, one a question.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from orchestrator.core.detection import names
from orchestrator.core.detection.dense import incompressible
from orchestrator.core.detection.limits import CAUTION, second, times, usual
from orchestrator.core.detection.values import Word
from orchestrator.core.detection.windows import DAYS, windows
from orchestrator.core.events.runs import Sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from orchestrator.core.detection.values import Changes, Look
    from orchestrator.core.detection.windows import Sums, Window

REWRITTEN_SHARE, DELETED_SHARE = 0.02, 0.10
FEWEST = 25  # files: of fewer, a share says little
CORROBORATES = 3.0  # times what a figure weighs beside a sign of another kind
LEFT = 0.25  # of a dump
SWAPPED = 0.02  # of the files: where so many went and as many came, the lists are looked at
MB = 1_000_000

Shown = tuple[float, Sign]  # how many times more than ever


def worth_lists(history: Sequence[Look], new: Look, *, caution: float = CAUTION) -> bool:
    """Say whether the lists of files could make a difference; on ordinary days they do not."""
    if not history or new.files <= 1:
        return False
    swapped, least = _swapped(history[-1], new), names.floor(max(new.files, history[-1].files))
    if swapped >= least:
        past = [_swapped(one, other) for one, other in pairwise(history)]
        known = len(past) >= DAYS and swapped < SWAPPED * new.files
        if not known or swapped > second(past):
            return True
    return bool(signs(history, new, caution=caution))


def signs(  # noqa: PLR0913 - all that is known of a point
    history: Sequence[Look],
    new: Look,
    changes: Changes | None = None,
    decoys: Mapping[str, str] | None = None,
    pinned: Mapping[str, str] | None = None,
    *,
    caution: float = CAUTION,
) -> tuple[Sign, ...]:
    """Return the signs that a point shows, at most one of each kind.

    `history`: the points before it, the oldest first. `changes`: what `restic diff` told between
    the last of them and this one; without it names say nothing. `decoys` and `pinned`: path to the
    SHA-256 of each decoy now and before, empty where there is none.
    """
    best: list[Sign] = []
    for window in shown(history, new, changes):
        found = [sign for much, sign in window if much > caution]
        if len(found) > len(best):
            best = found
    return (*best, *_decoy(decoys or {}, pinned or {}))


def shown(
    history: Sequence[Look], new: Look, changes: Changes | None = None
) -> Iterator[list[Shown]]:
    """Yield for each stretch of time what it shows, and how many times more than ever."""
    named = [] if changes is None else [(math.inf, sign) for sign in names.signs(changes, new)]
    rewritten = None if changes is None else names.rewritten(changes)
    for window in windows(history, new, rewritten):
        figures = list(_figures(window, new, changes))
        if named:
            figures = [
                (much * CORROBORATES if sign.word == Word.REWRITTEN else much, sign)
                for much, sign in figures
            ]
        yield [*figures, *named]


def _figures(window: Window, new: Look, changes: Changes | None) -> Iterator[Shown]:
    if new.files <= 1:
        found = [_emptied(window, new), incompressible(window, None, least=1)]
    else:
        found = [
            _counted(window, Word.REWRITTEN, REWRITTEN_SHARE, "have new content", _rewritten),
            incompressible(window, changes, least=names.FEWEST),
            _counted(window, Word.DELETED, DELETED_SHARE, "are gone", _lost),
        ]
    return (one for one in found if one is not None)


def _counted(
    window: Window, word: Word, share: float, what: str, count: Callable[[Sums], int]
) -> Shown | None:
    """Return what a count of files shows that is to be compared with its own past."""
    now = window.now
    many = count(now)
    if many < max(FEWEST, window.floor * share * now.files) or not window.shares(
        many, count(window.part)
    ):
        return None
    if not window.known:
        return None
    past = [max((count(s) / s.files for s in some), default=0.0) for some in window.past()]
    before = usual([round(part * now.files) for part in past], window)
    detail = f"{many:,} of {now.files:,} files {what} {window.words}; {before}"
    return times(many / now.files, past, window), Sign(word=word, detail=detail)


def _rewritten(sums: Sums) -> int:
    return sums.rewritten


def _lost(sums: Sums) -> int:
    return sums.lost


def _emptied(window: Window, new: Look) -> Shown | None:
    """Return the sign of a dump of which little is left."""
    if not window.known:
        return None
    least = min((s.size for stretch in window.past() for s in stretch), default=0)
    if new.size > LEFT * least:
        return None
    ago = f"the last {len(window.past())} {window.unit}"
    detail = f"the dump holds {new.size / MB:,.1f} MB; at least {least / MB:,.1f} MB in {ago}"
    return math.inf, Sign(word=Word.DELETED, detail=detail)


def _decoy(decoys: Mapping[str, str], pinned: Mapping[str, str]) -> list[Sign]:
    touched = [path for path in sorted(decoys) if decoys[path] != pinned.get(path, decoys[path])]
    if not touched:
        return []
    said = [f"{path} {'has another content' if decoys[path] else 'is gone'}" for path in touched]
    return [Sign(word=Word.DECOY, detail=f"of the decoys {', '.join(said)}")]


def _swapped(before: Look, look: Look) -> int:
    """Return how many files at most came in the place of others."""
    return min(max(before.files + look.new - look.files, 0), look.new)
