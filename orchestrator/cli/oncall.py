"""What the on-call's verbs share: which incident is meant, who acts, and who listens."""

from __future__ import annotations

import difflib
import os
import pwd
import socket
from typing import TYPE_CHECKING, Any

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.clock import Clock
    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.events import Recorded
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import Incident

FEW = 4
SOME = 0.5  # how near an id is that was mistyped


def opened(settings: Settings) -> App:
    """Return the app; its log is not made by looking for an incident."""
    from orchestrator.app import App

    return App(policies_dir=settings.policies, state=settings.state)


def found(app: App, name: str) -> Incident:
    """Return the incident whose id is, or begins with, `name`, however old. Raises Misused."""
    from orchestrator.core.events import IncidentOpened
    from orchestrator.core.incidents import incidents

    name = name.lower()
    events = (recorded.event for recorded in app.recorded(types=[IncidentOpened]))
    ids = list(dict.fromkeys(e.incident for e in events if isinstance(e, IncidentOpened)))
    meant = [name] if name in ids else [one for one in ids if name and one.startswith(name)]
    if len(meant) != 1:
        raise _unknown(name, ids, meant)
    story = app.log.of_run(meant[0])
    told = sorted([*story, *recoveries(app, story)], key=lambda recorded: recorded.seq)
    return incidents(told)[meant[0]]


def recoveries(app: App, story: list[Recorded]) -> list[Recorded]:
    """Return the starts and ends of the recoveries made for the incident of this story."""
    from orchestrator.core.events import IncidentOpened, RecoverFinished, RunStarted

    opened = next((one for one in story if isinstance(one.event, IncidentOpened)), None)
    if opened is None or not isinstance(opened.event, IncidentOpened):
        return []
    name, site = opened.event.incident, opened.event.site
    later = app.log.read(opened.seq, site=site or None, types=(RunStarted, RecoverFinished))
    return [one for one in later if getattr(one.event, "incident", "") == name]


def clock_of(app: App, incident: Incident) -> Clock:
    """Return what is known of an incident's clock."""
    from orchestrator.core.clock import clock
    from orchestrator.core.fold_clock import since

    story = app.log.of_run(incident.id)
    suspected = since(app.known(), incident)
    return clock(incident, story, recoveries(app, story), suspected=suspected)


def instant(option: str, text: str | None, zone: str, now: datetime) -> datetime:
    """Read an instant that has passed, as people say it; now, where nothing is said."""
    from orchestrator.core.when import Unreadable, instant

    if text is None:
        return now
    try:
        return instant(text, zone, now)
    except Unreadable as error:
        raise Misused(f"{option} {text!r}: {error.what}", hint=error.hint) from error


def who(by: str | None) -> str:
    """Return who acts: as said, else who is logged in."""
    said = by or os.environ.get("SUDO_USER") or os.environ.get("USER")
    return said or pwd.getpwuid(os.getuid()).pw_name


def site_of(app: App, name: str) -> Site | None:
    """Return a site if its policy is sound."""
    return app.checked.sites.get(name)


def zone_of(app: App) -> Callable[[str], str]:
    """Return what knows a site's time zone; the provider's for all else, or UTC."""
    provider = app.checked.provider
    other = provider.timezone if provider else "UTC"
    sites = app.checked.sites
    return lambda name: sites[name].timezone if name in sites else other


def policies_of(app: App) -> Policies:
    """Return what the sound policies promise, as the daemon here would read them."""
    from orchestrator.core.decide.actions import Policies

    place = os.environ.get("PRA_PLACE") or socket.gethostname()
    checked = app.checked
    return Policies(sites=checked.sites, provider=checked.provider, place=place)


def names_of(incident: Incident) -> dict[str, Any]:
    """Return the fields that every event of an incident has."""
    return {"incident": incident.id, "site": incident.site, "service": incident.service}


def _unknown(name: str, ids: list[str], meant: list[str]) -> Misused:
    if meant:
        return Misused(
            f"{name}: {len(meant)} incidents begin so: {_some(meant)}", hint="Write one more digit."
        )
    near = difflib.get_close_matches(name, ids, n=FEW, cutoff=SOME)
    if not ids:
        hint = "There has been none."
    elif near:
        hint = f"Did you mean {_some(near)}?"
    else:
        hint = f"The last ones are {_some(ids[::-1])}; see `pra incidents --all`."
    return Misused(f"{name or 'an empty name'}: no such incident", hint=hint)


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:FEW]) + (" and others" if len(ids) > FEW else "")
