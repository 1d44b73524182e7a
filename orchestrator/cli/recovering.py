"""A recovery as its user sees it: what will come back, how long it takes, what is back."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import click

from orchestrator.cli.watching import LINE_EVERY_S, Bars, Lines
from orchestrator.core.recovering.left import Progressing
from orchestrator.reports import recover as say
from orchestrator.reports.recover_words import WORDS
from orchestrator.reports.words import duration, size

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    from orchestrator.adapters.restic import Progress
    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.model import Site
    from orchestrator.core.recovering.manual import Signed
    from restore_drills.keeping import Aim
    from restore_drills.model import ServiceReport, Step


def at_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


class Following:
    """Looks on at a recovery, asks, and has the steps by hand signed off; a context manager.

    `before` is what the whole is expected to take, `after` what comes after the fetching, both in
    seconds, None where no drill was ever measured. `began` is when an interrupted one was begun.
    """

    def __init__(  # noqa: PLR0913 - all that a person is told
        self,
        settings: Settings,
        site: Site,
        *,
        target: str,
        manual: tuple[Signed, ...],
        estimates: tuple[float | None, float | None],
        began: datetime | None,
        yes: bool,
        by: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._site = site
        self._target = target
        self._manual = manual
        self._estimates = estimates
        self._began = began
        self._yes = yes
        self._by = by
        self._clock = clock
        self._started = clock()
        self._words = WORDS[settings.lang]
        self._progress = Progressing({}, *estimates)
        self._bars: Bars | None = None
        self._lines = Lines(settings.note)
        self._next = 0.0
        self._lock = threading.Lock()

    def chosen(self, t0: datetime, aims: tuple[Aim, ...], *, again: bool) -> bool:
        """Say what comes back and what is lost; ask whether to go on, where somebody can answer."""
        began = self._began if again else None
        lang = self._settings.lang
        told = say.ahead(t0, aims, lang=lang, timezone=self._site.timezone, began=began)
        for line in told:
            self._settings.note(line)
        if self._manual:
            self._settings.note(self._words["manual-ahead"])
        for step in self._manual:
            self._settings.note(f"  {self._step(step)}")
        sizes = {
            (aim.plan.id, name): snapshot.bytes
            for aim in aims
            if aim.point is not None and aim.stopped is None and not aim.plan.path
            for name, snapshot in aim.point.snapshots.items()
        }
        self._progress = Progressing(sizes, *self._estimates)
        left = self._progress.left(self._clock())
        if left.seconds is not None:
            self._settings.note(say.left_line(left, lang=lang))
        fetched = any(aim.stopped is None for aim in aims)
        if fetched and not self._yes and at_terminal() and not again:
            question = self._words["go-on"].format(target=self._target)
            if not click.confirm(question, default=True, err=True):
                return False
        self._started = self._clock()
        self._next = self._started + LINE_EVERY_S
        if sys.stderr.isatty() and not self._settings.quiet:
            self._bars = Bars()
            self._bars.__enter__()
        return True

    def moved(self, service: str, source: str, progress: Progress) -> None:
        """Show how far it is, and how long it still takes."""
        now = self._clock()
        with self._lock:
            key = (service, source)
            self._progress.moved(key, progress.done_bytes, progress.total_bytes, now)
            left = say.left_line(self._progress.left(now), lang=self._settings.lang)
            due = now >= self._next
            if due:
                self._next = now + LINE_EVERY_S
            done, total = self._progress.sums()
        if self._bars is not None:
            self._bars.moved(service, source, progress)
            self._bars.whole(done, total, left)
        elif due:
            of = f" / {size(total)}" if total else ""
            self._settings.note(f"  {size(done)}{of}, {left}")

    def stepped(self, service: str, step: Step) -> None:
        """Say that a step has ended."""
        if step.name == "fetch":
            with self._lock:
                self._progress.fetched(service)
        (self._bars or self._lines).stepped(service, step)

    def kept(self, service: ServiceReport) -> None:
        """Say that a service is there."""
        line = say.back_line(service, self._target, lang=self._settings.lang)
        (self._bars or self._lines).said("", line)

    def sign_off(self, steps: tuple[Signed, ...]) -> tuple[Signed, ...]:
        """Have the steps by hand signed off, one by one; nobody there: by `--by`, with `--yes`."""
        self.close()
        signed = []
        since = self._started
        for step in steps:
            by = self._by if self._yes else ""
            if not by and at_terminal():
                by = self._asked(step)
            now = self._clock()
            signed.append(replace(step, by=by, seconds=now - since if by else None))
            since = now if by else since
        return tuple(signed)

    def _asked(self, step: Signed) -> str:
        try:
            by: str = click.prompt(
                f"{self._step(step)}\n  done by", default="", show_default=False, err=True
            )
        except (click.exceptions.Abort, KeyboardInterrupt):  # the data is there all the same
            return ""
        return " ".join(by.split())

    def _step(self, step: Signed) -> str:
        return self._words["manual-step"].format(
            name=step.name,
            owner=step.owner,
            allow=duration(timedelta(seconds=step.allow_s)),
            services=", ".join(step.services),
        )

    def close(self) -> None:
        """End the bars."""
        if self._bars is not None:
            self._bars.__exit__(None, None, None)
            self._bars = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
