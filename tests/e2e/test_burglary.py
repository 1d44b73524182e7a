"""After a burglary: a kit, a machine with nothing, and what is off site."""

from __future__ import annotations

import json
import re
import shutil
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.reports.words import duration
from tests.burgled import PASSWORDS, Machine, Office, typed
from tests.quick import make, upload

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket

PHRASE = "what the client knows by heart"
OPENING = {"kit", "policy"}
TILL = """\
  caisse:
    criticality: P1
    source:
      postgresql: {host: %(host)s, port: %(port)s, user: %(user)s, database: %(database)s}
      equipment: srv
    objectives: {rto: 2d, rpo: 4h}
    backup: {to: near, copy_to: [far]}
    checks: [{name: orders, sql: "select count(*) from orders", expect: ">= 1000"}]
"""
ELSEWHERE = """\
  third: {url: "%(home)s/third", password: {file: %(secrets)s/near}, location: offsite}
"""


@pytest.fixture(scope="session")
def first_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The office, backed up to both repositories."""
    office = Office(tmp_path_factory.mktemp("office") / "acme")
    office.fill(20)
    office.policy()
    for name, password in PASSWORDS.items():
        make(office.home / name, password)
    ran = office.pra("backup", "acme", "--json")
    assert 0 == ran.code, ran
    return office


@pytest.fixture
def office(first_office: Office, tmp_path: Path) -> Office:
    """A copy of it, to be burgled."""
    shutil.copytree(first_office.home, tmp_path / "acme", symlinks=True)
    copy = Office(tmp_path / "acme")
    copy.policy()
    return copy


@pytest.fixture
def machine(office: Office, tmp_path: Path) -> Machine:
    """A machine with nothing."""
    return Machine(office, tmp_path / "elsewhere")


def codes(document: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in document["findings"]}


def said(document: dict[str, Any], code: str) -> str:
    return next(str(f["message"]) for f in document["findings"] if f["code"] == code)


def remedy(document: dict[str, Any], code: str) -> str:
    return next(str(f["remedy"]) for f in document["findings"] if f["code"] == code)


def test_from_the_kit_alone_the_site_comes_back_from_its_bucket(
    office: Office, machine: Machine, s3: S3Server, bucket: Bucket
) -> None:
    upload(office.far, s3.client(), bucket.name, "")
    shutil.rmtree(office.far)
    office.secret("access", s3.access_key)
    office.secret("secret", s3.secret_key)
    office.policy(far=bucket.url, s3=True)
    kit = office.kit("--no-recovery-key")
    office.burgled()

    ran = machine.drill(kit, "--scenario", "burglary")
    document = ran.json
    (service,) = document["services"]

    assert (0, "proven", "burglary") == (ran.code, document["verdict"], document["scenario"])
    assert ("far", 20, 20) == (
        service["repository"],
        service["files"],
        sum(1 for path in office.stolen.rglob("*") if path.is_file()),
    )
    assert ["kit", "policy", "fetch"] == [step["name"] for step in service["steps"]][:3]
    before = sum(step["seconds"] for step in service["steps"][:2])
    assert before < service["offsets_s"]["T5a"] < service["rta_s"]
    assert {"from-kit"} <= codes(document)
    assert "home absent, no process of the run" == document["bare"]["proof"]
    assert "far" == document["bare"]["policy"]["repository"]
    assert [] == machine.left()
    (run,) = machine.pra("history", "acme", "--policies", str(office.home), "--json").json["runs"]
    assert ("drill", "proven") == (run["kind"], run["outcome"])


def test_what_is_taken_is_not_used_though_it_is_still_there_nor_for_another_site(
    office: Office, machine: Machine
) -> None:
    kit = office.kit("--no-recovery-key")

    document = machine.drill(kit).json
    other = machine.pra("drill", "bakery", *machine.opening(kit))

    assert 2 == other.code
    assert "this is the kit of acme, not of bakery" in other.err
    assert ("burglary", "far") == (document["scenario"], document["services"][0]["repository"])
    assert 32_400 == document["lead_s"]


def test_a_copy_whose_key_the_kit_lacks_is_as_good_as_stolen(
    office: Office, machine: Machine
) -> None:
    kit = office.kit("--no-recovery-key")
    office.policy(more=ELSEWHERE, copies="far, third")
    make(office.home / "third", PASSWORDS["near"])
    assert 0 == office.pra("backup", "acme").code
    office.burgled()

    document = machine.drill(kit).json

    assert ("proven", "far") == (document["verdict"], document["services"][0]["repository"])
    assert "the kit has no key of third" in said(document, "kit-lacks-repository")


def test_a_copy_on_the_stolen_nas_alone_means_that_nothing_comes_back(
    office: Office, machine: Machine
) -> None:
    text = (office.policies / "acme.yaml").read_text()
    text = re.sub(r"  far: .*\n", "", text).replace(", copy_to: [far]", "")
    (office.policies / "acme.yaml").write_text(text)
    kit = office.kit("--no-recovery-key")
    office.burgled()

    ran = machine.drill(kit)

    assert (3, "refuted", []) == (ran.code, ran.json["verdict"], ran.json["services"])
    assert "no copy survives" in said(ran.json, "no-copy-survives")
    assert "REFUTED" in ran.err


def another_password(office: Office) -> None:
    office.secret("new", "another password")
    new = ["--new-password-file", str(office.secrets / "new")]
    rotated = office.pra("repo", "rotate-key", "acme", "far", *new)
    assert 0 == rotated.code, rotated


def test_a_kit_of_before_a_new_password_opens_with_its_recovery_key(
    office: Office, machine: Machine
) -> None:
    written = office.policies / "acme.yaml"
    alone = re.sub(r"  near: .*\n", "", written.read_text())
    written.write_text(alone.replace("to: near, copy_to: [far]", "to: far"))
    kit = office.kit()
    another_password(office)
    office.burgled()

    document = machine.drill(kit).json

    assert "proven" == document["verdict"], document
    assert "its password is another one" in said(document, "kit-recovery-key")


def test_a_kit_whose_keys_were_all_revoked_is_named_as_the_reason(
    office: Office, machine: Machine
) -> None:
    kit = office.kit("--no-recovery-key")
    another_password(office)
    office.burgled()

    ran = machine.drill(kit)

    assert (4, "inconclusive") == (ran.code, ran.json["verdict"])
    assert "far: the password opens no key" in said(ran.json, "kit-repository-shut")
    assert "take a newer kit" in remedy(ran.json, "kit-repository-shut")
    assert "pra kit export acme -o FILE" in remedy(ran.json, "kit-repository-shut")


def test_the_newest_policy_wins_and_the_other_copy_s_is_told(
    office: Office, machine: Machine
) -> None:
    office.policy(more=ELSEWHERE, copies="far, third")
    make(office.home / "third", PASSWORDS["near"])
    assert 0 == office.pra("backup", "acme").code
    kit = office.kit("--no-recovery-key")
    office.policy(more=ELSEWHERE, copies="far, third", tail="# a word more\n")
    assert 0 == office.pra("repo", "copy", "acme", "--repository", "third").code
    office.burgled()

    document = machine.drill(kit).json

    assert "proven" == document["verdict"]
    assert "third" == document["bare"]["policy"]["repository"]
    assert "far has another policy" in said(document, "policy-differs")


def test_where_a_thief_removed_the_policy_it_is_said_and_the_points_are_told(
    office: Office, machine: Machine
) -> None:
    kit = office.kit("--no-recovery-key")
    listed = json.loads(office.by_hand("far", "snapshots", "--json", "--tag", "pra-policy"))
    office.by_hand("far", "forget", *(one["id"] for one in listed))
    office.burgled()

    ran = machine.drill(kit)

    assert (4, "inconclusive") == (ran.code, ran.json["verdict"])
    assert "no policy of acme is in far" in said(ran.json, "policy-absent")
    assert "1 sealed points are there" in said(ran.json, "policy-absent")
    assert "restic snapshots --host acme" in remedy(ran.json, "policy-absent")
    assert [] == machine.left()


def test_keys_that_a_thief_deleted_are_put_back_from_the_kit(
    office: Office, machine: Machine
) -> None:
    kit = office.kit("--no-recovery-key")
    office.burgled()
    shutil.rmtree(office.far / "keys")
    (office.far / "config").unlink()

    ran = machine.drill(kit)
    command = remedy(ran.json, "kit-repository-shut")
    put = machine.pra("repo", "restore-keys", "acme", "far", *machine.opening(kit))

    assert (4, "inconclusive") == (ran.code, ran.json["verdict"])
    assert "its config and keys are gone" in said(ran.json, "kit-repository-shut")
    assert "pra repo restore-keys acme far --kit" in command
    assert 0 == put.code, put
    assert "it opens" in put.out
    assert "proven" == machine.drill(kit).json["verdict"]


def test_stopped_by_hand_it_ends_its_child_and_leaves_nothing(
    office: Office, machine: Machine
) -> None:
    kit = office.kit("--no-recovery-key")
    office.burgled()
    heard: list[bytes] = []
    words = ["drill", "acme", *machine.opening(kit)]
    with machine.start(*words) as child:
        wait_until(lambda: any(machine.state.glob("bare/*/state/runs/*.lock")), child)
        child.ask("stopped by the test")
        assert child.poll(100)
    ended = child.ended()

    assert 130 == ended.code, (ended, heard)
    assert [] == machine.left()
    (run,) = machine.pra("history", "acme", "--policies", str(office.home), "--json").json["runs"]
    assert ("drill", "interrupted") == (run["kind"], run["outcome"])


def test_killed_it_is_swept_by_the_next_command(office: Office, machine: Machine) -> None:
    kit = office.kit("--no-recovery-key")
    office.burgled()
    with machine.start("drill", "acme", *machine.opening(kit)) as child:
        wait_until(lambda: any(machine.state.glob("bare/*/state/runs/*.lock")), child)
        child._send(signal.SIGKILL)  # noqa: SLF001 - as the kernel would
        assert child.poll(30)

    ran = machine.drill(kit)

    assert 0 == ran.code, ran
    assert [] == machine.left()


def test_the_printed_page_alone_brings_the_files_back_without_pra(
    first_office: Office, office: Office, machine: Machine
) -> None:
    page = office.page(office.kit("--no-recovery-key"))
    office.burgled()
    target = machine.home / "reprise"
    lines = typed(page, "far", target)
    until = next(n for n, line in enumerate(lines) if line.startswith("RUN="))

    listing = machine.shell(lines[:until])
    (run,) = set(re.findall(r"run=(\S+?),", listing))
    lines[until] = f"RUN={run}"
    machine.shell(lines)

    back = target / "partage" / first_office.source.relative_to("/")
    assert tree(office.stolen) == tree(back)
    written = first_office.policies / "acme.yaml"
    assert written.read_bytes() == (target / "policy" / "acme.yaml").read_bytes()


def test_the_command_on_the_page_brings_the_site_back_in_the_time_beside_it(
    office: Office, machine: Machine, database: dict[str, object]
) -> None:
    office.secret("phrase", PHRASE)
    office.policy(tail=TILL % database)
    assert 0 == office.pra("backup", "acme", "caisse").code
    kit = office.kit("--no-recovery-key", f"--holder=safe={office.secrets}/phrase")
    opening = ["--kit", str(kit), "--identity", str(office.key)]
    assert "2. partage: never measured" in office.page(kit)
    drilled = office.pra("drill", "acme", *opening, "--json").json
    page = office.printed(kit)
    (machine.home / "PHRASE").write_text(f"{PHRASE}\n")
    shutil.copy(kit, machine.home / "KIT.zip")
    office.burgled()
    target = machine.home / "reprise"
    (line,) = (one for one in page.splitlines() if one.startswith("pra recover acme"))
    words = line.replace("/reprise", str(target)).split()[1:]

    with machine.start(*words, path=machine.holding("restore")) as child:
        wait_until(machine.held.exists, child)
        child.ask("stopped by the test")
        assert child.poll(100)
    told = (target / "README.txt").read_text()
    (again,) = (one.strip() for one in told.splitlines() if one.startswith("  pra recover"))
    machine.shell([f"cd /; {again} --start --state {machine.state} --json >{machine.home}/answer"])
    document = json.loads((machine.home / "answer").read_text())
    for server in document["servers"]:
        machine.shell([server["stop"]])

    assert f"--kit={machine.home}/KIT.zip --passphrase-file={machine.home}/PHRASE" in again
    assert ("proven", "burglary", 2) == (
        document["verdict"],
        document["scenario"],
        document["runs"],
    )
    assert {"caisse", "partage"} == {one["service"] for one in document["bare"]["times"]}
    for one, row in zip(drilled["services"], drilled["bare"]["times"], strict=True):
        took = duration(timedelta(seconds=one["rta_s"]))
        assert (one["id"], one["rta_s"]) == (row["service"], row["answered_s"])
        assert f"{one['id']}: {took} after the start, burglary, " in page
    assert all(one["answered_s"] > 0 for one in document["bare"]["times"])
    assert tree(office.stolen) == tree(next(target.rglob(f"{office.source.name}/*")).parent)
    assert (str(target), "far") == (document["target"], document["services"][0]["repository"])
    assert ["kit", "policy"] == [
        step["name"] for step in document["services"][0]["steps"] if step["name"] in OPENING
    ]
    assert document["cut_over"]
    assert [] == machine.left()
    runs = machine.pra("history", "acme", "--policies", str(office.home), "--json").json["runs"]
    assert [("recover", "interrupted"), ("recover", "proven")] == sorted(
        (run["kind"], run["outcome"]) for run in runs
    )


def test_a_plan_from_the_kit_restores_nothing_and_one_path_comes_back_alone(
    first_office: Office, office: Office, machine: Machine
) -> None:
    kit = office.kit("--no-recovery-key")
    office.burgled()
    path = next(one for one in office.stolen.rglob("*") if one.is_file())
    was = first_office.source / path.relative_to(office.stolen)

    planned = machine.drill(kit, "--dry-run", "--point", "random-within-30d")
    runs = machine.runs()
    wrong = machine.drill(kit, "--point", "yesterday")
    document = machine.drill(kit, "--path", str(was), "--scenario", "human-error").json

    assert (0, []) == (planned.code, runs), planned
    assert ["open far", "fetch", "check"] == [row["step"] for row in planned.json["plan"]]
    assert [] == planned.json["times"]
    assert 2 == wrong.code
    assert (str(was), 1) == (document["services"][0]["path"], document["services"][0]["files"])
    assert [] == machine.left()


def tree(top: Path) -> dict[str, bytes]:
    return {str(p.relative_to(top)): p.read_bytes() for p in top.rglob("*") if p.is_file()}


def wait_until(fact: Callable[[], bool], child: Any) -> None:  # noqa: ANN401 - a child
    for _ in range(1000):
        if fact():
            return
        assert not child.poll(0.1), child.ended()
    raise AssertionError(child.ended())
