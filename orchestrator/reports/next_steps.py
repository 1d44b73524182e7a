"""What comes next in a disaster, by its clock: each step while it is lacking. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.clock import ACCEPTED, DISASTER
from orchestrator.core.decide.wrong.conditions import Condition, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.clock import Clock
    from orchestrator.core.state import Incident, State

Row = tuple[str, ...]


def is_disaster(incident: Incident, known: Clock) -> bool:
    """Whether the way of an incident is a recovery: so it was said, seen, or decided."""
    seen = stem(incident.condition)[0] is Condition.BACKUP_SUSPECTED
    return bool(incident.scenario or seen or {"T4", "T5"} & known.instants.keys())


def next_steps(incident: Incident, known: Clock, state: State) -> list[Row]:
    """Return the commands of an open disaster that are still to be given, in their order."""
    return [
        (command.format(id=incident.id), why) for command, why in _steps(incident, known, state)
    ]


def _steps(incident: Incident, known: Clock, state: State) -> Iterator[Row]:
    done = known.instants.keys()
    paused = incident.site in state.sites and state.sites[incident.site].paused is not None
    suspected = stem(incident.condition)[0] is Condition.BACKUP_SUSPECTED
    where = f"{incident.site} {incident.service or ''}".rstrip()
    if incident.acknowledged_at is None:
        yield "pra ack {id}", "you have it: nobody further is called"
    if DISASTER not in done:
        yield "pra mark {id} T0 --at TIME", "when it happened, where anybody knows"
    if "T8" not in done:
        yield from _back(where, known, incident, paused=paused, suspected=suspected)
    elif ACCEPTED not in done:
        whose = f" (awaited: {', '.join(known.awaited)})" if known.awaited else ""
        yield "pra accept {id} --by NAME", f"the client's user says that it works{whose}"
    if suspected:
        yield "pra resolve {id} --clean", "it was an attack, and what runs now is clean"
        yield "pra resolve {id} --false-alarm", "the points were sound all the while"
    if paused and ACCEPTED in done:
        again = f"pra resume {incident.site} --anew"
        yield again, "the rebuilt machine works: a new lineage of points begins"
    if ACCEPTED in done and "T10" not in done:
        yield "pra mark {id} T10", "the work that was lost is entered again"
    if not suspected and ACCEPTED in done:
        yield "pra resolve {id}", "it is over"


def _back(
    where: str, known: Clock, incident: Incident, *, paused: bool, suspected: bool
) -> Iterator[Row]:
    """Yield what leads to a service that answers again."""
    scenario = incident.scenario or ("ransomware" if suspected else "")
    if suspected:
        yield f"pra snapshots {where}", "which points are suspected, and where each copy is"
    if not paused:
        why = "hands off: schedules, retention"
        yield f'pra pause {incident.site} --reason "..." --incident {{id}}', why
    if not known.instants.keys() & {"T4", "T5"}:
        yield 'pra decide {id} "recover to ..."', "the decision, and who takes it"
    how = f" --scenario {scenario}" if scenario else ""
    again = "the same command goes on, if it was cut short" if "T5" in known.instants else ""
    yield f"pra recover {where}{how} --incident {{id}} --to DIR", again or "into a new folder"
