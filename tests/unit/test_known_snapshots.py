"""What of a listing is ours: only what the log knows, by ids and trees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.copies.snapshots import Contents, Known, divided, known
from orchestrator.core.events import Outcome
from orchestrator.core.policy.model import Retention
from orchestrator.core.retention.guards import Before, held
from orchestrator.core.retention.thinning import thinned
from tests.points import DAY, NOW, SITE, backed_up, digest, listed, recorded, snapshot, started

if TYPE_CHECKING:
    from orchestrator.core.events import Event
    from restore_drills.model import Snapshot

MINUTE = timedelta(minutes=1)
NIGHTS = [backed_up(f"r{n}", NOW - n * DAY) for n in range(5)]


def knowing(*events: Event) -> Known:
    return known(recorded(events or NIGHTS))


def look(listing: list[Snapshot], log: Known | None = None) -> Contents:
    return divided(listing, log or knowing(), host=SITE)


def everything() -> list[Snapshot]:
    return [one for night in NIGHTS for one in listed(night)]


def forged(count: int) -> list[Snapshot]:
    """Snapshots with our host and our tags, dated from a year ago until now."""
    return [
        snapshot(
            digest("forged", n),
            digest("tree", "noise"),
            NOW - n * 43 * MINUTE,
            tags=("service=till", f"run=f{n // 2}", f"source={('till', 'seal')[n % 2]}")
            + ("outcome=complete",) * (n % 2),
        )
        for n in range(count)
    ]


def test_a_point_is_its_snapshots_and_its_seal() -> None:
    found = look(everything())

    assert ["r4", "r3", "r2", "r1", "r0"] == [p.run for p in found.points]
    assert [(2, 1)] * 5 == [(len(p.snapshots), len(p.seals)) for p in found.points]
    assert ((), (), (), 2000) == (
        found.broken,
        found.leftovers,
        found.foreign,
        found.points[0].bytes,
    )


def test_a_copy_is_known_by_its_originals() -> None:
    found = look([one for night in NIGHTS for one in listed(night, copied=True)])

    assert 5 == len(found.points)
    assert () == found.foreign


def test_another_tree_under_an_original_of_ours_is_foreign() -> None:
    first, *rest = listed(NIGHTS[0], copied=True)
    found = look([replace(first, tree=digest("repaired")), *rest])

    assert ["r0"] == [p.run for p in found.broken]
    assert [first.id] == [s.id for s in found.foreign]


def test_without_its_seal_or_a_source_a_point_is_broken() -> None:
    dump, roles, seal = listed(NIGHTS[0])

    assert ["r0"] == [p.run for p in look([dump, roles]).broken]
    assert ["r0"] == [p.run for p in look([dump, seal]).broken]
    assert () == look([dump, seal]).points


def test_what_bears_the_tags_of_a_point_and_is_not_of_it_is_foreign() -> None:
    intruder = snapshot(digest("x"), digest("y"), NOW, tags=("service=till", "run=r0"))

    found = look([*everything(), intruder])

    assert (intruder,) == found.foreign
    assert 5 == len(found.points)


def test_a_run_that_never_became_a_point_leaves_leftovers() -> None:
    log = knowing(
        started("died"), started("failed"), backed_up("failed", NOW, outcome=Outcome.FAILED)
    )
    tags = ("service=till", "source=till")
    of_dead = snapshot(digest(1), digest(2), NOW, tags=("run=died", *tags))
    of_failed = snapshot(digest(3), digest(4), NOW - DAY, tags=("run=failed", *tags))

    found = look([of_dead, of_failed], log)

    assert ["failed", "died"] == [one.run for one in found.leftovers]


def test_the_tags_of_another_host_or_service_make_no_leftover() -> None:
    log = knowing(started("died"))
    tags = ("run=died", "service=till", "source=till")
    elsewhere = snapshot(digest(1), digest(2), NOW, tags=tags, host="other")
    renamed = snapshot(digest(3), digest(4), NOW, tags=("run=died", "service=share"))

    assert {elsewhere.id, renamed.id} == {s.id for s in look([elsewhere, renamed], log).foreign}


def test_what_the_policy_adopts_is_not_foreign() -> None:
    theirs = snapshot(digest(1), digest(2), NOW, host="nas", tags=("nightly", "more"))

    found = divided([theirs], knowing(), host=SITE, adopted=[("nas", frozenset({"nightly"}))])

    assert ((theirs,), ()) == (found.adopted, found.foreign)


def test_twelve_thousand_forged_snapshots_push_no_point_out() -> None:
    contents = look([*everything(), *forged(12_000)])
    rules = Retention(last=2, daily=4)

    (till,) = thinned(contents, ["till"], rules, UTC, NOW)

    assert 12_000 == len(contents.foreign)
    assert ["r3", "r2", "r1", "r0"] == [p.run for p, _ in till.kept]
    assert ["r4"] == [p.run for p in till.removed]
    assert () == till.leftovers


def test_one_forged_snapshot_from_the_future_holds_the_retention_back() -> None:
    late = snapshot(digest("late"), digest("t"), NOW + 6 * MINUTE, host="else")
    contents = look([*everything(), late])

    why = held(contents, [], Before(), NOW)

    assert late.id[:8] in why
    assert "future" in why
    assert "" == held(
        look([*everything(), replace(late, time=NOW + 4 * MINUTE)]), [], Before(), NOW
    )


def test_leftovers_go_after_seven_days_when_a_newer_point_is_there() -> None:
    tags = ("service=till", "source=till")
    ages = {"old": 8 * DAY, "young": 6 * DAY}
    log = knowing(*NIGHTS, *(started(run) for run in ages))
    parts = [
        snapshot(digest(run), digest(run, 1), NOW - age, tags=(f"run={run}", *tags))
        for run, age in ages.items()
    ]
    rules = Retention(daily=9)

    (with_points,) = thinned(look([*everything(), *parts], log), ["till"], rules, UTC, NOW)
    (alone,) = thinned(look(parts, log), ["till"], rules, UTC, NOW)

    assert ["old"] == [one.run for one in with_points.leftovers]
    assert () == alone.leftovers


def test_a_broken_point_stays_while_a_rule_would_keep_it_and_goes_when_none_would() -> None:
    # A copy is being made of r1; r4 was being removed when somebody pulled the plug.
    r1, r4 = listed(NIGHTS[1])[:1], listed(NIGHTS[4])[1:2]
    listing = [*listed(NIGHTS[0]), *r1, *listed(NIGHTS[2]), *listed(NIGHTS[3]), *r4]

    (till,) = thinned(look(listing), ["till"], Retention(last=3), UTC, NOW)

    assert ["r3", "r2", "r0"] == [p.run for p, _ in till.kept]
    assert ["r4"] == [one.run for one in till.leftovers]


def test_a_service_that_the_policy_no_longer_has_keeps_everything() -> None:
    (till,) = thinned(look(everything()), ["share"], Retention(last=1), UTC, NOW)

    assert till.retired
    assert (5, 0, 0) == (len(till.kept), len(till.removed), len(till.leftovers))
