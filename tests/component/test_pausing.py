"""A pause stops what removes, even while it is at work."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from orchestrator.app import App
from orchestrator.core.events import RunKind, SitePaused
from orchestrator.errors import Interrupted
from orchestrator.jobs.begun import begin
from orchestrator.jobs.retain import Turn

if TYPE_CHECKING:
    from pathlib import Path


def test_a_retention_that_frees_space_stops_when_its_site_is_paused(tmp_path: Path) -> None:
    app = App(policies_dir=tmp_path / "policies", state=tmp_path / "state")
    begun = begin(
        app.log,
        app.state,
        run="r1",
        kind=RunKind.RETAIN,
        site="acme",
        service="",
        repository="far",
    )
    assert begun is not None
    with contextlib.closing(app.log), contextlib.suppress(Interrupted), begun:
        assert Turn(app, "far", "r1").given() is None
        app.log.append(SitePaused(site="butcher", by="Zoe", reason="a visit"))
        assert Turn(app, "far", "r1").given() is None
        app.log.append(SitePaused(site="acme", by="Zoe", reason="burgled"))
        assert "acme was paused" == Turn(app, "far", "r1").given()
        raise Interrupted("stopped")
