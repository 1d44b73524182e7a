"""`pra verify`: whether what was saved is still there, byte for byte."""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.events import VerifyFinished
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.upkeep import Watch
    from orchestrator.reports.verify import Row

MOST_PARTS = 256


@click.command("verify")
@click.argument("site")
@click.option("--repository", help="This one; else all of the site, one after the other.")
@click.option("--part", metavar="N/T", help="This part; else the one that was read longest ago.")
@click.option("--all", "everything", is_flag=True, help="Every pack.")
@click.pass_obj
def command(
    settings: Settings, /, site: str, repository: str | None, part: str | None, *, everything: bool
) -> int:
    """Read the packs of SITE's repositories, and name what is damaged.

    Every pack is fetched, and each byte compared with the hash that was taken when it was written.
    By default it reads the part that was read longest ago, as the daemon does every day; all, where
    the policy does not say `verify: {read_all_within: ...}`. What is found damaged is read twice.
    No lock is taken: backups go on meanwhile.

    \b
    Exit code: 0 all that was read is sound, 3 damaged, 1 one could not be read.
    Examples:  pra verify bakery
               pra verify bakery --repository offsite --all
               pra verify bakery --repository nas --part 3/24 --json
    """
    from orchestrator.app import App
    from orchestrator.cli.watching import Bars, Lines
    from orchestrator.jobs.sweep import recover
    from orchestrator.reports.verify import document, exit_code, text

    if part is not None and everything:
        raise Misused("--part and --all exclude each other", hint="Give one of them.")
    wanted = (1, 1) if everything else _part(part) if part is not None else None
    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    names = chosen(found, repository)
    for line in recover(app):
        settings.note(line)
    shown = Bars() if sys.stderr.isatty() and not settings.quiet else Lines(settings.note)
    with shown as watch:
        rows = [_row(app, found, name, wanted, watch) for name in names]
    if settings.json:
        settings.emit(document(found.id, rows))
    for row in rows:
        settings.say(text(found.id, row, timezone=found.timezone))
    return exit_code(rows)


def chosen(site: Site, repository: str | None) -> list[str]:
    """Return the repositories that are meant. Raises Misused."""
    if not site.repositories:
        raise Misused(f"{site.id}: the policy has no repository", hint="Write one in the policy.")
    if repository is None:
        return list(site.repositories)
    if repository not in site.repositories:
        near = get_close_matches(repository, site.repositories, n=1)
        raise Misused(
            f"{site.id}: no repository named {repository}"
            + (f" (did you mean {near[0]}?)" if near else ""),
            hint=f"The policy has {', '.join(site.repositories)}.",
        )
    return [repository]


def _part(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,3})/(\d{1,3})", text)
    part, parts = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part <= parts <= MOST_PARTS:
        raise Misused(
            f"--part {text}: not a part",
            hint=f"Write it as N/T, N from 1 to T, T at most {MOST_PARTS}: 3/24.",
        )
    return part, parts


def _row(app: App, site: Site, name: str, wanted: tuple[int, int] | None, watch: Watch) -> Row:
    from orchestrator.core.events import RunKind
    from orchestrator.errors import Interrupted, PraError
    from orchestrator.jobs.upkeep import begin_upkeep
    from orchestrator.jobs.verify import next_part, verify
    from orchestrator.reports.verify import Row

    part, parts = wanted or next_part(app.known(), site, name)
    begun = begin_upkeep(app, site, RunKind.VERIFY, name)
    if begun is None:
        raise ValueError(name)  # only a key can be taken, and there is none
    what = "everything" if parts == 1 else f"part {part} of {parts}"
    watch.said(name, f"reading {what}")
    try:
        ended = verify(app, site, name, part, parts, begun, watch)
    except Interrupted:
        raise
    except PraError as error:
        return Row(repository=name, part=part, parts=parts, run=begun.run, error=error)
    elsewhere, unasked = _elsewhere(app, site, name, ended)
    return Row(
        repository=name,
        part=part,
        parts=parts,
        run=begun.run,
        finished=ended,
        elsewhere=elsewhere,
        unasked=unasked,
        remote=":" in site.repositories[name].url,
    )


def _elsewhere(
    app: App, site: Site, name: str, ended: VerifyFinished
) -> tuple[Mapping[str, tuple[str, ...]] | None, Mapping[str, str]]:
    """Return which other repositories have the points that are hurt, and who did not answer."""
    from orchestrator.jobs.snapshots import look

    others = [one for one in site.repositories if one != name]
    if ended.sound or not any(one.points for one in ended.damage) or not others:
        return (None if ended.sound else {}), {}
    seen = look(app, site, others)
    return (
        {point.run: point.repositories for point in seen.points},
        {one: str(error) for one, error in seen.unasked.items()},
    )
