"""A suspicion is one page, P1 whatever the service is, and nothing old is removed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.decide.pages import joined
from orchestrator.core.decide.starts.retaining import forbidden
from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.core.events import IncidentAcknowledged, Outcome, RunKind
from orchestrator.reports.page import message
from tests.keeping import bakery, till
from tests.oncall import DAY, HOUR, MINUTE, PROVIDER, REFUSED
from tests.records import drilled
from tests.suspected import REWRITTEN, Attacked

if TYPE_CHECKING:
    from orchestrator.core.state import Incident

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


def test_a_drill_that_says_no_while_a_service_is_suspected_calls_nobody() -> None:
    night = Attacked(bakery())
    night.made()
    night.append(drilled("d0", night.now))
    night.attacked()
    night.run(MINUTE)
    night.append(drilled("d1", night.now, verdict="refuted"))
    night.run(HOUR)

    assert ["backup-suspected"] == night.opened()


# --- an attack on several services of a site ----------------------------------------------------


@pytest.fixture
def office() -> Attacked:
    """A till and a shop that was struck twenty minutes after it."""
    made = Attacked(bakery(till(criticality="P4"), till("shop")))
    for made.of in ("till", "shop"):
        made.made()
        made.copied(name=made.of)
    made.of = "till"
    made.attacked()
    made.run(HOUR / 3)
    made.of = "shop"
    made.attacked()
    made.run(HOUR)
    return made


def called(office: Attacked) -> list[str]:
    """The services whose incidents somebody was called for, in order, each once."""
    ids = dict.fromkeys(incident for _, incident, page, _ in office.paged if page != "end")
    return [office.state.incidents[one].service for one in ids]


def of_service(office: Attacked, name: str) -> Incident:
    return [one for one in office.incidents() if one.service == name][-1]


def test_one_attack_on_two_services_is_one_call_and_an_incident_each(office: Attacked) -> None:
    office.run(HOUR)

    assert ["backup-suspected"] * 2 == office.opened()
    assert ["till"] == called(office)
    assert {} == of_service(office, "shop").sent
    last = [page for _, incident, page, _ in office.paged if incident == office.paged[0][1]]
    assert "wake.2" in last, "nobody answers: the first one's chain goes on"


def test_who_has_an_attack_has_all_that_it_struck_within_a_day(office: Attacked) -> None:
    first, second = of_service(office, "till"), of_service(office, "shop")
    late = replace(first, opened_at=first.opened_at - 2 * DAY)

    assert [second] == joined(office.state, first)
    assert [first] == joined(office.state, second)
    assert [] == joined(office.state, late)


def test_the_other_service_is_told_in_the_same_story(office: Attacked) -> None:
    first, second = of_service(office, "till"), of_service(office, "shop")
    (site,) = office.policies.sites.values()
    said = message(office.state, first, "wake.1", site=site, provider=PROVIDER, now=office.now)
    french = replace(PROVIDER, language="fr")
    dit = message(office.state, first, "wake.1", site=site, provider=french, now=office.now)

    assert f"incident {second.id}, part of this call" in said.body
    assert f"incident {second.id}, compris dans cet appel" in dit.body
    assert f"`pra incidents resolve {second.id} --clean`" in second.remedy
    assert "ID" not in second.remedy


def test_a_service_that_is_called_clean_leaves_the_other_open_and_calls_after_a_lull(
    office: Attacked,
) -> None:
    first = of_service(office, "till")
    office.of = "till"
    office.close(first.id)
    office.judge(first.evidence, false_alarm=False)
    office.run(HOUR / 3)
    assert ["till"] == called(office), "whoever closed the one is at the other"
    office.run(HOUR)

    assert ["till", "shop"] == called(office)


def test_both_called_over_at_once_are_one_call_in_all(office: Attacked) -> None:
    for office.of in ("till", "shop"):
        one = of_service(office, office.of)
        office.close(one.id)
        office.judge(one.evidence, false_alarm=True)
    office.run(HOUR)

    assert ["till"] == called(office)
    assert not [one for one in office.incidents() if one.resolved_at is None]


def test_an_attack_that_was_called_over_and_is_not_calls_at_once(office: Attacked) -> None:
    for office.of in ("till", "shop"):
        one = of_service(office, office.of)
        office.close(one.id)
        office.judge(one.evidence, false_alarm=False)
    office.now += MINUTE
    office.attacked()
    office.run(MINUTE)

    assert of_service(office, "shop").sent, "it is the same site, and another story"


def test_what_is_struck_days_later_is_another_call(office: Attacked) -> None:
    acknowledge(office, of_service(office, "till"))
    office.policies = replace(
        office.policies, sites={"bakery": bakery(till(), till("shop"), till("stock"))}
    )
    office.of = "stock"
    office.made()
    office.run(3 * DAY)
    assert ["till"] == called(office)
    office.attacked()
    office.run(MINUTE)

    assert ["till", "stock"] == called(office)


def acknowledge(office: Attacked, one: Incident) -> None:
    office.append(
        IncidentAcknowledged(incident=one.id, site=one.site, service=one.service, by="Zoe")
    )
