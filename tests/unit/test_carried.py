from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.carried import KEPT, SEAL_KEYS, digest, files, is_kept, policies, spare, tags
from orchestrator.core.copies.snapshots import divided, known
from orchestrator.core.copies.whereabouts import joined
from orchestrator.core.events import PolicyStored
from orchestrator.core.policy.fault import Unreadable
from orchestrator.core.policy.model import Retention
from orchestrator.core.retention.guards import Before, held
from orchestrator.core.retention.thinning import thinned
from tests import points
from tests.points import DAY, NOW, SITE, backed_up, listed, recorded

if TYPE_CHECKING:
    from datetime import datetime

    from restore_drills.model import Snapshot


def policy(number: int, at: datetime = NOW) -> Snapshot:
    named = tuple(tags(f"{number:032x}"))
    return points.snapshot(points.digest("policy", number), "t", at, tags=named)


def stored(number: int) -> PolicyStored:
    one = policy(number)
    return PolicyStored(site=SITE, repository="far", digest="d", snapshot=one.id)


def test_the_files_of_a_site_are_its_own_and_the_shared_one() -> None:
    texts = {"p/provider.yaml": "a", "p/bakery.yaml": "b", "p/other.yaml": "c"}

    assert {"provider.yaml": "a", "bakery.yaml": "b"} == files(texts, "bakery")
    assert {"bakery.yaml": "b"} == files({"bakery.yaml": "b"}, "bakery")


def test_a_file_that_cannot_be_read_has_no_digest() -> None:
    broken = {"bakery.yaml": Unreadable(message="no", remedy="no")}

    assert "" == digest(files(broken, "bakery"))


def test_the_digest_changes_with_either_file() -> None:
    made = {digest({"p": a, "s": b}) for a in "xy" for b in "xy"}

    assert 4 == len(made)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"tags": (SEAL_KEYS, "source=seal-keys")}, True),
        ({"host": "elsewhere"}, False),
        ({"tags": ("pra-policy", "service=till")}, False),
        ({"tags": ("pra-policy", "run=r1")}, False),
        ({"tags": ()}, False),
    ],
)
def test_what_is_beside_the_points_has_a_tag_of_ours_and_no_service_or_run(
    changes: dict[str, object],
    expected: bool,  # noqa: FBT001 - a case of the table
) -> None:
    assert expected == is_kept(replace(policy(1), **changes), SITE)  # type: ignore[arg-type] # any field


def test_the_newest_policy_comes_first_and_one_from_the_future_apart() -> None:
    late, old, made_up = policy(1), policy(2, NOW - DAY), policy(3, NOW + 3650 * DAY)

    assert ((late, old), (made_up,)) == policies([old, made_up, late], SITE, NOW)


def test_a_clock_that_is_a_minute_ahead_makes_no_policy_one_of_the_future() -> None:
    ahead = policy(1, NOW + timedelta(minutes=1))

    assert ((ahead,), ()) == policies([ahead], SITE, NOW)


def test_a_policy_is_neither_a_point_nor_foreign() -> None:
    night = backed_up("r1", NOW)
    known_here = known(recorded([night, stored(1)]))
    found = divided([*listed(night), policy(1), policy(2)], known_here, host=SITE)

    assert (["r1"], (), ()) == ([p.run for p in found.points], found.foreign, found.leftovers)
    assert (policy(1), policy(2)) == found.apart
    assert ["r1"] == [row.run for row in joined({"far": found}, {}, {})]


def test_a_policy_changes_nothing_of_a_retention() -> None:
    nights = [backed_up(f"r{n}", NOW - n * DAY) for n in range(8)]
    known_here = known(recorded(nights))
    bare = divided([s for n in nights for s in listed(n)], known_here, host=SITE)
    more = divided(
        [*(s for n in nights for s in listed(n)), *map(policy, range(50))], known_here, host=SITE
    )
    rules = Retention(daily=5)

    plans = [thinned(one, ["till"], rules, UTC, NOW) for one in (bare, more)]
    assert plans[0] == plans[1]
    assert ["", ""] == [
        held(one, plan, Before(kept=8), NOW) for one, plan in zip((bare, more), plans, strict=True)
    ]


def test_a_policy_from_the_future_holds_a_retention_back() -> None:
    found = divided([policy(1, NOW + 365 * DAY)], known([]), host=SITE)

    assert "made it up" in held(found, (), Before(), NOW)


def test_the_newest_few_policies_stay_and_what_the_log_does_not_know_pushes_none_out() -> None:
    ours = [policy(n, NOW - n * DAY) for n in range(KEPT + 3)]
    forged = [policy(1000 + n) for n in range(40)]
    log = known(recorded([stored(n) for n in reversed(range(KEPT + 3))]))

    gone = spare([*ours, *forged], log.policies["far"])

    assert set(ours[KEPT:]) == set(gone)
