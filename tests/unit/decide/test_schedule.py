from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core import cron
from orchestrator.core.policy.model import DrillPlan
from orchestrator.core.schedule import Schedule, of_backups, of_drill
from restore_drills.model import Scenario
from tests import policies

NOW = datetime(2026, 11, 23, 11, 2, 53, tzinfo=UTC)
HOUR = timedelta(hours=1)
NIGHTLY = cron.read("0 3 * * *")


def schedule(name: str = "bakery/till", every: timedelta | None = None, at: str = "") -> Schedule:
    return Schedule(name=name, zone="Europe/Paris", every=every, cron=cron.read(at) if at else None)


@given(
    name=st.text(max_size=20),
    minutes=st.integers(1, 60 * 24 * 40),
    later=st.integers(0, 10**8),
)
def test_a_period_has_one_slot_each_time_it_passes(name: str, minutes: int, later: int) -> None:
    every = timedelta(minutes=minutes)
    when, now = schedule(name, every), NOW + timedelta(seconds=later)

    newest, following = when.newest(now), when.following(now)

    assert newest is not None
    assert newest <= now < newest + every == following
    assert newest == when.newest(newest)
    assert 0 == newest.microsecond


def test_sites_of_one_period_are_spread_over_it_and_stay_where_they_are() -> None:
    slots = [schedule(f"site{n}/till", HOUR).newest(NOW) for n in range(200)]

    minutes = {slot.minute for slot in slots if slot}
    assert len(minutes) > 50
    assert slots == [schedule(f"site{n}/till", HOUR).newest(NOW) for n in range(200)]


def test_a_cron_starts_within_the_minute_that_it_names_and_sites_are_spread_over_it() -> None:
    slots = [schedule(f"site{n}/till", at="0 3 * * *").newest(NOW) for n in range(200)]

    assert {(2, 0)} == {(slot.hour, slot.minute) for slot in slots if slot}  # 3 in Paris
    assert len({slot.second for slot in slots if slot}) > 40


def test_a_period_and_a_cron_together_give_the_slots_of_both() -> None:
    both = schedule(every=timedelta(hours=5), at="0 3 * * *")
    apart = [schedule(every=timedelta(hours=5)), schedule(at="0 3 * * *")]

    at = NOW
    for _ in range(50):
        after = both.following(at)
        assert after is not None
        assert after == min(one.following(at) or after for one in apart)
        assert after == both.newest(after + timedelta(seconds=1))
        at = after


def test_what_comes_every_hour_is_frequent_and_what_comes_every_night_is_not() -> None:
    def is_frequent(when: Schedule) -> bool:
        slot = when.newest(NOW)
        return slot is not None and when.is_frequent(slot)

    assert is_frequent(schedule(every=HOUR))
    assert is_frequent(schedule(at="*/15 8-18 * * mon-fri"))
    assert not is_frequent(schedule(every=2 * HOUR))
    assert not is_frequent(schedule(at="0 3 * * *"))


def test_a_service_without_a_date_or_of_somebody_else_has_no_schedule() -> None:
    nightly = policies.service(cron=NIGHTLY)
    site = policies.site(nightly)

    when = of_backups(site, nightly)
    assert when is not None
    assert ("bakery/till", "Europe/Paris") == (when.name, when.zone)
    assert of_backups(site, policies.service()) is None
    assert of_backups(site, replace(nightly, backup_to=None)) is None


def test_a_drill_is_due_by_its_cron() -> None:
    plan = DrillPlan(name="weekly", cron=NIGHTLY, scenario=Scenario.SERVER_FAILURE, where=None)

    when = of_drill(policies.site(), plan)

    assert ("bakery/weekly", None, NIGHTLY) == (when.name, when.every, when.cron)


def test_at_the_ends_of_the_calendar_there_may_be_no_slot() -> None:
    rare = schedule(at="0 0 29 2 */4")  # both: a leap day that is a Sunday or a Thursday
    first, last = datetime(3, 1, 1, tzinfo=UTC), datetime(9997, 1, 1, tzinfo=UTC)

    assert rare.newest(NOW) is not None
    assert rare.following(last) is None
    assert rare.newest(first) is None
