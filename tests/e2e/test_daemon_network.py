"""After a boot the network comes late: what needs it is held back, and fails for nothing."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from orchestrator.core.events import (
    BackupFinished,
    DaemonStarted,
    IncidentOpened,
    Outcome,
    RunFailed,
    RunStarted,
)
from tests.faults import Relay
from tests.watched import SCHEDULED, Watched

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket


def test_backups_to_a_remote_place_wait_until_it_answers(
    tmp_path: Path, s3: S3Server, bucket: Bucket
) -> None:
    taken = socket.socket()  # bound and deaf: nobody else gets the port, and the relay may share it
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    keys = (s3.access_key, s3.secret_key)
    url = f"s3:http://127.0.0.1:{port}/{bucket.name}/restic"
    site = Watched(tmp_path / "site", url=url, s3_keys=keys)
    site.fill(files=12, size=2_000)
    site.write(SCHEDULED + "drills: []\n")

    with taken, site.daemon():
        site.wait_for(DaemonStarted)
        time.sleep(4)
        assert [] == site.events(RunStarted), "nothing is tried before the network is there"
        with Relay(s3.endpoint, port):
            (backup,) = site.wait_for(BackupFinished)

    assert Outcome.COMPLETE == backup.outcome
    assert ([], []) == (site.events(RunFailed), site.events(IncidentOpened))
