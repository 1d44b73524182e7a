"""Drills as other machines would sign them; every argument has an ordinary value.

The ordinary one: the till of `bakery`, drilled at NOW on provider-dc under today's policy, by a
machine whose key is known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.adapters import signing
from orchestrator.core.canonical import canonical
from orchestrator.core.evidence import Asked, Evidence, Here, judge, text_of, with_signature
from restore_drills.document import document
from tests import policies
from tests.builders import NOW, report

if TYPE_CHECKING:
    from pathlib import Path

    from restore_drills.model import ServiceReport

ASKED = Asked(source="drill.json", again="pra evidence import drill.json")
SITE = policies.site(policies.service(policy_hash="h1"))  # the hash of a drill of the builders
PLACE = "provider-dc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine with its key."""

    key: signing.Key

    @classmethod
    def at(cls, state: Path) -> Machine:
        return cls(key=signing.own(state))

    @property
    def public(self) -> str:
        return text_of(self.key.public)

    def signed(self, said: dict[str, Any]) -> dict[str, Any]:
        """The document with this machine's signature, as it arrives."""
        signature = self.key.sign(canonical(said))
        arrived: dict[str, Any] = json.loads(
            json.dumps(with_signature(said, self.key.public, signature))
        )
        return arrived

    def drill(self, *services: ServiceReport, **members: object) -> dict[str, Any]:
        """A signed drill; `members` of the document are as given."""
        return self.signed(drill(*services) | members)


def drill(*services: ServiceReport) -> dict[str, Any]:
    """The document of a drill, not signed."""
    printed: dict[str, Any] = json.loads(json.dumps(document(report(*services, place=PLACE))))
    return printed


def here(machine: Machine | None, **other: Any) -> Here:  # noqa: ANN401 - any field
    """The site's own machine half an hour later; it knows `machine` as provider-dc."""
    keys = {PLACE: machine.public} if machine else {}
    ordinary = Here(site=SITE, keys=keys, own="", now=NOW + timedelta(minutes=30))
    return replace(ordinary, **other)


def judged(document: dict[str, Any], known: Here, trust: str | None = None) -> Evidence:
    return judge(document, known, signing.verify, replace(ASKED, trust=trust))
