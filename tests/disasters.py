"""The events of a disaster and of being ready for one; every field has an ordinary value."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.events import (
    ChangeExpected,
    IncidentMarked,
    KeyRotated,
    KitExported,
    KitVerified,
    PolicyStored,
    RecoverFinished,
    SitePaused,
    SiteResumed,
    SuspicionEnded,
)
from tests.records import NOW, drilled

if TYPE_CHECKING:
    from orchestrator.core.events import Event

ORDINARY: list[Event] = [
    RecoverFinished(
        run="r1",
        site="bakery",
        verdict="proven",
        target="/srv/recovered",
        incident="i1",
        document=drilled("r1").document,
    ),
    SuspicionEnded(
        incident="i1",
        site="bakery",
        service="till",
        first="r1",
        false_alarm=True,
        by="Zoe",
        note="a bulk import",
    ),
    ChangeExpected(
        site="bakery",
        service="till",
        text="photo import",
        begin=NOW,
        until=NOW + timedelta(hours=8),
        by="Zoe",
    ),
    PolicyStored(site="bakery", repository="offsite", digest="d1" * 32, snapshot="aa" * 32),
    KitExported(
        site="bakery", kit="k1", holders=("client", "provider"), keys={"offsite": "f1"}, by="Zoe"
    ),
    KitVerified(site="bakery", kit="k1", holder="client", by="Zoe"),
    KeyRotated(
        site="bakery",
        repository="offsite",
        added="a1",
        revoked=("b1", "c1"),
        reason="a leaver",
        by="Zoe",
    ),
    SitePaused(site="bakery", by="Zoe", reason="burgled", incident="i1"),
    SiteResumed(site="bakery", by="Zoe", note="new server", anew=True),
    IncidentMarked(
        incident="i1",
        site="bakery",
        service="till",
        instant="T0",
        at=NOW,
        by="Zoe",
        note="the alarm's own record",
    ),
]
