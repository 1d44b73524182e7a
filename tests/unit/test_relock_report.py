"""A relock as a page and as a document."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from orchestrator.reports.relock import Row, document, exit_code, text
from tests.records import NOW

ROW = Row(
    run="r1",
    repository="offsite",
    period=timedelta(days=30),
    objects=2000,
    extended=700,
    bare=0,
    least_until=NOW + timedelta(days=21),
    least_key="data/ab/abcd",
    problems=(),
    seconds=2.5,
)


def test_a_relock_says_what_it_did_who_is_least_protected_and_what_it_costs() -> None:
    assert (
        "offsite: 2000 objects looked at, 700 extended\n"
        "  least protected: data/ab/abcd, until 2026-12-14 12:02 (21 d from now; the policy wants"
        " at least 15 d)\n"
        "  requests in 30 days, at most: 5334 PUT, 18000 GET, 18 LIST (for 2000 objects kept locked"
        " for 30 d)"
    ) == text(ROW, timezone="Europe/Paris", now=NOW)
    assert 0 == exit_code([ROW])


def test_problems_are_the_last_and_loudest_words() -> None:
    bad = replace(ROW, problems=("no lock",), bare=3, least_until=None, least_key="")

    page = text(bad, timezone="Europe/Paris", now=NOW)

    assert "  3 had no lock at all\n  no object is locked\n" in page
    assert page.endswith(
        "  PROBLEM: no lock\n"
        "  Correct the bucket with an administrator's key; `pra doctor` tells how."
    )
    assert 3 == exit_code([ROW, bad])


def test_a_dry_run_says_what_it_would_do() -> None:
    looked = replace(ROW, run="", objects=1, extended=1, bare=1)

    page = text(looked, timezone="Europe/Paris", now=NOW)

    assert page.startswith("offsite: 1 object looked at, 1 would be extended\n  1 have no lock")


def test_an_empty_place_says_no_more_than_that() -> None:
    empty = replace(ROW, objects=0, extended=0, least_until=None, least_key="")

    assert "least protected" not in text(empty, timezone="Europe/Paris", now=NOW)
    assert "no object is locked" not in text(empty, timezone="Europe/Paris", now=NOW)


def test_the_document_has_null_for_what_there_is_not() -> None:
    looked = replace(ROW, run="", least_until=None, least_key="")

    found = document("acme", [looked, ROW], dry_run=True)

    first, second = found["repositories"]
    assert ("acme", True) == (found["site"], found["dry_run"])
    assert (None, None, None) == (first["run"], first["least_until"], first["least_key"])
    assert "2026-12-14T11:02:53.000000Z" == second["least_until"]
    assert {"put": 5334, "get": 18000, "list": 18} == second["forecast_30_days"]
