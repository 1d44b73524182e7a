"""A page by mail: what arrives, who is refused, and what cannot be smuggled into a header."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.adapters.notify import send
from orchestrator.errors import ChannelFailed
from tests.builders import NOW
from tests.certificates import Authority
from tests.channels import BadCompany, Mailbox, MailServer
from tests.pages import REFERENCE, SECRET, page, smtp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from orchestrator.reports.message import Message

ONE, TWO = "one@example.net", "two@example.net"
LOGIN: dict[str, Any] = {"user": "pra", "password": REFERENCE}
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
    "Importance", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
]  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(box: Mailbox) -> Iterator[MailServer]:
    with MailServer(box) as made:
        yield made


def sent(
    server: MailServer | BadCompany,
    message: Message | None = None,
    secret: bytes | None = None,
    **other: Any,  # noqa: ANN401 - any field of the channel
) -> str:
    channel = smtp(server.port, **other)
    within = timedelta(seconds=20)
    return send(channel, message or page(), secret=secret, now=NOW, within=within)


def failed(server: MailServer | BadCompany, **other: Any) -> ChannelFailed:  # noqa: ANN401 - the same
    with pytest.raises(ChannelFailed) as raised:
        sent(server, **other)
    return raised.value


def arrived(box: Mailbox) -> EmailMessage:
    return box.mails()[-1]


def test_a_mail_says_its_first_line_in_the_subject_and_the_rest_below(
    server: MailServer, box: Mailbox
) -> None:
    receipt = sent(server, sender="PRA at Example <pra@example.net>")
    mail = arrived(box)

    assert "250 2.0.0 Ok: queued as 0001" == receipt
    assert "pra@example.net" == box.taken[0].mail_from
    assert [ONE, TWO] == box.taken[0].rcpt_tos
    assert page().first_line == mail["Subject"]
    assert "PRA at Example <pra@example.net>" == mail["From"]
    assert f"{ONE}, {TWO}" == mail["To"]
    assert NOW.replace(microsecond=0) == parsedate_to_datetime(mail["Date"])
    assert "auto-generated" == mail["Auto-Submitted"]
    assert "high" == mail["Importance"]
    lines = mail.get_content().splitlines()
    assert [*page().body.splitlines(), "", "-- "] == lines[: len(page().body.splitlines()) + 2]
    assert {"service: till", "resolved_at: null"} < set(lines)


@pytest.mark.parametrize("name", ["Astreinte d'été, équipe", "=?utf-8?q?=0AX=3A_y?=", ""])
def test_a_sender_s_name_is_a_name_and_nothing_else(
    server: MailServer, box: Mailbox, name: str
) -> None:
    first_line = (
        "P1 Boulangerie Martin : sauvegarde de la caisse en échec. RPO dépassé. " + "é" * 50
    )
    sent(server, page(first_line=first_line), sender=f'"{name}" <pra@example.net>')
    mail = arrived(box)

    assert [name.replace("=?", "= ?")] == [one.display_name for one in mail["From"].addresses]
    assert ["pra@example.net"] == [one.addr_spec for one in mail["From"].addresses]
    assert first_line == mail["Subject"]
    content = box.taken[0].content
    assert isinstance(content, bytes)
    assert all(len(line) <= 78 for line in content.split(b"\r\n"))


def test_all_mails_of_an_incident_are_one_conversation(server: MailServer, box: Mailbox) -> None:
    sent(server)
    sent(server, page(id="0192aa/end", urgent=False))
    first, last = box.mails()

    assert "<bakery/0192aa/wake=0@example.net>" == first["Message-ID"]
    assert "<bakery/0192aa/end@example.net>" == last["Message-ID"]
    assert "<bakery/0192aa@example.net>" == first["References"] == last["References"]
    assert first["In-Reply-To"] == last["In-Reply-To"]
    assert last["Importance"] is None


@pytest.mark.parametrize(
    "text",
    [
        "ends\r\nBcc: victim@example.net",
        "ends\nBcc: victim@example.net",
        "ends\rBcc: victim@example.net",
        "ends\r\n\r\nand a body",
        "ends\u2028Bcc: victim@example.net\x85Bcc: victim@example.net\x0bBcc: x",
        "=?utf-8?q?ends=0D=0ABcc=3A_victim=40example=2Enet?=",
        "=?utf-8?b?ZW5kcw0KQmNjOiB2aWN0aW1AZXhhbXBsZS5uZXQ=?= =?utf-8?q?=0A=0Abody?=",
        "é" * 200 + "\r\nBcc: victim@example.net",
        "\udcff\r\n.\r\nMAIL FROM:<x@example.net>",
        "",
    ],
)
def test_no_text_becomes_a_header_a_command_or_a_mail_of_its_own(
    server: MailServer, box: Mailbox, text: str
) -> None:
    data = {"incident": text, text: text}
    hostile = page(id=text, site=text, first_line=text, body=text, data=data)
    sent(server, hostile)
    mail = arrived(box)

    assert 1 == len(box.taken)
    assert set(mail.keys()) <= set(HEADERS)
    assert len(mail.keys()) == len(set(mail.keys()))
    assert [ONE, TWO] == box.taken[0].rcpt_tos
    assert isinstance(box.taken[0].content, bytes)
    assert all(len(line) <= 998 for line in box.taken[0].content.split(b"\r\n"))
    assert box.taken[0].content.isascii()


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "",
        "one@example.net\r\nRCPT TO:<two@example.net>",
        "one@example.net> SIZE=1\r\nDATA",
        "one@",
        "one two@example.net",
        "ünï@example.net",
        "One\r\nBcc: victim@example.net <one@example.net>",
        "=?utf-8?q?=0AX?= <one@example.net>, two@example.net",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(
    server: MailServer, box: Mailbox, address: str
) -> None:
    error = failed(server, to=(ONE, address))

    assert not error.retryable
    assert "is no mail address" in str(error)
    assert [] == box.taken


def test_accepted_by_some_is_accepted_and_the_receipt_names_the_others(
    server: MailServer, box: Mailbox
) -> None:
    box.refused = {TWO: "552 5.2.2 mailbox full"}

    receipt = sent(server)

    assert f"250 2.0.0 Ok: queued as 0001; refused: {TWO} (552 5.2.2 mailbox full)" == receipt
    assert [[ONE]] == [one.rcpt_tos for one in box.taken]


@pytest.mark.parametrize(
    ("first", "second", "retryable", "remedy"),
    [
        ("550 5.1.1 unknown", "550 5.1.1 unknown", False, "Check the addresses"),
        ("550 5.1.1 unknown", "450 4.2.0 greylisted", True, "Check the addresses"),
        ("451 4.7.1 later", "451 4.7.1 later", True, "it may pass"),
        ("554 5.7.1 Relay access denied", "554 5.7.1 no", False, "does not relay for us"),
        ("530 5.7.0 Authentication required", "530 5.7.0 no", False, "give the channel user"),
    ],
)
def test_refused_to_all_it_failed_and_each_is_named(  # noqa: PLR0913 - a table
    server: MailServer, box: Mailbox, first: str, second: str, *, retryable: bool, remedy: str
) -> None:
    box.refused = {ONE: first, TWO: second}
    error = failed(server)

    assert retryable == error.retryable
    assert f"every recipient was refused: {ONE} ({first}), {TWO} ({second})" in str(error)
    assert remedy in error.hint
    assert [] == box.taken


@pytest.mark.parametrize(
    ("field", "answer", "retryable", "words"),
    [
        ("sender_refused", "550 5.7.1 not yours", False, "MAIL FROM refused: 550 5.7.1 not yours"),
        ("sender_refused", "421 4.3.2 closing", True, "MAIL FROM refused: 421 4.3.2 closing"),
        ("data_refused", "552 5.3.4 too big", False, "DATA refused: 552 5.3.4 too big"),
        ("data_refused", "452 4.3.1 disk full", True, "DATA refused: 452 4.3.1 disk full"),
    ],
)
def test_a_refusal_says_at_which_step(  # noqa: PLR0913 - a table
    server: MailServer, box: Mailbox, field: str, answer: str, *, retryable: bool, words: str
) -> None:
    setattr(box, field, answer)
    error = failed(server)

    assert (retryable, f"smtp://127.0.0.1:{server.port}: {words}") == (error.retryable, str(error))


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
def test_a_login_goes_through_tls(authority: Authority, tls: str, way: str) -> None:
    box = Mailbox(login=(b"pra", "pässword".encode()), way=way)
    with MailServer(box, tls, authority.server()) as server:
        sent(server, secret="pässword".encode(), tls=tls, ca=str(authority.ca), **LOGIN)

    assert 1 == len(box.taken)


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
def test_a_wrong_password_is_refused_for_good(authority: Authority, way: str) -> None:
    box = Mailbox(login=(b"pra", b"another"), way=way)
    with MailServer(box, "tls", authority.server()) as server:
        error = failed(server, secret=SECRET, tls="tls", ca=str(authority.ca), **LOGIN)

    assert not error.retryable
    assert "AUTH refused: 535" in str(error)
    assert "Check user and password" in error.hint


def test_a_server_that_wants_a_login_says_so(authority: Authority) -> None:
    box = Mailbox(login=(b"pra", b"another"))
    with MailServer(box, "starttls", authority.server()) as server:
        error = failed(server, tls="starttls", ca=str(authority.ca))

    assert "530" in str(error)
    assert "give the channel user and password" in error.hint


def test_a_server_without_starttls_gets_nothing(server: MailServer, box: Mailbox) -> None:
    error = failed(server, tls="starttls", secret=SECRET, **LOGIN)

    assert not error.retryable
    assert "offers no STARTTLS" in str(error)
    assert [] == box.taken


def test_tls_from_the_first_byte_to_a_port_that_does_not_speak_it(server: MailServer) -> None:
    error = failed(server, tls="tls")

    assert not error.retryable
    assert "TLS failed" in str(error)


def test_a_login_where_none_is_offered(server: MailServer) -> None:
    error = failed(server, secret=SECRET, **LOGIN)

    assert "offers no way to log in that we know (none)" in str(error)


def test_a_file_of_certificates_that_is_of_no_use(server: MailServer, tmp_path: Any) -> None:  # noqa: ANN401 - a path
    (tmp_path / "empty.pem").write_text("nothing\n")
    absent = failed(server, tls="tls", ca=str(tmp_path / "absent.pem"))
    empty = failed(server, tls="tls", ca=str(tmp_path / "empty.pem"))

    assert "absent.pem: the file of certificates cannot be used: No such file" in str(absent)
    assert "empty.pem: the file of certificates cannot be used: it holds no" in str(empty)


def test_a_server_that_turns_us_away_at_the_door() -> None:
    with BadCompany(b"554 5.7.1 your address is listed\r\n") as company:
        error = failed(company)

    assert not error.retryable
    assert "greeting refused: 554 5.7.1 your address is listed" in str(error)


def test_a_mail_that_was_taken_is_taken_though_the_server_goes_without_a_word() -> None:
    ours = b"220 x\r\n250 x\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 queued as 1\r\n"
    with BadCompany(ours, hang_up=True) as company:
        assert "250 queued as 1" == sent(company)
