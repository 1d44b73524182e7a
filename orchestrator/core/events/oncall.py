"""The events of what is wrong: seen, told, handled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the codec reads the fields' types


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The daemon saw a condition of the outside begin or end: disk, clock, policy.

    An empty `site` is the machine.
    """

    site: str
    condition: str
    present: bool
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """A condition that a human must deal with; its key is `site/service/condition`.

    `evidence` names what established it (a run, an observation): closed by a person, it is not
    opened again on the same evidence. `chain` is empty where nobody is called.
    """

    incident: str
    site: str
    service: str
    condition: str
    criticality: str
    summary: str
    remedy: str
    evidence: str
    chain: str
    predicted_breach_at: datetime | None = None
    reported_by: str | None = None
    reported_at: datetime | None = None
    scenario: str = ""  # what went wrong, where a person said so


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEscalated:
    """An open incident went to another chain, for a breach now comes before opening."""

    incident: str
    site: str
    service: str
    chain: str
    predicted_breach_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAcknowledged:
    """Somebody has it: nobody further is called."""

    incident: str
    site: str
    service: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentNoted:
    """Somebody wrote something down."""

    incident: str
    site: str
    service: str
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved:
    """It is over: the condition is gone (`by` empty), or a person says so."""

    incident: str
    site: str
    service: str
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSent:
    """A page was accepted by its channel; `page` says which one of the incident it was."""

    incident: str
    site: str
    service: str
    page: str
    channel: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFailed:
    """A page was not accepted, after the tries of one attempt; it stays owed."""

    incident: str
    site: str
    service: str
    page: str
    channel: str
    error: str
