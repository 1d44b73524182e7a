"""When a recovery kit would not do: none, never opened, of other keys than today's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.decide.actions import Policies
from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.core.decide.wrong.holding import survey
from orchestrator.core.events import KeyRotated, KitExported, KitVerified, Observed
from orchestrator.core.fold import fold
from orchestrator.core.kit.fingerprint import with_key
from orchestrator.core.policy.model import Location, Promise
from restore_drills.model import Scenario
from tests import policies
from tests.records import NOW, backed_up, recorded

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.events import Event

DAY = timedelta(days=1)
KEYS = {"offsite": with_key("ab" * 16, "cc" * 32), "nas": "ab" * 16}
MADE = KitExported(site="bakery", kit="k1", holders=("us", "martin"), keys=KEYS, by="Zoe")
POINT = backed_up("b1")


def opened(holder: str, kit: str = "k1") -> KitVerified:
    return KitVerified(site="bakery", kit=kit, holder=holder, by="Zoe")


def seen(*, present: bool) -> Observed:
    detail = "offsite: what opens it is not what the kit has"
    return Observed(
        site="bakery", condition="kit-stale", present=present, detail=detail, remedy="Export."
    )


def asked(*facts: Event, after: timedelta, burglary: bool = True) -> tuple[str, datetime | None]:
    """What is said of the kit so long after the facts, and when to ask again."""
    till = policies.service()
    promise = Promise(rto=3 * DAY, rpo=DAY)
    if burglary:
        till = replace(till, objectives={**till.objectives, Scenario.BURGLARY: promise})
    plain = policies.site(till)
    offsite = policies.repository("offsite", Location.OFFSITE)
    site = replace(plain, repositories={**plain.repositories, "offsite": offsite})
    promised = Policies(sites={site.id: site}, provider=None, place="here")
    held, until = survey(fold(recorded(*facts)), promised, NOW + after)
    mine = [one for one in held if one.condition == Condition.KIT_STALE]
    assert len(mine) <= 1
    return (mine[0].summary if mine else "", until)


def test_a_site_that_promises_a_burglary_has_two_weeks_to_make_its_kit() -> None:
    assert "" == asked(POINT, after=13 * DAY)[0]
    assert "there is none" in asked(POINT, after=15 * DAY)[0]
    assert "" == asked(POINT, after=15 * DAY, burglary=False)[0]
    assert "" == asked(after=80 * DAY)[0], "nothing could be recovered yet"


def test_every_holder_has_five_weeks_to_open_it() -> None:
    assert "" == asked(POINT, MADE, after=34 * DAY)[0]
    assert "us never opened it; martin never" in asked(POINT, MADE, after=36 * DAY)[0]
    said = asked(POINT, MADE, opened("us"), after=36 * DAY)[0]
    assert ("martin" in said, "us never" in said) == (True, False)
    assert "" == asked(MADE, opened("us"), opened("martin"), after=300 * DAY, burglary=False)[0]


def test_a_kit_that_was_opened_long_ago_is_to_be_opened_again() -> None:
    both = (MADE, opened("us"), opened("martin"))

    assert "opened it last on" in asked(*both, after=401 * DAY)[0]


def test_the_verification_of_an_older_kit_does_not_count() -> None:
    assert "us never" in asked(MADE, opened("us", "k0"), after=36 * DAY)[0]


def test_what_the_daemon_saw_changed_holds_until_another_kit_is_made() -> None:
    both = (opened("us"), opened("martin"))

    assert "offsite: what opens it" in asked(MADE, *both, seen(present=True), after=DAY)[0]
    assert "" == asked(MADE, *both, seen(present=True), seen(present=False), after=DAY)[0]
    assert "" == asked(MADE, seen(present=True), replace(MADE, kit="k2"), after=DAY)[0]


def test_a_repository_that_is_not_in_it_makes_it_stale() -> None:
    assert "offsite is not in it" in asked(replace(MADE, keys={}), after=DAY)[0]


def test_a_revoked_recovery_key_makes_it_stale_and_another_key_does_not() -> None:
    gone = KeyRotated(
        site="bakery", repository="offsite", added="", revoked=("cc" * 32,), reason="", by="Zoe"
    )

    assert "recovery key of offsite was revoked" in asked(MADE, gone, after=DAY)[0]
    assert "" == asked(MADE, replace(gone, revoked=("dd" * 32,)), after=DAY)[0]


def test_time_alone_is_asked_again_when_it_matters() -> None:
    until = asked(MADE, after=DAY)[1]

    assert until is not None
    assert NOW + 35 * DAY <= until <= NOW + 36 * DAY
