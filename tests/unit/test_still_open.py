"""What of a disaster's clock is open when somebody says that it is over."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.core.clock import Clock, Instant, Source
from orchestrator.reports.clock import still_open

AT = Instant(at=datetime(2026, 11, 24, 3, 0, tzinfo=UTC), source=Source.LOG)


def test_what_nobody_has_accepted_or_entered_again_is_named_with_its_command() -> None:
    none = still_open(Clock(instants={"T5": AT}), "3fa94c")
    some = still_open(Clock(instants={"T5": AT}, awaited=("till",)), "3fa94c")
    last = still_open(Clock(instants={"T5": AT, "T9": AT}), "3fa94c")

    backlog = "still open: T10, backlog re-entered: `pra mark 3fa94c T10`"
    assert ["still open: T9, accepted by its user: `pra accept 3fa94c --by NAME`", backlog] == none
    assert "accepted by its user of till" in some[0]
    assert [backlog] == last
    assert [] == still_open(Clock(instants={"T9": AT, "T10": AT}), "3fa94c")
