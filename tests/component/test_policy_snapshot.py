"""The policy beside the points: put there when it changed, kept by retention, renewed by repair."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic import shelf
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.carried import KEPT, tags
from orchestrator.core.events import PolicyStored
from orchestrator.jobs.opening import opened
from orchestrator.jobs.policy_snapshot import let_go, store
from restore_drills.process import Processes
from tests.component.retaining import RULES, Stocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from restore_drills.model import Snapshot

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Stocked:
    return Stocked(tmp_path_factory.mktemp("stocked"))


@pytest.fixture
def house(stocked: Stocked, tmp_path: Path) -> Stocked:
    return Stocked(tmp_path / "house", stocked)


def restic(house: Stocked) -> Iterator[Restic]:
    processes = Processes(f"look-{house.site.home.parent.name}")
    with (
        SecretFiles(processes.run_id) as secrets,
        opened(
            site=house.app.site("acme"),
            repository="far",
            state=house.site.state,
            processes=processes,
            secrets=secrets,
        ) as found,
    ):
        yield found


def there(house: Stocked) -> list[Snapshot]:
    (listed,) = [r.snapshots() for r in restic(house)]
    return [one for one in listed if "pra-policy" in one.tags]


def test_it_is_put_there_once_and_again_when_a_file_changes(house: Stocked) -> None:
    house.reopen()
    first = store(house.app, house.app.site("acme"), "far")
    again = store(house.app, house.app.site("acme"), "far")
    house.policy(RULES + "# another word\n")
    changed = store(house.app, house.app.site("acme"), "far")

    assert first is not None
    assert changed is not None
    assert (None, True) == (again, first.digest != changed.digest)
    assert [first.snapshot, changed.snapshot] == [one.id for one in there(house)]
    (files,) = [shelf.get(r, changed.snapshot) for r in restic(house)]
    assert {p.name: p.read_bytes() for p in house.site.policies.iterdir()} == files


def test_a_retention_counts_none_of_them_and_keeps_the_newest_few(house: Stocked) -> None:
    house.nights(4)
    made = []
    for number in range(KEPT + 2):
        at = house.now - (KEPT + 2 - number) * HOUR
        made.append(house.forge.snapshot(house.tree, time=at, host="acme", tags=tags(f"{number}")))
        stored = PolicyStored(site="acme", repository="far", digest="d", snapshot=made[-1])
        house.app.log.append(stored)
    forged = house.forge.snapshot(house.tree, time=house.now, host="acme", tags=tags("forged"))

    ended = house.retain()

    # Foreign is the one that the house was made with.
    assert ("", 3, 1, 1) == (ended.held, ended.kept, ended.removed, ended.foreign)
    assert {*made[2:], forged} == {one.id for one in there(house)}


def test_one_that_is_damaged_is_removed_and_put_there_anew(house: Stocked) -> None:
    house.reopen()
    site = house.app.site("acme")
    before = store(house.app, site, "far")
    assert before is not None

    gone = [let_go(house.app, site, r, frozenset({before.snapshot})) for r in restic(house)]
    after = store(house.app, site, "far")

    assert after is not None
    assert ([1], [after.snapshot]) == (gone, [one.id for one in there(house)])
