"""What is drilled and done by hand: names of their own, places and services that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restore_drills.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Collection

    from orchestrator.core.policy.rules import Ruling

RESERVED = "proof"  # the runs of a name are one series


def drill_rules(ruling: Ruling, *, places: Collection[str]) -> None:
    """Judge the drills of the schedule."""
    seen: set[str] = set()
    for i, drill in enumerate(ruling.site.get("drills", ())):
        if drill is None:
            continue
        path = ("drills", f"[{i}]")
        if drill.get("name") in seen:
            ruling.say((*path, "name"), "another drill has this name", "give each its own")
        if drill.get("name") == RESERVED:
            ruling.say((*path, "name"), "the drills that pra adds have this name", "write another")
        seen.add(drill.get("name", ""))
        known = [*places, *ruling.map("equipment")]
        ruling.refer((*path, "where"), drill.get("where"), known, "place or equipment")
        if drill.get("scenario") == Scenario.BUCKET_WIPE and not _has_a_bucket(ruling):
            ruling.say(
                (*path, "scenario"),
                f"nothing to rewind: no repository of {ruling.site.get('site', 'the site')} is "
                "on S3",
                "keep a copy there, or remove this drill",
            )


def _has_a_bucket(ruling: Ruling) -> bool:
    """Whether a repository is on S3, or may be: a faulty one is told by itself."""
    lost = ruling.conforming.touched(("repositories",))
    there = ruling.map("repositories").values()
    return lost or any(one.get("url", "s3:").startswith("s3:") for one in there)


def manual_rules(ruling: Ruling) -> None:
    """Judge what is done by hand: of services that there are."""
    for i, step in enumerate(ruling.site.get("manual", ())):
        for j, name in enumerate((step or {}).get("services", ())):
            path = ("manual", f"[{i}]", "services", f"[{j}]")
            ruling.refer(path, name, ruling.site.get("services", {}), "service")
