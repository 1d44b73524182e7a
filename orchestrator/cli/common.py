"""What every verb shares: the global options, and how results and errors are printed."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from orchestrator.errors import PraError


UNKNOWN = 3  # to a monitoring system


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The global options. Verbs take it with `@click.pass_obj`."""

    policies: Path
    state: Path
    json: bool
    quiet: bool
    verbose: bool
    lang: str

    @classmethod
    def model(cls, options: Mapping[str, Any]) -> Self:
        """Take click's parsed global options."""
        return cls(
            policies=options["policies"],
            state=options["state"],
            json=options["as_json"],
            quiet=options["quiet"],
            verbose=options["verbose"],
            lang=options["lang"],
        )

    def emit(self, document: Mapping[str, Any]) -> None:
        """Print the one JSON document of a verb on stdout, with its schema number."""
        click.echo(json.dumps({"schema": 1, **document}, ensure_ascii=False))

    def say(self, text: str = "") -> None:
        """Print a person's line: stdout, or stderr where stdout belongs to a JSON document."""
        if not (self.json and self.quiet):
            click.echo(text, err=self.json)

    def note(self, text: str) -> None:
        """Print a line about the work under way, unless asked to be quiet.

        Nobody may be listening any more, and the work goes on.
        """
        if not self.quiet:
            with contextlib.suppress(OSError):
                click.echo(text, err=True)


def report_error(error: PraError, *, as_json: bool) -> int:
    """Say an error once, for a person or for a program; return its exit code."""
    with contextlib.suppress(OSError):  # the output may be what failed
        if as_json:
            body = {"code": error.code, "message": str(error), "remedy": error.hint or None}
            click.echo(json.dumps({"schema": 1, "error": body}, ensure_ascii=False))
        else:
            sys.stdout.flush()
    if not as_json:
        hint = f"\n  {error.hint}" if error.hint else ""
        with contextlib.suppress(OSError):
            click.echo(f"pra: {error}{hint}", err=True)
    return error.exit_code


def report_unknown(error: Exception) -> int:
    """Tell a monitoring system that nothing can be said, and why; return its code for that."""
    from orchestrator.reports import plugin

    hint = getattr(error, "hint", "")
    why = str(error) or type(error).__name__
    with contextlib.suppress(OSError):
        click.echo(plugin.unknown(f"{why.rstrip('.')}. {hint}" if hint else why)[1])
    return UNKNOWN
