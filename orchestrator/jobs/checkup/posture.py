"""What the repositories' buckets are like, and what our own keys may do to them: proven, not read.

Every check of a bucket is a child of its own that is stopped after a while. What is found is judged
here by pure functions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.s3 import posture as bucket
from orchestrator.core.diagnosis import Fine
from orchestrator.errors import PraError
from orchestrator.jobs.checkup import lifecycle, rights
from orchestrator.jobs.checkup.ground import PATIENCE, error, note, warning
from orchestrator.jobs.relock import of
from orchestrator.reports.words import duration, when

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.adapters.s3.posture import Posture
    from orchestrator.core.diagnosis import Finding
    from orchestrator.core.policy.model import Immutable, Repository, Site
    from orchestrator.core.state import RepositoryState
    from orchestrator.jobs.checkup.ground import Check, Ground, Said

LOOPBACK = ("127.", "::1", "localhost")


def each(ground: Ground) -> Iterator[tuple[str, Check]]:
    """Yield a check for every repository that is in a bucket."""
    for site in ground.sites:
        for repository in site.repositories.values():
            if repository.s3 is not None and repository.url.startswith("s3:"):
                yield f"bucket of {site.id}/{repository.id}", _check(site, repository)


def _check(site: Site, repository: Repository) -> Check:
    def look(ground: Ground) -> Said:
        subject = f"{site.id}/{repository.id}"
        known = ground.state.repository(site.id, repository.id)
        try:
            s3.probe(repository.url, deadline=PATIENCE)
            place = of(repository, ground.apart(f"{site.id}-{repository.id}-bucket"))
            found = bucket.posture(place, certain=True)
        except PraError as fault:
            if fault.code != "repository-refused":
                return  # told by the check of the repository itself, or of the secrets
            yield note(
                "posture-unknown",
                subject,
                f"the keys may not look at the bucket: {fault}",
                rights.REMEDY.format(site=site.id),
            )
            return
        yield from judge(site, repository, found)
        yield from least(site, repository, known, ground.app.clock())

    return look


def judge(site: Site, repository: Repository, found: Posture) -> Said:
    """Say what a bucket is against what the policy says of it."""
    subject = f"{site.id}/{repository.id}"
    yield from _access(subject, repository, found)
    if repository.immutable is not None:
        yield from _lock(subject, repository.immutable, found)
    elif found.locked:
        yield note(
            "lock-undeclared",
            subject,
            "the bucket has Object Lock, and the policy does not say so: nothing extends its locks",
            "Write `immutable: {mode: compliance, for: 30d}` in the repository.",
        )
    yield from lifecycle.judge(subject, repository, found)
    if found.tamper is not None:
        yield from rights.judge(site, repository, found, found.tamper)


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


def _access(subject: str, repository: Repository, found: Posture) -> Said:
    target = s3.address(repository.url)
    if target is not None and not target.secure and not target.host.startswith(LOOPBACK):
        yield error(
            "tls-missing",
            subject,
            "the connection is not encrypted: whoever is on the line can change what is stored",
            "Write https in its url.",
        )
    for way in found.public:
        yield error(
            "bucket-public",
            subject,
            f"the bucket is open to strangers: {way}",
            "Remove public access from its policy and ACL, and block it for good.",
        )
    declared = repository.s3.region if repository.s3 else None
    if declared and found.region and declared != found.region:
        yield warning(
            "region-other",
            subject,
            f"the bucket is in region {found.region}, the policy says {declared}",
            f"Write `region: {found.region}` in the repository's s3, and look where data lies.",
        )


def _lock(subject: str, immutable: Immutable, found: Posture) -> Said:
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
