"""The policies against this machine: their warnings, what is promised and can be, who is called."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from orchestrator.core import cron
from orchestrator.core.diagnosis import Fine
from orchestrator.core.policy.oncall import Smtp, Webhook
from orchestrator.jobs.checkup.ground import error, warning
from orchestrator.reports.pausing import said
from orchestrator.reports.words import duration

if TYPE_CHECKING:
    from orchestrator.core.diagnosis import Finding
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.policy.oncall import Channel
    from orchestrator.jobs.checkup.ground import Ground, Said


def policies(ground: Ground) -> Said:
    """The warnings of `pra policy check`."""
    names = {site.id for site in ground.sites}
    mine = [w for w in ground.app.checked.warnings if any(w.concerns(name) for name in names)]
    for fault in mine:
        where = f"{fault.file}:{fault.line}"
        yield warning(
            "policy-warning", where, f"{fault.path}: {fault.message}", _sentence(fault.remedy)
        )
    if not mine:
        yield Fine(subject="policies", message=f"{', '.join(names) or 'no site'}: no warning")


def losses(ground: Ground) -> Said:
    """Whether the schedule can hold the RPO when backups take as long as they did.

    A schedule that cannot even without that is among the warnings of the policy.
    """
    for site, service in ground.services():
        rpo = min((promise.rpo for promise in service.objectives.values()), default=None)
        between = _between(site, service)
        if rpo is None or between is None:
            continue
        subject = f"{site.id}/{service.id}"
        took = timedelta(seconds=max(ground.state.service(site.id, service.id).seconds, default=0))
        if between + took <= rpo:
            at_most = duration(between + took)
            yield Fine(subject=subject, message=f"on schedule it loses {at_most} at most")
        elif between < rpo:
            yield warning(
                "rpo-out-of-reach",
                subject,
                f"up to {duration(between)} lie between two backups, and one takes "
                f"{duration(took)}: the promise of {duration(rpo)} cannot be held",
                "Back it up more often, or promise what can be held.",
            )


def paused(ground: Ground) -> Said:
    """Whether a site stands still, since when and by whom."""
    for site in ground.sites:
        known = ground.state.sites.get(site.id)
        if known is not None and known.paused is not None:
            yield warning(
                "site-paused",
                site.id,
                f"paused {said(known.paused, site.timezone)}",
                f"Let it go on with `pra resume {site.id}`, with --anew on a rebuilt machine.",
            )


def unheard(ground: Ground) -> Said:
    """Whether somebody is called, whatever breaks."""
    for site in ground.sites:
        rules = {**(site.provider.escalate if site.provider else {}), **site.escalate}
        silent = sorted({s.criticality for s in site.services.values()} - rules.keys())
        if silent:
            yield warning(
                "nobody-called",
                site.id,
                f"nobody is called when something of {' or '.join(silent)} breaks",
                "Give the criticality a chain under `escalate`.",
            )


def unsigned(ground: Ground) -> Said:
    """Whether a page can be told from one that somebody made up."""
    for name, channel in ground.channels():
        if isinstance(channel, Webhook) and channel.secret is None:
            yield warning(
                "channel-unsigned",
                f"channel {name}",
                "its pages are not signed: whoever knows the address can send one",
                "Give it a `secret`.",
            )


def channels(ground: Ground) -> Said:
    """Whether the hosts of the channels have an address."""
    for name, channel in ground.channels():
        yield _resolved(name, channel)


def _resolved(name: str, channel: Channel) -> Finding | Fine:
    host = channel.host if isinstance(channel, Smtp) else urlsplit(channel.url).hostname
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError) as fault:
        why = getattr(fault, "strerror", None) or str(fault)
        return error(
            "channel-unknown",
            f"channel {name}",
            f"{host} has no address: {why}",
            "Check the name and this machine's DNS; `pra channel test` sends a page.",
        )
    return Fine(subject=f"channel {name}", message=f"{host} has an address")


def _between(site: Site, service: Service) -> timedelta | None:
    """Return the longest time between two scheduled backups."""
    spans = [] if service.every is None else [service.every]
    if service.cron is not None:
        spans.append(cron.largest_gap(service.cron, site.timezone))
    return min(spans, default=None)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
