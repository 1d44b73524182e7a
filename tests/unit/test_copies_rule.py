"""3-2-1-1-0: each figure of it, with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.copies.rule import Point, points
from orchestrator.core.events import CopyFinished, RelockFinished, VerifyFinished
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import Immutable, Location, LockMode
from orchestrator.core.state import State
from tests.policies import PAYROLL, WINDOWS, repository, service, site, source
from tests.records import NOW, backed_up, drilled, recorded

if TYPE_CHECKING:
    from orchestrator.core.events import Event
    from orchestrator.core.policy.model import Site

NAS = repository("nas", Location.ONSITE, "nas-1")
FAR = replace(
    repository("offsite", Location.OFFSITE),
    immutable=Immutable(mode=LockMode.COMPLIANCE, period=timedelta(days=30)),
)
BAKERY = site(service(copy_to=("nas",)), repositories={"offsite": FAR, "nas": NAS})
COPIED = CopyFinished(
    run="r2",
    site="bakery",
    service="till",
    origin="offsite",
    repository="nas",
    point="r1",
    snapshots=backed_up("r1").snapshots,
    usable_at=NOW,
    points=1,
    seconds=1.0,
)
LOCKED = RelockFinished(
    run="r3",
    site="bakery",
    repository="offsite",
    objects=9,
    extended=0,
    bare=0,
    least_until=NOW + timedelta(days=20),
    least_key="config",
    problems=(),
    seconds=1.0,
)


def verified(name: str, *, sound: bool = True) -> VerifyFinished:
    return VerifyFinished(
        run=f"v-{name}",
        site="bakery",
        repository=name,
        part=1,
        parts=1,
        sound=sound,
        damage=(),
        packs=None,
        read_bytes=None,
        seconds=1.0,
    )


def known(*events: Event) -> State:
    return fold(recorded(*events))


def said(of: Site, state: State) -> dict[str, Point]:
    return {point.code: point for point in points(of, state, NOW)}


def test_a_site_that_has_all_of_it_is_told_so_with_reasons() -> None:
    state = known(
        backed_up("r1"), COPIED, LOCKED, verified("offsite"), verified("nas"), drilled("d1")
    )

    found = points(BAKERY, state, NOW)

    assert [] == [point for point in found if not point.holds]
    assert ["3 copies", "2 media", "1 copy off the site", "1 copy that nobody can delete"] == [
        point.title for point in found[:4]
    ]
    assert "in offsite" == found[2].why
    assert all(not point.remedy for point in found)


def test_a_copy_that_the_policy_names_and_nobody_made_is_none() -> None:
    found = said(BAKERY, known(backed_up("r1")))

    assert not found["copies-three"].holds
    assert "till has 2, production counted" == found["copies-three"].why
    assert found["copies-media"].holds


def test_production_alone_holds_nothing_of_it() -> None:
    found = points(BAKERY, State(), NOW)

    assert [] == [point for point in found if point.holds and point.code != "copies-errors"]
    assert "all of till is on one machine" == found[1].why


def test_a_copy_beside_the_data_is_no_other_medium() -> None:
    beside = site(service(backup_to="nas"), repositories={"nas": replace(NAS, equipment=None)})
    machine = site(service(backup_to="nas"), repositories={"nas": replace(NAS, equipment="srv-1")})
    state = known(replace(backed_up("r1"), repository="nas"))

    assert not said(machine, state)["copies-media"].holds
    assert not said(beside, state)["copies-media"].holds
    assert not said(beside, state)["copies-offsite"].holds


def test_a_lock_counts_while_a_relock_found_it_whole() -> None:
    def holds(*events: Event) -> bool:
        return said(BAKERY, known(backed_up("r1"), *events))["copies-immutable"].holds

    assert holds(LOCKED)
    assert not holds()
    remedy = said(BAKERY, known(backed_up("r1")))["copies-immutable"].remedy
    assert "pra repo relock bakery" in remedy
    assert not holds(replace(LOCKED, problems=("the bucket has no Object Lock",)))
    assert not holds(replace(LOCKED, least_until=NOW - timedelta(seconds=1)))


def test_what_is_unplugged_or_held_by_its_server_cannot_be_deleted() -> None:
    plain = repository("offsite", Location.OFFSITE)
    for one in (
        replace(plain, rotation=timedelta(weeks=1)),
        replace(plain, append_only=True),
    ):
        kept = site(service(), repositories={"offsite": one})
        assert said(kept, known(backed_up("r1")))["copies-immutable"].holds


def test_an_error_is_damage_what_nobody_read_or_what_no_drill_proved() -> None:
    state = known(
        backed_up("r1"), COPIED, verified("nas", sound=False), drilled("d1", verdict="refuted")
    )

    found = said(BAKERY, state)["copies-errors"]

    assert not found.holds
    for words in (
        "nas is damaged",
        "nothing has read offsite",
        "no drill has proven till",
    ):
        assert words in found.why
    assert "Run `pra verify bakery` and `pra drill bakery`." == found.remedy


def test_somebody_else_s_service_is_not_counted_and_an_adopted_one_is_where_it_says() -> None:
    theirs = site(service("payroll", source(PAYROLL, None, "payroll")))
    adopted = site(service("windows", source(WINDOWS, None, "windows")))

    assert () == points(theirs, State(), NOW)
    assert said(adopted, State())["copies-offsite"].holds
