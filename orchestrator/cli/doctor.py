"""`pra doctor`: what works here, what does not, and what to do."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("doctor")
@click.argument("site", required=False)
@click.option("--place", envvar="PRA_PLACE", help="Where this is; default the host's name.")
@click.pass_obj
def command(settings: Settings, site: str | None, place: str | None) -> int:
    """What works on this machine, what does not, and what to do about it.

    Looks at programs, the sandbox (makes one, and destroys it), repositories, databases, secrets,
    space, clocks, channels and the daemon. It changes nothing, but in a bucket: there it tries
    what our keys may do, on `pra-probe`, an object of its own beside the repository.

    \b
    Exit code: 0 no error, 1 an error, 2 a fault of a policy file: what else
    there is to say is said all the same.
    Examples:  pra doctor
               pra doctor bakery --json
    """
    from dataclasses import asdict

    from orchestrator.app import App
    from orchestrator.cli.faults import asked, told
    from orchestrator.jobs.doctor import examine
    from orchestrator.reports import doctor

    app = App(policies_dir=settings.policies, state=settings.state)
    sites, faults = asked(app, site)
    found = examine(app, sites, place or socket.gethostname())
    if settings.json:
        settings.emit({**doctor.document(found), "errors": [asdict(one) for one in faults]})
    else:
        settings.say(doctor.text(found))
    return told(faults) or (0 if found.sound else 1)
