"""Where a service is kept: a repository that there is, apart from the source, and copies of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.policy.fault import Path
    from orchestrator.core.policy.rules import Ruling, Values


def sources_of(name: str, service: Values, path: Path = ()) -> Iterator[tuple[str, Values, Path]]:
    """Yield each source with its name and path; a single one is named like the service."""
    if service.get("source") is not None:
        yield name, service["source"], (*path, "source")
    for key, value in service.get("sources", {}).items():
        if value is not None:
            yield key, value, (*path, "sources", key)


def repository_of(service: Values, declared: Values) -> tuple[str | None, Path | None]:
    """Return the repository that a service is kept in, and the path of the adopted one.

    Without `backup.to`, it is the only one that there is.
    """
    for _, source, path in sources_of("", service):
        if "adopted" in source:
            return source["adopted"].get("repository"), (*path, "adopted")
    to = service.get("backup", {}).get("to")
    return to or (next(iter(declared)) if len(declared) == 1 else None), None


def backup_rules(
    ruling: Ruling, service: Values, sources: list[tuple[str, Values, Path]], path: Path
) -> None:
    """Find the repositories that the service is kept in; not all sit on the source's machine."""
    declared = ruling.site.get("repositories", {})
    to, adopted = repository_of(service, declared)
    copies: list[str] = []
    if adopted is not None:
        where = (*adopted, "repository")
        if "backup" in service:
            ruling.say((*path, "backup"), "adopted snapshots are made elsewhere", "remove it")
    else:
        where = ("backup", "to")
        copies = _copies(ruling, service.get("backup", {}), to, (*path, "backup", "copy_to"))
    if to is None:
        if not ruling.conforming.touched(path) and not ruling.conforming.touched(("repositories",)):
            known = ", ".join(declared) or "none is declared"
            ruling.say(path, "backup.to is missing", f"name a repository; known: {known}")
        return
    there = ruling.refer((*path, *where), to, declared, "repository")
    # A copy with a fault of its own may be the one that is elsewhere.
    if there and not ruling.conforming.touched((*path, "backup", "copy_to")):
        _apart(ruling, [to, *copies], sources)


def _copies(ruling: Ruling, backup: Values, to: str | None, path: Path) -> list[str]:
    """Judge the copies, and return those that can be: repositories of their own places."""
    declared = ruling.site.get("repositories", {})
    places = {_place(declared, to): to} if to is not None and to in declared else {}
    found: list[str] = []
    for i, name in enumerate(backup.get("copy_to", ())):
        here = (*path, f"[{i}]")
        if not ruling.refer(here, name, declared, "repository"):
            continue
        place = _place(declared, name)
        if name == to:
            ruling.say(here, f"{name} is where the backup goes already", "name another repository")
        elif name in found:
            ruling.say(here, f"{name} is named twice", "keep one of them")
        elif place is not None and place in places:
            ruling.say(
                here,
                f"{name} is the same place as {places[place]}: they have one url",
                "name another repository",
            )
        else:
            found.append(name)
            places[place] = name
    return found


def _place(declared: Values, name: str) -> str | None:
    url: str | None = (declared[name] or {}).get("url")
    return None if url is None else url.rstrip("/")


def _apart(ruling: Ruling, names: list[str], sources: list[tuple[str, Values, Path]]) -> None:
    """Refuse a source whose machine takes every repository with it, or may."""
    kept = [ruling.site["repositories"][name] for name in names]
    if any(ruling.conforming.touched(("repositories", name)) for name in names) or any(
        repository is None or repository["location"] != "onsite" for repository in kept
    ):
        return
    machines = {repository.get("equipment") for repository in kept}
    for _, source, path in sources:
        own = source.get("equipment")
        if ruling.conforming.touched(path) or (own and machines - {own, None}):
            continue
        only = (
            f"its only repository {names[0]}"
            if len(names) == 1
            else (f"all its repositories, {', '.join(names)},")
        )
        if own is None or None in machines:
            ruling.say(
                path,
                f"the source and {only} may sit on one machine",
                "name the equipment of both, or keep it offsite",
            )
        else:
            ruling.say(
                (*path, "equipment"),
                f"the source and {only} sit on one machine, {own}",
                "keep it in a repository elsewhere",
            )
