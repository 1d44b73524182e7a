"""The least rights: what a policy gives, and what it never gives."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.core.policy.model import Immutable, Location, LockMode, Retention, Secret
from orchestrator.core.rights.grants import Place, grants
from orchestrator.core.rights.roles import roles
from orchestrator.reports.grants import document, text
from tests.policies import SHARE, TILL, repository, service, site, source

FAR = repository("offsite", Location.OFFSITE)
LOCKED = replace(FAR, immutable=Immutable(mode=LockMode.COMPLIANCE, period=timedelta(days=30)))
THINNED = site(retention=Retention(daily=7))


def daily(of: object = FAR, *, at: str = "till", **_more: object) -> dict[str, list[str]]:
    """What the daily key may do, and on which resources."""
    place = Place(repository=of, bucket="b", prefix=at)  # type: ignore[arg-type]  # as given
    found = grants(site(), place).daily["Statement"]
    return {action: one["Resource"] for one in found for action in one["Action"]}


def test_the_daily_key_deletes_restic_s_locks_and_nothing_else() -> None:
    assert ["arn:aws:s3:::b/till/locks/*"] == daily()["s3:DeleteObject"]
    assert ["arn:aws:s3:::b/locks/*"] == daily(at="")["s3:DeleteObject"]


@pytest.mark.parametrize(
    ("append_only", "resource"),
    [(False, "arn:aws:s3:::b/till/*"), (True, "arn:aws:s3:::b/till/locks/*")],
)
def test_only_retention_lets_it_delete_more_and_never_where_the_server_forbids_it(
    append_only: bool,  # noqa: FBT001 - a parameter of pytest
    resource: str,
) -> None:
    place = Place(repository=replace(FAR, append_only=append_only), bucket="b", prefix="till")

    found = grants(THINNED, place).daily["Statement"]

    assert [[resource]] == [one["Resource"] for one in found if "s3:DeleteObject" in one["Action"]]


def test_it_extends_locks_where_there_are_some() -> None:
    assert "s3:PutObjectRetention" in daily(LOCKED)
    assert "s3:PutObjectRetention" not in daily()


@pytest.mark.parametrize("thinned", [site(), THINNED])
@pytest.mark.parametrize("of", [FAR, LOCKED])
def test_no_key_removes_a_version_ends_a_lock_early_or_changes_the_bucket(
    thinned: object, of: object
) -> None:
    place = Place(repository=of, bucket="b", prefix="till")  # type: ignore[arg-type]  # as given
    found = grants(thinned, place)  # type: ignore[arg-type]  # as given

    said = json.dumps([found.daily, found.recovery])

    for never in ("DeleteObjectVersion", "Bypass", "PutBucket", "PutLifecycle", "s3:*", '"*"'):
        assert never not in said


def test_a_listing_is_of_its_own_folder_alone() -> None:
    def condition(prefix: str) -> object:
        place = Place(repository=FAR, bucket="b", prefix=prefix)
        found = grants(site(), place).daily["Statement"]
        return next(one for one in found if "s3:ListBucket" in one["Action"]).get("Condition")

    assert {"StringLike": {"s3:prefix": ["till/*"]}} == condition("till")
    assert condition("") is None


def test_a_role_is_made_once_on_a_server_and_names_are_quoted() -> None:
    odd = replace(TILL, database='the "till"')
    found = roles([service("till"), service("stock", source(odd, name="stock"))])

    assert (
        'CREATE ROLE "pra" LOGIN;',
        'GRANT pg_read_all_data TO "pra";',
        'GRANT CONNECT ON DATABASE "till" TO "pra";',
    ) == found[0].statements
    assert ('GRANT CONNECT ON DATABASE "the ""till""" TO "pra";',) == found[1].statements


def test_a_password_is_set_by_hand_and_files_need_no_role() -> None:
    secret = replace(TILL, password=Secret(kind="env", value=("TILL_PW",)))
    share = service("share", source(SHARE, name="share"))

    page = text([], [], roles([share, service("till", source(secret))]))

    assert "-- Then give it the password of the policy, with psql's \\password." in page
    assert "share" not in page


def test_the_page_says_which_key_is_kept_where_and_what_it_never_gets() -> None:
    place = Place(repository=LOCKED, bucket="b", prefix="till")
    sql = roles([service("till")])

    page = text([grants(site(), place)], ["nas"], sql)

    for words in (
        "# offsite: the daily key, on the machine that is backed up",
        "# It deletes nothing but restic's own locks.",
        "# Never give it s3:DeleteObjectVersion",
        "# offsite: the repair key, kept elsewhere",
        "# nas: it is in no bucket",
        "-- till/till: as a superuser of 127.0.0.1:5432",
    ):
        assert words in page
    assert "# Nothing to grant" in text([], [], [])


def test_a_key_that_thins_out_is_said_to_delete() -> None:
    def page(one: object) -> str:
        place = Place(repository=one, bucket="b", prefix="till")  # type: ignore[arg-type]  # as given
        return text([grants(THINNED, place)], [], [])

    assert "a DELETE hides, and what is locked stays" in page(LOCKED)
    assert "without Object Lock, what it deletes may be gone for good" in page(FAR)


def test_the_document_holds_what_the_page_does() -> None:
    place = Place(repository=FAR, bucket="b", prefix="till")

    found = document("bakery", [grants(site(), place)], roles([service()]))

    assert ["offsite"] == [one["repository"] for one in found["repositories"]]
    assert {"service", "source", "host", "port", "statements"} == set(found["sql"][0])
