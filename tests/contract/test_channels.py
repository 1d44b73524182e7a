"""What every kind of channel promises, asked of real servers of each kind."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.notify import send
from orchestrator.core.policy.oncall import Smtp
from orchestrator.errors import ChannelFailed
from tests.builders import NOW
from tests.certificates import Authority
from tests.channels import BadCompany, Mailbox, MailServer, Receiver
from tests.faults import kept
from tests.pages import REFERENCE, SECRET, page, smtp, webhook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from orchestrator.core.policy.oncall import Channel

SECOND = timedelta(seconds=1)
LOGIN = (b"pra", SECRET)
CODED = base64.b64encode(SECRET)
PLAIN = base64.b64encode(b"\0pra\0" + SECRET)


class Side(ABC):
    """One kind of channel and its servers."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority

    @abstractmethod
    def answering(self, *, temporary: bool | None = None) -> AbstractContextManager[Channel]:
        """A real server: it takes every page, or refuses each, for now or for good."""

    @abstractmethod
    def with_certificate(self, host: str, *, expired: bool) -> AbstractContextManager[Channel]:
        """A server that shows this certificate to us, who trust its authority."""

    @abstractmethod
    def ids(self) -> list[str]:
        """What the server took, by the page's id."""

    @abstractmethod
    def at(self, port: int) -> Channel:
        """The channel to whatever listens there."""

    drip: tuple[bytes, bytes]
    flood: tuple[bytes, bytes]
    echo: bytes  # refuses, and repeats what it was sent


