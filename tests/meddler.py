"""An S3 that lies or is overwhelmed: it stands between a client and the real one."""

from __future__ import annotations

import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

CONTENTS = re.compile(rb"<(Contents|Version)>.*?</\1>", re.DOTALL)
KEY = re.compile(rb"<Key>(.*?)</Key>")
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
BUSY = (
    b'<?xml version="1.0"?><Error><Code>SlowDown</Code>'
    b"<Message>Reduce your request rate</Message></Error>"
)
PATIENCE_S = 60


class Meddler:
    """Passes requests on to `upstream`, and answers as it was told to."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._hidden: Callable[[str], bool] = lambda _key: False
        self._refused = 0.0
        self._debt = 0.0
        self._status = 503
        self._lock = threading.Lock()
        self.refusals = 0
        self.requests = 0
        handler = type("Handler", (_Handler,), {"meddler": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def url(self, bucket: str, prefix: str) -> str:
        """The address of a repository behind it, for restic."""
        return f"s3:{self.endpoint}/{bucket}/{prefix}"

    def hide(self, hidden: Callable[[str], bool]) -> None:
        """Leave keys out of every listing."""
        self._hidden = hidden

    def storm(self, share: float, status: int = 503) -> None:
        """Refuse this share of all requests from now on, evenly."""
        self._refused, self._status = share, status

    def refuses(self) -> bool:
        """Whether the request at hand is refused."""
        with self._lock:
            self.requests += 1
            self._debt += self._refused
            if self._debt < 1:
                return False
            self._debt -= 1
            self.refusals += 1
            return True

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return what the real server answers, less what is hidden."""
        if self.refuses():
            return self._status, [("Content-Type", "application/xml")], BUSY
        connection = http.client.HTTPConnection(*self._upstream, timeout=PATIENCE_S)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP]
            if method == "HEAD":
                kept += [("Content-Length", answer.getheader("Content-Length") or "0")]
            if b"<ListBucketResult" in content or b"<ListVersionsResult" in content:
                content = CONTENTS.sub(self._shown, content)
            return answer.status, kept, content
        finally:
            connection.close()

    def _shown(self, entry: re.Match[bytes]) -> bytes:
        key = KEY.search(entry.group())
        return b"" if key and self._hidden(key.group(1).decode()) else entry.group()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    meddler: ClassVar[Meddler]
    protocol_version = "HTTP/1.1"

    def _do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        status, headers, content = self.meddler.ask(
            self.command, self.path, dict(self.headers.items()), body
        )
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _do  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""
