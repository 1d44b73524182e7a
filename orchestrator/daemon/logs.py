"""The daemon's own words: events with keys, for a person on a terminal, else JSON, on stderr."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from typing import TYPE_CHECKING, TextIO, cast

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger


def logger(*, human: bool, verbose: bool = False) -> FilteringBoundLogger:
    """Return the logger; bind `site`, `service` and `run` where a line is about one.

    What libraries say through `logging` from a warning upwards comes out the same way.
    """
    level = logging.DEBUG if verbose else logging.INFO
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if human
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _in_order,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Unbreakable(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    log: FilteringBoundLogger = structlog.get_logger()
    logging.basicConfig(handlers=[_Libraries(log)], level=logging.WARNING)
    return log


def _in_order(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Put first what a reader looks for first, and leave out what is empty."""
    first = {key: line.pop(key) for key in ("timestamp", "level", "event") if key in line}
    return {**first, **{key: value for key, value in line.items() if value not in ("", None)}}


class _Unbreakable(io.TextIOBase):
    """Where lines go; one that cannot be written is lost: its disk is full, its reader is gone.

    Nobody stops backing up for want of somebody who listens.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._out.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._out.flush()


class _Libraries(logging.Handler):
    """Passes on what a library logs."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.log(record.levelno, record.getMessage(), library=record.name)
