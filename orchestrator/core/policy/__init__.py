"""The policy language: text in, a typed `Site` or every fault at once out.

`check` is the door; `plain` and `plain_provider` write back what was understood, `schema` describes
the language to editors, `draft` writes a first policy. All are pure.
"""

from __future__ import annotations

from orchestrator.core.policy.calendar import calendar
from orchestrator.core.policy.check import Checked, check
from orchestrator.core.policy.draft import draft
from orchestrator.core.policy.fault import PROVIDER_FILE, Fault, Unreadable
from orchestrator.core.policy.lead import declared_lead, taken
from orchestrator.core.policy.plain import plain
from orchestrator.core.policy.plain_oncall import provider as plain_provider
from orchestrator.core.policy.schema import schema
from orchestrator.core.policy.write import as_yaml

__all__ = [
    "PROVIDER_FILE",
    "Checked",
    "Fault",
    "Unreadable",
    "as_yaml",
    "calendar",
    "check",
    "declared_lead",
    "draft",
    "plain",
    "plain_provider",
    "schema",
    "taken",
]
