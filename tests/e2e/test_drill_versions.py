"""A drill on a machine whose PostgreSQL is not the client's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.app import App
from orchestrator.jobs.drill import ResticRestore, planned
from restore_drills.engines.postgresql import installed
from restore_drills.host import Machine
from restore_drills.model import Verdict
from restore_drills.process import Processes
from restore_drills.run import run
from tests.site import DATABASE, tonight

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restore_drills.model import Report
    from tests.site import ClientSite


def drilled(site: ClientSite, majors: dict[int, Path]) -> Report:
    """Drill as if these majors, with their programs, were all that the machine has."""
    app = App(policies_dir=site.policies, state=site.state)
    request = tonight(app)
    found = app.site("acme")
    processes = Processes(request.run)
    machine = Machine(root=site.state / "drills", processes=processes)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", site.path)
        with ResticRestore(site.state, found, processes) as restore:
            return run(planned(app, found, request), restore, machine, tools={}, majors=majors)


def test_an_older_server_is_not_asked_to_load_a_newer_dump(
    a_site: Callable[..., ClientSite],
) -> None:
    (programs, *_) = installed().values()

    report = drilled(a_site(DATABASE), {9: programs})

    assert Verdict.INCONCLUSIVE == report.verdict
    assert "this machine has 9 only" in report.services[0].why[0]
    assert "or newer here" in report.services[0].remedy


def test_the_nearest_newer_server_loads_the_dump(a_site: Callable[..., ClientSite]) -> None:
    major, programs = next(iter(installed().items()))

    report = drilled(a_site(DATABASE), {9: programs / "nowhere", major + 1: programs})

    assert Verdict.PROVEN == report.verdict


def test_a_machine_without_postgresql_proves_nothing_of_a_database(
    a_site: Callable[..., ClientSite],
) -> None:
    report = drilled(a_site(DATABASE), {})

    assert Verdict.INCONCLUSIVE == report.verdict
    assert "no PostgreSQL server" in report.services[0].why[0]
