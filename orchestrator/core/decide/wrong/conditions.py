"""What can be wrong: the closed list of conditions, and which of them hold now. Pure.

One condition for each cause, not for each thing that says so: five services that a dead endpoint
keeps from their backup are one condition, of the repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

INCIDENT = "{incident}"  # in a remedy: the id of the incident that the condition opens


class Condition(StrEnum):
    """A condition that a human must deal with; one incident each, however many runs say so.

    One that a site may have several times at once carries which: its word is the stem, a hyphen,
    and the name of the repository, the scenario or the drill.
    """

    REPOSITORY_UNREACHABLE = "repository-unreachable"  # -<repository>: all its services
    REPOSITORY_LOST = "repository-lost"  # -<repository>: its points were there, and are not
    REPOSITORY_REFUSED = "repository-refused"  # -<repository>: it used to open
    REPOSITORY_DAMAGED = "repository-damaged"  # -<repository>
    REPOSITORY_FOREIGN = "repository-foreign"  # -<repository>: somebody else's snapshots
    BACKUP_FAILED = "backup-failed"
    BACKUP_PARTIAL = "backup-partial"
    BACKUP_OVERDUE = "backup-overdue"
    RPO_AT_RISK = "rpo-at-risk"
    RPO_OUT_OF_REACH = "rpo-out-of-reach"
    COPY_FAILED = "copy-failed"  # -<repository>
    COPY_LAGS = "copy-lags"  # -<repository>
    VERIFY_FAILED = "verify-failed"  # -<repository>
    VERIFY_OVERDUE = "verify-overdue"  # -<repository>
    LOCK_WEAK = "lock-weak"  # -<repository>
    RETAIN_FAILED = "retain-failed"  # -<repository>
    RETENTION_HELD = "retention-held"  # -<repository>
    DRILL_REFUTED = "drill-refuted"  # -<scenario>
    DRILL_FAILED = "drill-failed"  # -<drill>
    PROOF_EXPIRED = "proof-expired"  # -<scenario>
    EVIDENCE_OVERDUE = "evidence-overdue"  # -<drill>
    BACKUP_SUSPECTED = "backup-suspected"  # two signs: an attack, until a person has judged
    CHANGE_UNUSUAL = "change-unusual"  # one sign: to be looked at
    KIT_STALE = "kit-stale"  # none, never opened, or of other keys than today's
    SITE_PAUSED = "site-paused"  # for longer than anybody wants
    POLICY_BROKEN = "policy-broken"
    DISK_SHORT = "disk-short"
    CLOCK_WRONG = "clock-wrong"
    LOG_RESTORED = "log-restored"
    REPORTED = "reported"  # by a person, with `pra open`


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A condition that holds. `service` is empty for a whole site, `site` for the machine.

    `evidence` names what established it: a run, an observation, a slot. It changes when the thing
    happens again, and stays while it only goes on.
    """

    site: str
    service: str
    condition: str
    criticality: str
    summary: str
    remedy: str
    evidence: str
    predicted_breach_at: datetime | None = None

    @property
    def key(self) -> str:
        """What deduplicates: `site/service/condition`."""
        return f"{self.site}/{self.service}/{self.condition}"


def stem(word: str) -> tuple[Condition | None, str]:
    """Split a condition's word: `drill-refuted-burglary` is DRILL_REFUTED and `burglary`.

    A word that another version of pra wrote, and this one does not know, has no condition.
    """
    for condition in Condition:
        if word == condition or word.startswith(f"{condition}-"):
            return condition, word[len(condition) + 1 :]
    return None, ""
