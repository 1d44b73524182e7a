"""Whether a wiped bucket could be brought back, and until when: judged before it is needed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters.s3.posture import Answer
from orchestrator.core.diagnosis import Fine
from orchestrator.jobs.checkup.ground import error, warning
from orchestrator.reports.words import duration, when

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.adapters.s3.posture import Posture
    from orchestrator.core.diagnosis import Finding
    from orchestrator.core.events import RelockFinished
    from orchestrator.core.policy.model import Repository, Site

LOCK = "Give the bucket Object Lock, and say `immutable:` in the policy."


def judge(
    site: Site,
    repository: Repository,
    found: Posture,
    relocked: RelockFinished | None,
    now: datetime,
) -> Iterator[Finding | Fine]:
    """Say what `pra repo rewind` could do if whoever holds our keys wiped the bucket now."""
    subject = f"{site.id}/{repository.id}"
    if found.versioning is None:
        yield warning(
            "rewind-unknown",
            subject,
            "nobody can tell whether a wiped bucket could be brought back: the keys may not ask"
            " whether it keeps versions",
            "Let the daily key read it (s3:GetBucketVersioning).",
        )
        return
    if not found.versioning:
        yield warning(
            "rewind-impossible",
            subject,
            "if it were wiped, nothing of it could be brought back: the bucket keeps no versions",
            LOCK,
        )
        return
    if found.locked:
        yield _locked(site, subject, found, relocked, now)
    elif found.tamper is not None and found.tamper.delete_version is Answer.REFUSED:
        # No lock vouches for it, and a drill after a wipe takes nobody's rights for a proof.
        yield warning(
            "rewind-rests-on-rights",
            subject,
            "a wiped bucket can be brought back only while our keys may not delete old versions, as"
            f" now: the bucket does not lock them, and a drill of it proves nothing{_kept(found)}",
            LOCK,
        )
    else:
        yield warning(
            "rewind-unprotected",
            subject,
            "a wiped bucket can be brought back only if the attacker spares its old versions:"
            " nothing shows that our keys may not delete them for good",
            LOCK,
        )


def _locked(
    site: Site, subject: str, found: Posture, relocked: RelockFinished | None, now: datetime
) -> Finding | Fine:
    remedy = f"Run `pra repo relock {site.id}`."
    if relocked is not None and relocked.bare:
        left = max(relocked.bare - relocked.extended, 0)
        if relocked.least_until is None or left:
            return error(
                "rewind-unprotected",
                subject,
                f"if it were wiped, {left or relocked.objects} objects could not be brought back:"
                " they are not locked",
                remedy,
            )
    until = relocked.least_until if relocked is not None else None
    if until is None:
        lasting = f" for {duration(found.period)} after it was written" if found.period else ""
        return Fine(
            subject=subject,
            message=f"what is in a wiped bucket can be brought back{lasting}; no relock has said"
            " until when",
        )
    if until <= now:
        return error(
            "rewind-over",
            subject,
            f"if it were wiped, {relocked.least_key if relocked else 'an object'} could be deleted"
            f" for good: its lock was over {when(until, site.timezone)}",
            remedy,
        )
    return Fine(
        subject=subject,
        message=f"a wiped bucket can be brought back whole until {when(until, site.timezone)}"
        f"{_kept(found)}",
    )


def _kept(found: Posture) -> str:
    """Say how long a lifecycle rule leaves what was deleted."""
    days = [rule.noncurrent_days for rule in found.rules or () if rule.noncurrent_days is not None]
    if not days:
        return ""
    return f"; old versions stay {duration(timedelta(days=min(days)))} after they were deleted"
