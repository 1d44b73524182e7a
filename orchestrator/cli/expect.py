"""`pra expect`: much is going to change, and nobody needs to be woken for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import Expected


@click.command("expect", short_help="Announce a large change, such as an import of photos.")
@click.argument("site")
@click.argument("service", default="")
@click.argument("text", default="")
@click.option("--until", metavar="TIME", help="When it is over, site time.")
@click.option("--from", "begin", metavar="TIME", help="When it begins; default now.")
@click.option("--by", metavar="NAME", help="Who says so; default who is logged in.")
@click.option("--cancel", is_flag=True, help="Withdraw what was announced as TEXT, or all of it.")
@click.pass_obj
def command(settings: Settings, /, site: str, **options: Any) -> int:  # noqa: ANN401 - options
    """Announce that much of SITE, or of one SERVICE of it, will change: TEXT says why.

    However much is new, rewritten, gone or no longer compresses, it makes at most a ticket, which
    names TEXT: in every backup until --until, and in the first one after it. No import renames
    files, changes finished ones (photos, PDF) in place or touches the decoy: one of these and a
    second sign are an attack all the same. Without TEXT, what is announced is listed.

    \b
    Examples:  pra expect bakery "photos of the wedding" --until "tomorrow 18:00"
               pra expect bakery share "new accounting" --from "saturday 8:00" --until "sunday"
               pra expect bakery "photos of the wedding" --cancel
               pra expect bakery
    """
    from orchestrator.cli import oncall
    from orchestrator.core.events import ChangeExpected
    from orchestrator.jobs.backup import chosen
    from orchestrator.reports import expected

    app = oncall.opened(settings)
    of = app.site(site)
    service, text = _meant(of, options["service"] or "", " ".join((options["text"] or "").split()))
    now = app.clock()
    if service:
        chosen(of, [service])  # refuses an unknown one
    if options["cancel"]:
        _cancel(app, site, service, text, options)
    elif text:
        begin, until = _span(options, of, now)
        app.log.append(
            ChangeExpected(
                site=site,
                service=service,
                text=text,
                begin=begin,
                until=until,
                by=oncall.who(options["by"]),
            )
        )
    elif options["until"] or options["begin"]:
        raise Misused(
            "TEXT is missing: what will change", hint='As "photos of the wedding", in quotes.'
        )
    shown = _current(app, site, service, now)
    if settings.json:
        settings.emit(expected.document(site, shown))
    settings.say(expected.text(site, shown, of.timezone))
    return 0


def _cancel(app: App, site: str, service: str, text: str, options: dict[str, Any]) -> None:
    """Withdraw what was announced for a service, or for all; of a text, or whatever it was."""
    from orchestrator.cli import oncall
    from orchestrator.core.events import ChangeExpected

    if options["until"] or options["begin"]:
        raise Misused("--cancel withdraws it from now on: without --from and --until")
    # One that has ended still excuses the first backup after it.
    known = app.known().sites.get(site)
    meant = [
        one
        for one in (known.expected if known else ())
        if text in {"", one.text} and service in {"", one.service}
    ]
    if not meant:
        raise Misused(
            f"{site}: nothing like that is announced",
            hint=f"`pra expect {site}` lists what is.",
        )
    for one in meant:
        app.log.append(
            ChangeExpected(
                site=site,
                service=one.service,
                text=one.text,
                begin=one.begin,
                until=one.begin,
                by=oncall.who(options["by"]),
            )
        )


def _meant(site: Site, service: str, text: str) -> tuple[str, str]:
    """Tell a service from a text, where only one word of them was given."""
    if text or not service or service in site.services:
        return service, text
    return "", " ".join(service.split())


def _span(options: dict[str, Any], site: Site, now: datetime) -> tuple[datetime, datetime]:
    from orchestrator.core.when import Unreadable, instant

    said = {"--from": options["begin"], "--until": options["until"]}
    if not said["--until"]:
        raise Misused(
            "--until is missing: when it is over", hint='Write it as --until "tomorrow 18:00".'
        )
    found: dict[str, datetime] = {}
    for option, text in said.items():
        if not text:
            continue
        try:
            found[option] = instant(text, site.timezone, now, future=True)
        except Unreadable as error:
            raise Misused(f"{option} {text!r}: {error.what}", hint=error.hint) from error
    begin, until = found.get("--from", now), found["--until"]
    if begin >= until:
        raise Misused("--until: it would be over before it begins")
    return begin, until


def _current(app: App, site: str, service: str, now: datetime) -> list[Expected]:
    known = app.known().sites.get(site)
    return [
        one
        for one in (known.expected if known else ())
        if one.until > now and (not service or one.service in {"", service})
    ]
