"""How a page leaves the house: one file per kind of channel, all with one contract.

`send` returns when the other side has accepted the page, with its words for it (the receipt), or
raises ChannelFailed. Sent again, a page is the same page: its id is stable, so that whoever
receives deduplicates by it. Neither a receipt nor an error holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from orchestrator.core.policy.oncall import Channel, Smtp, Webhook

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from orchestrator.reports.message import Message


def send(
    channel: Channel,
    message: Message,
    *,
    secret: bytes | None,
    now: datetime,
    within: timedelta | None = None,
) -> str:
    """Send a page once; return the receipt, one line of at most 400 characters.

    `secret` is what the channel's only reference leads to: a webhook's signing key, a mail
    account's password. `within` shortens the channel's own deadline. Raises ChannelFailed.
    """
    match channel:  # what a kind of channel needs is imported with the first page that takes it
        case Webhook():
            from orchestrator.adapters.notify import webhook  # noqa: PLC0415 - see above

            return webhook.send(channel, message, secret=secret, now=now, within=within)
        case Smtp():
            from orchestrator.adapters.notify import smtp  # noqa: PLC0415 - see above

            return smtp.send(channel, message, secret=secret, now=now, within=within)
    assert_never(channel)
