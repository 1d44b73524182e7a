"""What opens a site's repositories today, as a kit's fingerprints are made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters.secrets import resolve
from orchestrator.core.kit.fingerprint import fingerprint, material, print_of
from orchestrator.errors import SecretMissing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.core.policy.model import Repository, Site
    from restore_drills.process import Processes

PRINT_DIGITS = 32


def material_of(repository: Repository, processes: Processes) -> bytes:
    """Return what opens a repository today. Raises SecretMissing."""
    password = resolve(repository.password, processes=processes).strip()
    access = repository.s3
    if access is None:
        return material(repository.url, None, password, None)
    pair = (
        resolve(access.access_key, processes=processes).strip(),
        resolve(access.secret_key, processes=processes).strip(),
    )
    return material(repository.url, access.region, password, pair)


def others(
    site: Site, kit: str, prints: Mapping[str, str], processes: Processes
) -> tuple[str, ...] | None:
    """Return the repositories that open with something else today than when the kit was made.

    None where a secret cannot be read: then nobody can tell.
    """
    found = []
    for name, repository in site.repositories.items():
        if name not in prints:
            continue
        try:
            opens = material_of(repository, processes)
        except SecretMissing:
            return None
        known = print_of(prints[name])
        if len(known) == PRINT_DIGITS and fingerprint(kit, opens) != known:
            found.append(name)
    return tuple(found)


def said(names: tuple[str, ...]) -> str:
    """Say it, as an incident and as a finding do; the names first."""
    return f"{', '.join(names)}: what opens it is not what the kit has"
