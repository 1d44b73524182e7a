"""The child that lends restic a bucket to read: `python -m orchestrator.adapters.s3.child.gateway`.

It reads one line of JSON (`Bucket.brief`; the request may hold `versions`, see `View`), serves
restic's REST protocol on the loopback, read-only, to whoever knows the password, writes
`{"listening": url}`, and ends when its standard input does, with
`{"answer": {"requests", "bytes"}}`.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import re
import secrets
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from orchestrator.adapters.s3.child.place import REFUSALS, Place
from orchestrator.adapters.s3.child.saying import say
from orchestrator.adapters.s3.child.store import Live, View
from orchestrator.adapters.s3.view_locks import counted

if TYPE_CHECKING:
    from orchestrator.adapters.s3.child.store import Store

USER = "pra"
V1, V2 = (f"application/vnd.x.restic.rest.v{n}" for n in (1, 2))
ASKED = re.compile(r"/(?:(data|index|keys|locks|snapshots)/)?([0-9a-z]*)(?:\?.*)?")
SPAN = re.compile(r"bytes=\d+-\d*")
WHOLE = "bytes=0-"
CHUNK = 1 << 18
IDLE_S = 600


class Gateway(ThreadingHTTPServer):
    """Serves one store; counts what it served."""

    daemon_threads = True
    # A restic of many connections opens them all at once.
    request_queue_size = 64

    def __init__(self, store: Store, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.store = store
        self.key = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()
        self.requests = 0
        self.bytes = 0
        self._lock = threading.Lock()

    def count(self, *, requests: int = 0, sent: int = 0) -> None:
        """Add to what was served."""
        with self._lock:
            self.requests += requests
            self.bytes += sent

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a reader that left: restic's side says what matters."""
        del request, client_address


class _Asked(BaseHTTPRequestHandler):
    """One connection. What is not a read of a known file is refused."""

    server: Gateway
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_S

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_POST(self) -> None:
        self.close_connection = True  # its body is not read
        self._status(HTTPStatus.FORBIDDEN)  # of any other answer restic asks again, for 15 minutes

    do_DELETE = do_PUT = do_POST  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        del format, args

    def _answer(self, *, body: bool) -> None:
        self.server.count(requests=1)
        if not hmac.compare_digest(self.headers.get("Authorization", ""), self.server.key):
            self._status(HTTPStatus.UNAUTHORIZED)
            return
        asked = ASKED.fullmatch(self.path)
        if asked is None:
            self._status(HTTPStatus.NOT_FOUND)
            return
        kind, name = asked[1] or "", asked[2]
        try:
            if kind and not name:
                self._list(kind)
            elif kind or name == "config":
                self._file(kind, name, body=body)
            else:
                self._status(HTTPStatus.NOT_FOUND)
        except KeyError:
            self._status(HTTPStatus.NOT_FOUND)
        except ValueError:
            self._status(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            refused = code in REFUSALS
            self._status(HTTPStatus.FORBIDDEN if refused else HTTPStatus.BAD_GATEWAY)
        except BotoCoreError:
            self._status(HTTPStatus.BAD_GATEWAY)  # restic tries again, and says so

    def _list(self, kind: str) -> None:
        found = self.server.store.files(kind)
        if V2 in self.headers.get("Accept", ""):
            said: list[object] = [{"name": name, "size": size} for name, size in found]
            self._bytes(json.dumps(said).encode(), V2)
        else:
            self._bytes(json.dumps([name for name, _ in found]).encode(), V1)

    def _file(self, kind: str, name: str, *, body: bool) -> None:
        if not body:
            self._head(HTTPStatus.OK, self.server.store.size(kind, name))
            return
        span = self.headers.get("Range")
        if span is not None and not SPAN.fullmatch(span):
            raise ValueError(span)
        content, length = self.server.store.open(kind, name, span or WHOLE)
        with contextlib.closing(content):
            self._head(HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK, length)
            sent = 0
            try:
                while chunk := content.read(CHUNK):
                    self.wfile.write(chunk)
                    sent += len(chunk)
            except (BotoCoreError, HTTPError, OSError):
                pass  # too late for another answer: what came is too short, and restic sees it
            finally:
                self.server.count(sent=sent)
            self.close_connection = self.close_connection or sent < length

    def _bytes(self, content: bytes, kind: str) -> None:
        self._head(HTTPStatus.OK, len(content), kind)
        self.wfile.write(content)
        self.server.count(sent=len(content))

    def _status(self, status: HTTPStatus) -> None:
        self._head(status, 0)

    def _head(
        self, status: HTTPStatus, length: int, kind: str = "application/octet-stream"
    ) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()


def main() -> None:
    """Serve until standard input ends."""
    brief = json.loads(sys.stdin.buffer.readline())
    place = Place.of(brief)
    versions = brief["request"].get("versions")
    store: Store = Live(place) if versions is None else View(place, versions)
    password = secrets.token_urlsafe(32)
    with Gateway(store, password) as gateway:
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
        host, port = gateway.server_address[:2]
        say({"listening": f"rest:http://{USER}:{password}@{host!s}:{port}/"})
        with contextlib.suppress(KeyboardInterrupt):  # the same end, said by the kernel
            while sys.stdin.buffer.read(CHUNK):
                pass
        gateway.shutdown()
        with contextlib.suppress(OSError):  # nobody may listen any more
            locks = counted(store.locks) if isinstance(store, View) else None
            say({"answer": {"requests": gateway.requests, "bytes": gateway.bytes, "locks": locks}})


if __name__ == "__main__":
    main()
