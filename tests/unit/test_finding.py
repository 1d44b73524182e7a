from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.copies.snapshots import Made
from orchestrator.core.finding.pattern import Pattern, fold, pattern
from orchestrator.core.finding.points import behind, findable, remembered, sources
from orchestrator.core.finding.values import Held
from orchestrator.core.policy.model import Location
from tests.points import snapshot
from tests.policies import SHARE, WINDOWS, repository, service, site, source

if TYPE_CHECKING:
    from restore_drills.model import Snapshot

MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SITE = site(
    service("till"),
    service("share", source(SHARE, name="share"), backup_to="far", copy_to=("near",)),
    service("sage", source(WINDOWS, name="sage")),
    repositories={
        "far": repository("far", Location.OFFSITE),
        "near": repository("near", Location.ONSITE),
        "offsite": repository("offsite", Location.OFFSITE),
    },
)


@pytest.mark.parametrize(
    ("text", "name", "folders"),
    [
        ("devis*2026*", "devis*2026*", ()),
        ("Devis-Été", "*devis-ete*", ()),
        ("compta/2025/*.ods", "*.ods", ("*/compta/2025",)),
        ("/srv/compta/*", "*", ("/srv/compta",)),
        ("compta/devis", "devis*", ("*compta",)),
        ("compta/", "*", ("*/compta", "*/compta/*")),
        ("compta/**", "*", ("*/compta", "*/compta/*")),
        ("*compta*/a?c", "a?c", ("*compta*",)),
        ("/devis", "devis*", ("",)),
        ("a[1].txt", "*a[[]1].txt*", ()),
    ],
)
def test_a_pattern_is_of_a_name_or_with_a_slash_of_a_path(
    text: str, name: str, folders: tuple[str, ...]
) -> None:
    assert Pattern(text, name, folders) == pattern(text)


@pytest.mark.parametrize(
    ("name", "grams"),
    [
        ("devis*26*", ("dev", "evi", "vis")),
        ("*abc?defg", ("abc", "def", "efg")),
        ("*x[[]1]*", ("x[1", "[1]")),
        ("*.q*", ()),
        ("ababab", ("aba", "bab")),
    ],
)
def test_what_every_match_must_have_is_known_from_the_pattern(
    name: str, grams: tuple[str, ...]
) -> None:
    assert grams == Pattern("", name).grams


def test_names_are_compared_without_case_accents_and_ligatures() -> None:
    assert "devis-ete oeuvre strasse.ods" == fold("Devis-Été ŒUVRE straße.ODS")
    assert fold("e\u0301te\u0301") == fold("\u00e9t\u00e9")


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(text) == fold(fold(text))


def shot(
    run: str, what: str, minutes: int = 0, *, outcome: str = "", where: str = "far"
) -> Snapshot:
    """One snapshot of the service `share`, as a repository lists it."""
    tags: tuple[str, ...] = ("service=share", f"run={run}", f"source={what}")
    tags += (f"outcome={outcome}",) if outcome else ()
    at = MORNING + timedelta(minutes=minutes)
    return snapshot(f"{where} {run} {what}", f"tree of {run}", at, tags=tags)


def point(run: str, minutes: int = 0, where: str = "far", outcome: str = "complete") -> list[Any]:
    seal = shot(run, "seal", minutes + 5, outcome=outcome, where=where)
    return [shot(run, "share", minutes, where=where), seal]


def made(run: str, minutes: int, suspect: str = "") -> dict[str, Made]:
    at = MORNING + timedelta(minutes=minutes)
    return {
        run: Made(
            service="share",
            run=run,
            data_time=at,
            usable_at=at,
            repository="far",
            trees={},
            suspect=suspect,
        )
    }


def held(run: str, minutes: int = 0, **snapshots: str) -> Held:
    at = MORNING + timedelta(minutes=minutes)
    return Held(
        service="share",
        source="share",
        run=run,
        data_time=at,
        usable_at=at,
        tree=f"tree of {run}",
        suspected=False,
        snapshots=snapshots,
    )


def test_files_are_found_in_sources_of_files_and_in_adopted_ones() -> None:
    assert (("share", "share"), ("sage", "sage")) == sources(SITE)


def test_a_point_in_two_repositories_is_told_once_and_the_near_one_first() -> None:
    listings = {"far": point("a"), "near": point("a", where="near")}

    (one,) = findable(SITE, listings, {})

    assert ("a", "tree of a", False) == (one.run, one.tree, one.suspected)
    assert ["near", "far"] == list(one.snapshots)
    assert MORNING + timedelta(minutes=5) == one.usable_at


def test_a_copy_of_another_tree_is_not_the_same_point() -> None:
    listings = {"near": point("a", where="near"), "far": point("a")}
    listings["far"][0] = snapshot("x", "forged", MORNING, tags=listings["far"][0].tags)

    (one,) = findable(SITE, listings, {})

    assert {"near": "near a share"} == one.snapshots


def test_points_are_in_the_order_of_their_data_and_only_sealed_ones_are_told() -> None:
    listing = [*point("late", 60), *point("early"), shot("open", "share", 90)]
    listing += point("partial", 95, outcome="partial")
    listing += [snapshot("x", "t", MORNING, tags=("service=share",))]

    assert ["early", "late"] == [one.run for one in findable(SITE, {"far": listing}, {})]


def test_the_log_says_whether_a_point_is_suspected_and_the_seal_of_what_it_does_not_know() -> None:
    listing = [
        *point("a", outcome="suspected"),
        *point("b", 60),
        *point("c", 90, "far", "suspected"),
    ]
    known = {**made("a", 0), **made("b", 60, suspect="b")}

    found = findable(SITE, {"far": listing}, known)

    assert [False, True, True] == [one.suspected for one in found]


def test_every_adopted_snapshot_is_a_point() -> None:
    adopted = snapshot("f" * 64, "tree", MORNING, tags=("sage", "x"), host="SRV-OLD")
    other = snapshot("e" * 64, "tree", MORNING, tags=("x",), host="SRV-OLD")

    (one,) = findable(SITE, {"offsite": [adopted, other], "far": [adopted]}, {})

    assert ("sage", "f" * 8, MORNING) == (one.service, one.run, one.usable_at)


def test_what_a_repository_that_is_away_holds_is_remembered() -> None:
    known = [held("a", 0, far="1"), held("b", 1, far="2", near="3"), held("c", 2, near="4")]
    listed = [held("b", 1, near="3"), held("d", 3, near="5")]

    found = remembered(listed, known, ["far"])

    assert [held("a", 0, far="1"), held("b", 1, near="3", far="2"), held("d", 3, near="5")] == list(
        found
    )


def test_the_index_is_behind_by_what_the_log_knows_beyond_it() -> None:
    known = {**made("a", 0), **made("b", 60), **made("c", 90)}

    assert 2 == behind([held("a", 0, far="1")], known, "share")
    assert 3 == behind([], known, "share")
    assert 0 == behind([], known, "till")
