"""What suspicion, kits, keys, pauses and recoveries add to the state; `core/fold.py` calls it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from orchestrator.core.events import (
    ChangeExpected,
    KeyRotated,
    KitExported,
    KitVerified,
    Outcome,
    PolicyStored,
    SitePaused,
    SiteResumed,
    SuspicionEnded,
)
from orchestrator.core.state import Expected, Kit, Pause, RepositoryState, ServiceState, Suspicion

if TYPE_CHECKING:
    from orchestrator.core.events import BackupFinished, Recorded
    from orchestrator.core.state import SiteState

KEPT_SUSPICIONS = 20
KEPT_EXPECTED = 50

Told = (
    ChangeExpected
    | PolicyStored
    | KitExported
    | KitVerified
    | KeyRotated
    | SitePaused
    | SiteResumed
    | SuspicionEnded
)


def apply(site: SiteState, event: Told, recorded: Recorded) -> None:  # noqa: C901 - a table
    """Take one event of a site in."""
    at = recorded.at
    match event:
        case ChangeExpected():
            one = Expected(
                service=event.service,
                text=event.text,
                begin=event.begin,
                until=event.until,
                by=event.by,
            )
            current = [e for e in site.expected if e.until > at]
            site.expected = (*current, one)[-KEPT_EXPECTED:]
        case PolicyStored():
            site.repositories.setdefault(event.repository, RepositoryState()).policy = event.digest
        case KitExported():
            site.kit = Kit(kit=event.kit, at=at, holders=event.holders, keys=dict(event.keys))
        case KitVerified():
            if site.kit is not None and site.kit.kit == event.kit:
                verified = {**site.kit.verified, event.holder: at}
                site.kit = replace(site.kit, verified=verified)
        case KeyRotated():
            pass  # a kit's fingerprints are compared with today's keys
        case SitePaused():
            if site.paused is None:
                site.paused = Pause(
                    event=recorded.id,
                    at=at,
                    by=event.by,
                    reason=event.reason,
                    incident=event.incident,
                )
        case SiteResumed():
            site.paused = None
            if event.anew:
                site.anew = at
        case SuspicionEnded():
            _judged(site.services.setdefault(event.service, ServiceState()), event, recorded)
        case _:
            assert_never(event)


def backed_up(service: ServiceState, event: BackupFinished) -> None:
    """Take in what a backup says of suspicion."""
    if event.decoys:
        service.decoys = dict(event.decoys)
    if event.outcome is Outcome.COMPLETE:
        service.unusual = event if event.signs else None
    if event.outcome is not Outcome.SUSPECTED or event.data_time is None:
        return
    service.suspected = event
    if service.suspicion is None:
        begun = Suspicion(run=event.run, since=event.data_time, signs=event.signs)
        service.suspicions = (*service.suspicions, begun)[-KEPT_SUSPICIONS:]


def _judged(service: ServiceState, event: SuspicionEnded, recorded: Recorded) -> None:
    """End the suspicion. Of a false alarm the newest point is the service's newest again."""
    ended = service.suspicion
    if ended is None or ended.run != event.first:
        return
    over = replace(ended, until=recorded.at, cleared=event.false_alarm)
    service.suspicions = (*service.suspicions[:-1], over)
    if event.false_alarm and service.suspected is not None:
        service.complete = replace(
            service.suspected, usable_at=service.suspected.usable_at or recorded.at
        )
    service.suspected = None
