"""What our own keys were able to do to a bucket: an attacker on this machine has them too.

Judged by value alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters.s3.posture import Answer
from orchestrator.core.diagnosis import Fine
from orchestrator.jobs.checkup.ground import error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.adapters.s3.posture import Posture, Tamper
    from orchestrator.core.policy.model import Repository, Site
    from orchestrator.jobs.checkup.ground import Said

REMEDY = "Give the daily key only what `pra grants {site}` prints."
# By code: what it means when it was allowed, and its name among what was refused.
MEANING = {
    "key-deletes": (
        "our own keys deleted an object for good: so can whoever takes over this machine",
        "delete a version",
    ),
    "key-hides": (
        "our own keys deleted an object, and the policy calls the repository append-only",
        "delete",
    ),
    "key-shortens": ("our own keys shortened the lock of an object", "shorten a lock"),
    "key-changes-lock": (
        "our own keys may change the bucket's lock configuration: new objects can be left unlocked",
        "change the lock configuration",
    ),
    "key-changes-versioning": (
        "our own keys may switch versioning off: what is overwritten is then lost",
        "switch versioning off",
    ),
    "key-changes-lifecycle": (
        "our own keys may change the lifecycle rules: a rule can empty the bucket by itself",
        "change the lifecycle",
    ),
}


def judge(site: Site, repository: Repository, found: Posture, tamper: Tamper) -> Said:
    """Say what was allowed: an error where the policy promises that it is not."""
    subject, remedy = f"{site.id}/{repository.id}", REMEDY.format(site=site.id)
    say = error if repository.immutable is not None or repository.append_only else warning
    refused: list[str] = []
    for code, answer in _answers(found, tamper):
        allowed, name = MEANING[code]
        if answer is Answer.ALLOWED:
            yield say(code, subject, allowed, remedy)
        elif answer is Answer.REFUSED:
            refused.append(name)
    if refused:
        yield Fine(subject=subject, message=f"tried, and our keys cannot: {', '.join(refused)}")
    if tamper.probe:
        yield warning(
            "rights-untried",
            subject,
            f"what our keys may delete could not be tried: {tamper.probe}",
            "Let the keys write in the repository, or look by hand what they may do.",
        )


def _answers(found: Posture, tamper: Tamper) -> Iterator[tuple[str, Answer]]:
    yield "key-deletes", tamper.delete_version
    yield "key-hides", tamper.delete
    yield "key-shortens", tamper.shorten
    if found.locked is not False:
        yield "key-changes-lock", tamper.change_lock
    # Of a bucket with Object Lock nobody can switch it off.
    if not found.locked:
        yield "key-changes-versioning", tamper.change_versioning
    yield "key-changes-lifecycle", tamper.change_lifecycle
