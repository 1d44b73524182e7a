"""Events for the tests of what is read from the log; every argument has an ordinary value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.codec import timestamp
from orchestrator.core.events import (
    BackedUp,
    BackupFinished,
    CopyFinished,
    DaemonStarted,
    DaemonStopped,
    Damage,
    DrillFinished,
    EvidenceImported,
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentNoted,
    IncidentOpened,
    IncidentResolved,
    LogRestored,
    Observed,
    Outcome,
    PageFailed,
    PageSent,
    PoliciesRead,
    Recorded,
    RelockFinished,
    RepairFinished,
    RetainFinished,
    RewindFinished,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
    VerifyFinished,
)

if TYPE_CHECKING:
    from orchestrator.core.events import Event

NOW = datetime(2026, 11, 23, 11, 2, 53, tzinfo=UTC)


def started(run: str, *, kind: RunKind = RunKind.BACKUP, service: str = "till") -> RunStarted:
    return RunStarted(
        run=run, kind=kind, site="bakery", service=service, repository="offsite", boot_id="boot"
    )


def backed_up(
    run: str, *, outcome: Outcome = Outcome.COMPLETE, snapshot: str = "aa", error: str | None = None
) -> BackupFinished:
    return BackupFinished(
        run=run,
        site="bakery",
        service="till",
        outcome=outcome,
        repository="offsite",
        snapshots=(BackedUp(source="till", id=snapshot, tree=f"tree-{snapshot}", data_time=NOW),),
        usable_at=NOW if outcome is Outcome.COMPLETE else None,
        files_new=1,
        files_changed=0,
        data_added_bytes=10,
        seconds=2.5,
        skipped=(),
        error=error,
    )


def drilled(run: str, at: datetime = NOW, **of_service: object) -> DrillFinished:
    """A drill of the till under server-failure, as its document tells it."""
    service = {
        "id": "till",
        "verdict": "proven",
        "objective": "held",
        "label": "measured",
        "depth": 2,
        "policy_hash": "h1",
        "rta_s": 13.2,
        "lead_s": 2400.0,
        "time_to_recover_s": 2413.2,
        "rpa_s": 812.0,
        "rto_s": 14400.0,
        "rpo_s": 1800.0,
        "why": [],
        "checks": [
            {"name": "orders", "mandatory": True, "status": "pass", "detail": "9", "value": 1203},
            {"name": "content", "mandatory": True, "status": "pass", "detail": "", "value": None},
        ],
    } | of_service
    document = {
        "schema": 1,
        "run": run,
        "site": "bakery",
        "scenario": "server-failure",
        "place": "example-host",
        "t0": timestamp(at),
        "started_at": timestamp(at),
        "verdict": service["verdict"],
        "services": [service],
    }
    return DrillFinished(run=run, site="bakery", verdict=str(service["verdict"]), document=document)


def run_failed(run: str, *, kind: RunKind = RunKind.BACKUP, service: str = "till") -> RunFailed:
    return RunFailed(
        run=run,
        kind=kind,
        site="bakery",
        service=service,
        error="no route",
        remedy="Wait.",
        retryable=True,
        code="repository-unreachable",
    )


def interrupted(
    run: str, *, kind: RunKind = RunKind.BACKUP, service: str = "till"
) -> RunInterrupted:
    return RunInterrupted(
        run=run, kind=kind, site="bakery", service=service, swept=0, note="found dead"
    )


def upkeep_started(run: str, kind: RunKind, repository: str = "offsite") -> RunStarted:
    """The upkeep of a repository begins, for a slot; a person's has none."""
    service = "till" if kind is RunKind.COPY else ""
    begun = started(run, kind=kind, service=service)
    return replace(begun, repository=repository, slot=NOW)


def copied(run: str, point: str, at: datetime = NOW, repository: str = "nas") -> CopyFinished:
    """The till's point of that run is in the other repository."""
    return CopyFinished(
        run=run,
        site="bakery",
        service="till",
        origin="offsite",
        repository=repository,
        point=point,
        snapshots=(BackedUp(source="till", id="bb", tree="tree-aa", data_time=NOW),),
        usable_at=at,
        points=1,
        seconds=3.0,
    )


def verified(
    run: str, part: int = 1, parts: int = 4, *, sound: bool = True, repository: str = "offsite"
) -> VerifyFinished:
    damage = Damage(kind="data", id="cc", fault="pack cc: hash mismatch", points=())
    return VerifyFinished(
        run=run,
        site="bakery",
        repository=repository,
        part=part,
        parts=parts,
        sound=sound,
        damage=() if sound else (damage,),
        packs=9,
        read_bytes=1000,
        seconds=4.0,
    )


