"""How the points before looked, from a listing alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from orchestrator.core.detection.history import looks
from orchestrator.core.detection.values import Look
from restore_drills.model import Figures, Snapshot
from tests.builders import DATA_TIME, seal, snapshot

FIGURES = Figures(
    files_new=3, files_changed=4, files_unmodified=93, added_bytes=5000, packed_bytes=2000
)
SEALED = ("complete", "suspected")


def counted(run: str, hours: int = 0, **other: Any) -> Snapshot:  # noqa: ANN401 - any field
    at = DATA_TIME + timedelta(hours=hours)
    made = snapshot("till", run, at, files=100, bytes=70_000, figures=FIGURES)
    return replace(made, **other)


def test_every_figure_of_a_snapshot_is_in_its_look() -> None:
    expected = Look(
        run="r1",
        data_time=DATA_TIME,
        files=100,
        size=70_000,
        new=3,
        changed=4,
        unmodified=93,
        added=5000,
        packed=2000,
    )

    assert {"till": (expected,)} == looks([counted("r1"), seal("r1")], "bakery", "till")


def test_looks_come_by_source_the_oldest_first() -> None:
    roles = replace(counted("r2", 1), tags=("service=till", "run=r2", "source=till.roles"))
    found = looks([counted("r3", 2), roles, counted("r2", 1)], "bakery", "till")

    assert {"till": ["r2", "r3"], "till.roles": ["r2"]} == {
        source: [look.run for look in of] for source, of in found.items()
    }


def test_other_hosts_and_other_services_are_not_looked_at() -> None:
    elsewhere = counted("r1", host="smithy")
    other = counted("r2", tags=("service=shop", "run=r2", "source=till"))

    assert {} == looks([elsewhere, other], "bakery", "till")


def test_a_copy_beside_its_original_counts_once() -> None:
    copy = counted("r1", id="ab" * 32, original="cd" * 32, files=1)

    (only,) = looks([copy, counted("r1")], "bakery", "till")["till"]

    assert 100 == only.files


def test_where_asked_only_sealed_runs_count_and_the_one_under_way() -> None:
    listing = [
        *(counted(f"r{n}", n) for n in range(1, 6)),
        seal("r1"),
        seal("r2", outcome="suspected"),
        seal("r3", outcome="partial"),
    ]

    found = looks(listing, "bakery", "till", outcomes=SEALED, run="r5")

    assert ["r1", "r2", "r5"] == [look.run for look in found["till"]]
    assert ["r1"] == [
        look.run for look in looks(listing, "bakery", "till", outcomes=("complete",))["till"]
    ]


def test_a_snapshot_without_figures_or_without_a_run_tells_nothing() -> None:
    listing = [
        counted("r1", figures=None),
        counted("r2", files=None),
        counted("r3", bytes=None),
        counted("r4", tags=("service=till", "source=till")),
        counted("r5", tags=("service=till", "run=r5")),
    ]

    assert {} == looks(listing, "bakery", "till")
