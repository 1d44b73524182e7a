"""A page, the channels that take it and the incident that owes it, with ordinary values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.app import App
from orchestrator.core.decide.actions import Page, Policies
from orchestrator.core.policy.model import Provider, Secret
from orchestrator.core.policy.oncall import Rule, Smtp, Step, Webhook
from orchestrator.core.state import Incident, State
from orchestrator.reports.message import Message
from tests.builders import NOW
from tests.policies import site

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from orchestrator.core.policy.oncall import Channel

SECRET = b"s3cret of the channel"
REFERENCE = Secret(kind="env", value=("EXAMPLE_CHANNEL_SECRET",))
OWED = Page(incident="0192aa", page="wake.0", channel="hook")


def page(**other: Any) -> Message:  # noqa: ANN401 - any field
    ordinary = Message(
        id="0192aa/wake.0",
        type="pra.incident.opened",
        site="bakery",
        subject="till",
        time=NOW,
        urgent=True,
        first_line="P1 Bakery: backup of Till fails. RPO breaks Mon 15:00. pra show 0192aa",
        body="What happened: the till's déjà vu.\n.\n.. and a line that begins with a dot",
        data={"incident": "0192aa", "page": "wake.0", "service": "till", "resolved_at": None},
    )
    return replace(ordinary, **other)


def webhook(url: str, secret: Secret | None = REFERENCE) -> Webhook:
    return Webhook(url=url, secret=secret)


def smtp(port: int, **other: Any) -> Smtp:  # noqa: ANN401 - any field
    ordinary = Smtp(
        host="127.0.0.1",
        port=port,
        sender="pra@example.net",
        to=("one@example.net", "two@example.net"),
        tls="none",
        user=None,
        password=None,
        ca=None,
    )
    return replace(ordinary, **other)


def incident(name: str = "0192aa") -> Incident:
    return Incident(
        id=name,
        site="bakery",
        service="till",
        condition="backup-failed",
        criticality="P1",
        summary="the repository is locked",
        remedy="Run `pra repo unlock bakery`.",
        evidence="run-1",
        chain="wake",
        chain_since=NOW,
        opened_at=NOW,
    )


def state(*incidents: Incident) -> State:
    return State(incidents={one.id: one for one in incidents or (incident(),)})


def promised(**channels: Channel) -> Policies:
    """The bakery's, with these channels; the chain `wake` calls all of them at once."""
    step = Step(notify=tuple(channels), after=NOW - NOW, repeat=None, business=False)
    provider = Provider(
        name="Example IT",
        language="en",
        timezone="Europe/Paris",
        contact=None,
        channels=channels,
        escalation={"wake": (step,)},
        escalate={"P2": Rule(chain="wake"), "P1": Rule(chain="wake")},
    )
    return Policies(sites={"bakery": site()}, provider=provider, place="example-host")


def application(folder: Path, late: timedelta = NOW - NOW) -> App:
    return App(policies_dir=folder, state=folder / "state", clock=lambda: NOW + late)
