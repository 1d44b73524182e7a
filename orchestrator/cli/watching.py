"""Long work under way, as a person sees it: bars on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from orchestrator.reports.drill import step_line
from orchestrator.reports.words import size

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.progress import TaskID

    from orchestrator.adapters.restic import Progress, Summary
    from restore_drills.model import Step

LINE_EVERY_S = 60.0
ALL = ("", "")  # of all sources together


class Lines:
    """One line for each source that is done, and one a minute until then."""

    def __init__(
        self, note: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._note = note
        self._clock = clock
        self._next: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def said(self, service: str, line: str) -> None:
        """Print a line about the work."""
        self._note(f"{service}: {line}" if service else line)

    def moved(self, service: str, source: str, progress: Progress) -> None:
        """Print how far a source is, when its minute is over."""
        now = self._clock()
        with self._lock:
            due = self._next.setdefault((service, source), now + LINE_EVERY_S)
            if now < due:
                return
            self._next[service, source] = now + LINE_EVERY_S
        self._note(f"  {service}/{source}: {amount(progress)}")

    def taken(self, service: str, source: str, summary: Summary) -> None:
        """Print that a source is done."""
        self._note(done_line(service, source, summary))

    def stepped(self, service: str, step: Step) -> None:
        """Print that a step of a drill has ended."""
        self._note(step_line(service, step))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


class Bars:
    """One bar for each source, on standard error; lines scroll above them."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[amount]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._lock = threading.Lock()

    def said(self, service: str, line: str) -> None:
        """Print a line above the bars."""
        self._print(f"{service}: {line}" if service else line)

    def moved(self, service: str, source: str, progress: Progress) -> None:
        """Move the bar of a source."""
        with self._lock:
            task = self._tasks.get((service, source))
            if task is None:
                task = self._progress.add_task(f"{service}/{source}", total=None, amount="")
                self._tasks[service, source] = task
        done, total = progress.packs or (progress.done_bytes, progress.total_bytes)
        self._progress.update(task, completed=done, total=total, amount=amount(progress))

    def whole(self, done: int, total: int | None, words: str) -> None:
        """Move the bar of all sources together, the last one, and say `words` beside it."""
        with self._lock:
            task = self._tasks.get(ALL)
            if task is None:
                task = self._tasks[ALL] = self._progress.add_task("all", total=None, amount="")
        self._progress.update(task, completed=done, total=total, amount=words)

    def taken(self, service: str, source: str, summary: Summary) -> None:
        """Put a line in the place of the bar."""
        with self._lock:
            task = self._tasks.pop((service, source), None)
        if task is not None:
            self._progress.remove_task(task)
        self._print(done_line(service, source, summary))

    def stepped(self, service: str, step: Step) -> None:
        """Print that a step of a drill has ended, in the place of the service's bars."""
        with self._lock:
            over = [key for key in self._tasks if key[0] == service]
            for key in over:
                self._progress.remove_task(self._tasks.pop(key))
        self._print(step_line(service, step))

    def _print(self, line: str) -> None:
        self._progress.console.print(line, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()


def amount(progress: Progress) -> str:
    """Say how much is done of how much: bytes, or packs where restic counts nothing else."""
    if progress.packs is not None:
        done, packs = progress.packs
        return f"{done} of {packs} packs"
    total = f" of {size(progress.total_bytes)}" if progress.total_bytes else ""
    return f"{size(progress.done_bytes)}{total}"


def done_line(service: str, source: str, summary: Summary) -> str:
    """Say what a source's snapshot holds, in one line."""
    words = [f"{size(summary.total_bytes)} read", f"{size(summary.data_added_bytes)} new"]
    if summary.skipped:
        words.append(f"{len(summary.skipped)} not read")
    return f"  {service}/{source}: {', '.join(words)}"
