"""What doctor says beforehand of the way back from a wiped bucket."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.adapters.s3.posture import Answer, Posture, Rule, Tamper
from orchestrator.core.diagnosis import Fine
from orchestrator.core.events import RelockFinished
from orchestrator.core.policy.model import Location
from orchestrator.jobs.checkup.rewinding import judge
from tests import policies

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SITE = policies.site(policies.service())
FAR = policies.repository("far", Location.OFFSITE)
TAMPER = Tamper(
    delete=Answer.ALLOWED,
    delete_version=Answer.REFUSED,
    shorten=Answer.REFUSED,
    change_lock=Answer.REFUSED,
    change_versioning=Answer.REFUSED,
    change_lifecycle=Answer.REFUSED,
    probe="",
)
LOCKED = Posture(
    inhabited=True,
    locked=True,
    mode="COMPLIANCE",
    period=30 * DAY,
    versioning=True,
    rules=(),
    public=(),
    region=None,
    tamper=TAMPER,
)
RELOCKED = RelockFinished(
    run="r",
    site="acme",
    repository="far",
    objects=18,
    extended=0,
    bare=0,
    least_until=NOW + 20 * DAY,
    least_key="data/ab",
    problems=(),
    seconds=1.0,
)


def said(found: Posture, relocked: RelockFinished | None = RELOCKED) -> tuple[str, str]:
    (one,) = judge(SITE, FAR, found, relocked, NOW)
    return ("fine" if isinstance(one, Fine) else one.code), one.message


def test_a_locked_bucket_can_be_brought_back_until_the_first_lock_is_over() -> None:
    code, message = said(LOCKED)

    assert ("fine", True) == (code, message.endswith("whole until 2026-12-13 12:00"))


def test_a_rule_that_removes_old_versions_is_named_with_its_days() -> None:
    rule = Rule(
        id="r",
        prefix="",
        expires=False,
        expires_days=None,
        noncurrent_days=40,
        kept=0,
        narrowed=False,
    )

    assert "old versions stay 40 d" in said(replace(LOCKED, rules=(rule,)))[1]


def test_without_a_relock_only_the_default_is_known() -> None:
    code, message = said(LOCKED, None)

    assert ("fine", True) == (code, "for 30 d after it was written" in message)


def test_a_lock_that_is_over_and_objects_without_one_are_errors() -> None:
    over = replace(RELOCKED, least_until=NOW - DAY)
    bare = replace(RELOCKED, bare=3)

    assert "rewind-over" == said(LOCKED, over)[0]
    assert ("rewind-unprotected", True) == (
        said(LOCKED, bare)[0],
        "3 objects could not" in said(LOCKED, bare)[1],
    )


def test_objects_that_a_relock_has_just_locked_are_protected() -> None:
    assert "fine" == said(LOCKED, replace(RELOCKED, bare=3, extended=3))[0]


def test_without_versions_nothing_comes_back() -> None:
    assert "rewind-impossible" == said(replace(LOCKED, versioning=False))[0]
    assert "rewind-unknown" == said(replace(LOCKED, versioning=None))[0]


def test_versions_without_a_lock_rest_on_what_our_keys_may_not() -> None:
    bare = replace(LOCKED, locked=False)
    may = replace(bare, tamper=replace(TAMPER, delete_version=Answer.ALLOWED))

    assert "rewind-rests-on-rights" == said(bare)[0]
    assert "rewind-unprotected" == said(may)[0]
    assert "rewind-unprotected" == said(replace(bare, tamper=None))[0]
