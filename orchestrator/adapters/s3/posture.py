"""What a bucket is like, and what our own keys may do to it, as its bucket's child finds out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.adapters.s3.bucket import Bucket

WITHIN = timedelta(seconds=40)


class Answer(StrEnum):
    """What an attempt gave; unknown: it could not be made without risk, or said nothing."""

    REFUSED = "refused"
    ALLOWED = "allowed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A lifecycle rule that is in force; days are None where it does not do that.

    `expires`: it removes current objects (after `expires_days`, where it counts days);
    `narrowed`: by size or tag, so that it may leave ours alone.
    """

    id: str
    prefix: str
    expires: bool
    expires_days: int | None
    noncurrent_days: int | None
    kept: int
    narrowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tamper:
    """What the keys may do to what they have written, tried on an object that is only for that.

    `delete`: hide it; `delete_version`: remove it for good, also with BypassGovernanceRetention;
    `shorten`: end its lock earlier; the others: change the bucket. `probe` is why nothing was tried
    on an object; empty where it was.
    """

    delete: Answer
    delete_version: Answer
    shorten: Answer
    change_lock: Answer
    change_versioning: Answer
    change_lifecycle: Answer
    probe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """None is what could not be learnt; `public` says in which ways strangers get in.

    `mode` and `period`: the default retention; None where there is none. `region` is the bucket's
    own. `inhabited`: the repository's config is there. `tamper`: None where there is no repository
    to try it in.
    """

    inhabited: bool
    locked: bool | None
    mode: str | None
    period: timedelta | None
    versioning: bool | None
    rules: tuple[Rule, ...] | None
    public: tuple[str, ...]
    region: str | None
    tamper: Tamper | None


def posture(bucket: Bucket) -> Posture:
    """Look at a bucket, and try what our keys may do to it, harmlessly.

    Beside a repository it leaves an object of ours, `pra-probe`, a few bytes, for the next time.
    Raises RepositoryAbsent, RepositoryRefused, RepositoryUnreachable.
    """
    asked = {"append_only": bucket.repository.append_only}
    found = bucket.ask("posture", asked, timeout=WITHIN)
    period, tamper = found["period_s"], found["tamper"]
    return Posture(
        inhabited=found["inhabited"],
        locked=found["locked"],
        mode=found["mode"],
        period=timedelta(seconds=period) if period is not None else None,
        versioning=found["versioning"],
        rules=_rules(found["rules"]),
        public=tuple(found["public"]),
        region=found["region"],
        tamper=_tamper(tamper) if tamper else None,
    )


def _rules(found: list[dict[str, Any]] | None) -> tuple[Rule, ...] | None:
    return None if found is None else tuple(Rule(**one) for one in found)


def _tamper(found: dict[str, str]) -> Tamper:
    return Tamper(
        delete=Answer(found["delete"]),
        delete_version=Answer(found["delete_version"]),
        shorten=Answer(found["shorten"]),
        change_lock=Answer(found["change_lock"]),
        change_versioning=Answer(found["change_versioning"]),
        change_lifecycle=Answer(found["change_lifecycle"]),
        probe=found["probe"],
    )
