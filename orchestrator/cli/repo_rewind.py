"""`pra repo rewind`: the way back from a wiped bucket."""

from __future__ import annotations

import configparser
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.errors import Interrupted, Misused

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.model import Site

NOTHING = 3  # there was nothing at that instant: it cannot be what is wanted
KEYS_HINT = "Write it as an AWS credentials file: [default], aws_access_key_id, ..."


@click.command("rewind", short_help="Bring a wiped bucket back to what it held at an instant.")
@click.argument("site")
@click.option("--repository", help="The one to bring back; default the only one in a bucket.")
@click.option("--at", "at", metavar="TIME", help="As it was then, site time: just before the wipe.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and when it happened.")
@click.option(
    "--keys",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="An AWS credentials file: the repair key, instead of the policy's.",
)
@click.option("--read", is_flag=True, help="Read and hash all of the data on the way.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(settings: Settings, /, site: str, **options: object) -> int:
    """Bring a repository of SITE back from the versions that its bucket keeps.

    Every object whose name is its SHA-256 gets the version that hashes to it back, the config the
    oldest one. What came after --at is hidden. Nothing is deleted for good, and what was cut short
    goes on when it is called again. Without --at, --dry-run shows when objects were taken away.

    \b
    Exit code: 0 sound, 3 something is lost or unsound, 1 it could not be done.
    Examples:  pra repo rewind bakery --dry-run
               pra repo rewind bakery --at "2026-11-02 03:00" --dry-run
               pra repo rewind bakery --at "2026-11-02 03:00" --keys repair.ini
    """
    from orchestrator.app import App
    from orchestrator.cli.drill import instant
    from orchestrator.jobs.rewind import chosen

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    name = options["repository"]
    repository = chosen(found, name if isinstance(name, str) else None)
    at = instant(options["at"], found, app.clock())
    file = options["keys"]
    keys = credentials(file) if isinstance(file, Path) else None
    if options["dry_run"]:
        return _foresee(settings, app, found, repository, at, keys)
    if at is None:
        raise Misused(
            "--at: as of when?",
            hint=f"See `pra repo rewind {site} --dry-run` for when objects were taken away.",
        )
    if not options["yes"]:
        _confirm(settings, app, found, repository, at, keys)
    return _rewind(settings, app, found, repository, at, keys, read=bool(options["read"]))


def _rewind(  # noqa: PLR0913, PLR0917 - what was asked
    settings: Settings,
    app: App,
    site: Site,
    repository: str,
    at: datetime,
    keys: tuple[bytes, bytes] | None,
    *,
    read: bool,
) -> int:
    from orchestrator.cli.watching import Lines
    from orchestrator.core.events import RunKind
    from orchestrator.jobs.rewind import rewind
    from orchestrator.jobs.sweep import recover
    from orchestrator.jobs.upkeep import begin_upkeep
    from orchestrator.reports.rewind import document, text

    for line in recover(app):
        settings.note(line)
    begun = begin_upkeep(app, site, RunKind.REWIND, repository)
    if begun is None:
        raise ValueError(repository)  # a run without a slot is always begun
    done = rewind(app, site, repository, at, begun, Lines(settings.note), keys=keys, read=read)
    if settings.json:
        settings.emit(document(done))
    settings.say(text(done, site=site.id, timezone=site.timezone))
    return 0 if done.event.sound and not done.event.lost else 3


def _foresee(  # noqa: PLR0913, PLR0917 - what was asked
    settings: Settings,
    app: App,
    site: Site,
    repository: str,
    at: datetime | None,
    keys: tuple[bytes, bytes] | None,
) -> int:
    from orchestrator.jobs.rewind import foreseen
    from orchestrator.log import new_run_id
    from orchestrator.reports.rewind import foreseen_document, foreseen_text

    now = app.clock()
    plan = foreseen(site, repository, at or now, new_run_id(now), keys)
    if settings.json:
        settings.emit(foreseen_document(plan, site.id, repository, at))
    settings.say(foreseen_text(plan, repository, at, site.timezone))
    return NOTHING if at is not None and plan.is_nothing else 0


def _confirm(  # noqa: PLR0913, PLR0917 - what was asked
    settings: Settings,
    app: App,
    site: Site,
    repository: str,
    at: datetime,
    keys: tuple[bytes, bytes] | None,
) -> None:
    """Show what would be done and have a person say yes. Raises Misused, Interrupted."""
    if not sys.stdin.isatty():
        raise Misused(
            f"{site.id}/{repository}: nobody is there to say yes, and this writes",
            hint="Look at what `--dry-run` says, then call it with --yes.",
        )
    from orchestrator.jobs.rewind import foreseen
    from orchestrator.log import new_run_id
    from orchestrator.reports.rewind import foreseen_text

    plan = foreseen(site, repository, at, new_run_id(app.clock()), keys)
    settings.note(foreseen_text(plan, repository, at, site.timezone))
    if not click.confirm(f"Bring {site.id}/{repository} back?", err=True):
        raise Interrupted(f"{site.id}/{repository}: left as it is")


def credentials(path: Path) -> tuple[bytes, bytes]:
    """Return the pair of keys of a credentials file. Raises Misused, which quotes none of it."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text())
        section = parser["default"]
        access, secret = section["aws_access_key_id"], section["aws_secret_access_key"]
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"--keys {path}: cannot be read", hint=KEYS_HINT) from error
    except (configparser.Error, KeyError):
        # Without its cause: a parser's error quotes the line that it stumbled over.
        raise Misused(f"--keys {path}: not a pair of S3 keys", hint=KEYS_HINT) from None
    if "aws_session_token" in section:
        raise Misused(f"--keys {path}: keys with a session token", hint="Give lasting keys.")
    return access.strip("`").encode(), secret.strip("`").encode()
