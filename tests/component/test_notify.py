"""A page from the state to its receipt on the log: tried again, at least once, never noisy."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.decide.actions import Policies
from orchestrator.core.events import PageFailed, PageSent, type_of
from orchestrator.errors import ChannelFailed, SecretMissing, StateUnusable
from orchestrator.jobs.notify import cry, notify
from restore_drills.process import Processes
from tests.builders import NOW
from tests.channels import Mailbox, MailServer, Receiver
from tests.faults import Relay
from tests.pages import (
    OWED,
    SECRET,
    application,
    incident,
    promised,
    smtp,
    state,
    webhook,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.app import App
    from orchestrator.core.events import Event

CHILD = """
import sys
from pathlib import Path
from orchestrator.jobs.notify import notify
from tests.pages import OWED, application, promised, state, webhook

app = application(Path(sys.argv[1]))
notify(app, promised(hook=webhook(sys.argv[2])), state(), OWED)()
"""
FULL = """CREATE TRIGGER full BEFORE INSERT ON event
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"""
LOST = StateUnusable("/var/lib/pra/log.sqlite: database or disk is full", hint="Free space.")


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_CHANNEL_SECRET", SECRET.decode())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = application(tmp_path)
    yield made
    made.log.close()


def events(app: App) -> list[Event]:
    return [one.event for one in app.log.read()]


def failure(app: App) -> str:
    [event] = events(app)
    assert isinstance(event, PageFailed)
    assert ("0192aa", "wake.0", "bakery", "till") == (
        event.incident,
        event.page,
        event.site,
        event.service,
    )
    assert "\n" not in event.error
    return event.error


def test_a_page_that_is_owed_is_sent_and_receipted(app: App, receiver: Receiver) -> None:
    notify(app, promised(hook=webhook(receiver.url)), state(), OWED)()

    names = {"incident": "0192aa", "site": "bakery", "service": "till", "page": "wake.0"}
    assert [PageSent(**names, channel="hook", receipt="202 Accepted")] == events(app)
    assert ["bakery/0192aa/wake=0"] == [one.headers["webhook-id"] for one in receiver.received]


def test_a_page_goes_by_mail_as_well(app: App) -> None:
    box = Mailbox()
    with MailServer(box) as server:
        notify(app, promised(mail=smtp(server.port)), state(), replace(OWED, channel="mail"))()

    assert ["page.sent"] == [type_of(event) for event in events(app)]
    assert "pra show 0192aa" in box.mails()[0]["Subject"]


def test_what_is_sent_is_what_was_known_when_it_was_owed(app: App, receiver: Receiver) -> None:
    known = state()
    send = notify(app, promised(hook=webhook(receiver.url)), known, OWED)
    known.incidents.clear()
    send()

    assert 1 == len(receiver.received)


def test_a_page_sent_twice_is_one_page_with_one_receipt(app: App, receiver: Receiver) -> None:
    policies = promised(hook=webhook(receiver.url))
    for _ in range(2):
        notify(app, policies, state(), OWED)()

    assert ["page.sent"] == [type_of(event) for event in events(app)]
    assert 1 == len({one.headers["webhook-id"] for one in receiver.received})


def test_what_may_pass_is_tried_again(app: App, receiver: Receiver) -> None:
    receiver.answers = [503, b"", 202]
    notify(app, promised(hook=webhook(receiver.url)), state(), OWED)()

    assert 3 == len(receiver.received)
    assert ["page.sent"] == [type_of(event) for event in events(app)]


def test_three_tries_are_one_failure(app: App, receiver: Receiver) -> None:
    receiver.answers = [503] * 9
    began = time.monotonic()
    notify(app, promised(hook=webhook(receiver.url)), state(), OWED)()

    assert time.monotonic() - began < 25
    assert 3 == len(receiver.received)
    assert failure(app).startswith(f"channel hook: {receiver.url}: answered 503")


def test_what_will_not_pass_is_tried_once(app: App, receiver: Receiver) -> None:
    receiver.answers = [404]
    notify(app, promised(hook=webhook(receiver.url)), state(), OWED)()

    assert 1 == len(receiver.received)
    assert "answered 404 Not Found" in failure(app)


def test_a_network_that_comes_back_between_two_tries_is_enough(
    app: App, receiver: Receiver
) -> None:
    with Relay(receiver.url) as away:
        port = int(away.endpoint.rpartition(":")[2])
        away.refuse()
        back = Relay(receiver.url, port)
        timer = threading.Timer(0.3, back.__enter__)
        timer.start()
        notify(app, promised(hook=webhook(away.endpoint)), state(), OWED)()
        timer.join()
        back.refuse()

    assert ["page.sent"] == [type_of(event) for event in events(app)]


@pytest.mark.parametrize(
    ("channel", "policies", "words"),
    [
        ("gone", promised(hook=webhook("http://127.0.0.1:1")), "none of this name (it has hook)"),
        (
            "hook",
            Policies(sites={}, provider=None, place="here"),
            "none of this name (it has none)",
        ),
    ],
)
def test_a_channel_that_the_policy_no_longer_has_is_said(
    app: App, channel: str, policies: Policies, words: str
) -> None:
    notify(app, policies, state(), replace(OWED, channel=channel))()

    assert f"channel {channel}: the policy has {words}" == failure(app)


def test_a_secret_that_is_not_there_is_a_failure_and_nothing_is_sent(
    app: App, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EXAMPLE_CHANNEL_SECRET")
    notify(app, promised(hook=webhook(receiver.url)), state(), OWED)()

    assert "secret {env: EXAMPLE_CHANNEL_SECRET}" in failure(app)
    assert [] == receiver.received


def test_an_incident_that_is_forgotten_pages_nobody(app: App, receiver: Receiver) -> None:
    notify(app, promised(hook=webhook(receiver.url)), state(), replace(OWED, incident="old"))()

    assert ([], []) == (receiver.received, events(app))


def test_no_secret_comes_to_the_log(app: App, receiver: Receiver) -> None:
    told = b"HTTP/1.1 %b\r\nContent-Length: 40\r\n\r\nyour key is " + SECRET
    receiver.answers = [told % b"202 Accepted", told % b"401 No"]
    for _ in range(2):
        notify(app, promised(hook=webhook(receiver.url)), state(), OWED)()
    app.log.close()

    assert ["page.sent", "page.failed"] == [type_of(event) for event in events(app)]
    written = b"".join(path.read_bytes() for path in app.state.iterdir() if path.is_file())
    assert b"your key is ***" in written
    assert SECRET not in written


def test_pages_go_out_in_several_threads_at_once(app: App, receiver: Receiver) -> None:
    known = state(*(incident(f"i-{n}") for n in range(12)))
    policies = promised(hook=webhook(receiver.url))
    threads = [
        threading.Thread(target=notify(app, policies, known, replace(OWED, incident=name)))
        for name in known.incidents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {f"i-{n}" for n in range(12)} == {e.incident for e in events(app) if type(e) is PageSent}


def test_a_receipt_that_the_log_does_not_take_is_kept_and_the_page_not_repeated(
    app: App, receiver: Receiver
) -> None:
    unwritten: dict[str, PageSent] = {}
    send = notify(app, promised(hook=webhook(receiver.url)), state(), OWED, unwritten)
    outside = sqlite3.connect(app.log.path)
    outside.execute(FULL)
    for _ in range(2):
        with pytest.raises(StateUnusable):
            send()
    outside.execute("DROP TRIGGER full")
    outside.close()
    send()

    assert 1 == len(receiver.received)
    assert ["page.sent"] == [type_of(event) for event in events(app)]
    assert {} == unwritten


def test_killed_between_the_page_and_its_receipt_it_is_sent_again_as_the_same(
    app: App, receiver: Receiver, tmp_path: Path
) -> None:
    processes = Processes("notified")
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "EXAMPLE_CHANNEL_SECRET": SECRET.decode(),
    }
    argv = [sys.executable, "-c", CHILD, str(tmp_path), receiver.url]
    killed = processes.start(argv, env=env)
    receiver.on_request = lambda: os.kill(killed.pid, signal.SIGKILL)
    with killed:
        first = killed.finish(timedelta(seconds=30))
    receiver.on_request = lambda: None

    assert (-signal.SIGKILL, 1) == (first.code, len(receiver.received))
    assert [] == events(app)

    again = processes.run(argv, env=env, timeout=timedelta(seconds=30))

    assert (0, "") == (again.code, again.stderr)
    assert ["bakery/0192aa/wake=0"] * 2 == [one.headers["webhook-id"] for one in receiver.received]
    assert ["page.sent"] == [type_of(event) for event in events(app)]


def test_without_a_log_the_gravest_chain_is_told_all_the_same(app: App, receiver: Receiver) -> None:
    box = Mailbox()
    with MailServer(box) as server:
        cry(app, promised(hook=webhook(receiver.url), mail=smtp(server.port)), LOST)

    subject = box.mails()[0]["Subject"]
    assert subject.startswith("P1 example-host: log unusable: /var/lib/pra/log.sqlite: database")
    assert subject.endswith("is… No backup, no drill meanwhile. pra doctor")
    assert len(subject) <= 130
    assert "Free space." in box.mails()[0].get_content()
    assert f"/example-host/log/{NOW:%Y%m%dT%H}" == receiver.received[0].headers["webhook-id"]
    assert not (app.state / "log.sqlite").exists()


def test_one_deaf_channel_does_not_keep_the_others_from_hearing(
    app: App, receiver: Receiver
) -> None:
    cry(app, promised(gone=webhook("ftp://nowhere"), hook=webhook(receiver.url)), LOST)

    assert 1 == len(receiver.received)


def test_when_nobody_hears_it_is_an_error(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXAMPLE_CHANNEL_SECRET")
    with pytest.raises(SecretMissing):
        cry(app, promised(hook=webhook("http://127.0.0.1:1")), LOST)
    with pytest.raises(ChannelFailed, match="no chain for the machine itself"):
        cry(app, Policies(sites={}, provider=None, place="here"), LOST)
    with pytest.raises(ChannelFailed, match="the chain is empty"):
        cry(app, promised(), LOST)
