"""`pra repo rotate-key`: another password for a repository, without locking anybody out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("rotate-key")
@click.argument("site")
@click.argument("repositories", nargs=-1, required=True, metavar="REPOSITORY...")
@click.option(
    "--new-password-file",
    type=click.Path(path_type=Path),
    required=True,
    help="File of the new password.",
)
@click.option("--reason", default="", help="Why, for the log.")
@click.option("--by", metavar="NAME", help="Who does it; default who is logged in.")
@click.pass_obj
def command(
    settings: Settings, /, site: str, repositories: tuple[str, ...], **options: object
) -> int:
    """Give REPOSITORY of SITE another password; several at once where they share its file.

    The new one has opened the repository before the old one is taken away, and the points sealed
    under the old one stay checkable. Where the policy's password is a {file: ...}, that file is
    written; else it is said what to change, and the old password opens until you have.

    \b
    Exit code: 0 done, 3 the old password still opens, 1 it could not be done.
    Examples:  pra repo rotate-key bakery offsite --new-password-file /root/new
               pra repo rotate-key bakery offsite nas --new-password-file /root/new --reason "left"
    """
    from orchestrator.app import App
    from orchestrator.cli import oncall
    from orchestrator.cli.verify import chosen
    from orchestrator.jobs.keys import rotate
    from orchestrator.jobs.kit import passphrase_of
    from orchestrator.jobs.sweep import recover
    from orchestrator.reports import keys as report

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    names = tuple(dict.fromkeys(name for one in repositories for name in chosen(found, one)))
    path = options["new_password_file"]
    password = passphrase_of(path if isinstance(path, Path) else Path(str(path)))
    for line in recover(app):
        settings.note(line)
    changed = rotate(
        app,
        found,
        names,
        password.text.encode(),
        by=oncall.who(str(options["by"]) if options["by"] else None),
        reason=str(options["reason"]),
        tell=settings.note,
    )
    if settings.json:
        settings.emit(report.document(found.id, changed))
    settings.say(report.text(found.id, changed))
    return report.exit_code(changed)
