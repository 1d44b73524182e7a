"""A page by POST: what the receiver gets, how it verifies, and what each answer means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.notify import send
from orchestrator.adapters.notify.webhook import signature
from orchestrator.errors import ChannelFailed
from tests.builders import NOW
from tests.channels import BadCompany, Receiver
from tests.pages import SECRET, page, webhook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.reports.message import Message
    from tests.channels import Answer, Received

RANDOM = b"\x00\xff any bytes at all, 32 of them"
WHSEC = b"whsec_" + base64.b64encode(RANDOM)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def posted(
    receiver: Receiver,
    message: Message | None = None,
    *,
    secret: bytes | None = SECRET,
    now: datetime = NOW,
    path: str = "/hook",
) -> Received:
    send(webhook(receiver.url + path), message or page(), secret=secret, now=now)
    return receiver.received[-1]


def is_genuine(request: Received, key: bytes, at: datetime) -> bool:
    """What a receiver does, written from the standard and not from our code."""
    headers = request.headers
    sent_at = int(headers["webhook-timestamp"])
    signed = f"{headers['webhook-id']}.{sent_at}.".encode() + request.body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    said = [entry.removeprefix("v1,") for entry in headers["webhook-signature"].split(" ")]
    fresh = abs(at - datetime.fromtimestamp(sent_at, UTC)) < timedelta(minutes=5)
    return fresh and any(hmac.compare_digest(expected, one) for one in said)


def test_the_receiver_gets_one_cloudevents_document(receiver: Receiver) -> None:
    request = posted(receiver)

    assert "application/cloudevents+json; charset=utf-8" == request.headers["content-type"]
    assert {
        "specversion": "1.0",
        "id": "bakery/0192aa/wake=0",
        "source": "/sites/bakery",
        "type": "pra.incident.opened",
        "subject": "till",
        "time": NOW.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {
            "incident": "0192aa",
            "page": "wake.0",
            "service": "till",
            "resolved_at": None,
            "urgent": True,
            "first_line": page().first_line,
            "body": page().body,
        },
    } == json.loads(request.body)


def test_the_machine_s_own_page_has_a_source_and_a_place_in_the_address(receiver: Receiver) -> None:
    request = posted(receiver, page(site="", subject=""), path="/hook/{site}")
    event = json.loads(request.body)

    assert ("/machine", "/0192aa/wake=0") == (event["source"], event["id"])
    assert "subject" not in event
    assert "/hook/_machine" == request.path


def test_a_text_that_no_utf_8_can_say_is_sent_all_the_same(receiver: Receiver) -> None:
    request = posted(receiver, page(body="file \udcff"))

    assert "file ?" == json.loads(request.body.decode())["data"]["body"]


@pytest.mark.parametrize(("secret", "key"), [(SECRET, SECRET), (WHSEC, RANDOM)])
def test_the_signature_holds_for_who_has_the_key(
    receiver: Receiver, secret: bytes, key: bytes
) -> None:
    request = posted(receiver, secret=secret)

    assert is_genuine(request, key, NOW)
    assert not is_genuine(request, b"another", NOW)


def test_our_signature_is_the_one_that_the_standard_publishes() -> None:
    headers = signature(
        b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )

    assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == headers["webhook-signature"]


def test_a_recorded_page_can_be_replayed_neither_later_nor_as_another(receiver: Receiver) -> None:
    request = posted(receiver)
    later = NOW + timedelta(hours=1)

    def forged(name: str, value: str) -> Received:
        return replace(request, headers={**request.headers, name: value})

    assert is_genuine(request, SECRET, NOW)
    assert not is_genuine(request, SECRET, later)
    stamp = forged("webhook-timestamp", str(int(later.timestamp())))
    assert not is_genuine(stamp, SECRET, later)
    assert not is_genuine(forged("webhook-id", "bakery/0192aa/wake=1"), SECRET, NOW)


def test_every_try_is_the_same_page_at_its_own_time(receiver: Receiver) -> None:
    receiver.answers = [503, 202]
    with pytest.raises(ChannelFailed):
        posted(receiver)
    posted(receiver, now=NOW + timedelta(seconds=9))
    first, second = receiver.received

    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert 9 == int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"])
    assert is_genuine(second, SECRET, NOW)


def test_two_ids_stay_two_and_none_has_a_dot(receiver: Receiver) -> None:
    long = "w" * 300
    pairs = ("a/wake.1", "a/wake=1", "a/wake:1", "a/wake 1\r\nX: y", "a/wake%2E1", "a/wâke.1",
             f"{long}.1", f"{long}.2")  # fmt: skip
    ids = [posted(receiver, page(id=one)).headers["webhook-id"] for one in pairs]

    assert len(pairs) == len(set(ids))
    assert not any("." in one or len(one) > 200 for one in ids)
    assert all("x" not in request.headers for request in receiver.received)


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    request = posted(receiver, secret=None)

    assert not any(name.startswith("webhook-") for name in request.headers)


def test_a_secret_that_is_half_copied_is_said_without_showing_it(receiver: Receiver) -> None:
    with pytest.raises(ChannelFailed, match="begins with whsec_") as raised:
        posted(receiver, secret=b"whsec_s3cr*t")

    assert ([], False) == (receiver.received, raised.value.retryable)
    assert "s3cr" not in repr(raised.value)


def test_the_site_stands_quoted_in_the_address(receiver: Receiver) -> None:
    request = posted(receiver, page(site="a/../b?c"), path="/hook/{site}/é?key=1&to={site}")

    assert "/hook/a%2F..%2Fb%3Fc/%C3%A9?key=1&to=a%2F..%2Fb%3Fc" == request.path
    assert receiver.url.removeprefix("http://") == request.headers["host"]


@pytest.mark.parametrize(
    ("answer", "retryable", "words", "remedy"),
    [
        (400, False, "400 Bad Request", "does not take our document"),
        (401, False, "401 Unauthorized", "compare the secret"),
        (403, False, "403 Forbidden", "compare the secret"),
        (404, False, "404 Not Found", "check the path"),
        (408, True, "408 Request Timeout", ""),
        (410, False, "410 Gone", "make a new one"),
        (425, True, "425 Too Early", ""),
        (429, True, "429 Too Many Requests", "tried again later"),
        (500, True, "500 Internal Server Error", "a fault of its own"),
        (503, True, "503 Service Unavailable", "a fault of its own"),
        (304, False, "304 Not Modified: to nowhere", "redirects are not followed"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://user:key@evil.example/x\r\n\r\n",
            False,
            "302 Found: to evil.example",
            "redirects are not followed",
        ),
        (
            b"HTTP/1.1 422 No\r\nContent-Length: 30\r\n\r\nrouting\r\nkey \x1b[31m is unknown....",
            False,
            "422 No: routing key [31m is unknown",
            "does not take our document",
        ),
    ],
)
def test_what_an_answer_means(
    receiver: Receiver,
    answer: Answer,
    retryable: bool,  # noqa: FBT001 - a parameter
    words: str,
    remedy: str,
) -> None:
    receiver.answers = [answer]
    with pytest.raises(ChannelFailed) as raised:
        posted(receiver)

    assert retryable == raised.value.retryable
    assert f"{receiver.url}: answered {words}" in str(raised.value)
    assert remedy in raised.value.hint
    assert 1 == len(receiver.received)


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        (200, "200 OK"),
        (202, "202 Accepted"),
        (204, "204 No Content"),
        (
            b'HTTP/1.1 201 Created\r\nContent-Length: 16\r\n\r\n{"call":"4711"}\n',
            '201 Created: {"call":"4711"}',
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "200 OK: ok",
        ),
        (b"HTTP/1.0 200\r\n\r\n", "200"),
    ],
)
def test_the_receipt_is_what_the_receiver_said(
    receiver: Receiver, answer: Answer, receipt: str
) -> None:
    receiver.answers = [answer]

    assert receipt == send(webhook(receiver.url), page(), secret=SECRET, now=NOW)


@pytest.mark.parametrize("again", [b"", b"a" * 65_536])
def test_once_accepted_it_is_accepted_whatever_the_body_does(again: bytes) -> None:
    with BadCompany(b"HTTP/1.1 202 Accepted\r\n\r\nok", again) as company:
        receipt = send(webhook(company.url), page(), secret=SECRET, now=NOW)

    assert receipt.startswith("202 Accepted: ok")
    assert len(receipt) < 200


def test_a_proxy_of_the_environment_has_no_say(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert posted(receiver).path == "/hook"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.net/",
        "example.net/hook",
        "https://",
        "https://user:s3cret@example.net/hook",
        "https://example.net:port/",
        f"https://{'a' * 70}.example/",
    ],
)
def test_what_is_no_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ChannelFailed, match="no address of the web") as raised:
        send(webhook(url), page(), secret=SECRET, now=NOW)

    assert not raised.value.retryable
    assert "s3cret" not in repr(raised.value)


def test_the_path_which_may_be_a_key_is_in_no_error(receiver: Receiver) -> None:
    receiver.answers = [404]
    with pytest.raises(ChannelFailed) as raised:
        posted(receiver, path="/services/T0K3N?key=K3Y")

    assert "T0K3N" not in repr(raised.value)
    assert "K3Y" not in repr(raised.value)
