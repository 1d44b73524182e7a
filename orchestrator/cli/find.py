"""`pra find`: which versions of a file there are."""

from __future__ import annotations

import os
from itertools import chain, count
from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.model import Site

PEOPLE, PROGRAMS = 20, 1_000  # files, unless --limit or --all says otherwise
NOTHING = 1


@click.command("find", short_help="Which versions of a file there are, and how to get one back.")
@click.argument("site")
@click.argument("pattern")
@click.option("--service", "services", multiple=True, help="Only in this one; repeatable.")
@click.option(
    "--at", metavar="TIME", help="As it was then: the version that a recovery would give."
)
@click.option("--since", metavar="TIME", help="Only what a recovery point of since then holds.")
@click.option("--limit", type=click.IntRange(min=1), help="So many files; people are shown 20.")
@click.option("--all", "everything", is_flag=True, help="Every file that matches.")
@click.pass_obj
def command(  # noqa: PLR0913, PLR0917 - its options
    settings: Settings,
    /,
    site: str,
    pattern: str,
    services: tuple[str, ...],
    at: str | None,
    since: str | None,
    limit: int | None,
    everything: bool,  # noqa: FBT001 - a flag of click's
) -> int:
    """Find files of SITE by name in all its recovery points: versions, dates, sizes.

    PATTERN may have * and ?, without regard to case and accents; without them it may stand
    anywhere in the name. With a slash it is the end of a path, and with one at its end whatever is
    below that folder. The last changed file comes first; the command that brings it back, last.
    The first search reads every point and takes longer; the index that it makes is a cache. The
    repositories are asked again when the log has come on, or after ten minutes.

    \b
    Exit code: 0 when something was found, else 1.
    Examples:  pra find bakery "devis*2026*"
               pra find bakery compta/2025/ --at "vendredi 18:00"
               pra find bakery facture --service shares --since "il y a 2 semaines" --json
    """
    from orchestrator.app import App
    from orchestrator.core.finding.pattern import pattern as read
    from orchestrator.core.finding.values import Asked
    from orchestrator.jobs.find import find
    from orchestrator.reports.find import document, text

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    _known(found, services)
    if not pattern.strip(" /*?"):
        raise Misused(f"{pattern!r}: matches everything", hint='Name something: "devis*2026*".')
    now = app.clock()
    asked = Asked(
        services=services,
        at=_instant("--at", at, found, now),
        since=_instant("--since", since, found, now),
        limit=None if everything else limit or (PROGRAMS if settings.json else PEOPLE),
    )
    result = find(app, found, read(pattern), asked, settings.note)
    answer, standing = result.answer, result.standing
    unasked = {
        name: error
        for name, error in standing.unasked.items()
        # One that is unplugged until its turn comes is not expected to answer.
        if found.repositories[name].rotation is None or standing.behind
    }
    if settings.json:
        settings.emit(document(site, answer, unasked, standing.behind))
    settings.say(
        text(
            site,
            answer,
            found.timezone,
            pattern=pattern,
            bounded=asked.at is not None or asked.since is not None,
            unasked=unasked,
            behind=standing.behind,
            busy=standing.busy,
            to=_free(),
        )
    )
    return 0 if answer.files else NOTHING


def _free() -> str:
    """Return a folder that is not there yet: nothing is recovered into one that holds anything."""
    names = chain(["recovered"], (f"recovered-{number}" for number in count(2)))
    return next(name for name in names if not os.path.lexists(name))


def _known(site: Site, services: tuple[str, ...]) -> None:
    import difflib

    for name in services:
        if name not in site.services:
            near = difflib.get_close_matches(name, site.services, n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise Misused(
                f"{site.id}: no service named {name}{meant}",
                hint=f"It has {', '.join(site.services)}.",
            )


def _instant(option: str, text: str | None, site: Site, now: datetime) -> datetime | None:
    from orchestrator.core.when import Unreadable, instant

    if text is None:
        return None
    try:
        return instant(text, site.timezone, now, start=option == "--since")
    except Unreadable as error:
        raise Misused(f"{option} {text!r}: {error.what}", hint=error.hint) from error
