"""Where a recovery may go: nowhere near what is alive. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.core.policy.model import Files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestrator.core.policy.model import Site


def alive(site: Site, *others: Path) -> Iterator[tuple[str, Path]]:
    """Return what a recovery must not touch, and what to call it: sources, repositories, ours."""
    for service in site.services.values():
        for source in service.sources:
            if isinstance(source.spec, Files):
                for path in source.spec.paths:
                    yield f"the source {path} of {service.id}", Path(path)
    for repository in site.repositories.values():
        if repository.url.startswith("/"):
            yield f"the repository {repository.id}", Path(repository.url)
    for ours in others:
        yield str(ours), ours


def conflict(target: Path, taken: Mapping[str, Path]) -> str:
    """Say why `target` is no place for a recovery; empty: it is one. All paths are resolved."""
    for name, path in taken.items():
        if target == path:
            return f"it is {name}"
        if target.is_relative_to(path):
            return f"it lies in {name}"
        if path.is_relative_to(target):
            return f"it contains {name}"
    return ""
