from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from restore_drills.document import all_bytes, document, stamp
from restore_drills.errors import CannotRun
from restore_drills.model import (
    Finding,
    Kind,
    Label,
    LeadBasis,
    Objective,
    Severity,
    Status,
    Verdict,
)
from tests.builders import NOW, check, point, report, seconds, served, service

NUMBER = (int, float)
NULLABLE = (int, float, type(None))
# Every key of the document and the types that its value may have.
TOP: dict[str, Any] = {
    "schema": int, "run": str, "site": str, "scenario": str, "point": str,
    "exploratory": bool, "t0": str,
    "started_at": str, "place": str, "verdict": str, "objective": (str, type(None)),
    "label": str, "depth": int, "rta_s": NULLABLE, "lead_s": NULLABLE, "lead_basis": str,
    "time_to_recover_s": NULLABLE, "rpa_s": NULLABLE, "detection_lag_s": NULLABLE, "coverage": dict,
    "critical_path": list, "bytes_fetched": (int, type(None)), "services": list,
    "sandbox": (dict, type(None)), "tools": dict, "findings": list,
}  # fmt: skip
SERVICE: dict[str, Any] = {
    "id": str, "verdict": str, "objective": (str, type(None)), "label": str, "depth": int,
    "repository": (str, type(None)), "data_time": (str, type(None)), "policy_hash": str,
    "rta_s": NULLABLE, "lead_s": NULLABLE, "time_to_recover_s": NULLABLE, "rto_s": int,
    "rpa_s": NULLABLE, "rpo_s": int, "why": list,
    "path": (str, type(None)), "suspected_points": list, "snapshots": list,
    "files": (int, type(None)), "bytes": (int, type(None)), "verified_bytes": (int, type(None)),
    "skipped_files": list, "instants": dict, "offsets_s": dict, "steps": list, "checks": list,
}  # fmt: skip
SANDBOX: dict[str, Any] = {
    "mechanism": str, "uid": (int, type(None)), "network": bool, "limits": dict, "prep_s": NUMBER,
    "destroyed": bool, "proof": str,
}  # fmt: skip
CHECK: dict[str, Any] = {
    "name": str, "kind": str, "status": str, "mandatory": bool, "detail": str, "seconds": NUMBER,
    "value": NULLABLE,
}  # fmt: skip
FINDING: dict[str, Any] = {
    "code": str, "severity": str, "service": (str, type(None)), "message": str, "remedy": str,
}  # fmt: skip
SNAPSHOT: dict[str, Any] = {
    "source": str, "id": str, "original": (str, type(None)), "tree": str, "data_time": str,
}  # fmt: skip

TOLD = Finding(code="x", severity=Severity.INFO, message="m", remedy="r")
UNTRIED = served(
    checks=(), rta=None, rpa=None, stopped=CannotRun("x"), point=None, files=None, bytes=None,
    verified_bytes=None, offsets={"T5": 0.0}, steps=(),
)  # fmt: skip


def fits(value: dict[str, Any], form: dict[str, Any]) -> None:
    assert list(form) == list(value)
    assert {} == {k: v for k, v in value.items() if not isinstance(v, form[k])}


def test_one_path_is_a_part_of_what_its_point_holds() -> None:
    whole, one = served(bytes=2000), served(bytes=500, path="/srv/x")

    assert (2000, 2000) == (all_bytes([whole]), all_bytes([one]))
    found = document(report(one))
    assert ([500, 2000], "/srv/x") == (found["coverage"]["bytes"], found["services"][0]["path"])


def test_the_points_that_were_passed_over_are_told_and_how_late_the_virus_was_seen() -> None:
    told = served(passed_over=(point(NOW),))
    found = document(replace(report(told), undetected=timedelta(minutes=90)))

    assert ("first-suspected", 5400.0) == (found["point"], found["detection_lag_s"])
    (suspected,) = found["services"][0]["suspected_points"]
    assert {"run": point(NOW).run, "data_time": stamp(NOW)} == suspected


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "latest"),
        ({"t0": NOW}, "at"),
        ({"t0": NOW, "point": "random-within-30d"}, "random-within-30d"),
    ],
)
def test_how_the_instant_was_chosen_is_told(asked: dict[str, Any], said: str) -> None:
    assert said == document(report(**asked))["point"]


