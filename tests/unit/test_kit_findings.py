"""What a drill from a kit found, in French: with the names and instants of the English words."""

from __future__ import annotations

import pytest

from orchestrator.core import bare
from orchestrator.core.state import ServiceState, SiteState, Suspicion
from orchestrator.reports.bare import text
from orchestrator.reports.kit_findings import FRENCH, said
from restore_drills.model import Finding, Scenario, Severity
from tests.copied import check
from tests.unit.test_bare import KIT, NOW, POINT
from tests.unit.test_bare import said as document

GONE = "far: its config and keys are gone from the repository: no password opens it"
PUT_BACK = "The kit has them. Put them back: `pra repo restore-keys acme far --kit FILE`."
SHUT = "far: the password opens no key of the repository"
OLD_KIT = (
    "Take a newer kit. There is none? Where a copy still opens: `pra kit export acme -o FILE`."
)
TOLD = [
    ("kit-recovery-key", "far: its password is another one", "`pra kit export acme`", "far : le"),
    ("kit-repository-shut", GONE, PUT_BACK, "far : config and keys effacés"),
    ("kit-repository-shut", GONE, "This kit has no copy of them.", "far : config and keys effacés"),
    ("kit-repository-shut", SHUT, OLD_KIT, "far : le mot de passe du kit n'ouvre plus la copie"),
    ("kit-repository-shut", "far: it is locked", "Wait.", "far : la copie ne s'ouvre pas : it is"),
    (
        "policy-absent",
        "no policy of acme is in far, b: somebody removed it; 12 sealed points are there",
        "`restic snapshots --host acme`, `restic restore ID --target DIR`.",
        "aucune politique de acme dans far, b : effacée, ou jamais déposée ; 12 points scellés",
    ),
    (
        "policy-differs",
        (
            "b has another policy, of 2026-11-01 10:00 UTC; the newer one is used, of 2026-11-02"
            " 10:00 UTC in far"
        ),
        "",
        "b a une autre politique, du 2026-11-01 10:00 UTC ; la plus récente a servi, du 2026-11-02",
    ),
    (
        "policy-passed-over",
        "far: the policy of 2026-11-01 10:00 UTC was passed over: it is not what its tag says",
        "",
        "far : la politique du 2026-11-01 10:00 UTC a été écartée",
    ),
    (
        "policy-ahead",
        "far: a policy is dated 2037-01-01 00:00 UTC, in the future: not used",
        "",
        "far : une politique est datée du 2037-01-01 00:00 UTC",
    ),
    ("home-left", "the empty home is not gone: home is still there: /var/x", "", ": /var/x"),
]


def finding(code: str, message: str, remedy: str = "") -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, remedy=remedy)


@pytest.mark.parametrize(("code", "message", "remedy", "expected"), TOLD)
def test_what_opening_found_is_said_in_french(
    code: str, message: str, remedy: str, expected: str
) -> None:
    told, todo = said(finding(code, message, remedy), "fr")

    assert expected in told
    assert [word for word in ("Put them", "This kit", "Find out") if word in todo] == []
    assert (message, remedy) == said(finding(code, message, remedy), "en")


def test_every_finding_of_the_core_has_french_words() -> None:
    site = check().sites["acme"]
    cleared = Suspicion(run="r1", since=NOW, signs=(), until=NOW, cleared=True)
    known = SiteState(
        services={"files": ServiceState(suspicions=(cleared,))}, leads={"burglary": 7200.0}
    )
    skipped = document(findings=[{"code": "suspected-skipped", "service": "files"}])
    pinned = {POINT["id"] or "": "other"}
    found = [
        bare.used(KIT, "us"),
        bare.nothing_left("acme"),
        bare.unreadable("far", ["acme.yaml:1: a fault"]),
        bare.unreadable("far", []),
        *bare.differences(site, KIT),
        *bare.missed(known, pinned, skipped, Scenario.BURGLARY),
    ]

    for one in found:
        assert one.code in FRENCH
        assert one.message != said(one, "fr")[0], one
    assert "2 h" in next(said(one, "fr")[0] for one in found if one.code == "lead-not-in-kit")


def test_what_has_other_words_by_now_stays_english() -> None:
    assert ("who knows", "do it") == said(finding("policy-ahead", "who knows", "do it"), "fr")


def test_the_command_that_puts_keys_back_is_kept() -> None:
    assert (
        "`pra repo restore-keys acme far --kit FILE`"
        in said(finding("kit-repository-shut", GONE, PUT_BACK), "fr")[1]
    )


def test_the_answer_of_a_kit_that_gave_nothing_is_french_to_the_end() -> None:
    answer = {
        "verdict": "refuted",
        "bare": {"kit": "k1", "holder": "us", "policy": None, "times": []},
    }

    told = text(answer, "", [bare.nothing_left("acme")], "home absent", "fr")

    assert told.startswith("erreur : aucune copie ne survit")
    assert "ÉCHEC : rien ne revient de ce kit." in told
    assert told.endswith("Depuis le kit k1, ouvert par us ; home absent.")
