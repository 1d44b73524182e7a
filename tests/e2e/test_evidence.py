"""A drill made on the provider's machine enters the log of the site's own."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.evidence import fingerprint_of
from tests.evidence import Machine
from tests.quick import make
from tests.site import FILES, PASSWORD, ClientSite

if TYPE_CHECKING:
    from pathlib import Path

    from tests.site import Ran

WHERE = "equipment: {nas-1: {kind: nas}}\nrecover_on: nas-1\nlead:"
FINGERPRINT = re.compile(r"ed25519:[0-9a-f]{4}(-[0-9a-f]{4}){3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A machine that has the site's policy and a state folder of its own."""

    site: ClientSite
    state: Path
    place: str

    def pra(self, *words: str) -> Ran:
        return self.site.pra(*words, "--state", str(self.state), env={"PRA_PLACE": self.place})

    def fingerprint(self) -> str:
        found = FINGERPRINT.match(self.pra("evidence", "key").out)
        assert found
        return found[0]

    def drill(self, *words: str) -> str:
        """What a drill here prints, proven."""
        ran = self.pra("drill", "acme", "--json", *words)
        assert (0, True) == (ran.code, "not signed" not in ran.err), ran
        return ran.out


def file_of(site: ClientSite, content: str) -> str:
    (site.home / "drill.json").write_text(content)
    return "drill.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The site's own machine, backed up; the provider's, and a drill made there."""

    site: ClientSite
    provider: Provider
    drilled: str

    def import_(self, content: str, *words: str) -> Ran:
        return self.site.pra("evidence", "import", file_of(self.site, content), *words)


