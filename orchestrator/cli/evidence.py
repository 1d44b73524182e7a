"""`pra evidence`: drills made elsewhere, let in; and the key by which others know this machine."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.group("evidence")
def command() -> None:
    """Let a drill that another machine made and signed into the log.

    \b
    Example:  pra evidence key                    on the machine that drills
              pra evidence import drill.json      on the machine that backs the site up
    """


@command.command("import", short_help="Let in what `pra drill SITE --json` gave elsewhere.")
@click.argument("file", metavar="FILE")
@click.option(
    "--trust",
    metavar="FINGERPRINT",
    help="Let the key in that has this fingerprint: the first time, or where it was replaced.",
)
@click.pass_obj
def import_(settings: Settings, file: str, trust: str | None) -> int:
    """Let in what `pra drill SITE --json` gave on another machine; FILE may be `-`.

    It must be signed and unaltered, be of a site of this machine, and come from a place whose key
    is known. The first drill of a place names its key: compare the fingerprint with what
    `pra evidence key` says there, by telephone, then give it with --trust. The same drill twice
    changes nothing.

    \b
    Exit code: 0 on the log, whatever its verdict; 1 refused; 2 not a drill's document.
    Example:   pra evidence import drill.json
               ssh provider-dc pra drill bakery --json | pra evidence import -
    """
    from orchestrator.app import App
    from orchestrator.core.evidence import Asked, read_fingerprint
    from orchestrator.jobs.evidence import let_in
    from orchestrator.reports import evidence as report

    asked = Asked(
        source="standard input" if file == "-" else file,
        trust=None if trust is None else read_fingerprint(trust),
        again=shlex.join(["pra", *sys.argv[1:]]),
    )
    app = App(policies_dir=settings.policies, state=settings.state)
    done = let_in(app, _content(file), asked)
    if settings.json:
        settings.emit(report.document(done.evidence, new=done.new))
    settings.say(report.text(done.evidence, done.site, new=done.new))
    return 0


@command.command("key", short_help="Print this machine's public key and its fingerprint.")
@click.pass_obj
def key(settings: Settings) -> int:
    """Print the public key with which this machine signs its drills; made at first use.

    \b
    Example:  pra evidence key
    """
    from orchestrator.adapters import signing
    from orchestrator.core.evidence import text_of
    from orchestrator.reports import evidence as report

    said = report.key(text_of(signing.own(settings.state).public))
    if settings.json:
        settings.emit(said)
    settings.say(f"{said['fingerprint']}\n  public key: {said['public_key']}")
    return 0


def _content(file: str) -> bytes:
    """Read as much as tells a document from what is too long to be one."""
    from orchestrator.core.canonical import EXPORT, LIMIT_BYTES

    try:
        # By its number: where it is closed, Python has no `sys.stdin` at all.
        with os.fdopen(0, "rb", closefd=False) if file == "-" else Path(file).open("rb") as opened:
            return opened.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise Misused(f"{file}: it cannot be read: {error.strerror}", hint=EXPORT) from error
