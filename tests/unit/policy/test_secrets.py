from __future__ import annotations

import pytest

from orchestrator.core import policy

SITE = """\
site: acme
timezone: Europe/Paris
repositories:
  far:
    url: "s3:https://s3.example.net/acme"
    password: {env: PW}
    s3: {access_key: {env: A}, secret_key: {env: B}}
    location: offsite
services:
  till:
    source: {postgresql: {user: pra, password: {env: PW}, database: till}}
    objectives: {rto: 4h, rpo: 1h}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{env: PW}\n", "hunter2\n"),
        ("{env: PW}\n", "'hunter2'\n"),
        ("{env: PW}\n", "|\n      hunter2\n"),
        ("{env: PW}\n", "[hunter2]\n"),
        ("{env: PW}\n", "{hunter2}\n"),
        ("{env: PW}\n", "{literal: hunter2}\n"),
        ("{env: PW}\n", "{env: hunter2 and more}\n"),
        ("{env: PW}\n", "{file: hunter2}\n"),
        ("{env: PW}\n", "{env: A, file: /hunter2}\n"),
        ("{env: PW}\n", "{command: hunter2}\n"),
        ("{env: PW}\n", "{command: []}\n"),
        ("{env: PW}\n", "{command: [echo, [hunter2]]}\n"),
        ("{env: PW}\n", "!hunter2 x\n"),
        ("{env: PW}\n", "*hunter2\n"),
        ("{env: PW}\n", "@hunter2\n"),
        ("{env: PW}\n", "%hunter2\n"),
        ("{env: PW}\n", '"hunter2\n'),
        ("{env: PW}\n", "hunter2: x\n"),
        ("access_key: {env: A}", "access_key: hunter2"),
        ("s3: {access_key: {env: A}, secret_key: {env: B}}", "s3: key:hunter2"),
        ("s3:https://", "s3:https://key:hunter2@"),
        ("s3:https://", "rest:https://hunter2@"),
        ("s3:https://", "sftp://u:hunter2@"),
        ("s3:https://", "ftp://u:hunter2@"),
        ("password: {env: PW}, ", "password: hunter2, "),
        ("password: {env: PW}, ", "pasword: hunter2, "),
        ("{user: pra, password: {env: PW}, database: till}", "postgres://pra:hunter2@host/till"),
        ("database: till", "database: postgres://pra:hunter2@host/till"),
        ("database: till", "database: dbname=till password=hunter2"),
        ("database: till", "database: till, host: pra:hunter2@host"),
    ],
)
def test_a_literal_secret_is_an_error_that_does_not_print_it(old: str, new: str) -> None:
    assert old in SITE
    checked = policy.check({"acme.yaml": SITE.replace(old, new, 1)})

    assert checked.errors
    assert not checked.sites
    assert not any("hunter2" in str(fault) for fault in checked.errors)


def test_a_literal_secret_says_how_to_refer_to_one() -> None:
    [fault] = policy.check({"acme.yaml": SITE.replace("{env: PW}\n", "hunter2\n")}).errors

    assert (
        "acme.yaml:6: repositories.far.password: a literal where a reference to a secret belongs "
        "(write {env: NAME}, {file: /path}, {credential: NAME} or {command: [program, argument]})"
    ) == str(fault)


@pytest.mark.parametrize(
    "url",
    [
        "/mnt/nas/a@b:c",
        "s3:https://s3.example.net/bucket/path",
        "s3:http://127.0.0.1:8333/bucket",
        "s3:s3.example.net/bucket",
        "sftp:pra@nas.example.net:/srv/restic",
        "sftp://pra@nas.example.net//srv/restic",
        "rest:https://rest.example.net/acme",
    ],
)
def test_an_address_without_a_password_is_fine(url: str) -> None:
    text = SITE.replace("s3:https://s3.example.net/acme", url)
    text = text if url.startswith("s3:") else text.replace("    s3: {", "    # s3: {")

    assert () == policy.check({"acme.yaml": text}).errors


@pytest.mark.parametrize(
    ("reference", "kind", "words"),
    [
        ("{env: PW}", "env", ("PW",)),
        ("{file: /run/secrets/x}", "file", ("/run/secrets/x",)),
        ("{credential: restic}", "credential", ("restic",)),
        ("{command: [pass, show, acme]}", "command", ("pass", "show", "acme")),
    ],
)
def test_a_reference_is_kept_as_a_reference(
    reference: str, kind: str, words: tuple[str, ...]
) -> None:
    text = SITE.replace("{env: PW}\n", f"{reference}\n")
    site = policy.check({"acme.yaml": text}).sites["acme"]

    password = site.repositories["far"].password
    assert (kind, words) == (password.kind, password.value)
    [shown] = policy.plain(site)["repositories"]["far"]["password"].items()
    assert (kind, list(words) if kind == "command" else words[0]) == shown
