from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from orchestrator.demo import scratch
from orchestrator.demo.servers import PostgresServer, S3Server
from orchestrator.errors import DemoFailed
from restore_drills.process import Processes, of_run
from tests.faults import kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Bucket

# Starts both servers in a folder each, says where, and waits to be killed.
OWNER = """
import time
from orchestrator.demo import scratch
from orchestrator.demo.servers import PostgresServer, S3Server
with scratch.scratch() as folder, S3Server(folder / "s3"), PostgresServer(folder / "db"):
    print(folder, flush=True)
    time.sleep(300)
"""


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


def elsewhere(folder: Path) -> list[Path]:
    """What a server says that it puts outside its folder."""
    return [Path(line) for line in (folder / "elsewhere").read_text().split()]


def test_a_locked_version_cannot_be_deleted_before_its_time(s3: S3Server) -> None:
    s3.make_bucket("locked", object_lock=True, days=2)
    client = s3.client()
    version = client.put_object(Bucket="locked", Key="pack", Body=b"bytes")["VersionId"]

    with pytest.raises(ClientError, match="Access Denied"):
        client.delete_object(Bucket="locked", Key="pack", VersionId=version)

    until = client.get_object_retention(Bucket="locked", Key="pack")["Retention"]
    assert "COMPLIANCE" == until["Mode"]
    assert until["RetainUntilDate"] > datetime.now(UTC) + timedelta(days=1)
    assert b"bytes" == client.get_object(Bucket="locked", Key="pack")["Body"].read()


def test_a_bucket_without_object_lock_forgets_what_is_deleted(s3: S3Server, bucket: Bucket) -> None:
    client = s3.client()
    client.put_object(Bucket=bucket.name, Key="pack", Body=b"bytes")

    client.delete_object(Bucket=bucket.name, Key="pack")

    assert 0 == client.list_objects_v2(Bucket=bucket.name)["KeyCount"]


def test_another_key_is_refused(s3: S3Server, bucket: Bucket) -> None:
    stranger = boto3.client(
        "s3",
        endpoint_url=s3.endpoint,
        region_name="us-east-1",
        aws_access_key_id=s3.access_key,
        aws_secret_access_key="another",
    )

    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        stranger.list_objects_v2(Bucket=bucket.name)


def test_a_kept_s3_folder_serves_the_same_objects_under_the_same_address(tmp_path: Path) -> None:
    with S3Server(tmp_path) as first:
        first.make_bucket("kept", object_lock=True)
        first.client().put_object(Bucket="kept", Key="pack", Body=b"x" * 300_000)

    with kept(int(first.endpoint.rpartition(":")[2])), S3Server(tmp_path) as second:
        read = second.client().get_object(Bucket="kept", Key="pack")["Body"].read()

    assert b"x" * 300_000 == read
    assert first.endpoint == second.endpoint
    assert first.secret_key == second.secret_key


def test_a_statement_gives_its_rows(postgres: PostgresServer) -> None:
    postgres.create("rows")

    assert "1|é\n2|€" == postgres.sql("rows", "values (1, 'é'), (2, '€')")


def test_a_refused_statement_says_why(postgres: PostgresServer) -> None:
    with pytest.raises(DemoFailed, match='relation "nowhere" does not exist'):
        postgres.sql("postgres", "table nowhere")


def test_the_cluster_cannot_be_reached_by_network(postgres: PostgresServer) -> None:
    assert "" == postgres.sql("postgres", "show listen_addresses")
    assert 0o700 == Path(postgres.host).stat().st_mode & 0o777


def test_a_kept_cluster_has_its_databases_again() -> None:
    with scratch.scratch() as folder:
        with PostgresServer(folder) as first:
            first.create("kept")
        with PostgresServer(folder) as second:
            databases = second.sql("postgres", "select datname from pg_database")

    assert "kept" in databases.splitlines()


def test_servers_leave_no_process_and_no_file() -> None:
    with scratch.scratch() as folder:
        with S3Server(folder / "s3"), PostgresServer(folder / "db"):
            assert 2 <= len(of_run(folder.name))
            sockets = elsewhere(folder / "s3")
            assert sockets
            assert all(path.is_socket() for path in sockets)

        assert [] == of_run(folder.name)
        assert not any(path.exists() for path in sockets)

    assert not folder.exists()


def test_a_killed_owner_leaves_no_server_and_the_next_start_no_file() -> None:
    said: list[bytes] = []
    owner = Processes("owner").start(
        [sys.executable, "-c", OWNER],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
        on_stdout=said.append,
        stop_signal=signal.SIGKILL,
    )
    with owner:
        assert eventually(lambda: bool(said))
        folder = Path(said[0].decode())
        sockets = elsewhere(folder / "s3")
        assert any(path.is_socket() for path in sockets)
        owner.stop("killed", timedelta(seconds=5))
    assert -signal.SIGKILL == owner.ended().code
    assert eventually(lambda: not of_run(folder.name))

    scratch.sweep()

    assert eventually(lambda: not folder.exists())  # another worker's sweep may have begun it
    assert not any(path.exists() for path in sockets)


def test_a_folder_in_use_is_not_swept() -> None:
    with scratch.scratch() as folder:
        scratch.sweep()

        assert folder.is_dir()
