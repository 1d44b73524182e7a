"""Values without a fault to a repository, and what is kept and read again in it."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy import model
from orchestrator.core.policy.values import MIDNIGHT
from restore_drills.calendar import Hours

if TYPE_CHECKING:
    from collections.abc import Iterator

Values = dict[str, Any]


def repository(name: str, values: Values) -> model.Repository:
    """Build a repository."""
    s3, lock = values.get("s3"), values.get("immutable")
    return model.Repository(
        id=name,
        url=values["url"],
        password=values["password"],
        s3=model.S3Access(
            access_key=s3["access_key"], secret_key=s3["secret_key"], region=s3.get("region")
        )
        if s3
        else None,
        location=model.Location(values["location"]),
        equipment=values.get("equipment"),
        country=values.get("country"),
        limits=_limits(values.get("limits", {})),
        immutable=model.Immutable(mode=model.LockMode(lock["mode"]), period=lock["for"])
        if lock
        else None,
        append_only=values.get("append_only", False),
        rotation=values.get("offline", {}).get("rotation"),
        certified=dict(values.get("certified", {})),
    )


def hours(values: Values) -> Hours:
    """Build hours of a day."""
    return Hours(days=values["days"], start=values["from"], end=values["to"])


def retention(values: Values | None) -> model.Retention | None:
    """Build how much is kept; None: all."""
    return model.Retention(**values) if values else None


def _limits(values: Values) -> model.Limits:
    upload, download = values.get("upload"), values.get("download")
    return model.Limits(
        upload=upload,
        download=download,
        windows=tuple(
            # What a window does not say holds in it as outside.
            model.Window(
                hours=part,
                upload=window.get("upload", upload),
                download=window.get("download", download),
            )
            for window in values.get("windows", ())
            for part in _parts(hours(window))
        ),
    )


def _parts(whole: Hours) -> Iterator[Hours]:
    """Yield hours that end on the day they begin: a night is two, the second a day later."""
    if whole.start < whole.end:
        yield whole
        return
    yield Hours(days=whole.days, start=whole.start, end=MIDNIGHT)
    if whole.end > time.min:
        tomorrow = frozenset((day + 1) % 7 for day in whole.days)
        yield Hours(days=tomorrow, start=time.min, end=whole.end)
