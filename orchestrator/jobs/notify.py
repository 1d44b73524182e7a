"""Pages: made from the state, sent through their channel, and receipted on the log, last.

At least once: a page is owed until its receipt is on the log. Its id is the same every time, so
one that was sent twice, for the receipt was not written, is one page to whoever deduplicates.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import tenacity

from orchestrator.adapters import notify as channels
from orchestrator.adapters.notify.faults import one_line
from orchestrator.adapters.secrets import resolve
from orchestrator.core.events import PageFailed, PageSent
from orchestrator.core.policy.oncall import Webhook
from orchestrator.errors import ChannelFailed, PraError, SecretMissing
from orchestrator.reports.calls import cried
from orchestrator.reports.page import message
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from orchestrator.app import App
    from orchestrator.core.decide.actions import Page, Policies
    from orchestrator.core.policy.model import Provider
    from orchestrator.core.policy.oncall import Channel
    from orchestrator.core.state import State
    from orchestrator.reports.message import Message

TRIES = 3
PATIENCE = timedelta(seconds=30)
LEAST_S = 5.0  # what a last try is given, however late it begins
LONGEST_ERROR = 400


def notify(
    app: App,
    policies: Policies,
    state: State,
    page: Page,
    unwritten: MutableMapping[str, PageSent] | None = None,
) -> Callable[[], None]:
    """Return what sends a page that is owed; its text is made now, for the state goes on.

    Called, in any thread, it tries at most three times within 30 s and appends PageSent, else
    PageFailed. It raises StateUnusable alone. `unwritten` keeps the receipts that the log did not
    take, by their key: such a page is not sent again while this process lives.
    """
    incident = state.incidents.get(page.incident)
    if incident is None:  # over for a day, and forgotten: nobody is told any more
        return lambda: None
    text = message(
        state,
        incident,
        page.page,
        site=policies.sites.get(incident.site),
        provider=policies.provider,
        now=app.clock(),
    )
    owed = PageSent(
        incident=incident.id,
        site=incident.site,
        service=incident.service,
        page=page.page,
        channel=page.channel,
        receipt="",
    )
    kept = {} if unwritten is None else unwritten
    return partial(_send, app, policies.provider, owed, text, kept)


def cry(app: App, policies: Policies, error: PraError) -> None:
    """Tell those whom the machine's own gravest chain calls first what keeps us from everything.

    That is the log that cannot be used, else a fault of ours. Nothing is written. Raises PraError
    when nobody could be told.
    """
    provider = policies.provider
    rules = dict(sorted(provider.escalate.items())) if provider else {}
    if provider is None or not rules:
        raise ChannelFailed(
            "nobody is told: the policy names no chain for the machine itself",
            hint="Give provider.yaml channels, escalation and escalate.",
        )
    criticality, rule = next(iter(rules.items()))
    steps = provider.escalation.get(rule.hurried or rule.chain, ())
    text = cried(provider, error, criticality=criticality, place=policies.place, now=app.clock())
    failures = []
    names = steps[0].notify if steps else ()
    for name in names:
        try:
            deliver(app, provider, name, text)
        except PraError as failure:
            failures.append(failure)
    if len(failures) == len(names):
        raise failures[0] if failures else ChannelFailed("nobody is told: the chain is empty")


def deliver(
    app: App, provider: Provider | None, name: str, text: Message, *, tries: int = TRIES
) -> str:
    """Send a message through the provider's channel of this name; return the receipt.

    What may pass is tried again, with jitter, `tries` times in all and within 30 s. Raises
    ChannelFailed, which names the channel, or SecretMissing.
    """
    known = provider.channels if provider else {}
    if name not in known:
        raise ChannelFailed(
            f"channel {name}: the policy has none of this name (it has"
            f" {', '.join(known) or 'none'})",
            hint="Give it back to provider.yaml under channels, or take it out of the chains.",
        )
    channel = known[name]
    secret = _secret(channel, name)
    until = time.monotonic() + PATIENCE.total_seconds()

    def once() -> str:
        left = timedelta(seconds=max(LEAST_S, until - time.monotonic()))
        return channels.send(channel, text, secret=secret, now=app.clock(), within=left)

    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_may_pass),
        wait=tenacity.wait_exponential(multiplier=0.5, max=5) + tenacity.wait_random(0, 0.5),
        stop=tenacity.stop_after_attempt(tries) | tenacity.stop_before_delay(PATIENCE),
        reraise=True,
    )
    try:
        return attempts(once)
    except ChannelFailed as error:
        raise ChannelFailed(
            f"channel {name}: {error}", hint=error.hint, retryable=error.retryable
        ) from error


def _send(
    app: App,
    provider: Provider | None,
    owed: PageSent,
    text: Message,
    unwritten: MutableMapping[str, PageSent],
) -> None:
    key = f"{owed.incident}/{owed.page}@{owed.channel}"
    sent = unwritten.get(key)
    if sent is None:
        try:
            sent = replace(owed, receipt=deliver(app, provider, owed.channel, text))
        except PraError as error:
            app.log.append(_failed(owed, error))
            return
    unwritten[key] = sent
    app.log.append(sent, slot=key)
    del unwritten[key]


def _failed(owed: PageSent, error: PraError) -> PageFailed:
    return PageFailed(
        incident=owed.incident,
        site=owed.site,
        service=owed.service,
        page=owed.page,
        channel=owed.channel,
        error=one_line(str(error))[:LONGEST_ERROR],
    )


def _secret(channel: Channel, name: str) -> bytes | None:
    reference = channel.secret if isinstance(channel, Webhook) else channel.password
    if reference is None:
        return None
    try:
        return resolve(reference, processes=Processes(f"page-{name}"))
    except SecretMissing as error:
        raise SecretMissing(f"channel {name}: {error}", hint=error.hint) from error


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, ChannelFailed) and error.retryable
