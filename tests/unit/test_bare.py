"""A site as a kit alone gives it back, and what a log knows better."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.core import policy
from orchestrator.core.bare import (
    Files,
    Handed,
    differences,
    fitted,
    missed,
    unknown,
    unopened,
    used,
)
from orchestrator.core.kit.contents import Keys, Kit, KitRepository
from orchestrator.core.policy.model import Location
from orchestrator.core.policy.plain import plain
from orchestrator.core.policy.write import as_yaml
from orchestrator.core.state import ServiceState, SiteState, Suspicion
from restore_drills.model import Finding, Scenario, Severity, Step, Verdict
from tests.copied import PROVIDER, check

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FAR = KitRepository(
    id="far",
    url="s3:https://s3.example.net/acme",
    location="offsite",
    password="secret",
    restic="",
    region="eu",
    s3=Keys(access_key="A", secret_key="S"),
)
KIT = Kit(
    kit="k1",
    site="acme",
    name="Acme",
    at=NOW,
    language="fr",
    timezone="Europe/Paris",
    holders=("us", "them"),
    repositories=(FAR,),
    recovery="",
)
FILES = {"far": Files(password="/r/p", access_key="/r/a", secret_key="/r/s")}
SITE = check().sites["acme"]
POINT = {"source": "files", "id": "a" * 64, "original": None, "tree": "t" * 64}


def test_a_kit_s_keys_open_its_repositories_and_the_others_are_as_good_as_gone() -> None:
    site = fitted(SITE, KIT, FILES)

    far = site.repositories["far"]
    assert (("/r/p",), "eu") == (far.password.value, far.s3 and far.s3.region)
    assert far.immutable is not None
    others = {name: r.location for name, r in site.repositories.items() if name != "far"}
    assert {Location.ONSITE} == set(others.values())


def test_one_that_did_not_open_is_as_good_as_gone_too() -> None:
    site = fitted(SITE, KIT, FILES, frozenset({"far"}))

    assert Location.ONSITE == site.repositories["far"].location


def test_no_service_waits_before_a_copy_that_does_not_open() -> None:
    held = [replace(FAR, id=name) for name in SITE.repositories]
    kit = replace(KIT, repositories=tuple(held))
    files = dict.fromkeys(SITE.repositories, FILES["far"])

    near = fitted(SITE, kit, files, frozenset({"near"})).services["files"]
    nothing = fitted(SITE, kit, files, frozenset(SITE.repositories)).services["files"]

    assert ("far", ("disk",)) == (near.backup_to, near.copy_to)
    assert SITE.services["files"] == nothing


def test_the_policy_that_is_written_for_the_child_reads_back_as_the_fitted_site() -> None:
    site = fitted(SITE, KIT, FILES)
    texts = {"provider.yaml": PROVIDER, "acme.yaml": as_yaml(plain(site))}

    read = policy.check(texts)

    assert () == read.errors
    assert site.repositories["far"] == read.sites["acme"].repositories["far"]


def test_an_address_that_has_not_changed_leaves_the_hash_of_the_policy_what_it_was() -> None:
    texts = {"provider.yaml": PROVIDER, "acme.yaml": as_yaml(plain(SITE))}
    kit = replace(
        KIT,
        repositories=tuple(
            replace(FAR, id=r.id, url=r.url, location=str(r.location), s3=None)
            for r in SITE.repositories.values()
        ),
    )
    again = as_yaml(plain(fitted(SITE, kit, dict.fromkeys(SITE.repositories, FILES["far"]))))

    before = policy.check(texts).sites["acme"].services["files"].policy_hash
    after = policy.check({**texts, "acme.yaml": again}).sites["acme"].services["files"].policy_hash

    assert before == after


def test_what_the_kit_lacks_or_has_elsewhere_is_said() -> None:
    moved = replace(KIT, repositories=(replace(FAR, url="s3:https://elsewhere.example.net/x"),))

    said = {(one.code, one.message.split()[0]) for one in differences(SITE, moved)}

    assert ("kit-address-differs", "far:") in said
    assert {"kit-address-differs", "kit-lacks-repository"} == {code for code, _ in said}


def test_what_was_handed_over_comes_back_as_it_was() -> None:
    handed = Handed(run="r1", kit="k1", began=12.5, kit_s=0.25, findings=(used(KIT, "us"),))
    handed = replace(handed, opening=("--kit=/k.zip", "--holder=us"))

    assert handed == Handed.read(handed.plain())


def test_a_database_s_own_password_and_a_value_of_the_last_proof_are_in_no_kit() -> None:
    service = """\
  till:
    criticality: P1
    source:
      postgresql: {host: h, port: 5432, user: u, password: {env: PW}, database: d}
      equipment: srv
    objectives: {rto: 4h, rpo: 1h}
    backup: {to: near, copy_to: [far], every: 15m}
    checks: [{name: orders, sql: select 1, not_below: 95%, expect: ">= 1"}]
"""
    site = check(("retention:", f"{service}retention:"), ("services:\n", "services:\n")).sites[
        "acme"
    ]

    assert {("last-value-unknown", "till"), ("secret-not-in-kit", "till")} == {
        (one.code, one.service) for one in unknown(site)
    }


@pytest.mark.parametrize(
    ("tree", "expected"), [("t" * 64, []), ("other", ["pinned-not-in-kit"]), (None, [])]
)
def test_another_tree_than_the_log_pinned_is_said(tree: str | None, expected: list[str]) -> None:
    pinned = {} if tree is None else {POINT["id"] or "": tree}

    assert expected == [one.code for one in missed(SiteState(), pinned, said(), Scenario.BURGLARY)]


def test_an_observed_lead_is_said_where_the_declared_one_was_used() -> None:
    known = SiteState(leads={"burglary": 7200.0})

    (found,) = missed(known, {}, said(), Scenario.BURGLARY)

    assert ("lead-not-in-kit", True) == (found.code, "2 h" in found.message)
    assert [] == list(missed(known, {}, said(lead_basis="observed"), Scenario.BURGLARY))
    assert [] == list(missed(known, {}, said(), Scenario.RANSOMWARE))


def test_an_acquittal_is_said_where_points_were_passed_over() -> None:
    cleared = Suspicion(run="r1", since=NOW, signs=(), until=NOW, cleared=True)
    known = SiteState(services={"files": ServiceState(suspicions=(cleared,))})
    skipped = [{"code": "suspected-skipped", "service": "files"}]

    found = list(missed(known, {}, said(findings=skipped), Scenario.BURGLARY))

    assert ["acquittal-not-in-kit"] == [one.code for one in found]
    assert [] == list(missed(known, {}, said(), Scenario.BURGLARY))


def test_one_that_came_to_no_service_has_a_document_all_the_same() -> None:
    why = Finding(code="c", severity=Severity.ERROR, message="m", remedy="r")

    document = unopened(
        KIT,
        run="r1",
        scenario=Scenario.BURGLARY,
        place="here",
        started_at=NOW,
        verdict=Verdict.REFUTED,
        before=[Step(name="kit", began=0.0, seconds=1.0)],
        findings=[why],
        tools={},
    )

    assert ("refuted", [], None) == (document["verdict"], document["services"], document["rta_s"])
    assert ["c"] == [one["code"] for one in document["findings"]]


def said(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any member
    return {
        "lead_basis": "declared",
        "findings": [],
        "services": [{"id": "files", "snapshots": [POINT]}],
        **changes,
    }
