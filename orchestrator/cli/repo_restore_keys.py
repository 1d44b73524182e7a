"""`pra repo restore-keys`: what a thief deleted so that no password opens the repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.kit_secrets import opening, secret
from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("restore-keys")
@click.argument("site")
@click.argument("repository")
@click.option("--kit", type=FILE, required=True, help="The recovery kit that has them.")
@opening
@click.pass_obj
def command(settings: Settings, /, site: str, repository: str, **options: object) -> int:
    """Put the `config` and `keys` of SITE's REPOSITORY back from a recovery kit.

    Without them no password opens a repository, however whole its packs are. Nothing that is there
    is overwritten or removed. Then the repository is opened, to be sure. It needs no policy: on a
    machine with nothing but the kit it works as well.

    \b
    Exit code: 0 it opens, 1 it does not.
    Example:  pra repo restore-keys bakery offsite --kit bakery.kit
    """
    from orchestrator.core.retention.guards import counted
    from orchestrator.jobs.kit import opened
    from orchestrator.jobs.restore_keys import restored

    kit = options["kit"]
    if not isinstance(kit, Path):
        raise TypeError(kit)
    holder, opens = secret(options)
    holding = opened(kit, opens, holder=holder)
    if holding.kit.site != site:
        raise Misused(
            f"{kit}: this is the kit of {holding.kit.site}, not of {site}",
            hint="Name its own site.",
        )
    laid = restored(holding.kit, repository, settings.state)
    if settings.json:
        settings.emit(
            {
                "site": site,
                "repository": repository,
                "there": list(laid.there),
                "put": list(laid.put),
                "snapshots": laid.snapshots,
            }
        )
    put = ", ".join(name[:13] for name in laid.put) or "nothing, all was there"
    settings.say(f"{repository}: put back: {put}")
    settings.say(f"{repository}: it opens, {counted(laid.snapshots, 'snapshot')}")
    if laid.put:
        settings.say(
            f"Whoever deleted them had the right to: change the keys, `pra repo rotate-key {site}"
            f" {repository}`, then verify it, `pra verify {site}`."
        )
    return 0
