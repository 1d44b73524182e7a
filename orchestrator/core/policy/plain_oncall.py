"""Who is called, in the words of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from orchestrator.core.policy.build_oncall import ELSE
from orchestrator.core.policy.language_oncall import HURRIED
from orchestrator.core.policy.oncall import Smtp, Webhook
from orchestrator.core.policy.plain_words import Plain, duration, said, secret
from orchestrator.core.policy.values import written

if TYPE_CHECKING:
    from orchestrator.core.policy import model
    from orchestrator.core.policy.oncall import Channel, Rule, Sla, Step


def provider(value: model.Provider) -> Plain:
    """Return who the provider is and how he is called, secrets as references."""
    contact = value.contact
    return said(
        provider=said(
            name=value.name,
            language=value.language,
            timezone=value.timezone,
            contact=said(name=contact.name, phone=contact.phone) if contact else None,
        ),
        channels={name: _channel(channel) for name, channel in value.channels.items()},
        escalation={name: [_step(s) for s in steps] for name, steps in value.escalation.items()},
    )


def _channel(value: Channel) -> Plain:
    match value:
        case Webhook():
            return {"webhook": said(url=value.url, secret=secret(value.secret))}
        case Smtp():
            words = said(
                host=value.host,
                port=value.port,
                to=list(value.to),
                tls=value.tls,
                user=value.user,
                password=secret(value.password),
                ca=value.ca,
            )
            return {"smtp": {**words, "from": value.sender}}
    assert_never(value)


def _step(value: Step) -> Plain:
    return said(
        notify=list(value.notify),
        after=written(value.after),
        repeat=duration(value.repeat),
        hours="business" if value.business else None,
    )


def called(site: model.Site) -> Plain:
    """Return these keys of a site."""
    return said(
        escalate={word: _rule(rule) for word, rule in site.escalate.items()},
        sla={word: _sla(sla) for word, sla in site.sla.items()},
    )


def _rule(rule: Rule) -> str | Plain:
    return rule.chain if rule.hurried is None else {rule.hurried: HURRIED, ELSE: rule.chain}


def _sla(sla: Sla) -> Plain:
    return {
        "response": written(sla.response),
        "resolution": written(sla.resolution),
        "clock": "business" if sla.business else "always",
    }
