"""How the past points of a service looked: a cache beside the log, to judge the next one at once.

The repository tells the same, for one restic more. It is believed for that alone: what looks odd
against it is looked at again in the repository.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.core.detection.values import Look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Looks = dict[str, tuple[Look, ...]]

FOLDER = "looks"
KEPT = 10_000  # of one source: a hundred days of every quarter of an hour, and all nights
NAMES = tuple(one.name for one in fields(Look) if one.name not in {"run", "data_time"})
VERSION = 1


def read(state: Path, site: str, service: str, *, url: str) -> Looks | None:
    """Return what is known, by source, oldest first; None where nothing is, or nothing sound.

    What was backed up to another repository (`url`) is not compared: there all of it was new.
    """
    try:
        said = json.loads(_place(state, site, service).read_text(encoding="utf-8"))
        if said["version"] != VERSION or said["of"] != _name(url):
            return None
        return {
            source: tuple(
                Look(
                    run=run,
                    data_time=datetime.fromisoformat(at),
                    **dict(zip(NAMES, counts, strict=True)),
                )
                for run, at, *counts in found
            )
            for source, found in said["looks"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def write(
    state: Path, site: str, service: str, looks: Mapping[str, Iterable[Look]], *, url: str
) -> None:
    """Keep it for the next one; whole or not at all. Raises nothing: it is a cache."""
    place = _place(state, site, service)
    body = {
        source: [
            [one.run, one.data_time.isoformat(), *(getattr(one, name) for name in NAMES)]
            for one in found
        ]
        for source, found in looks.items()
    }
    with contextlib.suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"version": VERSION, "of": _name(url), "looks": body}, file)
            Path(part).replace(place)
        except OSError:
            Path(part).unlink(missing_ok=True)


def merged(*histories: Mapping[str, Iterable[Look]]) -> Looks:
    """Join histories, each run once, oldest first; the last one to speak of a run is believed."""
    by: dict[str, dict[str, Look]] = {}
    for history in histories:
        for source, found in history.items():
            by.setdefault(source, {}).update({look.run: look for look in found})
    return {
        source: tuple(sorted(found.values(), key=lambda look: (look.data_time, look.run))[-KEPT:])
        for source, found in by.items()
    }


def _look(run: str, at: str, counts: list[int]) -> Look:
    named = dict(zip(NAMES, counts, strict=True))
    return Look(run=run, data_time=datetime.fromisoformat(at), **named)


def _name(url: str) -> str:
    # The address may carry a user's name and password.
    return hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:32]


def _place(state: Path, site: str, service: str) -> Path:
    return state / FOLDER / site / f"{service}.json"
