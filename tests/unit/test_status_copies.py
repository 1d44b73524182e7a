"""A status of a site with several repositories: where the copies are, and how old."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.core.events import RunKind
from orchestrator.core.policy.model import Promise
from orchestrator.core.running import Moved
from orchestrator.core.status import overview
from orchestrator.reports import nagios, status
from restore_drills.model import Scenario
from tests.keeping import LOCK, Upkept, bakery, broken, bucket, hurt, till
from tests.oncall import DAY, FRIDAY, HOUR, MINUTE
from tests.records import incident_opened

if TYPE_CHECKING:
    from orchestrator.core.standing import Overview


def behind(hours: int = 3, **other: Any) -> Upkept:  # noqa: ANN401 - any field of the site
    """A till whose copy is some hours older than its newest point."""
    nights = Upkept(bakery(**other))
    nights.backed_up()
    nights.copied()
    for _ in range(hours):
        nights.now += HOUR - MINUTE
        nights.backed_up()
    return nights


def seen(nights: Upkept, living: dict[str, Moved | None] | None = None) -> Overview:
    return overview(nights.state, nights.policies.sites.values(), nights.now, living=living)


def told(nights: Upkept) -> dict[str, Any]:
    site: dict[str, Any] = status.document(seen(nights), nights.now)["sites"][0]
    return site


def lines(nights: Upkept, living: dict[str, Moved | None] | None = None) -> list[str]:
    return [one.strip() for one in status.text(seen(nights, living), nights.now).splitlines()]


def test_each_scenario_has_the_numbers_of_the_nearest_copy_that_it_leaves() -> None:
    nights = behind()
    nights.copied()
    nights.now += 5 * MINUTE
    (service,) = told(nights)["services"]
    rows = {one["scenario"]: one for one in service["scenarios"]}

    failure, burglary = rows["server-failure"], rows["burglary"]
    assert ("nas", 7 * 60.0, 62 * 60.0) == (
        failure["repository"],
        failure["rpa_now_s"],
        failure["worst_case_rpa_s"],
    )
    assert ("offsite", 7 * 60.0, (3 * 60 + 3) * 60.0) == (
        burglary["repository"],
        burglary["rpa_now_s"],
        burglary["worst_case_rpa_s"],
    )


def test_where_the_copies_are_and_how_far_behind_is_told_in_one_line() -> None:
    nights = behind()

    assert "till: copies: offsite: 18:30, 3 h 1 min behind." in lines(nights)
    assert {
        "repository": "offsite",
        "data_time": "2026-11-20T17:30:00.000000Z",
        "usable_at": "2026-11-20T17:32:00.000000Z",
        "lag_s": 3 * 3600.0 + 60,
    } == told(nights)["services"][0]["copies"][0]
    nights.copied()
    assert "till: copies: offsite: 21:31, all that there is." in lines(nights)


def test_a_copy_that_was_never_made_is_said_as_such() -> None:
    nights = Upkept()
    nights.backed_up()

    assert "till: copies: offsite: none yet." in lines(nights)
    assert "till, you are burgled: loses everything, promised 6 h: run `pra repo copy bakery`." in (
        lines(nights)
    )
    assert [(None, None)] == [
        (one["data_time"], one["lag_s"]) for one in told(nights)["services"][0]["copies"]
    ]


def test_a_copy_that_is_older_than_promised_is_told_with_what_it_costs() -> None:
    nights = behind(6)

    said = "till, you are burgled: loses 6 h 2 min, promised 6 h: run `pra repo copy bakery`."
    assert said in lines(nights)
    code, text = nagios.report(seen(nights), nights.now)
    assert 2 == code
    assert "its copy in offsite is 6 h 2 min old, promised 6 h" in text
    assert "till_offsite_rpa=21720s;;21600" in text


def test_near_points_are_measured_by_the_promises_that_rest_on_them() -> None:
    hasty = {
        None: Promise(rto=DAY, rpo=4 * HOUR),
        Scenario.BURGLARY: Promise(rto=DAY, rpo=30 * MINUTE),
    }
    nights = behind(0)
    nights.policies = replace(nights.policies, sites={"bakery": bakery(till(objectives=hasty))})
    nights.now += HOUR

    said = "\n".join(lines(nights))
    assert "a failure now loses" not in said
    assert "till, you are burgled: loses 62 min, promised 30 min" in said


def test_the_oldest_unread_pack_is_that_of_the_repository_read_longest_ago() -> None:
    nights = behind(0, read_all_within=30 * DAY)
    assert "2026-11-20T17:31:00.000000Z" == told(nights)["services"][0]["oldest_unread_pack"]
    nights.now += DAY
    nights.read()
    nights.read(of="offsite")
    nights.now += DAY
    nights.read()

    both = {one["id"]: one["oldest_unread_pack"] for one in told(nights)["repositories"]}
    assert both["offsite"] == told(nights)["services"][0]["oldest_unread_pack"]
    assert both["offsite"] < both["nas"]
    assert not [line for line in lines(nights) if "not read" in line]
    nights.now += 40 * DAY
    assert "nas: some of it was not read for 40 d 1 h, promised within 30 d." in lines(nights)


def test_without_a_promise_to_read_there_is_no_oldest_unread_pack() -> None:
    nights = behind(0)
    nights.read()

    assert told(nights)["services"][0]["oldest_unread_pack"] is None
    assert {None} == {one["oldest_unread_pack"] for one in told(nights)["repositories"]}


def test_locks_and_damage_are_told_where_they_matter() -> None:
    nights = behind(0, far=bucket(immutable=LOCK))
    nights.relocked(20 * DAY)
    assert not [line for line in lines(nights) if "lock" in line]
    nights.now += 6 * DAY
    nights.read(1, 1, broken(hurt()))

    said = lines(nights)
    assert any(line.startswith("offsite: a lock ends 2026-12-10") for line in said)
    assert (
        "nas: DAMAGED: pack 4f6d9e is truncated. Remove nothing from it. Repair it: "
        "`pra repo repair bakery --repository nas`."
    ) in said
    near, far = told(nights)["repositories"]
    assert (True, False) == (near["damaged"], far["damaged"])
    assert far["locked_until"].startswith("2026-12-10")
    code, text = nagios.report(seen(nights), nights.now)
    assert 2 == code
    assert "nas: damaged: pack 4f6d9e is truncated" in text


def test_what_is_an_incident_already_is_not_told_twice_and_nobody_copies_into_what_is_gone() -> (
    None
):
    nights = behind(7)
    nights.read(1, 1, broken(hurt()))
    opened = (("repository-damaged-nas", ""), ("repository-lost-offsite", ""))
    for name, service in opened:
        event = replace(incident_opened(name, condition=name), service=service)
        nights.append(event)

    said = lines(nights)
    assert not [line for line in said if "DAMAGED" in line or "repo copy" in line]
    assert any(line.endswith("promised 6 h.") for line in said)


def test_whatever_runs_is_told_with_what_it_is_about() -> None:
    nights = behind(0)
    copy = nights.begin(RunKind.COPY, "offsite", "till", "nas")
    verify = nights.begin(RunKind.VERIFY, "nas")
    nights.now = FRIDAY + HOUR
    living = {copy.run: Moved(done_bytes=1, total_bytes=4), verify.run: None}

    said = lines(nights, living)
    assert any(line.startswith("running now: copy till to offsite, 25 %, ") for line in said)
    assert "running now: verify nas, for 58 min" in said
