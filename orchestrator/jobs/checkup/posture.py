"""What the repositories' buckets are like, and what our own keys may do to them: proven, not read.

Every check of a bucket is a child of its own that is stopped after a while. What is found is judged
here by pure functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.s3 import posture as bucket
from orchestrator.errors import PraError
from orchestrator.jobs.checkup import lifecycle, locks, rewinding, rights
from orchestrator.jobs.checkup.ground import PATIENCE, error, note, warning
from orchestrator.jobs.relock import of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.adapters.s3.posture import Posture
    from orchestrator.core.policy.model import Repository, Site
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
            found = bucket.posture(place)
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
        yield from locks.least(site, repository, known, ground.app.clock())
        yield from rewinding.judge(site, repository, found, known.relocked, ground.app.clock())

    return look


def judge(site: Site, repository: Repository, found: Posture) -> Said:
    """Say what a bucket is against what the policy says of it."""
    subject = f"{site.id}/{repository.id}"
    yield from _access(subject, repository, found)
    if repository.immutable is not None:
        yield from locks.judge(subject, repository.immutable, found)
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
