from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.reports.drill import answer, text
from tests.builders import DATA_TIME, report, served, service
from tests.outcomes import (
    BOTH,
    EVERY,
    INCONCLUSIVE,
    LATE,
    MINUTE,
    MIXED,
    NO_LEAD,
    OLD,
    PROVEN,
    REFUTED,
    SHARE,
    UNDECLARED,
    failed,
)

if TYPE_CHECKING:
    from restore_drills.model import (
        Report,
    )

ENGLISH = [
    (
        PROVEN,
        (
            "If the server dies tonight: restored and answering 14 s after you start, proven "
            "just now on example-host; detection, decision and all else before that: "
            "40 min as declared, 41 min in all; at most 16 min of work lost; 100 % of bytes, "
            "1 of 1 services really restored.\n"
            "Promised: back within 4 h, at most 30 min lost: held."
        ),
    ),
    (
        UNDECLARED,
        (
            "If the server dies tonight: restoration proven in 14 s; the delay before it is "
            "not declared; at most 16 min of work lost; proven just now on example-host; 100 "
            "% of bytes, 1 of 1 services really restored.\n"
            "Promised: back within 4 h, at most 30 min lost: not known while the delay "
            "before it is not declared."
        ),
    ),
    (
        LATE,
        (
            "If the server dies tonight: NO, too late: restored and answering 2 min after "
            "you start, measured just now on example-host; detection, decision and "
            "all else before that: 40 min as declared, 42 min in all; at most 16 min of work "
            "lost; 100 % of bytes, 1 of 1 services really restored.\n"
            "Promised: back within 30 min, at most 30 min lost: MISSED."
        ),
    ),
    (
        REFUTED,
        (
            "If the server dies tonight: NO, the recovery fails for till; 50 % of bytes, 1 "
            "of 2 services really restored.\n"
            "Promised (till): back within 4 h, at most 30 min lost: MISSED.\n"
            "Promised (share): back within 4 h, at most 30 min lost: held."
        ),
    ),
    (
        INCONCLUSIVE,
        (
            "If the server dies tonight: not known, the drill could not run for till; this "
            "proves nothing; 0 of 1 services really restored.\n"
            "Promised: back within 4 h, at most 30 min lost: not known."
        ),
    ),
]
FRENCH = [
    (
        PROVEN,
        (
            "Si le serveur tombe en panne cette nuit : restauré et en service 14 s après le "
            "début de la reprise, démontré à l'instant sur example-host ; constat, décision "
            "et tout le reste auparavant : 40 min, selon ce qui est déclaré ; vous "
            "retravaillez dans 41 min ; vous perdez au plus 16 min de travail ; 100 % des "
            "octets, services réellement restaurés : 1 sur 1.\n"
            "Promis : retravailler sous 4 h, perdre au plus 30 min : tenu."
        ),
    ),
    (
        UNDECLARED,
        (
            "Si le serveur tombe en panne cette nuit : restauration démontrée en 14 s ; le "
            "délai avant reprise n'est pas déclaré ; vous perdez au plus 16 min de travail ; "
            "démontré à l'instant sur example-host ; 100 % des octets, services réellement "
            "restaurés : 1 sur 1.\n"
            "Promis : retravailler sous 4 h, perdre au plus 30 min : inconnu tant que le "
            "délai avant reprise n'est pas déclaré."
        ),
    ),
    (
        LATE,
        (
            "Si le serveur tombe en panne cette nuit : NON, trop tard : restauré et en "
            "service 2 min après le début de la reprise, mesuré à l'instant sur example-host "
            "; constat, décision et tout le reste auparavant : 40 min, selon ce qui est "
            "déclaré ; vous retravaillez dans 42 min ; vous perdez au plus 16 min de travail "
            "; 100 % des octets, services réellement restaurés : 1 sur 1.\n"
            "Promis : retravailler sous 30 min, perdre au plus 30 min : DÉPASSÉ."
        ),
    ),
    (
        REFUTED,
        (
            "Si le serveur tombe en panne cette nuit : NON, la reprise échoue pour till ; 50 "
            "% des octets, services réellement restaurés : 1 sur 2.\n"
            "Promis (till) : retravailler sous 4 h, perdre au plus 30 min : DÉPASSÉ.\n"
            "Promis (share) : retravailler sous 4 h, perdre au plus 30 min : tenu."
        ),
    ),
    (
        INCONCLUSIVE,
        (
            "Si le serveur tombe en panne cette nuit : on ne sait pas, l'exercice n'a pas pu "
            "avoir lieu pour till ; cela ne démontre rien ; services réellement restaurés : "
            "0 sur 1.\n"
            "Promis : retravailler sous 4 h, perdre au plus 30 min : inconnu."
        ),
    ),
]


