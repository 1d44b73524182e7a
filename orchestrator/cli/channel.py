"""`pra channel`: who is called, and whether a call arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.model import Provider
    from orchestrator.core.policy.oncall import Channel


@click.group("channel")
def command() -> None:
    """Who is called, and whether a call arrives.

    \b
    Example:  pra channel test mail
    """


@command.command("list", short_help="List the channels, and the chains that call them.")
@click.pass_obj
def list_(settings: Settings) -> int:
    """List the provider's channels, where each leads, and the chains that call it.

    \b
    Example:  pra channel list
              pra channel list --json
    """
    from orchestrator.app import App

    provider = _provider(App(policies_dir=settings.policies, state=settings.state))
    rows = [_row(provider, name, channel) for name, channel in provider.channels.items()]
    if settings.json:
        settings.emit({"channels": rows})
    elif rows:
        from orchestrator.reports.words import columns

        lines = columns([(r["id"], r["kind"], r["to"], _chains(r["chains"])) for r in rows])
        settings.say("\n".join(lines))
    else:
        settings.say(f"{settings.policies}: no channel: nobody is called. See provider.yaml.")
    return 0


@command.command("test", short_help="Send a real test page through a channel.")
@click.argument("name")
@click.option("--site", help="Whose page it is: what {site} in the address stands for.")
@click.option("--place", envvar="PRA_PLACE", help="Where this is; default the host's name.")
@click.pass_obj
def test(settings: Settings, name: str, site: str | None, place: str | None) -> int:
    """Send a real test page through a channel, once, and say what the other side answered.

    It is sent as a page of the first site unless --site names another. Nothing is written on the
    event log. Exits 0 when the page was accepted.

    \b
    Example:  pra channel test mail
              pra channel test hook --site bakery --json
    """
    import socket
    import time

    from orchestrator.app import App
    from orchestrator.jobs.notify import deliver
    from orchestrator.log import new_run_id
    from orchestrator.reports.calls import channel_test

    app = App(policies_dir=settings.policies, state=settings.state)
    provider = _provider(app)
    kind = _kind(_channel(provider, name))
    site = app.site(site).id if site else next(iter(app.checked.sites), "")
    now = app.clock()
    place = place or socket.gethostname()
    call = new_run_id(now)
    text = channel_test(provider, name, site=site, place=place, call=call, now=now)
    began = time.monotonic()
    receipt = deliver(app, provider, name, text, tries=1)
    seconds = round(time.monotonic() - began, 3)
    if settings.json:
        settings.emit(
            {"channel": name, "kind": kind, "site": site, "receipt": receipt, "seconds": seconds}
        )
    else:
        settings.say(f"{name}: accepted in {seconds:.2f} s: {receipt}")
    return 0


def _provider(app: App) -> Provider:
    """Return the provider, whatever faults the files of sites have."""
    from pathlib import PurePath

    from orchestrator.core.policy import PROVIDER_FILE
    from orchestrator.errors import Misused, PolicyInvalid

    checked = app.checked
    if checked.provider is not None:
        return checked.provider
    faults = [f for f in checked.errors if PurePath(f.file).name == PROVIDER_FILE]
    if faults:
        raise PolicyInvalid("\n".join(map(str, faults)))
    raise Misused(
        f"{app.policies_dir}: there is no {PROVIDER_FILE}, and so no channel",
        hint="Write one: channels belong to the provider (policies/README.md).",
    )


def _channel(provider: Provider, name: str) -> Channel:
    from difflib import get_close_matches

    from orchestrator.errors import Misused

    if name in provider.channels:
        return provider.channels[name]
    near = get_close_matches(name, provider.channels, n=1)
    raise Misused(
        f"no channel named {name}" + (f" (did you mean {near[0]}?)" if near else ""),
        hint=f"provider.yaml has {', '.join(provider.channels)}."
        if provider.channels
        else "provider.yaml has none: write it under channels.",
    )


def _row(provider: Provider, name: str, channel: Channel) -> dict[str, Any]:
    chains = [
        chain
        for chain, steps in provider.escalation.items()
        if any(name in step.notify for step in steps)
    ]
    return {"id": name, "kind": _kind(channel), "to": _to(channel), "chains": chains}


def _kind(channel: Channel) -> str:
    return type(channel).__name__.lower()


def _to(channel: Channel) -> str:
    """Say where it leads; of a hook the host alone, for its path is often its key."""
    from urllib.parse import urlsplit

    from orchestrator.core.policy.oncall import Webhook

    if isinstance(channel, Webhook):
        parts = urlsplit(channel.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return f"{', '.join(channel.to)} through {channel.host}:{channel.port}"


def _chains(chains: list[str]) -> str:
    return f"in {', '.join(chains)}" if chains else "in no chain: it is never called"
