"""Verbs that tell what they can, whatever faults some policy files have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.errors import PolicyInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.app import App
    from orchestrator.core.policy.fault import Fault
    from orchestrator.core.policy.model import Site


def asked(app: App, name: str | None) -> tuple[list[Site], tuple[Fault, ...]]:
    """Return the sound sites that are asked about, and the faults that keep others away.

    Raises Misused where there is no such site at all.
    """
    if name is None:
        return list(app.checked.sites.values()), app.checked.errors
    try:
        return [app.site(name)], ()
    except PolicyInvalid:
        return [], tuple(one for one in app.checked.errors if one.concerns(name))


def told(faults: Sequence[Fault]) -> int:
    """Print the faults on stderr, each with what to do; return the exit code."""
    for one in faults:
        click.echo(f"pra: {one}", err=True)
    return PolicyInvalid.exit_code if faults else 0