def relocked(run: str, *problems: str, repository: str = "offsite") -> RelockFinished:
    return RelockFinished(
        run=run,
        site="bakery",
        repository=repository,
        objects=9,
        extended=3,
        bare=0,
        least_until=NOW + timedelta(days=20),
        least_key="config",
        problems=problems,
        seconds=5.0,
    )


def retained(run: str, held: str = "", repository: str = "offsite") -> RetainFinished:
    return RetainFinished(
        run=run,
        site="bakery",
        repository=repository,
        held=held,
        kept=30,
        removed=0 if held else 7,
        removable=7,
        foreign=0,
        freed_bytes=None if held else 1000,
        seconds=6.0,
    )


def repaired(run: str, *, sound: bool = True) -> RepairFinished:
    return RepairFinished(
        run=run,
        site="bakery",
        repository="offsite",
        origin="nas",
        sound=sound,
        healed=(),
        lost=(),
        fetched_bytes=100,
        seconds=7.0,
    )


def rewound(run: str, *, sound: bool = True) -> RewindFinished:
    return RewindFinished(
        run=run,
        site="bakery",
        repository="offsite",
        at=NOW,
        restored=9,
        set_aside=2,
        lost=0 if sound else 3,
        sound=sound,
        points=(),
        seconds=8.0,
    )


def imported(run: str, at: datetime = NOW, **of_service: object) -> EvidenceImported:
    """A drill of the till that was made on the provider's machine."""
    here = drilled(run, at, **of_service)
    return EvidenceImported(
        run=run,
        site=here.site,
        verdict=here.verdict,
        document=here.document,
        place="provider",
        key="c2VjcmV0bGVzcw==",
    )


def observed(condition: str, detail: str = "2 GB left", *, present: bool = True) -> Observed:
    return Observed(
        site="", condition=condition, present=present, detail=detail, remedy="Make room."
    )


def incident_opened(
    incident: str, *, condition: str = "backup-failed", evidence: str = "r1"
) -> IncidentOpened:
    return IncidentOpened(
        incident=incident,
        site="bakery",
        service="till",
        condition=condition,
        criticality="P1",
        summary="the till is not backed up",
        remedy="Look.",
        evidence=evidence,
        chain="wake",
        predicted_breach_at=NOW + timedelta(hours=4),
        reported_by="the owner",
    )


def escalated(incident: str) -> IncidentEscalated:
    return IncidentEscalated(
        incident=incident, site="bakery", service="till", chain="call", predicted_breach_at=None
    )


def acknowledged(incident: str, by: str = "Zoe") -> IncidentAcknowledged:
    return IncidentAcknowledged(incident=incident, site="bakery", service="till", by=by)


def noted(incident: str, text: str = "on my way") -> IncidentNoted:
    return IncidentNoted(incident=incident, site="bakery", service="till", by="Zoe", text=text)


def resolved(incident: str, *, by: str = "", note: str = "") -> IncidentResolved:
    return IncidentResolved(incident=incident, site="bakery", service="till", by=by, note=note)


def page_sent(incident: str, page: str = "wake.0") -> PageSent:
    return PageSent(
        incident=incident,
        site="bakery",
        service="till",
        page=page,
        channel="mail",
        receipt="250 OK",
    )


def page_failed(incident: str, page: str = "wake.0") -> PageFailed:
    return PageFailed(
        incident=incident, site="bakery", service="till", page=page, channel="mail", error="421"
    )


def daemon_started() -> DaemonStarted:
    return DaemonStarted(site="", version="1.0", boot_id="boot", place="example-host")


def policies_read(**digests: str) -> PoliciesRead:
    return PoliciesRead(site="", digests=digests)


def daemon_stopped() -> DaemonStopped:
    return DaemonStopped(site="", note="asked to stop")


def log_restored(last_seq: int = 7) -> LogRestored:
    return LogRestored(
        site="", last_seq=last_seq, damage="page 3 is malformed", kept_as="log-damaged-1.sqlite"
    )


def recorded(*facts: Event, at: datetime = NOW, after: int = 0) -> list[Recorded]:
    """The events as a log would hold them, one second apart."""
    return [
        Recorded(
            seq=seq,
            id=f"id-{seq}",
            at=at + timedelta(seconds=seq),
            event=event,
            cause=None,
            prevhash="",
            hash="",
        )
        for seq, event in enumerate(facts, start=after + 1)
    ]
