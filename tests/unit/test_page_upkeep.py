"""What a page says of copies and repositories."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.core.events import RunKind
from orchestrator.core.state import Incident, State
from orchestrator.reports.page import message
from orchestrator.reports.page_line import MOST
from tests.keeping import Upkept, bakery, broken, hurt
from tests.oncall import FRIDAY, HOUR, MINUTE, PROVIDER, VANISHED

if TYPE_CHECKING:
    from orchestrator.reports.message import Message

NOW = FRIDAY + 10 * MINUTE


def incident(condition: str, **other: Any) -> Incident:  # noqa: ANN401 - any field
    ordinary = Incident(
        id="3fa94c",
        site="bakery",
        service="",
        condition=condition,
        criticality="P1",
        summary="it is so",
        remedy="Look.",
        evidence="r1",
        chain="wake",
        chain_since=FRIDAY,
        opened_at=FRIDAY,
    )
    return replace(ordinary, **other)


def page(one: Incident, state: State | None = None, **other: Any) -> Message:  # noqa: ANN401 - any
    provider = replace(PROVIDER, language=other.pop("lang", "en"))
    given = {"site": bakery(), "provider": provider, "now": NOW, **other}
    return message(state or State(), one, "wake.0", **given)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize(
    "condition", sorted({*Condition} - {Condition.DRILL_REFUTED, Condition.PROOF_EXPIRED})
)
def test_a_long_name_of_a_repository_breaks_no_first_line(lang: str, condition: Condition) -> None:
    long = incident(f"{condition}-{'a-very-long-name-of-a-repository-' * 5}")
    said = page(long, lang=lang).first_line

    assert len(said) <= MOST
    assert said.endswith("pra show 3fa94c")


UPKEEP = {
    "repository-lost-offsite": "offsite is gone, with its points (Till). Promise not proven.",
    "repository-refused-offsite": "offsite refuses us, it used to open (Till).",
    "repository-damaged-offsite": "offsite is damaged (Till). Promise not proven.",
    "repository-foreign-offsite": "somebody else works in offsite (Till).",
    "verify-failed-nas": "verification of nas fails (Till).",
    "verify-overdue-nas": "nas not read in time (Till).",
    "lock-weak-offsite": "offsite less immutable than promised (Till). Lock not as promised.",
    "retain-failed-nas": "retention in nas fails (Till). No breach foreseen.",
    "retention-held-nas": "retention in nas waits for a person (Till). No breach foreseen.",
}


@pytest.mark.parametrize("condition", list(UPKEEP))
def test_what_is_wrong_with_a_repository_names_it_and_the_services_in_it(condition: str) -> None:
    nights = Upkept()
    nights.backed_up()
    one = incident(condition, criticality="P2")

    said = page(one, nights.state).first_line
    assert UPKEEP[condition] in said


def test_a_lost_lock_configuration_is_said_as_such() -> None:
    one = incident("lock-weak-offsite")

    assert "P1 Bakery: offsite has lost its lock configuration" in (page(one).first_line)
    assert "P1 Bakery : offsite a perdu sa configuration de verrou" in (
        page(one, lang="fr").first_line
    )


def test_a_copy_that_lags_is_told_with_the_promise_that_it_endangers_and_what_is_there() -> None:
    nights = Upkept()
    nights.backed_up()
    nights.copied()
    nights.backed_up()
    one = incident("copy-lags-offsite", service="till", predicted_breach_at=FRIDAY + HOUR)
    said = page(one, nights.state, now=FRIDAY + HOUR)

    assert (
        "P1 Bakery: copy of Till in offsite is too old. RPO broken since Fri 2026-11-20 19:30. "
        "pra show 3fa94c"
    ) == said.first_line
    body = said.body.splitlines()
    assert "Promised       Till: back within 1 d, at most 6 h lost" in body
    assert (
        "Still good     Till: last usable point, data of Fri 2026-11-20 18:32 (58 min old)" in body
    )
    assert "               Till: copy in offsite, data of Fri 2026-11-20 18:30 (60 min old)" in (
        said.body.replace("1 h old", "60 min old").splitlines()
    )
    assert "  pra repo copy bakery" in body


def test_who_is_called_for_a_wiped_bucket_is_given_the_way_back() -> None:
    said = page(incident("repository-lost-offsite")).body.splitlines()
    folder = page(incident("repository-lost-nas")).body

    assert "  pra repo rewind bakery --repository offsite --dry-run" in said
    assert "rewind" not in folder


def test_points_in_a_damaged_or_vanished_repository_are_not_called_good() -> None:
    nights = Upkept()
    nights.backed_up()
    nights.copied()
    nights.read(1, 1, broken(hurt()))
    nights.failed(RunKind.COPY, "offsite", VANISHED, "till")
    one = incident("repository-damaged-nas")
    body = page(one, nights.state).body
    french = page(one, nights.state, lang="fr").body

    assert "data of Fri 2026-11-20 18:30 (10 min old), but nas is damaged\n" in body
    assert "copy in offsite, data of Fri 2026-11-20 18:30 (10 min old), if it opens again" in body
    assert "mais nas est endommagé\n" in french
    nights.read(1, 1, broken(hurt()), of="offsite")
    assert "(10 min old), but it is damaged" in (page(one, nights.state).body)


def test_a_failed_copy_whose_cause_has_become_another_one_says_so() -> None:
    nights = Upkept()
    nights.backed_up()
    nights.failed(RunKind.COPY, "offsite", {**VANISHED, "error": "no space left"}, "till")
    nights.failed(RunKind.RETAIN, "nas", {**VANISHED, "error": "no memory"})
    copies = incident("copy-failed-offsite", service="till", summary="the copy failed: asleep")
    retention = incident("retain-failed-nas", summary="it failed: asleep")

    assert "no space left" == page(copies, nights.state).data["latest"]["error"]
    assert "no memory" == page(retention, nights.state).data["latest"]["error"]