@pytest.mark.parametrize(("drilled", "words"), ENGLISH)
def test_the_answer_in_english(drilled: Report, words: str) -> None:
    assert words == answer(drilled, lang="en")


@pytest.mark.parametrize(("drilled", "words"), FRENCH)
def test_the_answer_in_french(drilled: Report, words: str) -> None:
    assert words == answer(drilled, lang="fr")


@pytest.mark.parametrize(
    ("drilled", "start", "share"),
    [
        (OLD, "NO, too much is lost: restored", "at most 31 min of work lost"),
        (BOTH, "NO, too late and too much is lost: restored", "at most 31 min of work lost"),
        (report(served(NO_LEAD, rta=300 * MINUTE)), "NO, too late: restoration took 5 h; ", ""),
        (
            MIXED,
            "NO, the recovery fails for till; not known, the drill could not run for share; ",
            "1 of 3 services really restored",
        ),
    ],
)
def test_a_no_says_at_once_what_it_is_about(drilled: Report, start: str, share: str) -> None:
    found = answer(drilled, lang="en").partition("tonight: ")[2]

    assert found.startswith(start)
    assert share in found


def test_a_chosen_instant_is_named_in_local_time() -> None:
    then = report(t0=DATA_TIME + MINUTE)

    assert answer(then, lang="en", timezone="Europe/Paris").startswith(
        "If the server dies on 2026-11-23 12:14: "
    )
    assert answer(then, lang="fr", timezone="Europe/Paris").startswith(
        "Si le serveur tombe en panne le 23/11/2026 12:14 : "
    )


def test_a_proof_made_elsewhere_says_so_in_both_languages() -> None:
    elsewhere = report(served(elsewhere=True), elsewhere=True)

    assert "on example-host, not where you would recover;" in answer(elsewhere, lang="en")
    assert "sur example-host, qui n'est pas le lieu de reprise prévu ;" in answer(
        elsewhere, lang="fr"
    )
    assert ", measured elsewhere, " in text(elsewhere, timezone="UTC", lang="en")
    assert ", mesuré ailleurs, " in text(elsewhere, timezone="UTC", lang="fr")


def test_services_of_others_lower_the_coverage_and_under_the_floor_there_is_no_number() -> None:
    drilled = report(declared=("payroll", "mail"))

    above = answer(drilled, lang="en", floor=1 / 3)
    below = answer(drilled, lang="en", floor=0.5)

    assert "answering 14 s" in above
    assert above.splitlines()[0].endswith("; 1 of 3 services really restored.")
    assert below.splitlines()[0] == (
        "If the server dies tonight: not demonstrated, too little was really restored; "
        "1 of 3 services really restored."
    )


def test_times_and_losses_are_rounded_up_and_shares_down() -> None:
    whole = served(bytes=999)
    part = failed(plan=SHARE, bytes=1)

    found = answer(
        report(served(rta=timedelta(seconds=13.001), rpa=timedelta(seconds=60.5))), lang="en"
    )

    assert "answering 14 s after" in found
    assert "at most 61 s of work lost" in found
    assert "99 % of bytes, 1 of 2" in answer(report(whole, part), lang="en")


def test_days_are_days_in_french() -> None:
    found = answer(report(served(service(rto=timedelta(days=3)))), lang="fr")

    assert "retravailler sous 3 j," in found


@pytest.mark.parametrize("drilled", EVERY)
def test_a_french_manager_meets_none_of_our_words(drilled: Report) -> None:
    found = text(drilled, timezone="Europe/Paris", lang="fr")

    for word in (r"\bRT[OA]\b", r"\bRP[OA]\b", "(?i)refut", r"(?i)\bproven\b", r"(?i)\bmissed\b"):
        assert None is re.search(word, found), found
