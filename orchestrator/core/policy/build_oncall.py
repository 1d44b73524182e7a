"""Values without a fault to channels, chains and rules of who is called."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from orchestrator.core.policy import oncall
from orchestrator.core.policy.address import is_loopback

Values = dict[str, Any]

PLAIN, TLS, SUBMISSION = 25, 465, 587
ELSE = "else"


def channel(values: Values) -> oncall.Channel:
    """Build a channel, its defaults filled in."""
    if "webhook" in values:
        hook = values["webhook"]
        return oncall.Webhook(url=hook["url"], secret=hook.get("secret"))
    mail = values["smtp"]
    tls = tls_of(mail)
    usual = TLS if tls == "tls" else SUBMISSION if "user" in mail else PLAIN
    return oncall.Smtp(
        host=mail["host"],
        port=mail.get("port", usual),
        sender=mail["from"],
        to=tuple(mail["to"]),
        tls=tls,
        user=mail.get("user"),
        password=mail.get("password"),
        ca=mail.get("ca"),
    )


def tls_of(mail: Values) -> str:
    """Return how a mail channel is encrypted: without a word, always but on this machine."""
    usual = "none" if is_loopback(mail["host"]) else "starttls"
    word: str = mail.get("tls", usual)
    return word


def step(values: Values) -> oncall.Step:
    """Build one step of a chain."""
    return oncall.Step(
        notify=tuple(values["notify"]),
        after=values.get("after", timedelta(0)),
        repeat=values.get("repeat"),
        business=values.get("hours") == "business",
    )


def rule(value: str | Values) -> oncall.Rule:
    """Build the rule of one criticality: a chain, or two to choose from."""
    if isinstance(value, str):
        return oncall.Rule(chain=value)
    [hurried] = value.keys() - {ELSE}
    return oncall.Rule(chain=value[ELSE], hurried=hurried)


def sla(values: Values) -> oncall.Sla:
    """Build what the contract says of one criticality."""
    return oncall.Sla(
        response=values["response"],
        resolution=values["resolution"],
        business=values.get("clock") == "business",
    )
