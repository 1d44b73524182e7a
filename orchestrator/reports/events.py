"""An event outside the process: a CloudEvents 1.0 document, or a person's line. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from orchestrator.core.codec import timestamp
from orchestrator.core.events import (
    BackupFinished,
    CopyFinished,
    DaemonStarted,
    DaemonStopped,
    DrillFinished,
    EvidenceImported,
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentMarked,
    IncidentNoted,
    IncidentOpened,
    IncidentResolved,
    LogRestored,
    Observed,
    PageFailed,
    PageSent,
    PoliciesRead,
    RelockFinished,
    RepairFinished,
    RetainFinished,
    RewindFinished,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
    VerifyFinished,
    encode,
    run_of,
    service_of,
    type_of,
)
from orchestrator.reports.events_recovery import TOLD, of_recovery
from orchestrator.reports.events_upkeep import of_upkeep

if TYPE_CHECKING:
    from orchestrator.core.events import Event, Recorded


OF_SERVICES = {RunKind.BACKUP, RunKind.DRILL}  # what they are about is the subject already


def cloudevent(recorded: Recorded) -> dict[str, Any]:
    """Return the CloudEvents document; run, cause, seq, prevhash and schema are extensions.

    The source of what concerns the machine is `/`, as no site's name is empty. The subject is the
    service, else the run or incident, else null; an incident is in `run` too.
    """
    event = recorded.event
    return {
        "schema": 1,
        "specversion": "1.0",
        "id": recorded.id,
        "source": f"/sites/{event.site}" if event.site else "/",
        "type": f"pra.{type_of(event)}",
        "subject": service_of(event) or run_of(event) or None,
        "time": timestamp(recorded.at),
        "datacontenttype": "application/json",
        "run": run_of(event) or None,
        "cause": recorded.cause,
        "seq": recorded.seq,
        "prevhash": recorded.prevhash,
        "data": encode(event),
    }


def line(recorded: Recorded) -> str:
    """Return one line, in UTC: a log speaks of several sites."""
    event = recorded.event
    subject = "/".join(filter(None, (event.site, service_of(event)))) or "this machine"
    at = f"{recorded.at:%Y-%m-%dT%H:%M:%SZ}"
    run = f"  [{run_of(event)}]" if run_of(event) else ""
    return f"{recorded.seq:>6}  {at}  {type_of(event):<21}  {subject}: {said(event)}{run}"


def said(event: Event) -> str:
    """Return what an event says beside its type and subject, in one line."""
    match event:
        case RunStarted() | BackupFinished() | RunFailed() | RunInterrupted():
            said = _of_run(event)
        case DrillFinished():
            said = event.verdict
        case EvidenceImported():
            said = f"{event.verdict}, drilled on {event.place}"
        case Observed():
            said = f"{event.condition}: {event.detail if event.present else 'over'}"
        case DaemonStarted() | PoliciesRead() | DaemonStopped() | LogRestored():
            said = _of_daemon(event)
        case PageSent():
            said = f"{event.page} by {event.channel}"
        case PageFailed():
            said = f"{event.page} by {event.channel}: {event.error}"
        case (
            CopyFinished()
            | VerifyFinished()
            | RelockFinished()
            | RetainFinished()
            | RepairFinished()
            | RewindFinished()
        ):
            said = of_upkeep(event)
        case _ if isinstance(event, TOLD):
            said = of_recovery(event)
        case _:
            said = _of_incident(event)
    return said.replace("\n", " ")


def _of_run(event: RunStarted | BackupFinished | RunFailed | RunInterrupted) -> str:
    match event:
        case RunStarted():
            where = event.repository if event.kind not in OF_SERVICES else ""
            return " ".join(filter(None, (event.kind, event.drill, event.scenario, where)))
        case BackupFinished():
            return f"{event.outcome}{f', {event.error}' if event.error else ''}"
        case RunFailed():
            return f"{event.kind}: {event.error}"
        case RunInterrupted():
            return f"{event.kind}: {event.note}"
        case _:
            assert_never(event)


def _of_daemon(event: DaemonStarted | PoliciesRead | DaemonStopped | LogRestored) -> str:
    match event:
        case DaemonStarted():
            return f"pra {event.version} on {event.place}"
        case PoliciesRead():
            return f"watched: {', '.join(sorted(event.digests)) or 'no site'}"
        case DaemonStopped():
            return event.note
        case LogRestored():
            return f"after event {event.last_seq}: {event.damage}; kept as {event.kept_as}"
        case _:
            assert_never(event)


def _of_incident(
    event: IncidentOpened
    | IncidentEscalated
    | IncidentAcknowledged
    | IncidentMarked
    | IncidentNoted
    | IncidentResolved,
) -> str:
    match event:
        case IncidentMarked():
            return f"{event.instant} at {event.at:%Y-%m-%dT%H:%M:%SZ}, says {event.by}"
        case IncidentOpened():
            return f"{event.criticality} {event.condition}: {event.summary}"
        case IncidentEscalated():
            return f"to {event.chain}"
        case IncidentAcknowledged():
            return f"by {event.by}"
        case IncidentNoted():
            return f"{event.by}: {event.text}"
        case IncidentResolved():
            by = f"by {event.by}" if event.by else "the condition is gone"
            return f"{by}, {event.note}" if event.note else by
        case _:
            assert_never(event)
