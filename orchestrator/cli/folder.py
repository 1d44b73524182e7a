"""A folder as an option: what begins with a dash is an option that took its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import os


class Folder(click.Path):
    """A path whose name does not begin with `-`: `--to --yes` is a word that was forgotten."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - as click has it
        """Return the path. Raises UsageError."""
        text = str(value)
        if text.startswith("-"):
            self.fail(f"{text}: not a folder; one that is really called so is ./{text}", param, ctx)
        return super().convert(value, param, ctx)
