"""`pra policy` and `pra init` as a person or a program runs them."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from restore_drills.process import Ended, Processes
from tests.site import PRA

POLICIES = Path(__file__).parents[2] / "policies"
VALID = """\
site: acme
timezone: Europe/Paris
repositories:
  far: {url: /mnt/far, password: {command: [pass, acme]}, location: offsite}
services:
  files:
    source: {files: {paths: [/srv]}}
    objectives: {rto: 2h, rpo: 1h}
    checks: []
"""
LITERAL = (
    "a literal where a reference to a secret belongs "
    "(write {env: NAME}, {file: /path}, {credential: NAME} or {command: [program, argument]})"
)
FAULTY = (
    VALID.replace("{command: [pass, acme]}", "hunter2")
    .replace("rto: 2h", "rto: 2 hour")
    .replace("checks", "chekcs")
)


def pra(*words: str | Path, stdin: int | None = None) -> Ended:
    return Processes("the-tests").run(
        [str(PRA), *map(str, words)],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        timeout=timedelta(seconds=60),
        stdin=stdin,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acme.yaml").write_text(VALID)
    return tmp_path


@pytest.mark.parametrize("group", [(), ("policy",)])
def test_without_a_verb_the_help_is_given_as_it_is(group: tuple[str, ...]) -> None:
    ended = pra(*group)

    assert (2, "") == (ended.code, ended.stderr)
    assert ended.stdout.startswith(b"Usage: pra ")
    assert b"..." not in ended.stdout.partition(b"Commands:")[2]  # no line is cut


def test_our_own_examples_pass_without_a_warning() -> None:
    ended = pra("policy", "check", "--policies", POLICIES, *POLICIES.glob("examples/*.yaml"))

    assert 0 == ended.code
    assert (b"4 sites, 11 services: no error, no warning\n", "") == (ended.stdout, ended.stderr)


def test_every_fault_is_one_line_with_its_place_and_remedy(folder: Path) -> None:
    (folder / "bad.yaml").write_text(FAULTY.replace("acme", "bad"))
    ended = pra("policy", "check", "--policies", folder)
    bad = folder / "bad.yaml"

    assert 2 == ended.code
    assert [
        f"{bad}:4: repositories.far.password: {LITERAL}",
        f'{bad}:8: services.files.objectives.rto: "2 hour" is not a duration (write 2h)',
        f"{bad}:9: services.files.chekcs: unknown key (did you mean checks?)",
    ] == [line for line in ended.stderr.splitlines() if ": warning: " not in line]
    assert b"1 site, 1 service usable: 3 errors, 3 warnings\n" == ended.stdout


def test_a_program_gets_one_document(folder: Path) -> None:
    (folder / "acme.yaml").write_text(FAULTY)
    ended = pra("--json", "policy", "check", "--policies", folder)
    document = json.loads(ended.stdout)

    assert 2 == ended.code
    assert (1, [], 3) == (document["schema"], document["warnings"], len(document["errors"]))
    assert {
        "file": str(folder / "acme.yaml"),
        "line": 8,
        "path": "services.files.objectives.rto",
        "message": '"2 hour" is not a duration',
        "remedy": "write 2h",
    } == document["errors"][1]


def test_an_absent_file_or_folder_is_a_clear_line(folder: Path) -> None:
    file = pra("policy", "check", folder / "gone.yaml")
    nowhere = pra("policy", "check", "--policies", folder / "gone")

    assert (2, 2) == (file.code, nowhere.code)
    assert f"{folder / 'gone.yaml'}:1: it cannot be read: No such file" in file.stderr
    assert f"pra: {folder / 'gone'}: there is no such folder" in nowhere.stderr
    assert "Traceback" not in file.stderr + nowhere.stderr


def test_a_site_is_shown_resolved_and_its_secrets_as_references(folder: Path) -> None:
    shown = pra("policy", "show", "acme", "--policies", folder)
    document = json.loads(pra("policy", "show", "acme", "--policies", folder, "--json").stdout)

    assert 0 == shown.code
    assert b"criticality: P3" in shown.stdout
    assert ("acme", 1) == (document["site"], document["schema"])
    assert {"command": ["pass", "acme"]} == document["repositories"]["far"]["password"]


def test_the_provider_is_shown_with_what_its_channels_were_taken_for(folder: Path) -> None:
    none = pra("policy", "show", "provider", "--policies", folder)
    (folder / "provider.yaml").write_text(
        "provider: {name: P, timezone: UTC}\n"
        "channels: {m: {smtp: {host: mx.example.net, from: a@example.net, to: [b@example.net],\n"
        "  user: pra, password: {env: MAIL_PW}}}}\n"
    )
    shown = pra("policy", "show", "provider", "--policies", folder, "--json")
    (folder / "provider.yaml").write_text("provider: {name: P}\n")
    faulty = pra("policy", "show", "provider", "--policies", folder)

    mail = json.loads(shown.stdout)["channels"]["m"]["smtp"]
    assert (587, "starttls", {"env": "MAIL_PW"}) == (mail["port"], mail["tls"], mail["password"])
    assert (2, 2) == (none.code, faulty.code)
    assert "there is no provider.yaml" in none.stderr
    assert "provider.yaml:1: provider: timezone is missing" in faulty.stderr


def test_a_site_that_cannot_be_shown_says_why(folder: Path) -> None:
    (folder / "acme.yaml").write_text(FAULTY)
    faulty = pra("policy", "show", "acme", "--policies", folder)
    unknown = pra("policy", "show", "other", "--policies", folder)

    assert (2, 2) == (faulty.code, unknown.code)
    assert "unknown key (did you mean checks?)" in faulty.stderr
    assert "hunter2" not in faulty.stderr + faulty.stdout.decode()
    assert "no site named other" in unknown.stderr


def test_the_schema_is_printed_as_it_is_published() -> None:
    ended = pra("policy", "schema")

    assert (POLICIES / "schema.json").read_bytes() == ended.stdout


def test_two_hundred_sites_are_checked_by_one_command(tmp_path: Path) -> None:
    bakery = (POLICIES / "examples" / "boulangerie.yaml").read_text()
    (tmp_path / "provider.yaml").write_text((POLICIES / "provider.yaml").read_text())
    for n in range(200):
        (tmp_path / f"s{n}.yaml").write_text(bakery.replace("site: boulangerie", f"site: s{n}"))
    began = time.monotonic()
    ended = pra("policy", "check", "--policies", tmp_path)

    assert b"200 sites, 400 services: no error, no warning\n" == ended.stdout
    assert time.monotonic() - began < 10  # 1 s on a quiet machine


FLAGS = ("--repository", "s3:https://s3.example.net/acme", "--s3", "env:KEY", "file:/run/s3",
         "--password-file", "/run/restic", "--path", "/srv", "--database", "till")  # fmt: skip


def test_a_first_policy_from_flags_passes_the_check(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    written = pra("init", "acme", "--policies", folder, *FLAGS, "--name", "Acme: bakers")
    checked = pra("policy", "check", "--policies", folder)

    assert (0, f"{folder / 'acme.yaml'}\n") == (written.code, written.stdout.decode())
    assert (0, b"1 site, 2 services: no error, 2 warnings\n") == (checked.code, checked.stdout)
    assert "escalate: warning: nobody is called when something of P2 breaks" in checked.stderr
    assert "offsite: warning: our own keys can delete every copy of files, till" in checked.stderr
    assert f"write channels: and escalation: into {folder / 'provider.yaml'}" in written.stderr
    assert "# Every key: policies/README.md" in (folder / "acme.yaml").read_text()


def test_a_policy_that_is_there_is_never_overwritten(folder: Path) -> None:
    ended = pra("init", "acme", "--policies", folder, *FLAGS, "--json")

    assert 2 == ended.code
    assert "it is there already" in json.loads(ended.stdout)["error"]["message"]
    assert VALID == (folder / "acme.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("acme",), "--repository is missing"),
        (("Acme", *FLAGS), '"Acme" is not a site\'s name'),
        (("../acme", *FLAGS), "is not a site's name"),
        (("acme", *FLAGS, "--rto", "2 hours"), '"2 hours" is not a duration (write 2h)'),
        (("acme", *FLAGS, "--path", "srv"), '"srv" is not an absolute path (begin with /)'),
        (("acme", *FLAGS, "--s3", "hunter2", "hunter2"), "a secret is given as env:NAME"),
        (("acme", *FLAGS, "--password-file", "hunter2"), "not a reference to a secret"),
        (("acme", *FLAGS, "--timezone", "Paris"), '"Paris" is not a time zone'),
        (("acme", *FLAGS[:-4]), "--path or --database is missing"),
    ],
)
def test_what_makes_no_valid_policy_writes_nothing(
    tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    ended = pra("init", "--policies", tmp_path / "new", *words)

    assert 2 == ended.code
    assert why in ended.stderr
    assert "hunter2" not in ended.stderr
    assert [] == list(tmp_path.iterdir())


def test_a_provider_s_file_with_a_fault_is_repaired_first(tmp_path: Path) -> None:
    (tmp_path / "provider.yaml").write_text("provider: {name: P, timezone: Mars}")
    ended = pra("init", "acme", "--policies", tmp_path, *FLAGS)

    assert 2 == ended.code
    assert '"Mars" is not a time zone' in ended.stderr


def test_what_the_flags_leave_open_is_asked_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "provider.yaml").write_text("provider: {name: P, timezone: Europe/Paris}")
    ours, its = os.openpty()
    os.write(ours, b"s3:https://s3.example.net/acme\n\nenv:KEY\n\n/srv/a /srv/b\ntill\n")
    ended = pra("init", "acme", "--policies", tmp_path, stdin=its)
    os.close(its)
    os.close(ours)

    assert 0 == ended.code, ended.stderr
    text = (tmp_path / "acme.yaml").read_text()
    assert 'password: {file: "/run/secrets/acme-restic"}' in text
    assert '{access_key: {env: "KEY"}, secret_key: {file: "/run/secrets/acme-s3-secret"}}' in text
    assert 'paths: ["/srv/a", "/srv/b"]' in text
    assert b"1 site, 2 services: no error" in pra("policy", "check", "--policies", tmp_path).stdout