class Hooks(Side):
    drip = (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a")
    flood = (b"HTTP/1.1 500 No\r\n\r\n", b"<html>" * 10_000)
    echo = b"HTTP/1.1 401 No\r\nConnection: close\r\n\r\nnot " + SECRET + b" nor " + CODED

    @contextlib.contextmanager
    def answering(self, *, temporary: bool | None = None) -> Iterator[Channel]:
        with Receiver() as self.receiver:
            self.receiver.answers = [] if temporary is None else [503 if temporary else 404] * 9
            yield webhook(f"{self.receiver.url}/hook/{{site}}")

    @contextlib.contextmanager
    def with_certificate(self, host: str, *, expired: bool) -> Iterator[Channel]:
        with (
            pytest.MonkeyPatch.context() as environment,
            Receiver(self.authority.server(host, expired=expired)) as self.receiver,
        ):
            environment.setenv("SSL_CERT_FILE", str(self.authority.ca))
            yield webhook(self.receiver.url)

    def ids(self) -> list[str]:
        return [json.loads(one.body)["id"] for one in self.receiver.received]

    def at(self, port: int) -> Channel:
        return webhook(f"http://127.0.0.1:{port}/hook")


class Mails(Side):
    drip = (b"220-", b"a")
    flood = (b"", b"220-come in\r\n" * 1000)
    echo = (
        b"220 hi\r\n250-x\r\n250 AUTH PLAIN LOGIN\r\n535 not " + PLAIN + b" nor " + CODED + b"\r\n"
    )

    @contextlib.contextmanager
    def answering(self, *, temporary: bool | None = None) -> Iterator[Channel]:
        self.box = Mailbox(login=LOGIN)
        if temporary is not None:
            self.box.data_refused = "451 4.3.0 later" if temporary else "554 5.7.1 never"
        with MailServer(self.box, "starttls", self.authority.server()) as server:
            yield self._channel(server.port)

    @contextlib.contextmanager
    def with_certificate(self, host: str, *, expired: bool) -> Iterator[Channel]:
        self.box = Mailbox(login=LOGIN)
        context = self.authority.server(host, expired=expired)
        with MailServer(self.box, "starttls", context) as server:
            yield self._channel(server.port)

    def ids(self) -> list[str]:
        return [
            one.removeprefix("<").partition("@")[0]
            for one in (str(mail["Message-ID"]) for mail in self.box.mails())
        ]

    def at(self, port: int) -> Channel:
        return smtp(port, user="pra", password=REFERENCE)

    def _channel(self, port: int) -> Channel:
        ca = str(self.authority.ca)
        return smtp(port, tls="starttls", user="pra", password=REFERENCE, ca=ca)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("authority")
    return Authority(folder)


@pytest.fixture(params=[Hooks, Mails])
def side(request: pytest.FixtureRequest, authority: Authority) -> Side:
    made: Side = request.param(authority)
    return made


def sent(channel: Channel, within: timedelta = 20 * SECOND) -> str:
    return send(channel, page(), secret=SECRET, now=NOW, within=within)


def failed(channel: Channel, within: timedelta = 20 * SECOND) -> ChannelFailed:
    with pytest.raises(ChannelFailed) as raised:
        sent(channel, within)
    assert raised.value.hint
    assert "\n" not in str(raised.value)
    return raised.value


def test_a_page_that_is_accepted_has_a_receipt_of_one_line(side: Side) -> None:
    with side.answering() as channel:
        receipt = sent(channel)

        assert receipt.startswith("2")
        assert len(receipt.splitlines()) == 1
        assert SECRET.decode() not in receipt


def test_a_page_that_is_sent_twice_is_the_same_page(side: Side) -> None:
    with side.answering() as channel:
        sent(channel)
        sent(channel)

        assert ["bakery/0192aa/wake=0"] * 2 == side.ids()


def test_pages_are_sent_by_several_threads_at_once(side: Side) -> None:
    with side.answering() as channel:
        threads = [threading.Thread(target=sent, args=(channel,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert 8 == len(side.ids())


@pytest.mark.parametrize("temporary", [True, False])
def test_a_refusal_says_whether_it_may_pass(side: Side, temporary: bool) -> None:  # noqa: FBT001 - a parameter
    with side.answering(temporary=temporary) as channel:
        assert temporary == failed(channel).retryable


def test_nobody_listening_may_pass(side: Side) -> None:
    with kept() as nobodys:
        port = nobodys.getsockname()[1]
        error = failed(side.at(port))

    assert error.retryable
    assert str(error).endswith(f"//127.0.0.1:{port}: connection refused")


def test_a_connection_that_is_cut_may_pass(side: Side) -> None:
    with BadCompany(b"", reset=True) as company:
        error = failed(side.at(company.port))

    assert error.retryable
    assert "the connection was lost" in str(error)


@pytest.mark.parametrize("silent", [True, False])
def test_a_server_that_sends_a_byte_now_and_then_is_given_up_in_time(
    side: Side,
    silent: bool,  # noqa: FBT001 - a parameter
) -> None:
    said = (b"", b"") if silent else side.drip
    with BadCompany(*said, pause=0.02) as company:
        began = time.monotonic()
        error = failed(side.at(company.port), within=SECOND)

    assert 0.9 < time.monotonic() - began < 15
    assert error.retryable
    assert "no answer in time" in str(error)


def test_of_an_answer_without_end_only_the_beginning_is_read(side: Side) -> None:
    with BadCompany(*side.flood) as company:
        began = time.monotonic()
        error = failed(side.at(company.port), within=25 * SECOND)

    assert time.monotonic() - began < 15
    assert len(str(error)) < 300
    assert company.sent < 8_000_000  # what the kernel's buffers hold, and no more


@pytest.mark.parametrize(
    ("host", "expired", "why"),
    [("elsewhere.example", False, "mismatch"), ("127.0.0.1", True, "expired")],
)
def test_a_certificate_that_is_not_the_server_s_is_refused_for_good(
    side: Side,
    host: str,
    expired: bool,  # noqa: FBT001 - a parameter
    why: str,
) -> None:
    with side.with_certificate(host, expired=expired) as channel:
        error = failed(channel)

        assert (False, []) == (error.retryable, side.ids())
        assert "the certificate is not trusted" in str(error)
        assert why in str(error)


def test_a_certificate_of_a_trusted_authority_is_accepted(side: Side) -> None:
    with side.with_certificate("127.0.0.1", expired=False) as channel:
        sent(channel)

        assert 1 == len(side.ids())


def test_an_authority_that_nobody_vouches_for_is_refused(side: Side, tmp_path: Path) -> None:
    with side.with_certificate("127.0.0.1", expired=False) as channel:
        stranger = Authority(tmp_path)
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("SSL_CERT_FILE", str(stranger.ca))
            if not isinstance(side, Hooks):
                assert isinstance(channel, Smtp)
                error = failed(replace(channel, ca=str(stranger.ca)))
            else:
                error = failed(channel)

        assert (False, []) == (error.retryable, side.ids())


def test_a_server_that_repeats_the_secret_does_not_carry_it_into_an_error(side: Side) -> None:
    with BadCompany(side.echo) as company:
        error = failed(side.at(company.port))

    told = f"{error} {error!r} {error.hint} {error.__cause__!r} {error.__context__!r}"
    assert "***" in str(error)
    assert SECRET.decode() not in told
    assert PLAIN.decode().rstrip("=") not in told
    assert CODED.decode().rstrip("=") not in told


def test_what_is_no_server_of_this_kind_is_said_to_be_none(side: Side) -> None:
    with BadCompany(b"SSH-2.0-OpenSSH_9.6\r\n") as company:
        error = failed(side.at(company.port), within=3 * SECOND)

    assert not error.retryable
    assert any(what in str(error) for what in ("is not HTTP", "no mail server"))


def test_a_name_that_nobody_knows_may_be_the_network_s_fault() -> None:
    error = failed(webhook("https://nowhere.invalid/hook"))

    assert error.retryable
    assert "the name nowhere.invalid cannot be resolved" in str(error)
    assert "getent hosts nowhere.invalid" in error.hint
