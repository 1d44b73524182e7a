"""What the daemon does before it watches: heal the log, and say what would fail tonight."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.daemon.work import CRY_EVERY_S
from orchestrator.errors import PraError, StateUnusable
from orchestrator.jobs import doctor
from orchestrator.jobs.notify import cry
from orchestrator.log import daemon_running, repair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structlog.typing import FilteringBoundLogger

    from orchestrator.app import App
    from orchestrator.daemon.promises import Promises


@contextlib.contextmanager
def cried_out(app: App, promises: Promises, log: FilteringBoundLogger) -> Iterator[None]:
    """Call somebody when the log cannot be used at the start, and raise all the same.

    Whoever starts us again and again calls nobody, and so do we but once an hour. A person at a
    terminal sees it, and a log that another daemon watches over is none of our business.
    """
    try:
        yield
    except StateUnusable as error:
        if not sys.stderr.isatty() and daemon_running(app.state) is None and _is_first():
            try:
                cry(app, promises.current, error)
            except PraError as failure:
                log.warning("nobody could be told", error=str(failure), hint=failure.hint)
        raise


def _is_first() -> bool:
    """Tell whether nobody was called in the last hour; one outlives the process to say so."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or tempfile.gettempdir()
    stamp = Path(folder) / f"pra-cried-{os.geteuid()}"
    with contextlib.suppress(OSError):
        try:
            os.close(os.open(stamp, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            if abs(time.time() - stamp.lstat().st_mtime) < CRY_EVERY_S:
                return False
            os.utime(stamp, follow_symlinks=False)
    return True


def healed(app: App, log: FilteringBoundLogger) -> None:
    """Put a damaged log aside and its own copy in its place; the gap is stated on the log.

    Must be called before the log is opened. Raises StateUnusable where there is no copy either.
    """
    damage = repair.diagnose(app.state)
    if damage is None:
        return
    restored = repair.restore(app.state, damage, clock=app.clock)
    log.error(
        "the log was damaged; its copy took its place",
        damage=damage,
        last_seq=restored.last_seq,
        kept_as=restored.kept_as,
    )


def tonight(app: App, place: str, log: FilteringBoundLogger) -> None:
    """Say what would fail tonight, each with its remedy; nothing of it keeps us from starting."""
    for finding in doctor.tonight(app, place):
        log.warning(
            "would fail tonight",
            what=finding.message,
            code=finding.code,
            severity=finding.severity,
            subject=finding.subject,
            remedy=finding.remedy,
        )
