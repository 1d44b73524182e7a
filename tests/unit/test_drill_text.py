from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.reports.drill import answer, step_line, text
from orchestrator.reports.phrases import PHRASES
from restore_drills import findings
from restore_drills.errors import CannotRun, Damaged
from restore_drills.model import (
    Finding,
    Kind,
    Report,
    ServiceReport,
    Severity,
    Status,
    Step,
    Verdict,
)
from tests.builders import GREEN, RTA, check, report, served, service
from tests.outcomes import (
    INCONCLUSIVE,
    LATE,
    MINUTE,
    NO_LEAD,
    OLD,
    PROVEN,
    REFUTED,
    SHARE,
    failed,
    untried,
)


def test_the_whole_text_of_a_proof() -> None:
    found = text(PROVEN, timezone="Europe/Paris", lang="en")

    head = (
        "bakery: drill of 2026-11-23 12:29 on example-host, run 20261123T112900Z-cccccc\n"
        "\n"
        "till  PROVEN        answering 14 s after the start, measured, depth 2\n"
        "                    data of 2026-11-23 12:13, 1016 files, 316.1 MB, 3 of 3 checks passed\n"
        "\n"
    )
    assert head + answer(PROVEN, lang="en", timezone="Europe/Paris") == found


def test_the_whole_text_of_a_failure_ends_with_what_to_do() -> None:
    found = text(REFUTED, timezone="Europe/Paris", lang="fr").splitlines()

    assert [
        "till   ÉCHEC          aucune durée mesurée, niveau de preuve 1",
        (
            "                      données du 23/11/2026 12:13, 1016 fichiers, 316,1 Mo, contrôles "
            "réussis : 2 sur 3"
        ),
        "                      - orders: 3 is not >= 1000",
        "share  DÉMONTRÉ       en service 14 s après le début, mesuré, niveau de preuve 1",
    ] == found[2:6]
    assert [
        "Que faire :",
        (
            "  till : Regardez la base en service et ce qui en a été sauvegardé ; puis "
            "sauvegardez et refaites l'exercice."
        ),
    ] == found[-2:]


def test_checks_that_were_never_asked_are_not_counted_as_passed() -> None:
    found = text(INCONCLUSIVE, timezone="UTC", lang="en")

    assert "nothing was restored, 0 of 1 checks passed" in found
    assert "- offsite: it does not answer" in found


def test_an_advisory_check_that_failed_is_told_with_a_proof() -> None:
    advice = check(Kind.FILES, Status.FAIL, mandatory=False, name="photos", detail="3 files")

    found = text(report(served(checks=(*GREEN, advice))), timezone="UTC", lang="en")

    assert "- advisory: photos: 3 files" in found
    assert "3 of 4 checks passed" in found


@pytest.mark.parametrize(
    ("drilled", "why"),
    [
        (LATE, "- back after 42 min, promised within 30 min"),
        (OLD, "- 31 min of work lost, promised at most 30 min"),
        (
            report(served(service(checks=(), depth=2), checks=GREEN[:2])),
            "- proof of depth 1, the policy demands 2",
        ),
    ],
)
def test_a_missed_demand_is_told_with_both_figures(drilled: Report, why: str) -> None:
    assert why in text(drilled, timezone="UTC", lang="en")


LOST = Damaged("no copy survives: nas goes with it")
FIRST_STEPS = [
    (failed(remedy="Call the editor."), "Call the editor."),
    (failed(), "Look at the live database and at what was dumped; then back up and drill again."),
    (untried(), "Remove the cause above and drill again: `pra drill bakery till`."),
    (
        untried(plan=service(repository=None), stopped=LOST),
        "Keep a copy where this does not reach it.",
    ),
    (
        untried(stopped=Damaged("never backed up")),
        "See `pra history bakery`; then back it up: `pra backup bakery till`.",
    ),
    (
        served(service(checks=(), depth=2), checks=GREEN[:2]),
        "Add a check that reads the data, by sql or command, or demand less depth.",
    ),
    (served(rpa=31 * MINUTE), "Back up more often, or promise less."),
    (
        served(service(rto=30 * MINUTE)),
        "The declared delay alone breaks the promise: shorten it, or promise less.",
    ),
    (
        served(rta=300 * MINUTE),
        "See above which step took long; shorten it, or promise less.",
    ),
    (
        served(NO_LEAD, rta=300 * MINUTE),
        "See above which step took long; shorten it, or promise less.",
    ),
]


@pytest.mark.parametrize(("one", "remedy"), FIRST_STEPS)
def test_every_no_comes_with_a_first_thing_to_do(one: ServiceReport, remedy: str) -> None:
    assert f"What to do:\n  till: {remedy}" == "\n".join(
        text(report(one), timezone="UTC", lang="en").splitlines()[-2:]
    )


def test_what_to_do_begins_with_what_failed_and_leaves_out_what_is_proven() -> None:
    found = text(
        report(untried(plan=SHARE), served(service(id="shop")), failed()), timezone="UTC", lang="en"
    )

    todo = found.partition("What to do:\n")[2].splitlines()
    assert ["till", "share"] == [line.strip().partition(":")[0] for line in todo]


def test_findings_are_told_once_for_all_the_services_that_share_them() -> None:
    told = (
        findings.no_lead(service()),
        findings.no_lead(SHARE),
        Finding(code="x", severity=Severity.INFO, message="a word", remedy="Do it."),
    )

    english = text(report(findings=told), timezone="UTC", lang="en")
    french = text(report(findings=told), timezone="UTC", lang="fr")

    assert (
        "warning: till, share: the delay before the restoration is not declared: "
        "no time to recover\n"
        "  Declare `lead:` (detect and decide) in the policy.\n"
        "info: a word\n"
        "  Do it.\n"
    ) in english
    assert "attention : till, share : le délai avant reprise n'est pas déclaré" in french
    assert "information : a word\n" in french


def test_a_step_that_ended_is_one_line() -> None:
    assert "  till             fetch       9.1 s" == step_line(
        "till", Step(name="fetch", began=0.7, seconds=9.12)
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_told_in_both_languages(verdict: Verdict) -> None:
    for lang in PHRASES:
        one = replace(served(), verdict=verdict)

        assert PHRASES[lang][verdict.upper()] in text(report(one), timezone="UTC", lang=lang)


def test_a_drill_of_nothing_can_still_be_told() -> None:
    nothing = replace(INCONCLUSIVE, services=())

    assert "0 of 0 services" in text(nothing, timezone="UTC", lang="en")


def test_rta_of_a_stopped_drill_is_never_told() -> None:
    odd = served(rta=RTA, stopped=CannotRun("an advisory check could not run"))

    assert "14 s" not in text(report(odd), timezone="UTC", lang="en")


def test_verbose_adds_the_checks_that_passed() -> None:
    brief = text(PROVEN, timezone="Europe/Paris", lang="en")
    full = text(PROVEN, timezone="Europe/Paris", lang="en", verbose=True)

    passed = PROVEN.services[0].checks
    assert all(f"pass  {c.name}: {c.detail}" in full for c in passed)
    assert not any(c.detail in brief for c in passed)
