"""`pra doctor`: examine this machine and the sites; each check by itself, all at once, bounded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.diagnosis import Fine, diagnosis
from orchestrator.core.state import State
from orchestrator.errors import StateUnusable
from orchestrator.jobs.checkup import (
    copies,
    kits,
    machine,
    posture,
    promises,
    repositories,
    room,
    secrets,
    sources,
    tools,
)
from orchestrator.jobs.checkup.at_once import at_once
from orchestrator.jobs.checkup.ground import Ground, error
from orchestrator.log import is_absent
from orchestrator.log.faults import said_of
from orchestrator.log.sqlite import prepare
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.app import App
    from orchestrator.core.diagnosis import Diagnosis, Finding
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.checkup.at_once import Found
    from orchestrator.jobs.checkup.ground import Check

RUN = "doctor-"

# Of this machine alone, and in a blink: what would fail tonight.
QUICK: Mapping[str, Check] = {
    "restic": tools.restic,
    "sandbox": tools.sandbox,
    "folders": sources.trees,
    "secrets": secrets.quick_secrets,
    "disks": repositories.mounted,
    "state folder": machine.state_folder,
    "chains": promises.unheard,
}
CHECKS: Mapping[str, Check] = {
    "policies": promises.policies,
    **QUICK,
    "secrets": secrets.secrets,
    "chains": promises.unsigned,
    "kits": kits.kits,
    "databases": sources.databases,
    "losses": promises.losses,
    "pauses": promises.paused,
    "copies": copies.rule,
    "channels": promises.channels,
    "daemon": machine.daemon,
}
AFTERWARDS: Mapping[str, Check] = {"room": room.room}  # with what the repositories told


def examine(app: App, sites: Sequence[Site], place: str) -> Diagnosis:
    """Look at everything and return what was found.

    Made are a state folder, if there is none, and a probe beside each repository in a bucket.

    `place` is the policy's word for this machine. Raises StateUnusable when no state folder is to
    be had, for then nothing works.
    """
    said: Found = []
    ground = _ground(app, sites, place, said)
    said += at_once(
        ground, {**CHECKS, **dict(repositories.each(ground)), **dict(posture.each(ground))}
    )
    said += at_once(ground, AFTERWARDS)
    drilled = {plan.where for site in sites for plan in site.drills or () if plan.where}
    recovered = {site.recover_on for site in sites if site.recover_on}
    return diagnosis(said, sorted((drilled or recovered) - {place}))


def tonight(app: App, place: str) -> list[Finding]:
    """Return what would fail tonight, as far as this machine tells without the network.

    It takes about a second. Raises StateUnusable.
    """
    said: Found = []
    ground = _ground(app, tuple(app.checked.sites.values()), place, said)
    return list(diagnosis(said + at_once(ground, QUICK)).findings)


def _ground(app: App, sites: Sequence[Site], place: str, said: Found) -> Ground:
    with said_of(app.state):
        prepare(app.state)
    _leftovers()
    return Ground(
        app=app,
        sites=tuple(sites),
        state=_known(app, said),
        place=place,
        processes=Processes(f"{RUN}{os.getpid()}"),
    )


def _known(app: App, said: Found) -> State:
    """Return what the log knows; where it cannot be read, that is a finding."""
    try:
        state = app.known()
    except StateUnusable as fault:
        said.append(error("log-unusable", "log", str(fault), fault.hint))
        return State()
    if not is_absent(app.state):
        said.append(Fine(subject="log", message=f"{state.seq} events"))
    return state


def _leftovers() -> None:
    """Remove the secrets of an examination that was killed: no run on the log is theirs."""
    for run in SecretFiles.runs():
        pid = run.removeprefix(RUN).partition("-")[0]
        if run.startswith(RUN) and not Path("/proc", pid).exists():
            SecretFiles.sweep(run)
