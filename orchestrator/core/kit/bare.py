"""A site of which nothing is known but its repositories: what a kit alone gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.policy.model import Business, SandboxPolicy, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.core.policy.model import Repository


def site(repositories: Mapping[str, Repository]) -> Site:
    """Return it."""
    return Site(
        id="kit",
        name="kit",
        tier=None,
        language="en",
        timezone="UTC",
        provider=None,
        business=Business(employees=None, hours=(), holidays=None, closed=()),
        referent=None,
        places=(),
        equipment={},
        recover_on=None,
        lead={},
        outside=(),
        repositories=repositories,
        services={},
        sandbox=SandboxPolicy.REQUIRED,
        coverage_floor=0.0,
    )
