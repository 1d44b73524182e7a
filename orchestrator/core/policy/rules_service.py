"""What each service must fulfil: sources that go together, a repository apart, checks that fit."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from orchestrator.core.policy.fault import Path, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.policy.rules import Ruling, Values

DECLARED = ("adopted", "external")  # somebody else makes the copies
ONLY_SQL = ("expect", "not_below", "fresh", "source")


def sources_of(name: str, service: Values, path: Path = ()) -> Iterator[tuple[str, Values, Path]]:
    """Yield each source with its name and path; a single one is named like the service."""
    if service.get("source") is not None:
        yield name, service["source"], (*path, "source")
    for key, value in service.get("sources", {}).items():
        if value is not None:
            yield key, value, (*path, "sources", key)


def service_rules(ruling: Ruling) -> None:
    """Judge each service by itself."""
    for name, service in ruling.map("services").items():
        path = ("services", name)
        sources = list(sources_of(name, service, path))
        _sources(ruling, sources)
        _overlaps(ruling, sources)
        if any("external" in source for _, source, _ in sources):
            _external(ruling, service, path)
            continue
        if "objectives" not in service and not ruling.conforming.touched((*path, "objectives")):
            _missing(ruling, path, "objectives", "add objectives: {rto: 4h, rpo: 24h}")
        _backup(ruling, service, sources, path)
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


def _external(ruling: Ruling, service: Values, path: Path) -> None:
    for key in ("objectives", "backup", "checks", "depth"):
        if key in service:
            ruling.say(
                (*path, key), "nothing of an external service is saved or proven here", "remove it"
            )


def _backup(
    ruling: Ruling, service: Values, sources: list[tuple[str, Values, Path]], path: Path
) -> None:
    """Find the repository that the service is kept in; it may not sit on the source's machine."""
    declared = ruling.site.get("repositories", {})
    to, adopted = repository_of(service, declared)
    if adopted is not None:
        where = (*adopted, "repository")
        if "backup" in service:
            ruling.say((*path, "backup"), "adopted snapshots are made elsewhere", "remove it")
    else:
        where = ("backup", "to")
    if to is None:
        if not ruling.conforming.touched(path) and not ruling.conforming.touched(("repositories",)):
            known = ", ".join(declared) or "none is declared"
            ruling.say(path, "backup.to is missing", f"name a repository; known: {known}")
        return
    if ruling.refer((*path, *where), to, declared, "repository"):
        _apart(ruling, to, sources)


def repository_of(service: Values, declared: Values) -> tuple[str | None, Path | None]:
    """Return the repository that a service is kept in, and the path of the adopted one.

    Without `backup.to`, it is the only one that there is.
    """
    for _, source, path in sources_of("", service):
        if "adopted" in source:
            return source["adopted"].get("repository"), (*path, "adopted")
    to = service.get("backup", {}).get("to")
    return to or (next(iter(declared)) if len(declared) == 1 else None), None


def _apart(ruling: Ruling, to: str, sources: list[tuple[str, Values, Path]]) -> None:
    repository = ruling.site["repositories"][to]
    broken = ruling.conforming.touched(("repositories", to))
    if repository is None or broken or repository["location"] != "onsite":
        return
    for _, source, path in sources:
        if ruling.conforming.touched(path):
            continue
        own, its = source.get("equipment"), repository.get("equipment")
        if own is None or its is None:
            ruling.say(
                path,
                f"the source and its only repository {to} may sit on one machine",
                "name the equipment of both, or keep it offsite",
            )
        elif own == its:
            ruling.say(
                (*path, "equipment"),
                f"the source and its only repository {to} sit on one machine, {own}",
                "keep it in a repository elsewhere",
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
