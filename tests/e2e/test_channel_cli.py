"""`pra channel` as the provider's technician calls it, before the night in which it matters."""

from __future__ import annotations

import json
import os
import re
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from restore_drills.process import Ended, Processes
from tests.channels import Mailbox, MailServer, Receiver
from tests.site import PRA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROVIDER = """\
provider: {name: Example IT, language: LANGUAGE, timezone: Europe/Paris}
channels:
  hook: {webhook: {url: "URL/hook/{site}", secret: {env: EXAMPLE_HOOK}}}
  mail: {smtp: {host: 127.0.0.1, port: PORT, tls: none, from: pra@example.net, to: [a@example.net]}}
escalation:
  wake: [{notify: [hook], after: 0m}]
"""
SECRET = "s3cret"
BAKERY = """\
site: bakery
repositories:
  far: {url: /mnt/far, password: {env: EXAMPLE_RESTIC}, location: offsite}
services:
  files:
    source: {files: {paths: [/srv]}}
    objectives: {rto: 2h, rpo: 1h}
    checks: []
"""


class Desk:
    """The technician's: a folder of policies, and `pra`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bakery.yaml").write_text(BAKERY)

    def write(self, url: str = "https://127.0.0.1:1", port: int = 1, language: str = "en") -> None:
        text = PROVIDER.replace("URL", url).replace("PORT", str(port))
        (self.folder / "provider.yaml").write_text(text.replace("LANGUAGE", language))

    def pra(self, *words: str, secret: str | None = SECRET) -> Ended:
        ended = Processes("the-tests").run(
            [str(PRA), "--policies", str(self.folder), "--state", str(self.folder / "s"), *words],
            env={
                "PATH": os.environ["PATH"],
                "LANG": "C.UTF-8",
                **({"EXAMPLE_HOOK": secret} if secret else {}),
            },
            timeout=timedelta(seconds=60),
        )
        assert "Traceback" not in ended.stderr
        assert not secret or secret not in ended.stderr + ended.stdout.decode()
        return ended

    def error(self, *words: str) -> dict[str, Any]:
        ended = self.pra("channel", "test", *words, "--json")
        assert 1 == ended.code
        error: dict[str, Any] = json.loads(ended.stdout)["error"]
        assert "channel-failed" == error["code"]
        return error


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def test_a_test_page_arrives_and_its_receipt_is_one_line(desk: Desk, receiver: Receiver) -> None:
    desk.write(receiver.url)
    ended = desk.pra("channel", "test", "hook", "--place", "desk")
    [request] = receiver.received
    event = json.loads(request.body)

    assert (0, "") == (ended.code, ended.stderr)
    assert re.fullmatch(rb"hook: accepted in \d+\.\d+ s: 202 Accepted\n", ended.stdout)
    assert ("/hook/bakery", "pra.channel.tested") == (request.path, event["type"])
    first_line = "TEST Example IT: test of channel hook. Nothing is broken. pra channel test hook"
    assert first_line == event["data"]["first_line"]
    assert "asked for by hand on desk" in event["data"]["body"]
    assert not (desk.folder / "s").exists()


def test_a_program_gets_one_document_and_each_test_is_another_page(
    desk: Desk, receiver: Receiver
) -> None:
    desk.write(receiver.url)
    documents = [
        json.loads(desk.pra("channel", "test", "hook", "--site", "bakery", "--json").stdout)
        for _ in range(2)
    ]

    assert documents[0].pop("seconds") < 30
    assert {
        "schema": 1,
        "channel": "hook",
        "kind": "webhook",
        "site": "bakery",
        "receipt": "202 Accepted",
    } == documents[0]
    assert 2 == len({one.headers["webhook-id"] for one in receiver.received})


def test_a_mail_is_in_the_provider_s_language(desk: Desk) -> None:
    box = Mailbox()
    with MailServer(box) as server:
        desk.write(port=server.port, language="fr")
        ended = desk.pra("channel", "test", "mail")

    assert b"250 2.0.0 Ok: queued as 0001\n" == ended.stdout.partition(b" s: ")[2]
    assert "essai du canal mail. Rien n'est en panne" in box.mails()[0]["Subject"]


def test_what_failed_is_said_with_what_to_do(desk: Desk, receiver: Receiver) -> None:
    desk.write(receiver.url)
    receiver.answers = [404]
    ended = desk.pra("channel", "test", "hook")

    assert (1, b"") == (ended.code, ended.stdout)
    assert (
        f"pra: channel hook: {receiver.url}: answered 404 Not Found\n"
        "  Nothing is there: check the path of url.\n"
    ) == ended.stderr
    assert 1 == len(receiver.received)


def test_a_failed_test_is_not_repeated(desk: Desk, receiver: Receiver) -> None:
    desk.write(receiver.url)
    receiver.answers = [503] * 3

    assert "look at its log" in desk.error("hook")["remedy"]
    assert 1 == len(receiver.received)


def test_nobody_listening_a_wrong_name_and_no_tls_each_have_their_remedy(
    desk: Desk, receiver: Receiver
) -> None:
    with socket.socket() as taken:  # bound and deaf: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        desk.write(receiver.url.replace("http:", "https:"), port)
        refused, plain = desk.error("mail"), desk.error("hook")
    desk.write("https://nowhere.invalid")
    unknown = desk.error("hook")

    assert f"channel mail: smtp://127.0.0.1:{port}: connection refused" == refused["message"]
    assert "Check the port; the server may not be running." == refused["remedy"]
    assert "TLS failed" in plain["message"]
    assert "Check the port: it may not speak TLS." == plain["remedy"]
    assert "`getent hosts nowhere.invalid`" in unknown["remedy"]


def test_a_secret_that_is_not_there_is_said(desk: Desk, receiver: Receiver) -> None:
    desk.write(receiver.url)
    ended = desk.pra("channel", "test", "hook", secret=None)

    assert 1 == ended.code
    assert (
        "channel hook: secret {env: EXAMPLE_HOOK}: the environment has no such variable"
        in ended.stderr
    )
    assert [] == receiver.received


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hok",), "no channel named hok (did you mean hook?)\n  provider.yaml has hook, mail."),
        (("hook", "--site", "bakry"), "no site named bakry"),
        ((), "Missing argument"),
    ],
)
def test_an_unknown_name_is_a_usage_error(desk: Desk, words: tuple[str, ...], said: str) -> None:
    desk.write()
    ended = desk.pra("channel", "test", *words)

    assert 2 == ended.code
    assert said in ended.stderr


def test_the_channels_are_listed_with_the_chains_that_call_them(desk: Desk) -> None:
    desk.write("https://127.0.0.1:8443/services/T0K3N", 25)
    ended = desk.pra("channel", "list")
    document = json.loads(desk.pra("channel", "list", "--json").stdout)

    assert [
        "hook  webhook  https://127.0.0.1:8443              in wake",
        "mail  smtp     a@example.net through 127.0.0.1:25  in no chain: it is never called",
    ] == ended.stdout.decode().splitlines()
    assert {
        "id": "hook",
        "kind": "webhook",
        "to": "https://127.0.0.1:8443",
        "chains": ["wake"],
    } == document["channels"][0]


def test_without_a_provider_s_file_or_with_a_faulty_one_it_is_said(desk: Desk) -> None:
    absent = desk.pra("channel", "list")
    desk.write()
    (desk.folder / "bakery.yaml").write_text("site: bakery\nsevices: {}\n")
    of_a_site = desk.pra("channel", "list")
    (desk.folder / "provider.yaml").write_text("provider: {name: P, timezone: Mars}")
    faulty = desk.pra("channel", "list")

    assert (2, 0, 2) == (absent.code, of_a_site.code, faulty.code)
    assert "there is no provider.yaml, and so no channel" in absent.stderr
    assert '"Mars" is not a time zone' in faulty.stderr
    assert "sevices" not in faulty.stderr
