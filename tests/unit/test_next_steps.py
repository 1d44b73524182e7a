"""What comes next in a disaster: the steps of the way back, each while it is lacking."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.clock import clock
from orchestrator.core.events import RecoverFinished, RunStarted, SitePaused, SiteResumed
from orchestrator.core.fold import fold
from orchestrator.core.incidents import incidents
from orchestrator.reports.next_steps import is_disaster, next_steps
from tests.clocks import HOUR, MINUTE, SILENT, log, mark, opened, recovered, recovering
from tests.records import acknowledged

if TYPE_CHECKING:
    from orchestrator.core.events import Event

Fact = tuple[timedelta, "Event"]
PAUSED = SitePaused(site="bakery", by="Zoe", reason="burgled", incident="aaaaaa")
BEGUN: tuple[Fact, ...] = ((11 * HOUR, opened()), (11 * HOUR, mark("T0", 0 * HOUR)))
TAKEN: tuple[Fact, ...] = (
    *BEGUN,
    (11 * HOUR + MINUTE, acknowledged("aaaaaa")),
    (11 * HOUR + 2 * MINUTE, PAUSED),
    (12 * HOUR, mark("T4", 12 * HOUR)),
    (14 * HOUR, recovering("r1")),
)
BACK: tuple[Fact, ...] = (*TAKEN, (14 * HOUR + MINUTE, recovered("r1", 14 * HOUR)))


def commands(*facts: Fact) -> list[str]:
    told = log(*facts)
    runs = [one for one in told if isinstance(one.event, RunStarted | RecoverFinished)]
    incident = incidents(told)["aaaaaa"]
    known = clock(incident, [one for one in told if one not in runs], runs)
    assert is_disaster(incident, known)
    return [command for command, _ in next_steps(incident, known, fold(told))]


def test_whoever_is_called_takes_it_stops_the_schedules_decides_and_recovers() -> None:
    assert [
        "pra ack aaaaaa",
        'pra pause bakery --reason "..." --incident aaaaaa',
        'pra decide aaaaaa "recover to ..."',
        "pra recover bakery --scenario burglary --incident aaaaaa --to DIR",
    ] == commands(*BEGUN)


def test_a_recovery_that_was_cut_short_is_what_is_still_to_be_done() -> None:
    again = "pra recover bakery --scenario burglary --incident aaaaaa --to DIR"
    assert [again] == commands(*TAKEN)

    silent = recovered("r1", 14 * HOUR, "inconclusive", till=SILENT)
    assert [again] == commands(*TAKEN, (14 * HOUR + MINUTE, silent))


def test_what_answers_is_accepted_then_the_site_lives_on_and_the_backlog_is_entered() -> None:
    assert ["pra accept aaaaaa --by NAME"] == commands(*BACK)

    accepted = (*BACK, (15 * HOUR, mark("T9", 15 * HOUR)))
    assert [
        "pra resume bakery --anew",
        "pra mark aaaaaa T10",
        "pra resolve aaaaaa",
    ] == commands(*accepted)

    resumed = SiteResumed(site="bakery", by="Zoe", note="", anew=True)
    over = (*accepted, (16 * HOUR, resumed), (17 * HOUR, mark("T10", 17 * HOUR)))
    assert ["pra resolve aaaaaa"] == commands(*over)
