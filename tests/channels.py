"""Who receives pages in the tests: a real HTTP receiver, a real mail server, and bad company."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.smtp import SMTP, AuthResult

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from email.message import EmailMessage
    from types import TracebackType

    from aiosmtpd.smtp import Envelope, LoginPassword, Session

PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it came; header names in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes


Answer = int | bytes


class Receiver:
    """A web server that takes pages; it answers from `answers`, one after the other, then `usual`.

    An answer is a status, or bytes that it says as they are. `on_request` is called before.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.answers: list[Answer] = []
        self.usual: Answer = 202
        self.on_request: Callable[[], None] = lambda: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self._server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(path=self.path, headers=headers, body=body))
                receiver.on_request()
                answer = receiver.answers.pop(0) if receiver.answers else receiver.usual
                with contextlib.suppress(OSError):
                    self._say(answer)

            def _say(self, answer: Answer) -> None:
                self.close_connection = True
                if isinstance(answer, bytes):
                    self.wfile.write(answer)
                    return
                self.send_response(answer)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """What a mail server does: whom it refuses, with which words, and what it took."""

    login: tuple[bytes, bytes] | None = None
    way: str = "PLAIN"  # or LOGIN: the only one that is offered
    refused: dict[str, str] = field(default_factory=dict)  # by recipient
    sender_refused: str | None = None
    data_refused: str | None = None
    taken: list[Envelope] = field(default_factory=list)

    def authenticate(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        mechanism: str,
        data: LoginPassword,
    ) -> AuthResult:
        """Compare user and password."""
        del server, session, envelope, mechanism
        return AuthResult(success=(data.login, data.password) == self.login, handled=False)

    def mails(self) -> list[EmailMessage]:
        """What was taken, read as a mail program reads it."""
        contents = [one.content for one in self.taken if isinstance(one.content, bytes)]
        return [message_from_bytes(content, policy=policy.default) for content in contents]

    async def handle_MAIL(  # noqa: N802 - its name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a sender."""
        del server, session
        if self.sender_refused:
            return self.sender_refused
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - its name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        del server, session
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Take or refuse a mail."""
        del server, session
        if self.data_refused:
            return self.data_refused
        self.taken.append(envelope)
        return f"250 2.0.0 Ok: queued as {len(self.taken):04}"


class MailServer:
    """A real mail server, in a thread: plain, with STARTTLS, or TLS from the first byte."""

    def __init__(
        self, mailbox: Mailbox, tls: str = "none", context: ssl.SSLContext | None = None
    ) -> None:
        self._mailbox = mailbox
        self._tls = tls
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def _protocol(self) -> SMTP:
        more: dict[str, Any] = {}
        if self._mailbox.login is not None:
            more = {
                "authenticator": self._mailbox.authenticate,
                "auth_required": self._tls == "starttls",
                "auth_require_tls": self._tls == "starttls",
                "auth_exclude_mechanism": {"PLAIN", "LOGIN"} - {self._mailbox.way},
            }
        if self._tls == "starttls":
            more |= {"tls_context": self._context, "require_starttls": True}
        return SMTP(self._mailbox, hostname="mail.example.net", loop=self._loop, **more)

    def __enter__(self) -> Self:
        self._thread.start()
        implicit = self._context if self._tls == "tls" else None
        self._server = self._wait(
            self._loop.create_server(self._protocol, "127.0.0.1", 0, ssl=implicit)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _wait(self, work: Any) -> Any:  # noqa: ANN401 - whatever it gives
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


class BadCompany:
    """A server that says `first`, then `again` for ever, a piece at a time; or just hangs up."""

    def __init__(
        self,
        first: bytes = b"",
        again: bytes = b"",
        *,
        pause: float = 0.0,
        reset: bool = False,
        hang_up: bool = False,
    ) -> None:
        self._said = (first, again)
        self._hang_up = hang_up
        self._pause = pause
        self._reset = reset
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.sent = 0
        self._gone = threading.Event()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._gone.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE_S)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with contextlib.suppress(OSError), client:
                    self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        first, again = self._said
        if self._reset:
            client.settimeout(0.2)  # who speaks first depends on the protocol
            with contextlib.suppress(TimeoutError):
                client.recv(1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        client.settimeout(PATIENCE_S)
        client.sendall(first)
        if self._hang_up:
            while not client.recv(65_536).endswith(b"\r\n.\r\n"):
                pass
            return
        until = time.monotonic() + PATIENCE_S
        while again and not self._gone.wait(self._pause) and time.monotonic() < until:
            client.sendall(again)
            self.sent += len(again)
        self._gone.wait(PATIENCE_S)