@pytest.mark.parametrize("one", [served(), UNTRIED, served(elsewhere=True)])
def test_every_document_has_every_key_with_its_type(one: Any) -> None:  # noqa: ANN401 - a report
    found = json.loads(json.dumps(document(report(one, findings=(TOLD,))), allow_nan=False))

    fits(found, TOP)
    fits(found["services"][0], SERVICE)
    fits(found["sandbox"], SANDBOX)
    fits(found["findings"][0], FINDING)
    for snapshot in found["services"][0]["snapshots"]:
        fits(snapshot, SNAPSHOT)
    for answer in found["services"][0]["checks"]:
        fits(answer, CHECK)
    for step in found["services"][0]["steps"]:
        fits(step, {"name": str, "seconds": NUMBER})
    assert found["verdict"] in set(Verdict)
    assert found["objective"] in {*Objective, None}
    assert found["label"] in set(Label)
    assert found["lead_basis"] in set(LeadBasis)


def test_a_proof_is_told_in_seconds_bytes_and_utc() -> None:
    found = document(report())
    one = found["services"][0]

    assert (1, "latest", "2026-11-23T11:29:00Z") == (found["schema"], found["point"], found["t0"])
    assert (13.2, 2400.0, 2413.2, 960.0) == (
        one["rta_s"],
        one["lead_s"],
        one["time_to_recover_s"],
        one["rpa_s"],
    )
    assert (14400, 1800) == (one["rto_s"], one["rpo_s"])
    assert "2026-11-23T11:29:13.200000Z" == one["instants"]["T8"]
    assert ["T5", "T5a", "T6", "T7", "T8"] == list(one["instants"])
    assert {"services": [1, 1], "bytes": [316_104_000, 316_104_000]} == found["coverage"]
    assert ("declared", ["till"]) == (found["lead_basis"], found["critical_path"])
    assert 1203.0 == one["checks"][-1]["value"]
    assert {"till", "till.roles"} == {s["source"] for s in one["snapshots"]}


def test_what_was_not_measured_is_null_and_never_zero() -> None:
    found = document(report(UNTRIED))
    one = found["services"][0]

    for name in ("rta_s", "time_to_recover_s", "rpa_s", "objective"):
        assert (None, None) == (found[name], one[name])
    for name in ("files", "bytes", "verified_bytes", "data_time"):
        assert None is one[name]
    assert (None, [0, None]) == (found["bytes_fetched"], found["coverage"]["bytes"])
    assert ("inconclusive", ["x"]) == (found["verdict"], one["why"])


def test_a_drill_without_a_sandbox_says_null() -> None:
    assert None is document(replace(report(), sandbox=None))["sandbox"]


def test_the_site_is_the_worst_of_its_services() -> None:
    slow = served(service(id="files", lead=timedelta(hours=1)), rta=seconds(60))
    failed = served(
        service(id="old", lead=None, lead_basis=LeadBasis.UNKNOWN),
        checks=(check(Kind.CONTENT, Status.FAIL),),
        rta=None,
        rpa=None,
        bytes=None,
    )

    both, three = document(report(served(), slow)), document(report(served(), slow, failed))

    assert (60.0, 3600.0, 3660.0, "held") == (
        both["rta_s"],
        both["lead_s"],
        both["time_to_recover_s"],
        both["objective"],
    )
    assert (None, None, None, "missed") == (
        three["rta_s"],
        three["lead_s"],
        three["time_to_recover_s"],
        three["objective"],
    )
    assert ("refuted", "unproven", 0) == (three["verdict"], three["label"], three["depth"])
    assert ([2, 3], "unknown") == (three["coverage"]["services"], three["lead_basis"])


def test_services_of_others_are_in_the_whole_and_not_in_the_proven() -> None:
    found = document(report(declared=("payroll", "mail")))

    assert [1, 3] == found["coverage"]["services"]


def test_a_chosen_instant_is_told() -> None:
    found = document(report(t0=datetime(2026, 11, 23, 11, tzinfo=UTC)))

    assert ("at", "2026-11-23T11:00:00Z") == (found["point"], found["t0"])


def test_bytes_come_from_what_was_restored_else_from_what_the_backup_counted() -> None:
    unsaid = replace(point(), snapshots={"x": replace(point().snapshots["till"], bytes=None)})

    assert 316_104_000 + 2000 == all_bytes([served(), served(bytes=None)])
    assert None is all_bytes([served(), served(bytes=None, point=unsaid)])
    assert None is all_bytes([served(), UNTRIED])


def test_an_instant_is_written_in_utc() -> None:
    assert "2026-11-23T11:29:00Z" == stamp(NOW.astimezone(timezone(timedelta(hours=5))))
