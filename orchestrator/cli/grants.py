"""`pra grants`: the least rights that a site needs, to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.model import Site
    from orchestrator.core.rights.grants import Place


@click.command("grants")
@click.argument("site")
@click.option("--repository", help="The policies of this one alone, without SQL.")
@click.pass_obj
def command(settings: Settings, site: str, repository: str | None) -> int:
    """Print the least rights that SITE needs, to paste.

    For each bucket, the policy of the daily key, which the backed up machine holds, and of the
    repair key, which is kept elsewhere; for each PostgreSQL server, the role. `pra doctor` proves
    that the daily key can do no more.

    \b
    Examples:  pra grants bakery
               pra grants bakery --repository offsite --json
    """
    from orchestrator.app import App
    from orchestrator.core.rights.grants import grants
    from orchestrator.core.rights.roles import roles
    from orchestrator.reports.grants import document, text

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    places, elsewhere = _places(found, repository)
    policies = [grants(found, place) for place in places]
    sql = roles(found.services.values()) if repository is None else ()
    if settings.json:
        settings.emit(document(found.id, policies, sql))
    else:
        settings.say(text(policies, elsewhere, sql))
    return 0


def _places(site: Site, repository: str | None) -> tuple[list[Place], list[str]]:
    """Return where the repositories are, and the names of those that are in no bucket."""
    from difflib import get_close_matches

    from orchestrator.adapters.s3 import address
    from orchestrator.core.rights.grants import Place
    from orchestrator.errors import Misused

    if repository is not None and repository not in site.repositories:
        near = get_close_matches(repository, site.repositories, n=1)
        raise Misused(
            f"{site.id}: no repository named {repository}"
            + (f" (did you mean {near[0]}?)" if near else ""),
            hint=f"The policy has {', '.join(site.repositories)}.",
        )
    places, elsewhere = [], []
    for one in site.repositories.values():
        if repository not in {None, one.id}:
            continue
        target = address(one.url)
        if target is None:
            elsewhere.append(one.id)
        else:
            places.append(Place(repository=one, bucket=target.bucket, prefix=target.prefix))
    return places, elsewhere
