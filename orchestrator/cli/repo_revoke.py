"""`pra repo revoke`: a key that opens a repository no more: somebody left, or a kit is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("revoke")
@click.argument("site")
@click.argument("repository", required=False)
@click.argument("key", required=False)
@click.option("--holder", metavar="NAME", help="The keys of every kit that NAME holds, everywhere.")
@click.option("--reason", default="", help="Why, for the log.")
@click.option("--by", metavar="NAME", help="Who does it; default who is logged in.")
@click.pass_obj
def command(
    settings: Settings, /, site: str, repository: str | None, key: str | None, **options: object
) -> int:
    """Take KEY of REPOSITORY away; without KEY, list the keys.

    Neither the key in use nor the last one is ever removed. --holder takes the recovery keys of
    every kit that NAME held away, in every repository: for the other holders too, so export a new
    kit. A kit also holds the passwords of its day: it is said which still open.

    \b
    Exit code: 0 done; 3 the holder's kit still opens with a password of today;
    1 it could not be done, 2 the key in use, or one that is not there.
    Examples:  pra repo revoke bakery offsite
               pra repo revoke bakery offsite 3fa94c21 --reason "kit lost"
               pra repo revoke bakery --holder durand --reason "left us"
    """
    from orchestrator.app import App
    from orchestrator.cli import oncall
    from orchestrator.cli.verify import chosen
    from orchestrator.jobs import keys
    from orchestrator.jobs.kit_revoke import revoke_holder
    from orchestrator.reports import keys as report

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    by = oncall.who(str(options["by"]) if options["by"] else None)
    reason, holder = str(options["reason"]), options["holder"]
    if (holder is None) == (repository is None):
        raise Misused(
            "either a repository or --holder", hint=f"For example `pra repo revoke {site} offsite`."
        )
    if holder is not None:
        done = revoke_holder(app, found, str(holder), by=by, reason=reason, tell=settings.note)
        if settings.json:
            settings.emit(report.left_document(found.id, str(holder), done))
        settings.say(report.left_text(found.id, str(holder), done))
        return report.HELD if done.opens else 0
    (name,) = chosen(found, repository)
    if key is None:
        listed = keys.listed(app, found, name)
        if settings.json:
            settings.emit(report.list_document(found.id, name, listed))
        settings.say(report.list_text(listed))
        return 0
    changed = (keys.revoke(app, found, name, (key,), by=by, reason=reason),)
    if settings.json:
        settings.emit(report.document(found.id, changed))
    settings.say(report.text(found.id, changed))
    return report.exit_code(changed)
