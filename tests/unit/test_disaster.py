"""When a drill's disaster was, what is mistrusted under it, and one path instead of all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core import one_path
from orchestrator.core.copies.nearest import nearest, relied_on
from orchestrator.core.events import Sign
from orchestrator.core.lead import lead
from orchestrator.core.plan import Memory, Request, build
from orchestrator.core.policy.model import Immutable, Location, LockMode, Promise
from orchestrator.core.state import Suspicion
from orchestrator.errors import Misused
from restore_drills.model import CommandCheck, FilesCheck, LeadBasis, Plan, Scenario, SqlCheck
from tests.builders import DATA_TIME, NOW
from tests.policies import SHARE, WINDOWS, repository, service, site, source

DAY = timedelta(days=1)
SIGN = Sign(word="decoy", detail="the decoy is gone")
ATTACK = Suspicion(run="r3", since=DATA_TIME, signs=(SIGN,))
VIRUS = Scenario.RANSOMWARE
NAS = repository("nas", Location.ONSITE, "nas-1")
LOCK = Immutable(mode=LockMode.COMPLIANCE, period=30 * DAY)
PLAIN = replace(repository("plain", Location.OFFSITE), url="s3:https://a.example/plain")
LOCKED = replace(
    repository("locked", Location.OFFSITE), url="s3:https://a.example/b", immutable=LOCK
)
SERVED = replace(repository("served", Location.ONSITE), url="rest:http://nas/", append_only=True)
CLAIMED = replace(repository("claimed", Location.ONSITE), append_only=True)
DISK = replace(repository("disk", Location.OFFSITE), rotation=7 * DAY)
ALL = {one.id: one for one in (NAS, PLAIN, LOCKED, SERVED, CLAIMED, DISK)}


def asked(*services: str, **other: Any) -> Request:  # noqa: ANN401 - any field
    ordinary = {
        "run": "20261123T112900Z-cccccc",
        "services": services,
        "scenario": Scenario.SERVER_FAILURE,
        "place": "provider-dc",
        "t0": None,
        "repository": None,
    }
    return Request(**(ordinary | other))


def memory(*suspicions: Suspicion, **other: Any) -> Memory:  # noqa: ANN401 - any field
    ordinary = {
        "pinned": lambda _service: {},
        "last_values": lambda _service: {"orders": 9.0},
        "suspicions": lambda service: suspicions if service == "till" else (),
    }
    return Memory(**(ordinary | other))


def planned(request: Request, known: Memory | None = None, *services: Any) -> Plan:  # noqa: ANN401 - as `site`
    locked = {"offsite": replace(LOCKED, id="offsite")}
    return build(site(*services, repositories=locked), request, known or memory(), NOW)


# --- the instant ---------------------------------------------------------------------------------


def test_an_open_suspicion_of_any_service_says_when_the_virus_was_there() -> None:
    share = service("share", source(SHARE, name="share"))
    plan = planned(asked("share", scenario=VIRUS), memory(ATTACK), service(), share)

    assert (DATA_TIME, "first-suspected", False) == (plan.t0, plan.point, plan.exploratory)


@pytest.mark.parametrize(
    "judged", [{"until": NOW}, {"cleared": True, "until": NOW}], ids=["clean", "false alarm"]
)
def test_a_suspicion_that_was_judged_says_nothing_of_tonight(judged: dict[str, Any]) -> None:
    plan = planned(asked(scenario=VIRUS), memory(replace(ATTACK, **judged)))

    assert (None, "latest") == (plan.t0, plan.point)


def test_what_is_mistrusted_and_what_is_acquitted_are_in_the_plan() -> None:
    cleared = replace(ATTACK, run="r1", cleared=True, until=NOW)
    (till,) = planned(asked(), memory(cleared, ATTACK, sound=lambda _s: {"r2"})).services

    (suspect,) = till.suspects
    assert ("r3", DATA_TIME, "the decoy is gone") == (suspect.run, suspect.since, suspect.why)
    assert frozenset({"r1", "r2"}) == till.acquitted


def test_a_drawn_instant_is_within_what_was_asked_for_and_the_same_for_the_same_run() -> None:
    drawn = [planned(asked(within=30 * DAY, run=f"r{n}")) for n in range(40)]

    instants = [plan.t0 for plan in drawn if plan.t0 is not None]
    assert len(drawn) == len(set(instants))
    assert all(NOW - 30 * DAY <= at <= NOW for at in instants)
    assert NOW - 20 * DAY > min(instants)
    assert instants[7] == planned(asked(within=30 * DAY, run="r7")).t0
    assert ("random-within-30d", False) == (drawn[0].point, drawn[0].exploratory)
    assert "instant-drawn" in {finding.code for finding in drawn[0].findings}
    assert {} == drawn[0].services[0].last_values


def test_no_instant_is_drawn_before_there_was_anything_to_lose() -> None:
    known = memory(since=lambda _service, _repository: NOW - timedelta(hours=1))
    drawn = [planned(asked(within=30 * DAY, run=f"r{n}"), known).t0 for n in range(20)]

    assert all(at is not None and NOW - timedelta(hours=1) <= at for at in drawn)


# --- what is left --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("homes", "used", "rewound"),
    [
        (("nas", "locked"), "locked", True),
        (("locked", "served"), "served", False),
        (("disk", "locked"), "locked", True),  # what is unplugged is the oldest
        (("nas", "plain", "disk"), "disk", False),
    ],
)
def test_a_virus_leaves_what_refuses_to_be_deleted(
    homes: tuple[str, ...], used: str, *, rewound: bool
) -> None:
    till = service(backup_to=homes[0], copy_to=homes[1:])

    found = nearest(site(till, repositories=ALL), till, VIRUS)

    assert (used, "", rewound) == (found.repository, found.lost, found.rewound)


def test_a_virus_takes_what_our_own_keys_can_delete_and_a_claim_is_no_server() -> None:
    till = service(backup_to="nas", copy_to=("plain", "claimed"))

    found = nearest(site(till, repositories=ALL), till, VIRUS)

    assert found.repository is None
    assert found.lost == (
        "no copy survives: nas, plain, claimed are neither immutable, append-only nor offline, and "
        "the ransomware deletes what our own keys can (append_only of claimed: no server is there "
        "that would refuse)"
    )


def test_a_locked_bucket_is_relied_on_though_the_nas_is_nearer() -> None:
    till = service(backup_to="nas", copy_to=("locked",))
    found = site(till, repositories=ALL)

    assert VIRUS in relied_on(found, till, "locked")
    assert VIRUS not in relied_on(found, till, "nas")


# --- the delay before ----------------------------------------------------------------------------


def test_a_delay_that_an_incident_really_had_stands_over_the_declared_one() -> None:
    till = service()
    failure = Scenario.SERVER_FAILURE

    declared = lead(site(till), till, failure)
    observed = lead(site(till), till, failure, 7200.0)
    (planned_,) = planned(asked(), memory(leads={failure: 7200.0})).services

    assert LeadBasis.DECLARED == declared[1]
    assert (timedelta(hours=2), LeadBasis.OBSERVED) == observed
    assert (timedelta(hours=2), LeadBasis.OBSERVED) == (planned_.lead, planned_.lead_basis)


# --- the kit, and one path -----------------------------------------------------------------------


@pytest.mark.parametrize(("kit", "said"), [(False, True), (True, False)])
def test_a_burglary_without_its_kit_is_said(*, kit: bool, said: bool) -> None:
    plan = planned(asked(scenario=Scenario.BURGLARY, kit=kit))

    assert said is ("kit-not-used" in {finding.code for finding in plan.findings})


BOTH = service(
    "shop",
    source(name="till"),
    source(SHARE, name="share"),
    depends_on=("till",),
    depth=2,
    checks=(
        SqlCheck(name="orders", query="select 1"),
        FilesCheck(name="all files", at_least=10),
        CommandCheck(name="ledger", argv=("test", "-s", "x")),
    ),
)


def test_of_an_error_one_file_comes_back_and_the_database_whole() -> None:
    plan = planned(asked("shop", scenario=Scenario.HUMAN_ERROR), None, service(), BOTH)

    (shop,) = plan.services  # nothing was taken: what it depends on is there
    assert (True, "", (), 2) == (shop.sample, shop.path, shop.depends_on, shop.depth)
    assert ["orders"] == [check.name for check in shop.checks]
    (said,) = (f for f in plan.findings if f.code == "checks-not-asked")
    assert said.message.endswith("2 checks of the whole cannot be asked: all files, ledger")


def test_a_path_that_is_named_comes_back_alone_from_whoever_saves_it() -> None:
    request = asked(scenario=Scenario.HUMAN_ERROR, path="/srv//share/a/../devis.ods")
    (shop,) = planned(request, None, service(), BOTH).services

    assert ("shop", "/srv/share/devis.ods", False, (), 1) == (
        shop.id,
        shop.path,
        shop.sample,
        shop.checks,
        shop.depth,
    )


def test_all_of_it_comes_back_where_that_is_asked_for() -> None:
    request = asked("till", scenario=Scenario.HUMAN_ERROR, whole=True)
    (till,) = planned(request, None, service(depth=2), BOTH).services

    assert (False, "", 2) == (till.sample, till.path, till.depth)


@pytest.mark.parametrize(
    ("services", "path", "said"),
    [
        ((), "/home/x", "/home/x is in no folder that any service saves"),
        (("till",), "/srv/share/x", "/srv/share/x is in no folder that till saves"),
        ((), "srv/share/x", "--path srv/share/x: not an absolute path"),
    ],
)
def test_a_path_that_nothing_saves_is_refused(
    services: tuple[str, ...], path: str, said: str
) -> None:
    with pytest.raises(Misused, match=said):
        planned(asked(*services, path=path), None, service(), BOTH)


def test_what_another_restic_makes_may_hold_any_path() -> None:
    old = service("old", source(WINDOWS, name="old"), objectives={None: Promise(rto=DAY, rpo=DAY)})

    assert ("old",) == one_path.owner(site(old), asked("old", path="/C/Users/x"))
