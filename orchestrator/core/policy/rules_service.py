"""What each service must fulfil: sources that go together, a repository apart, checks that fit."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from orchestrator.core.policy.fault import Path, quoted
from orchestrator.core.policy.rules_backup import backup_rules, sources_of

if TYPE_CHECKING:
    from orchestrator.core.policy.rules import Ruling, Values

DECLARED = ("adopted", "external")  # somebody else makes the copies
ONLY_SQL = ("expect", "not_below", "fresh", "source")


def service_rules(ruling: Ruling) -> None:
    """Judge each service by itself."""
    for name, service in ruling.map("services").items():
        path = ("services", name)
        sources = list(sources_of(name, service, path))
        _sources(ruling, sources)
        _overlaps(ruling, sources)
        _decoys(ruling, sources)
        if any("external" in source for _, source, _ in sources):
            _external(ruling, service, path)
            continue
        if "objectives" not in service and not ruling.conforming.touched((*path, "objectives")):
            _missing(ruling, path, "objectives", "add objectives: {rto: 4h, rpo: 24h}")
        backup_rules(ruling, service, sources, path)
        _checks(ruling, service, sources, path)


def _missing(ruling: Ruling, path: Path, key: str, remedy: str) -> None:
    # A misspelt key explains why the right one is missing.
    if not ruling.conforming.misspelt(path, key):
        ruling.say(path, f"{key} is missing", remedy)


def _sources(ruling: Ruling, sources: list[tuple[str, Values, Path]]) -> None:
    for name, source, path in sources:
        if name == "seal" or name.endswith(".roles"):
            ruling.say(path, f"{quoted(name)} is a name that we use ourselves", "choose another")
        ruling.refer(
            (*path, "equipment"), source.get("equipment"), ruling.map("equipment"), "equipment"
        )
        if len(sources) > 1:
            for kind in source.keys() & set(DECLARED):
                ruling.say(
                    (*path, kind), f"{kind} cannot stand beside other sources", "make it a service"
                )


def _overlaps(ruling: Ruling, sources: list[tuple[str, Values, Path]]) -> None:
    """Refuse a path that two sources of a service save: a restore has one place for it."""
    trees = [
        (name, PurePosixPath(one), source["files"].get("exclude") or (), path)
        for name, source, path in sources
        if source.get("files") is not None and not ruling.conforming.touched(path)
        for one in source["files"]["paths"]
    ]
    for inner, tree, _, path in trees:
        for outer, above, excluded, _ in trees:
            shared = tree.is_relative_to(above) and (tree != above or inner > outer)
            if outer != inner and shared and str(tree) not in excluded:
                ruling.say(
                    (*path, "files", "paths"),
                    f"{quoted(str(tree))} is saved by the source {outer} as well",
                    f"leave it to one of them, or exclude it in {outer}",
                )


def _decoys(ruling: Ruling, sources: list[tuple[str, Values, Path]]) -> None:
    """A decoy is seen only where it is backed up: below one of the source's own paths."""
    for _, source, path in sources:
        files = source.get("files") or {}
        decoy, here = files.get("decoy"), (*path, "files", "decoy")
        if decoy is None or ruling.conforming.touched((*path, "files")):
            continue
        place = PurePosixPath(decoy)
        if not any(place != PurePosixPath(p) and place.is_relative_to(p) for p in files["paths"]):
            ruling.say(here, "the decoy is in none of the paths", "put it into one that is saved")


def _external(ruling: Ruling, service: Values, path: Path) -> None:
    for key in ("objectives", "backup", "checks", "depth"):
        if key in service:
            ruling.say(
                (*path, key), "nothing of an external service is saved or proven here", "remove it"
            )


def _checks(
    ruling: Ruling, service: Values, sources: list[tuple[str, Values, Path]], path: Path
) -> None:
    databases = [name for name, source, _ in sources if "postgresql" in source]
    sound = not any(ruling.conforming.touched(where) for _, _, where in sources)
    seen: set[str] = set()
    for i, check in enumerate(service.get("checks", ())):
        here = (*path, "checks", f"[{i}]")
        if check is None:
            continue
        if check.get("name") in seen:
            ruling.say((*here, "name"), "another check has this name", "give each its own")
        seen.add(check.get("name", ""))
        if "sql" not in check:
            for key in ONLY_SQL:
                if key in check:
                    ruling.say((*here, key), f"{key} belongs to a check by sql", "remove it")
            continue
        if not check.keys() & {"expect", "not_below", "fresh"} and not ruling.conforming.touched(
            here
        ):
            ruling.say(here, "the answer is not judged", "add expect:, not_below: or fresh:")
        if sound:
            _database(ruling, check, databases, here)


def _database(ruling: Ruling, check: Values, databases: list[str], path: Path) -> None:
    if not databases:
        ruling.say((*path, "sql"), "the service has no database to ask", "use files or command")
    elif "source" in check:
        ruling.refer((*path, "source"), check["source"], databases, "database of the service")
    elif len(databases) > 1 and not ruling.conforming.touched(path):
        ruling.say(path, "source is missing", f"name the database: {' or '.join(databases)}")
