"""`pra drill` on a site that is well: the proof, its document, its options."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from restore_drills.process import of_run
from tests.site import DATABASE, FILES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.site import ClientSite

ADOPTED = """\
  ancien:
    source: {adopted: {repository: far, host: SRV-COMPTA, tags: [sage]}}
    objectives: {rto: 2d, rpo: 26h}
    checks: [{name: base, files: {at_least: 1}}]
  paie: {name: Paie, source: {external: {tool: editor, max_age: 26h}}}
"""


def test_a_site_that_comes_back_is_proven_and_its_document_tells_how(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(DATABASE + FILES.replace("checks:", "depends_on: [caisse]\n    checks:"))

    ran = site.drill()
    document = ran.json

    assert 0 == ran.code
    assert ("proven", "held", "measured") == tuple(
        document[key] for key in ("verdict", "objective", "label")
    )
    caisse, partage = document["services"]
    assert [2, 1] == [caisse["depth"], partage["depth"]]
    assert 1 == document["depth"]
    assert 2400.0 == document["lead_s"]
    assert "declared" == document["lead_basis"]
    assert document["time_to_recover_s"] == 2400.0 + document["rta_s"]
    assert caisse["offsets_s"]["T8"] <= partage["offsets_s"]["T6"]  # in depends_on order
    assert ["caisse", "partage"] == document["critical_path"]
    assert [2, 2] == document["coverage"]["services"]
    for service in document["services"]:
        assert service["bytes"] == service["verified_bytes"]
        instants = [service["offsets_s"][name] for name in ("T5", "T5a", "T6", "T7", "T8")]
        assert sorted(instants) == instants
        assert {"pass"} == {check["status"] for check in service["checks"]}
        assert {"content", "seal"} <= {check["kind"] for check in service["checks"]}
    assert 41 == partage["files"] + 1
    assert "15" == document["tools"]["postgresql"].split(".")[0]
    assert re.fullmatch(r"0\.1[89]\.\d+", document["tools"]["restic"])


def test_nothing_is_left_of_a_drill(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(DATABASE + FILES)

    document = site.drill().json

    sandbox = document["sandbox"]
    assert sandbox["destroyed"]
    assert not sandbox["network"]
    assert [] == of_run(document["run"])
    assert [] == [p for p in (site.state / "drills").rglob("*") if document["run"] in str(p)]
    assert [] == list((site.state / "cache").glob("drill-*"))
    assert not (os.geteuid() == 0 and sandbox["uid"] == 0)


def test_a_person_reads_one_line_a_step_then_the_answer(a_site: Callable[..., ClientSite]) -> None:
    ran = a_site(DATABASE).pra("drill", "acme", "--place", "srv-1")

    assert 0 == ran.code
    for step in ("fetch", "boot", "load", "check"):
        assert re.search(rf"caisse +{step} +\d+\.\d s", ran.err)
    assert re.search(
        r"If the server dies tonight: restored and answering \d+ s after you start, .*srv-1.*"
        r"40 min.*at most \d+ \w+ of work lost",
        ran.out,
    )
    assert re.search(r"Promised: .*4 h.*30 min.*: held", ran.out)


def test_the_answer_is_french_where_french_is_asked(a_site: Callable[..., ClientSite]) -> None:
    ran = a_site(DATABASE).pra("--lang", "fr", "drill", "acme")

    assert "Si le serveur tombe en panne cette nuit" in ran.out
    assert not re.search(r"\bR[TP][OA]\b", ran.out)


def test_a_machine_without_a_log_proves_from_the_policy_and_the_repository_alone(
    a_site: Callable[..., ClientSite], tmp_path: Path
) -> None:
    site = a_site(DATABASE + FILES)

    ran = site.pra("drill", "acme", "--json", "--state", str(tmp_path / "empty"))

    assert 0 == ran.code
    details = [c["detail"] for s in ran.json["services"] for c in s["checks"]]
    assert not any("pinned" in detail for detail in details)
    assert "pinned" in str(site.drill().json)


def test_an_adopted_snapshot_is_proven_and_an_external_service_only_declared(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(ADOPTED)
    site.restic("backup", str(site.source), "--host", "SRV-COMPTA", "--tag", "sage")

    ran = site.drill()
    document = ran.json

    assert 0 == ran.code
    assert ["ancien"] == [service["id"] for service in document["services"]]
    assert {"content", "files"} == {c["kind"] for c in document["services"][0]["checks"]}
    assert [1, 2] == document["coverage"]["services"]
    assert {"no-seal", "external-declared"} <= {f["code"] for f in document["findings"]}


def test_a_proof_elsewhere_says_so(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    policy = site.policies / "acme.yaml"
    policy.write_text(
        policy.read_text().replace(
            "lead:", "equipment: {nas-1: {kind: nas}}\nrecover_on: nas-1\nlead:"
        )
    )

    there, here = site.drill("--place", "provider-dc").json, site.drill("--place", "nas-1").json

    assert ("measured-elsewhere", "measured") == (there["label"], here["label"])


def test_without_a_declared_delay_the_objective_is_undeclared_and_there_is_no_total(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(FILES)
    policy = site.policies / "acme.yaml"
    policy.write_text(re.sub(r"lead: .*\n", "", policy.read_text()))

    ran = site.drill()
    document = ran.json

    assert 0 == ran.code
    assert ("proven", "undeclared") == (document["verdict"], document["objective"])
    assert document["rta_s"] > 0
    assert (None, None, "unknown") == (
        document["lead_s"],
        document["time_to_recover_s"],
        document["lead_basis"],
    )
    assert "lead-undeclared" in {f["code"] for f in document["findings"]}


def test_keep_leaves_the_restored_data_and_a_folder_in_use_is_refused(
    a_site: Callable[..., ClientSite], tmp_path: Path
) -> None:
    site = a_site(FILES)
    kept = tmp_path / "kept"

    ran = site.pra("drill", "acme", "--keep", str(kept))
    again = site.pra("drill", "acme", "--keep", str(kept))

    assert 0 == ran.code
    assert str(kept) in ran.out
    assert 40 == len(list(kept.rglob("pièce *.bin")))
    assert (2, True) == (again.code, "not empty" in again.err)


def test_a_dry_run_prints_the_steps_and_what_the_last_drill_took(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(DATABASE + FILES)

    before = site.pra("drill", "acme", "--dry-run", "--json").json["plan"]
    site.drill()
    after = site.pra("drill", "acme", "--dry-run", "--json").json["plan"]

    steps = [(row["step"], row["service"]) for row in before]
    assert [
        ("open far", None),
        *((["fetch", "boot", "load", "check"][i], "caisse") for i in range(4)),
        ("fetch", "partage"),
        ("check", "partage"),
    ] == steps
    assert {None} == {row["estimate_s"] for row in before}
    assert all(row["estimate_s"] >= 0 for row in after)


def test_at_takes_the_newest_point_before_that_instant(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    (backup,) = site.backup()["services"]
    first, usable_at = backup["snapshots"][0]["data_time"], backup["usable_at"]
    site.backup()

    now, then = site.drill().json, site.drill("--at", usable_at).json
    before = site.drill("--at", "2020-01-01")

    assert now["services"][0]["data_time"] > first
    assert (first, "at") == (then["services"][0]["data_time"], then["point"])
    assert 3 == before.code
    assert "no recovery point is older" in before.err


def test_what_the_policy_does_not_know_is_a_usage_error(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)

    for words, told in (
        (["drill", "acme", "nope"], "no service named nope"),
        (["drill", "acme", "--repository", "nope"], "no repository named nope"),
        (["drill", "acme", "--point", "random-within-x"], "no such point"),
        (["drill", "acme", "--point", "random-within-3d", "--at", "2026-01-01"], "one of them"),
        (["drill", "acme", "--path", "/elsewhere"], "in no folder that any service saves"),
        (["drill", "acme", "--scenario", "flood"], "no such scenario"),
        (["drill", "acme", "--at", "yesterday-ish"], "not a time"),
        (["drill", "acme", "--at", "2999-01-01"], "in the future"),
        (["drill", "acmee"], "acme"),
        (["dril", "acme"], "did you mean drill?"),
        (["drill"], "SITE"),
    ):
        ran = site.pra(*words)
        assert 2 == ran.code, ran
        assert told in ran.err, ran


def test_the_sources_of_a_service_come_back_side_by_side(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(
        "  bureau:\n"
        "    sources:\n"
        "      un: {files: {paths: [%(home)s/un]}}\n"
        "      deux: {files: {paths: [%(home)s/deux]}}\n"
        "    objectives: {rto: 4h, rpo: 30m}\n"
        "    checks:\n"
        "      - {name: one, command: [test, -s, %(inside)s/un/a.txt]}\n"
        "      - {name: two, command: [test, -s, %(inside)s/deux/b.txt]}\n",
        home="HOME",
        inside="INSIDE",
    )
    policy = site.policies / "acme.yaml"
    home = str(site.home)
    policy.write_text(policy.read_text().replace("HOME", home).replace("INSIDE", home[1:]))
    for name in ("un/a.txt", "deux/b.txt"):
        (site.home / name).parent.mkdir()
        (site.home / name).write_text("content")
    site.backup()

    ran = site.drill()

    assert 0 == ran.code
    (service,) = ran.json["services"]
    assert {"un", "deux"} == {snapshot["source"] for snapshot in service["snapshots"]}
    assert (2, 2) == (service["files"], service["depth"])
