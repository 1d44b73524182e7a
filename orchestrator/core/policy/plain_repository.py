"""A repository, and what is kept and read again in it, in the words of the language."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from orchestrator.core.policy.plain_words import Plain, duration, said, secret
from orchestrator.core.policy.sizes import rated
from orchestrator.core.policy.values import MIDNIGHT, WEEK, written

if TYPE_CHECKING:
    from datetime import time

    from orchestrator.core.policy import model
    from restore_drills.calendar import Hours


def repository(value: model.Repository) -> Plain:
    """Return a repository, secrets as references."""
    s3 = value.s3
    return said(
        url=value.url,
        password=secret(value.password),
        s3=said(
            access_key=secret(s3.access_key), secret_key=secret(s3.secret_key), region=s3.region
        )
        if s3
        else None,
        location=value.location.value,
        equipment=value.equipment,
        country=value.country,
        certified=dict(value.certified),
        limits=said(
            upload=_rate(value.limits.upload),
            download=_rate(value.limits.download),
            windows=[_window(window) for window in value.limits.windows],
        ),
        **protection(value),
    )


def protection(value: model.Repository) -> Plain:
    """Return what keeps somebody with our keys from deleting it."""
    lock = value.immutable
    return said(
        immutable={"mode": lock.mode.value, "for": written(lock.period)} if lock else None,
        append_only=value.append_only or None,
        offline=said(rotation=duration(value.rotation)),
    )


def hours(value: Hours) -> Plain:
    """Return hours of a day."""
    days = ",".join(WEEK[day] for day in sorted(value.days))
    return {"days": days, "from": _time(value.start), "to": _time(value.end)}


def kept(site: model.Site) -> Plain:
    """Return how much a site keeps, and how often it is read again."""
    kept = site.retention
    return said(
        retention=asdict(kept) if kept else None,  # each said: a tier has words of its own
        verify=said(read_all_within=duration(site.read_all_within)),
    )


def _window(value: model.Window) -> Plain:
    return hours(value.hours) | said(upload=_rate(value.upload), download=_rate(value.download))


def _rate(value: int | None) -> str | None:
    return None if value is None else rated(value)


def _time(value: time) -> str:
    return "24:00" if value == MIDNIGHT else value.isoformat("minutes")
