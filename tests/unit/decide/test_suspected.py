"""A suspicion is one page, P1 whatever the service is, and nothing old is removed meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.core.decide.starts.retaining import forbidden
from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.core.events import Outcome, RunKind
from tests.keeping import bakery, till
from tests.oncall import DAY, HOUR, REFUSED
from tests.suspected import REWRITTEN, Attacked

SITE = bakery(till(criticality="P4"))


@pytest.fixture
def night() -> Attacked:
    made = Attacked(SITE)
    made.made()
    made.copied()
    return made


def pages(night: Attacked) -> list[str]:
    return [night.state.incidents[incident].condition for _, incident, _, _ in night.paged]


def test_one_incident_is_opened_however_late_backups_and_copies_get(night: Attacked) -> None:
    night.attacked()
    night.run(3 * DAY)

    (one,) = night.incidents()
    assert (Condition.BACKUP_SUSPECTED, "P1", "wake") == (one.condition, one.criticality, one.chain)
    assert REWRITTEN.detail in one.summary
    assert {"backup-suspected"} == set(pages(night))
    assert {"till/backup-suspected"} == set(night.holding())


def test_it_goes_on_while_points_are_suspected_and_ends_with_a_persons_word(
    night: Attacked,
) -> None:
    first = night.attacked()
    night.run(HOUR)
    night.attacked()
    night.run(HOUR)
    assert ["backup-suspected"] == night.opened()
    night.judge(first.run, false_alarm=True)
    night.run(HOUR)

    assert not [one for one in night.incidents() if one.resolved_at is None]
    assert ["backup-suspected"] == night.opened()


def test_what_was_told_before_it_is_explained_by_it() -> None:
    night = Attacked(bakery(till(every=None)))
    night.made()
    night.copied()
    night.failed(RunKind.BACKUP, "nas", REFUSED, "till")
    night.run(HOUR)
    assert ["backup-failed"] == night.opened()
    night.attacked()
    night.run(HOUR)

    resolutions = {one.condition: one.resolution for one in night.incidents()}
    assert "now it is backup-suspected" == resolutions["backup-failed"]
    assert ["backup-failed", "backup-suspected"] == night.opened()


def test_a_copy_that_lags_is_explained_by_it_too(night: Attacked) -> None:
    night.copying = REFUSED
    night.now += DAY
    night.made()
    night.run(HOUR)
    assert {"copy-failed-offsite", "copy-lags-offsite"} & set(night.opened())
    night.attacked()
    night.run(HOUR)

    still = [one.condition for one in night.incidents() if one.resolved_at is None]
    assert ["backup-suspected"] == still


def test_an_unusual_change_is_a_ticket_that_a_later_backup_does_not_end(night: Attacked) -> None:
    unusual = night.made(Outcome.COMPLETE, REWRITTEN)
    night.run(10 * HOUR)

    (one,) = night.incidents("change-unusual")
    assert ("P3", None) == (one.criticality, one.resolved_at)
    night.judge(unusual.run, false_alarm=True)
    night.run(HOUR)
    assert [True] == [i.resolved_at is not None for i in night.incidents("change-unusual")]


def test_nothing_is_removed_while_anything_is_in_doubt(night: Attacked) -> None:
    assert "" == forbidden(night.state, SITE, night.now)
    first = night.attacked()
    assert "backup-suspected" == forbidden(night.state, SITE, night.now)
    night.judge(first.run, false_alarm=True)
    assert "" == forbidden(night.state, SITE, night.now)
    night.made(Outcome.COMPLETE, REWRITTEN)
    assert "change-unusual" == forbidden(night.state, SITE, night.now)


def test_a_suspected_point_is_not_copied_until_it_was_a_false_alarm(night: Attacked) -> None:
    night.run(HOUR / 2)
    copies = len(night.said("copy.finished"))
    first = night.attacked()
    night.policies = replace(night.policies, sites={"bakery": bakery(till(every=None))})
    night.run(HOUR)
    assert copies == len(night.said("copy.finished"))
    night.judge(first.run, false_alarm=True)
    night.run(HOUR)

    assert copies + 1 == len(night.said("copy.finished"))
