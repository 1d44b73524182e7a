from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from orchestrator.core.decide import decide
from orchestrator.core.decide.actions import Page, Policies, Say, StartBackup, StartDrill
from orchestrator.core.decide.starts.backups import backups
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import Business
from orchestrator.core.state import State
from tests import policies, records
from tests.oncall import FRIDAY, HOUR, MINUTE, PROVIDER, client

TILL = policies.service(every=15 * MINUTE)
SAGE = policies.service("sage", policies.source(policies.WINDOWS))
SITE = client(
    TILL,
    SAGE,
    drills=None,
    business=Business(employees=None, hours=(), holidays=None, closed=()),
)
PROMISED = Policies(sites={SITE.id: SITE}, provider=PROVIDER, place="here")


def test_pages_come_first_then_incidents_then_backups_then_drills() -> None:
    broken = replace(records.incident_opened("aaaaaa"), condition="reported", chain="wake")
    state = fold(records.recorded(broken, records.observed("disk-short"), at=FRIDAY))

    decision = decide(state, PROMISED, FRIDAY + MINUTE)

    kinds = [type(action) for action in decision.actions]
    assert [Page, Say, StartBackup, StartDrill] == [kind for kind, _ in groupby(kinds)]


def test_it_asks_again_at_the_first_instant_at_which_anything_may_change() -> None:
    state = fold(records.recorded(records.started("r1"), records.backed_up("r1"), at=FRIDAY))
    _, next_backup = backups(state, PROMISED, FRIDAY + MINUTE)

    decision = decide(state, PROMISED, FRIDAY + MINUTE)

    assert next_backup is not None
    assert decision.wake_at is not None
    assert FRIDAY + MINUTE < decision.wake_at <= next_backup


def test_without_sites_there_is_nothing_to_do_and_nothing_to_wait_for() -> None:
    nobody = Policies(sites={}, provider=None, place="here")

    decision = decide(State(), nobody, FRIDAY)

    assert ((), None) == (decision.actions, decision.wake_at)


def test_the_same_state_gives_the_same_decision_however_often_it_is_asked() -> None:
    state = fold(records.recorded(records.observed("disk-short"), at=FRIDAY))

    first = decide(state, PROMISED, FRIDAY + MINUTE)
    decide(state, PROMISED, FRIDAY + 9 * HOUR)

    assert first == decide(state, PROMISED, FRIDAY + MINUTE)
