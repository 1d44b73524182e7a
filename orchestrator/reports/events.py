"""An event outside the process: a CloudEvents 1.0 document, or a person's line. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from orchestrator.core.codec import timestamp
from orchestrator.core.events import (
    BackupFinished,
    DrillFinished,
    RunFailed,
    RunInterrupted,
    RunStarted,
    encode,
    service_of,
    type_of,
)

if TYPE_CHECKING:
    from orchestrator.core.events import Event, Recorded


def cloudevent(recorded: Recorded) -> dict[str, Any]:
    """Return the CloudEvents document; run, cause, seq, prevhash and schema are extensions."""
    event = recorded.event
    return {
        "schema": 1,
        "specversion": "1.0",
        "id": recorded.id,
        "source": f"/sites/{event.site}",
        "type": f"pra.{type_of(event)}",
        "subject": service_of(event) or event.run,
        "time": timestamp(recorded.at),
        "datacontenttype": "application/json",
        "run": event.run,
        "cause": recorded.cause,
        "seq": recorded.seq,
        "prevhash": recorded.prevhash,
        "data": encode(event),
    }


def line(recorded: Recorded) -> str:
    """Return one line, in UTC: a log speaks of several sites."""
    event = recorded.event
    subject = "/".join(filter(None, (event.site, service_of(event))))
    at = f"{recorded.at:%Y-%m-%dT%H:%M:%SZ}"
    return (
        f"{recorded.seq:>6}  {at}  {type_of(event):<16}  {subject}: {_said(event)}  [{event.run}]"
    )


def _said(event: Event) -> str:
    match event:
        case RunStarted():
            said = event.kind.value
        case BackupFinished():
            said = f"{event.outcome}{f', {event.error}' if event.error else ''}"
        case DrillFinished():
            said = event.verdict
        case RunFailed():
            said = f"{event.kind}: {event.error}"
        case RunInterrupted():
            said = f"{event.kind}: {event.note}"
        case _:
            assert_never(event)
    return said.replace("\n", " ")
