"""`pra daemon`: watch, for years."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings

HEALTHY_S = 120.0  # four ticks


@click.command(name="daemon")
@click.option("--place", envvar="PRA_PLACE", help="Where this is; default the host's name.")
@click.option("--unit", is_flag=True, help="Print the systemd unit and end.")
@click.option("--healthy", is_flag=True, help="Tell whether a daemon is alive here, and end.")
@click.pass_obj
def command(settings: Settings, /, *, place: str | None, unit: bool, healthy: bool) -> int:
    """Back up on schedule, drill by itself, watch the objectives, page the provider.

    Stays in the foreground. SIGHUP reads the policies again; SIGTERM ends what runs, within a
    bound, and stops. Its log goes to stderr: for a person on a terminal, else JSON.

    \b
    Exit code of --healthy: 0 alive, 1 not.
    Examples:  pra daemon
               pra daemon --unit > /etc/systemd/system/pra.service
               pra daemon --healthy
    """
    if unit:
        from orchestrator.cli.unit import text

        click.echo(text(Path(sys.argv[0]).resolve()), nl=False)
        return 0
    if healthy:
        return _healthy(settings)
    return _watch(settings, place or socket.gethostname())


def _healthy(settings: Settings) -> int:
    from orchestrator.log import daemon_running, silent_for

    pid, silent = daemon_running(settings.state), silent_for(settings.state)
    if pid is None or silent is None:
        alive, said = False, f"{settings.state}: no daemon watches over it"
    elif silent > HEALTHY_S:
        alive, said = False, f"the daemon (process {pid}) gave no sign of life for {silent:.0f} s"
    else:
        alive, said = True, f"the daemon (process {pid}) is alive"
    if settings.json:
        settings.emit({"alive": alive, "pid": pid, "silent_s": silent})
    else:
        settings.say(said)
    return 0 if alive else 1


def _watch(settings: Settings, place: str) -> int:
    from orchestrator.app import App
    from orchestrator.daemon.logs import logger
    from orchestrator.daemon.loop import Daemon
    from orchestrator.daemon.promises import Promises
    from orchestrator.daemon.start import cried_out, healed, tonight
    from orchestrator.daemon.systemd import Supervisor

    log = logger(human=sys.stderr.isatty() and not settings.json, verbose=settings.verbose)
    supervisor = Supervisor()
    promises = Promises(settings.policies, place)
    promises.read()
    app = App(policies_dir=settings.policies, state=settings.state)
    app.texts, app.checked = promises.texts, promises.as_checked()
    with cried_out(app, promises, log):
        healed(app, log)
        tonight(app, place, log)
        daemon = Daemon(app, promises, supervisor, log)
        signal.signal(signal.SIGTERM, lambda *_: daemon.stop())
        signal.signal(signal.SIGINT, lambda *_: daemon.stop())
        signal.signal(signal.SIGHUP, lambda *_: daemon.reload())
        daemon.run()
    return 0