@pytest.fixture(scope="module")
def drilled_once(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Made once: a copy of it for each test."""
    site = ClientSite(tmp_path_factory.mktemp("site"))
    site.fill(12, 2_000)
    site.write(FILES)
    policy = site.policies / "acme.yaml"
    policy.write_text(policy.read_text().replace("lead:", WHERE))
    make(site.repository, PASSWORD)
    site.backup()
    provider = Provider(site=site, state=site.home / "provider", place="provider-dc")
    return Scene(site=site, provider=provider, drilled=provider.drill())


@pytest.fixture
def scene(drilled_once: Scene, tmp_path: Path) -> Scene:
    """Two machines of their own; the policy, and so its hash, and the repository are shared."""
    home = tmp_path / "copy"
    shutil.copytree(drilled_once.site.home, home)
    site = ClientSite(home)
    provider = Provider(site=site, state=home / "provider", place="provider-dc")
    return Scene(site=site, provider=provider, drilled=drilled_once.drilled)


def events(site: ClientSite, kind: str) -> list[dict[str, object]]:
    ran = site.pra("events", "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    return [one for one in found if one["type"] == f"pra.{kind}"]


def test_a_drill_made_elsewhere_is_the_proof_here_with_its_place(scene: Scene) -> None:
    before = scene.site.pra("status", "acme", "--json").json["sites"][0]["services"][0]

    first = scene.import_(scene.drilled)
    then = scene.import_(scene.drilled, "--trust", scene.provider.fingerprint())

    assert {None} == {one["proven_at"] for one in before["scenarios"]}
    assert (1, "") == (first.code, first.out)
    assert "no key of provider-dc is known here yet" in first.err
    command = f"pra evidence import drill.json --trust {scene.provider.fingerprint()}"
    assert first.err.rstrip().endswith(command)
    assert 0 == then.code
    assert re.fullmatch(
        r"imported: acme proven on provider-dc, \d{4}-\d\d-\d\d \d\d:\d\d, when the server fails "
        r"\(partage\); measured elsewhere, for acme recovers on nas-1\n",
        then.out,
    )
    (service,) = scene.site.pra("status", "acme", "--json").json["sites"][0]["services"]
    (proof,) = [one for one in service["scenarios"] if one["proven_at"] is not None]
    assert ("provider-dc", "measured-elsewhere", "proven", json.loads(scene.drilled)["t0"]) == (
        proof["place"],
        proof["label"],
        proof["verdict"],
        proof["proven_at"],
    )
    assert "provider-dc" in scene.site.pra("status", "acme").out
    assert 0 == scene.site.pra("events", "--verify").code


def test_what_was_altered_on_the_way_is_refused_and_nothing_is_written(scene: Scene) -> None:
    trust = ("--trust", scene.provider.fingerprint())
    rta = re.search(r'"rta_s": (\d)', scene.drilled)
    assert rta
    faster = scene.drilled[: rta.start(1)] + "0" + scene.drilled[rta.end(1) :]
    flipped = faster if faster != scene.drilled else faster.replace('"rta_s": 0', '"rta_s": 1', 1)

    for content, code, told in (
        (flipped, 1, "drill.json: it was altered after ed25519:"),
        (scene.drilled.replace("provider-dc", "nas-1"), 1, "it was altered after"),
        (scene.drilled[:-20], 2, "drill.json:1: not JSON"),
        ('{"schema": 1}', 2, "not a drill's document: run: missing"),
    ):
        ran = scene.import_(content, *trust)
        assert (code, "") == (ran.code, ran.out)
        assert told in ran.err

    assert [] == events(scene.site, "evidence.imported")


def test_the_same_drill_twice_changes_nothing_and_another_key_is_suspect(scene: Scene) -> None:
    mark = scene.provider.fingerprint()
    other = Machine.at(scene.site.home / "other")
    forged = json.dumps(other.signed({**json.loads(scene.drilled), "run": "20261123T000000Z-f"}))
    assert 0 == scene.import_(scene.drilled, "--trust", mark).code

    again = scene.import_(scene.drilled)
    refused = scene.import_(forged)
    let_in = scene.import_(forged, "--trust", fingerprint_of(other.public), "--json")
    back = scene.import_(scene.drilled)

    assert (0, True) == (again.code, again.out.startswith("on the log already, nothing changed"))
    assert 1 == refused.code
    assert f"whose key is {mark}, but it is signed with" in refused.err
    assert (0, True, mark) == (let_in.code, let_in.json["imported"], let_in.json["replaced"])
    assert (1, True) == (back.code, "Suspect it." in back.err)  # its key is trusted no more
    assert 2 == len(events(scene.site, "evidence.imported"))


def test_one_drill_has_one_answer(scene: Scene) -> None:
    provider = Machine.at(scene.provider.state)
    other = provider.signed({**json.loads(scene.drilled), "rpa_s": 1.0})
    assert 0 == scene.import_(scene.drilled, "--trust", scene.provider.fingerprint()).code

    ran = scene.import_(json.dumps(other))

    assert (1, True) == (ran.code, "the log has another answer of drill" in ran.err)


def test_a_proof_of_an_older_policy_is_let_in_and_does_not_count(scene: Scene) -> None:
    policy = scene.site.policies / "acme.yaml"
    policy.write_text(policy.read_text().replace("at_least: 10", "at_least: 11"))

    ran = scene.import_(scene.drilled, "--trust", scene.provider.fingerprint())

    assert (0, True) == (ran.code, "It proves an older policy of partage" in ran.out)
    (service,) = scene.site.pra("status", "acme", "--json").json["sites"][0]["services"]
    assert {"unproven"} == {one["label"] for one in service["scenarios"]}


def test_a_drill_made_here_is_on_the_log_already_as_it_was_printed(scene: Scene) -> None:
    here = scene.site.drill("--place", "nas-1").out

    ran = scene.import_(here)

    assert (0, True) == (ran.code, ran.out.startswith("on the log already"))
    (event,) = events(scene.site, "drill.finished")
    assert isinstance(event["data"], dict)
    assert json.loads(here) == event["data"]["document"]


def test_a_document_may_come_through_a_pipe(scene: Scene) -> None:
    name, mark = file_of(scene.site, scene.drilled), scene.provider.fingerprint()

    ran = scene.site.shell(f"cat {name} | pra evidence import - --trust {mark}")
    nothing = scene.site.pra("evidence", "import", "not-there.json")

    assert 0 == ran.code, ran
    assert (2, True) == (nothing.code, "not-there.json: it cannot be read" in nothing.err)


def test_a_machine_that_cannot_keep_a_key_gives_its_answer_unsigned_and_says_so(
    scene: Scene,
) -> None:
    (scene.provider.state / "evidence.key").chmod(0o644)

    ran = scene.provider.pra("drill", "acme", "--json")
    refused = scene.import_(ran.out)

    assert (0, "proven") == (ran.code, ran.json["verdict"])
    assert "signature" not in ran.json
    assert "pra: this drill is not signed: " in ran.err
    assert (1, True) == (refused.code, "it is not signed" in refused.err)


def test_the_key_of_a_machine_is_made_at_first_use_and_stays(scene: Scene, tmp_path: Path) -> None:
    state = str(tmp_path / "fresh" / "state")

    first = scene.site.pra("evidence", "key", "--state", state)
    again = scene.site.pra("evidence", "key", "--state", state, "--json")

    assert (0, 0) == (first.code, again.code)
    assert first.out.startswith(f"{again.json['fingerprint']}\n")
    assert again.json["public_key"] in first.out
