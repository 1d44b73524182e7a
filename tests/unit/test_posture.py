"""A bucket's posture against the policy: what is an error, what only to be known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.adapters.s3.posture import Answer, Posture, Rule, Tamper
from orchestrator.core.diagnosis import Finding, Fine
from orchestrator.core.events import RelockFinished
from orchestrator.core.policy.model import Immutable, Location, LockMode, S3Access, Secret
from orchestrator.core.state import RepositoryState
from orchestrator.jobs.checkup import copies, locks, posture
from restore_drills.model import Severity
from tests.policies import repository, service, site
from tests.records import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable

MONTH = timedelta(days=30)
KEY = Secret(kind="env", value=("KEY",))
FAR = replace(
    repository("offsite", Location.OFFSITE),
    url="s3:https://s3.example.net/bucket/till",
    s3=S3Access(access_key=KEY, secret_key=KEY, region="fr-par"),
    immutable=Immutable(mode=LockMode.COMPLIANCE, period=MONTH),
)
BAKERY = site(service(), repositories={"offsite": FAR})
NEEDED = Rule(
    id="old",
    prefix="",
    expires=False,
    expires_days=None,
    noncurrent_days=31,
    kept=0,
    narrowed=False,
)
REFUSED = Tamper(
    delete=Answer.UNKNOWN,
    delete_version=Answer.REFUSED,
    shorten=Answer.REFUSED,
    change_lock=Answer.REFUSED,
    change_versioning=Answer.REFUSED,
    change_lifecycle=Answer.REFUSED,
    probe="",
)
SOUND = Posture(
    inhabited=True,
    locked=True,
    mode="COMPLIANCE",
    period=MONTH,
    versioning=True,
    rules=(NEEDED,),
    public=(),
    region="fr-par",
    tamper=REFUSED,
)
RELOCKED = RelockFinished(
    run="r1",
    site="bakery",
    repository="offsite",
    objects=9,
    extended=0,
    bare=0,
    least_until=NOW + timedelta(days=20),
    least_key="data/ab",
    problems=(),
    seconds=1.0,
)


def codes(said: Iterable[Finding | Fine]) -> dict[str, Severity]:
    return {one.code: one.severity for one in said if isinstance(one, Finding)}


def judged(of: Any = FAR, **other: Any) -> dict[str, Severity]:  # noqa: ANN401 - any field
    return codes(posture.judge(BAKERY, of, replace(SOUND, **other)))


def test_a_sound_bucket_has_no_finding_and_says_what_was_tried() -> None:
    said = list(posture.judge(BAKERY, FAR, SOUND))

    cannot = "delete a version, shorten a lock, change the lock configuration, change the lifecycle"
    assert [
        "locks new objects for 30 d, compliance",
        "old versions go after 31 d",
        f"tried, and our keys cannot: {cannot}",
    ] == [one.message for one in said if isinstance(one, Fine)]
    assert 3 == len(said)


@pytest.mark.parametrize(
    ("code", "severity", "facts"),
    [
        ("lock-missing", Severity.ERROR, {"locked": False, "mode": None, "period": None}),
        ("lock-unknown", Severity.WARNING, {"locked": None, "mode": None, "period": None}),
        ("lock-no-default", Severity.ERROR, {"mode": None, "period": None}),
        ("lock-period", Severity.ERROR, {"period": timedelta(days=7)}),
        ("lock-mode", Severity.ERROR, {"mode": "GOVERNANCE"}),
        ("bucket-public", Severity.ERROR, {"public": ("the bucket's policy is public",)}),
        ("region-other", Severity.WARNING, {"region": "nl-ams"}),
        ("noncurrent-rule-missing", Severity.WARNING, {"rules": ()}),
        (
            "noncurrent-rule-short",
            Severity.WARNING,
            {"rules": (replace(NEEDED, noncurrent_days=7),)},
        ),
        (
            "noncurrent-rule-missing",
            Severity.WARNING,
            {"rules": (replace(NEEDED, prefix="other/"),)},
        ),
        (
            "lifecycle-eats",
            Severity.ERROR,
            {"rules": (NEEDED, replace(NEEDED, prefix="till/data/", expires=True))},
        ),
        (
            "lifecycle-eats",
            Severity.ERROR,
            {"rules": (NEEDED, replace(NEEDED, expires=True, expires_days=90, narrowed=True))},
        ),
    ],
)
def test_what_is_less_than_the_policy_says_is_found(
    code: str, severity: Severity, facts: dict[str, Any]
) -> None:
    assert {code: severity} == judged(**facts)


def test_a_rule_for_another_folder_of_the_bucket_or_one_that_cannot_be_read_is_left_alone() -> None:
    elsewhere = replace(NEEDED, prefix="other/", expires=True, expires_days=1)

    assert {} == judged(rules=(NEEDED, elsewhere))
    assert {} == judged(rules=None)


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("key-deletes", "delete_version"),
        ("key-hides", "delete"),
        ("key-shortens", "shorten"),
        ("key-changes-lock", "change_lock"),
        ("key-changes-lifecycle", "change_lifecycle"),
    ],
)
def test_what_our_keys_may_do_is_an_error_where_the_policy_promises_otherwise(
    code: str, allowed: str
) -> None:
    able = replace(REFUSED, **{allowed: Answer.ALLOWED})
    plain = replace(FAR, immutable=None)
    unlocked = {"locked": False, "mode": None, "period": None, "tamper": able}

    assert {code: Severity.ERROR} == judged(tamper=able)
    if allowed != "change_lock":
        assert Severity.WARNING == judged(plain, **unlocked)[code]
        append_only = replace(plain, append_only=True)
        assert Severity.ERROR == judged(append_only, **unlocked)[code]


def test_switching_versioning_off_counts_where_no_lock_forbids_it() -> None:
    able = replace(REFUSED, change_versioning=Answer.ALLOWED)
    plain = replace(FAR, immutable=None)

    assert {} == judged(tamper=able)
    assert {"key-changes-versioning": Severity.WARNING} == judged(
        plain, tamper=able, locked=False, mode=None, period=None
    )


def test_a_lock_of_which_the_policy_does_not_know_is_a_note() -> None:
    assert {"lock-undeclared": Severity.INFO} == judged(replace(FAR, immutable=None))


def test_what_could_not_be_tried_is_said() -> None:
    assert {"rights-untried": Severity.WARNING} == judged(
        tamper=replace(REFUSED, probe="PutObject: AccessDenied")
    )


def test_a_line_that_anybody_can_change_is_an_error_but_on_this_machine() -> None:
    open_line = replace(FAR, url="s3:http://s3.example.net/bucket/till")
    here = replace(FAR, url="s3:http://127.0.0.1:9000/bucket/till")

    assert {"tls-missing": Severity.ERROR} == judged(open_line)
    assert {} == judged(here)


@pytest.mark.parametrize(
    ("code", "relocked"),
    [
        ("never-relocked", None),
        ("lock-short", replace(RELOCKED, least_until=NOW + timedelta(days=14))),
        ("lock-short", replace(RELOCKED, least_until=NOW - timedelta(days=1))),
        ("lock-problem", replace(RELOCKED, problems=("no lock",), least_until=None)),
    ],
)
def test_the_least_protected_object_has_half_of_the_period_or_is_found(
    code: str, relocked: RelockFinished | None
) -> None:
    known = RepositoryState(relocked=relocked)

    assert [code] == [*codes(locks.least(BAKERY, FAR, known, NOW))]


def test_the_least_protected_object_is_shown() -> None:
    said = list(locks.least(BAKERY, FAR, RepositoryState(relocked=RELOCKED), NOW))

    assert [
        Fine(
            subject="bakery/offsite",
            message="least protected of 9: data/ab is locked until 2026-12-13 12:02",
        )
    ] == said


def test_what_a_lock_cannot_do_is_said_until_there_is_an_offline_copy() -> None:
    disk = replace(repository("disk", Location.OFFSITE), rotation=timedelta(weeks=1))
    both = replace(BAKERY, repositories={"offsite": FAR, "disk": disk})

    assert ["lock-not-offline", "keys-at-the-source"] == [
        one.code for one in copies.objections(BAKERY)
    ]
    assert ["keys-at-the-source"] == [one.code for one in copies.objections(both)]
