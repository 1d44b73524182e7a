"""A bucket's lifecycle rules: the one that a locked bucket needs, and those that eat a repository.

Judged by value alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters.s3 import address
from orchestrator.core.diagnosis import Fine
from orchestrator.jobs.checkup.ground import error, warning
from orchestrator.reports.words import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.adapters.s3.posture import Posture, Rule
    from orchestrator.core.diagnosis import Finding
    from orchestrator.core.policy.model import Repository
    from orchestrator.jobs.checkup.ground import Said


def judge(subject: str, repository: Repository, found: Posture) -> Said:
    """Say which rules endanger the repository, and whether the needed one is there."""
    if found.rules is None:
        return
    target = address(repository.url)
    prefix = f"{target.prefix}/" if target and target.prefix else ""
    rules = [rule for rule in found.rules if _touches(rule, prefix)]
    yield from _eaten(subject, rules)
    if not found.versioning:
        return
    thinning = [rule for rule in rules if rule.noncurrent_days is not None]
    if not any(_covers(rule, prefix) for rule in thinning):
        days = _wanted(repository) if repository.immutable else "some weeks"
        yield warning(
            "noncurrent-rule-missing",
            subject,
            "the bucket keeps every old version, and no rule removes them: it grows for ever",
            f"Add a lifecycle rule NoncurrentVersionExpiration of {days}, for noncurrent versions"
            " alone.",
        )
        return
    yield from _too_soon(subject, repository, thinning)


def _eaten(subject: str, rules: list[Rule]) -> Iterator[Finding]:
    for rule in rules:
        if rule.expires:
            days = rule.expires_days
            after = f"after {duration(timedelta(days=days))}" if days else "at a date"
            some = "some" if rule.narrowed else "all"
            yield error(
                "lifecycle-eats",
                subject,
                f"the lifecycle rule {_name(rule)} removes {some} current objects {after}: it eats"
                " the repository",
                "Remove that rule; only noncurrent versions may expire.",
            )


def _too_soon(subject: str, repository: Repository, rules: list[Rule]) -> Said:
    """A version that is gone cannot be brought back after a wipe, and its lock is no reason."""
    least = min(timedelta(days=rule.noncurrent_days or 0) for rule in rules)
    if repository.immutable and least < repository.immutable.period:
        rule = min(rules, key=lambda one: one.noncurrent_days or 0)
        yield warning(
            "noncurrent-rule-short",
            subject,
            f"the lifecycle rule {_name(rule)} removes old versions after {duration(least)}: after"
            " a wipe, that is all the time there is to come back",
            f"Set it to at least {_wanted(repository)}.",
        )
    else:
        yield Fine(subject=subject, message=f"old versions go after {duration(least)}")


def _touches(rule: Rule, prefix: str) -> bool:
    return prefix.startswith(rule.prefix) or rule.prefix.startswith(prefix)


def _covers(rule: Rule, prefix: str) -> bool:
    return prefix.startswith(rule.prefix) and not rule.narrowed


def _wanted(repository: Repository) -> str:
    period = repository.immutable.period if repository.immutable else timedelta(0)
    days = -(-period // timedelta(days=1))
    return f"{days} day{'' if days == 1 else 's'}"


def _name(rule: Rule) -> str:
    where = f" for {rule.prefix}" if rule.prefix else ""
    return f"`{rule.id}`{where}"
