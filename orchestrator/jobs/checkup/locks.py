"""The Object Lock of a bucket against the policy's word, and the least protected object.

Judged by value alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.diagnosis import Fine
from orchestrator.jobs.checkup.ground import error, warning
from orchestrator.reports.words import duration, when

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.adapters.s3.posture import Posture
    from orchestrator.core.diagnosis import Finding
    from orchestrator.core.policy.model import Immutable, Repository, Site
    from orchestrator.core.state import RepositoryState
    from orchestrator.jobs.checkup.ground import Said


def judge(subject: str, immutable: Immutable, found: Posture) -> Said:
    """Say where the bucket locks less than the policy says."""
    period = duration(immutable.period)
    if found.locked is False:
        yield error(
            "lock-missing",
            subject,
            "the bucket has no Object Lock: what the policy calls immutable can be deleted",
            "Make a bucket with Object Lock, and move the repository there with `pra repo copy`.",
        )
        return
    if found.locked is None:
        yield warning(
            "lock-unknown",
            subject,
            "the keys may not read the bucket's lock configuration",
            "Let the daily key read it (s3:GetBucketObjectLockConfiguration).",
        )
        return
    if found.period is None:
        yield error(
            "lock-no-default",
            subject,
            "the bucket has Object Lock but no default retention: a new object is not locked until"
            " the next relock",
            f"Set a default retention of {period}, {immutable.mode.value}, on the bucket.",
        )
        return
    if found.period < immutable.period:
        yield error(
            "lock-period",
            subject,
            f"the bucket locks new objects for {duration(found.period)}, the policy says {period}",
            f"Set the bucket's default retention to {period}.",
        )
    if found.mode != immutable.mode.value.upper() and immutable.mode.value == "compliance":
        yield error(
            "lock-mode",
            subject,
            "the bucket locks in governance mode: whoever has the right to may end a lock early",
            "Set the bucket's default retention to compliance.",
        )
    elif found.period >= immutable.period:
        yield Fine(
            subject=subject,
            message=f"locks new objects for {duration(found.period)}, {str(found.mode).lower()}",
        )


def least(
    site: Site, repository: Repository, known: RepositoryState, now: datetime
) -> Iterator[Finding | Fine]:
    """Say how long the least protected object is still locked, as the last relock found it."""
    subject = f"{site.id}/{repository.id}"
    if repository.immutable is None:
        return
    relocked, period = known.relocked, repository.immutable.period
    remedy = f"Run `pra repo relock {site.id} --repository {repository.id}`."
    if relocked is None:
        yield warning(
            "never-relocked",
            subject,
            f"no relock has looked at its objects yet; a lock ends {duration(period)} after an"
            " object is written",
            remedy,
        )
        return
    for problem in relocked.problems:
        yield error("lock-problem", subject, f"the last relock found: {problem}", remedy)
    if relocked.least_until is None:
        return
    left = relocked.least_until - now
    until = f"{relocked.least_key} is locked until {when(relocked.least_until, site.timezone)}"
    if left < period / 2:
        kept = duration(left) if left > timedelta(0) else "nothing"
        yield error(
            "lock-short",
            subject,
            f"the least protected object, {until}: {kept} is left, the policy wants at least "
            f"{duration(period / 2)}",
            remedy,
        )
    else:
        yield Fine(subject=subject, message=f"least protected of {relocked.objects}: {until}")
