"""`pra events`: the log."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings
    from orchestrator.core.events import Recorded
    from orchestrator.log import Log

INTERRUPTED = 130
WAIT = timedelta(seconds=5)


@click.command("events")
@click.argument("site", required=False)
@click.option("--follow", is_flag=True, help="Go on with what is appended, until Ctrl-C.")
@click.option("--verify", is_flag=True, help="Recompute the chain of hashes instead.")
@click.option("--restore", is_flag=True, help="Replace a damaged log by its own copy instead.")
@click.pass_obj
def command(
    settings: Settings, site: str | None, *, follow: bool, verify: bool, restore: bool
) -> int:
    """The event log, of one site or of all, in the order in which it was written.

    With --json each line is a CloudEvents 1.0 document. Times are UTC. The daemon keeps a copy of
    the log beside it; stop it before --restore.

    \b
    Example:  pra events bakery
              pra events --follow --json
              pra events --verify
    """
    if restore:
        return _restore(settings)
    from orchestrator.app import App
    from orchestrator.log import is_absent, place

    if is_absent(settings.state) and not (follow or verify):
        if not settings.json:
            settings.note(f"{place(settings.state)}: no event yet")
        return 0
    log = App(policies_dir=settings.policies, state=settings.state).log
    try:
        if verify:
            return _verify(settings, log)
        after = _show(settings, log, 0, site)
        if not (after or settings.json):
            settings.note(f"{log.path}: no event{f' of {site}' if site else ''} yet")
        while follow:
            log.wait(WAIT)
            after = _show(settings, log, after, site)
    except KeyboardInterrupt:
        if follow:
            return INTERRUPTED
        raise
    finally:
        log.close()
    return 0


def _show(settings: Settings, log: Log, after: int, site: str | None) -> int:
    for recorded in log.read(after, site=site):
        click.echo(_line(recorded, as_json=settings.json))
        after = recorded.seq
    return after


def _line(recorded: Recorded, *, as_json: bool) -> str:
    from orchestrator.reports.events import cloudevent, line

    if as_json:
        return json.dumps(cloudevent(recorded), ensure_ascii=False)
    return line(recorded)


def _verify(settings: Settings, log: Log) -> int:
    broken, count = log.verify(), log.count()
    if settings.json:
        fault = {"seq": broken.seq, "why": broken.why} if broken else None
        settings.emit({"events": count, "broken": fault})
    elif broken:
        settings.say(f"{log.path}: the chain is broken at event {broken.seq}: {broken.why}")
        settings.say(
            "  Trust no event from there on. Stop the daemon and run `pra events --restore`:"
        )
        settings.say("  what the log's copy still holds comes back, the damaged file is kept.")
    else:
        settings.say(f"{count} events, chain intact")
    return 1 if broken else 0


def _restore(settings: Settings) -> int:
    from orchestrator.app import wall_clock
    from orchestrator.log import Log, is_absent, repair

    damage = repair.diagnose(settings.state)
    if damage is None and not is_absent(settings.state):
        log = Log.open(settings.state, clock=wall_clock)
        broken = log.verify()
        log.close()  # nobody may have it open
        damage = f"event {broken.seq}: {broken.why}" if broken else None
    if damage is None:
        if settings.json:
            settings.emit({"damage": None, "last_seq": None, "kept_as": None})
        else:
            settings.say("The log is whole: nothing to restore.")
        return 0
    said = repair.restore(settings.state, damage, clock=wall_clock)
    if settings.json:
        settings.emit({"damage": damage, "last_seq": said.last_seq, "kept_as": said.kept_as})
    else:
        settings.say(
            f"The log was damaged ({damage}) and is whole again up to event {said.last_seq}."
        )
        settings.say(f"  What came after may be lost. The damaged log is kept as {said.kept_as}.")
    return 0
