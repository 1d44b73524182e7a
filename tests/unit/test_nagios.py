from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core.events import BackupFinished, Event, Outcome
from orchestrator.core.policy.model import Adopted, Source
from orchestrator.reports import nagios
from orchestrator.reports.plugin import Level, printed
from tests.records import NOW, acknowledged, backed_up, drilled, incident_opened, started
from tests.statuses import LATER, external, seen, service, site

# The grammar of the Monitoring Plugins: 'label'=value[UOM];[warn];[crit];[min];[max]
NUMBER = re.compile(r"('(?:[^'=]|'')+'|[^\s'=]+)=\d+s;\d*;\d*;?\d*;?\d*")


def fresh(run: str = "r1", of: str = "till") -> BackupFinished:
    """A backup whose data is a minute old when it is looked at."""
    made = backed_up(run)
    (snapshot,) = made.snapshots
    at = LATER - timedelta(minutes=1)
    return replace(made, service=of, usable_at=at, snapshots=(replace(snapshot, data_time=at),))


GOOD = (fresh(), drilled("d1"))


def told(*facts: Event, **asked: Any) -> tuple[int, str]:  # noqa: ANN401 - as `seen`
    return nagios.report(seen(*facts, **asked), LATER)


def test_all_is_well_in_one_line_with_numbers() -> None:
    code, text = told(*GOOD, daemon=7)

    assert 0 == code
    first, below = text.splitlines()
    assert (
        "PRA OK - 1 service, proven if the server fails, no more lost than promised"
        "|till_rpa=60s;;1800 till_worst_rpa=60s;;1800"
        " till_server-failure_time_to_recover=2414s;;14400"
    ) == first
    assert below.startswith("never drilled: till if a file is deleted or you are burgled or ")


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (
            (*GOOD, incident_opened("i1")),
            "incident P1 till backup-failed: the till is not backed up",
        ),
        ((fresh(), drilled("d1", verdict="refuted", why=["12 >= 1000"])), "12 >= 1000"),
        ((backed_up("r1"), drilled("d1")), "till: a failure now loses 2 h, promised 30 min"),
        ((drilled("d1"),), "till: no usable recovery point"),
        ((backed_up("r1", outcome=Outcome.PARTIAL), drilled("d1")), "no usable recovery point"),
    ],
)
def test_what_wakes_somebody_is_critical(facts: tuple[Event, ...], line: str) -> None:
    code, text = told(*facts)

    assert 2 == code
    assert text.startswith("PRA CRITICAL - ")
    assert line in text.splitlines()[0]


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (
            (*GOOD, replace(incident_opened("i1"), criticality="P3")),
            "incident P3 till backup-failed",
        ),
        ((fresh(),), "till: unproven if the server fails: never drilled"),
        ((fresh(), drilled("d1", policy_hash="h0")), "the policy changed since the proof"),
        ((fresh(), drilled("d1", LATER - timedelta(days=40))), "the proof is too old"),
        ((fresh(), drilled("d1", verdict="inconclusive", rta_s=None)), "not proven"),
    ],
)
def test_what_can_wait_for_the_morning_is_a_warning(facts: tuple[Event, ...], line: str) -> None:
    code, text = told(*facts)

    assert 1 == code
    assert text.startswith("PRA WARNING - ")
    assert line in text.splitlines()[0]


def test_an_overdue_backup_is_a_warning_unless_one_runs() -> None:
    often = site(service(every=timedelta(minutes=15)))
    begun = replace(started("r1"), slot=NOW)
    code, text = told(begun, *GOOD, of=often, daemon=7)

    assert (1, True) == (code, "till: its backup is overdue since 1 h 4" in text)
    assert 0 == told(*GOOD, begun, of=often, living={"r1": None}, daemon=7)[0]


def test_a_schedule_that_nobody_follows_is_a_warning() -> None:
    often = site(service(every=timedelta(minutes=15)))
    code, text = told(*GOOD, started("r1"), of=often, living={"r1": None})

    assert (1, True) == (code, text.startswith("PRA WARNING - nobody watches: start `pra daemon`|"))


def test_a_policy_that_cannot_be_read_is_a_warning_beside_the_others() -> None:
    fault = "policy: b.yaml:3: servcies: unknown key"
    code, text = nagios.report(seen(*GOOD, daemon=7), LATER, [fault])

    assert (1, True) == (code, text.startswith(f"PRA WARNING - {fault}|till_rpa="))


def test_the_worst_comes_first_and_the_rest_is_in_the_lines_below() -> None:
    incident = (incident_opened("i1"), acknowledged("i1"))
    lines = told(backed_up("r1"), *incident)[1].splitlines()

    assert "incident P1 till backup-failed, acknowledged by Zoe" in lines[0]
    assert "never drilled" not in lines[0]
    assert "WARNING: till: unproven if the server fails: never drilled" in lines
    assert "nobody watches: start `pra daemon`" == lines[-1]


def test_what_others_answer_for_is_not_ours_to_judge() -> None:
    code, alone = told(of=site(external()))

    assert 0 == told(*GOOD, of=site(service(), external()))[0]
    assert (0, True) == (code, alone.startswith("PRA OK - others answer for every service"))


def test_of_a_service_that_another_restic_copies_only_the_proof_is_judged() -> None:
    spec = Adopted(repository="offsite", host="SRV-1", tags=())
    adopted = service(sources=(Source(name="till", equipment=None, spec=spec),), backup_to=None)

    assert 0 == told(drilled("d1"), of=site(adopted))[0]


def test_without_a_site_nothing_is_known() -> None:
    found = replace(seen(), sites=())

    assert (3, "PRA UNKNOWN - no policy of any site") == nagios.report(found, LATER)


def test_several_sites_are_told_apart() -> None:
    one = seen(*GOOD)
    other = replace(seen().sites[0], site="garage")
    _, text = nagios.report(replace(one, sites=(*one.sites, other)), LATER)

    assert "garage till: no usable recovery point" in text
    assert "bakery_till_rpa=60s;;1800" in text


def test_what_a_client_writes_breaks_neither_line_nor_numbers() -> None:
    wicked = replace(incident_opened("i1"), summary="a|b=1s\nOK\t'x'")
    odd = site(service("l'été = chaud"))
    _, text = told(wicked, fresh(of="l'été = chaud"), of=odd)

    first, _, numbers = text.splitlines()[0].partition("|")
    assert "a/b=1s OK 'x'" in first
    assert ["'l''été _ chaud_rpa'=60s;;1800", "'l''été _ chaud_worst_rpa'=60s;;1800"] == [
        found[0] for found in NUMBER.finditer(numbers)
    ]


def test_whatever_is_wrong_it_fits_what_reads_it() -> None:
    names = [f"service-{number:03}" for number in range(300)]
    facts = [fresh(f"r{name}", name) for name in names]
    many = site(*(service(name) for name in names))
    _, text = told(*facts, of=many)

    assert 8192 > len(text.encode())
    first, _, numbers = text.splitlines()[0].partition("|")
    assert 320 > len(first)
    assert all(NUMBER.fullmatch(number) for number in numbers.split(" "))
    assert "and 571 more: see `pra status`" in text


def test_details_stop_where_there_is_no_more_room() -> None:
    text = printed(Level.WARNING, "first", ["a=1s"], ["é" * 200 + str(n) for n in range(30)])

    assert 8192 > len(text.encode())
    assert 10 < len(text.splitlines()) < 30
