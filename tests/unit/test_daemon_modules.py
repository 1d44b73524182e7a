"""What the daemon never loads: an S3 library is 40 MB that a NAS does not have to spare."""

from __future__ import annotations

import sys
from datetime import timedelta

from restore_drills.process import Processes

CODE = """
import importlib, pkgutil, sys
import orchestrator.daemon, orchestrator.jobs
for package in (orchestrator.daemon, orchestrator.jobs):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
import orchestrator.cli.daemon
print(sorted({"boto3", "botocore"} & set(sys.modules)))
"""


def test_nothing_that_the_daemon_runs_loads_the_s3_library() -> None:
    ended = Processes("the-tests").run(
        [sys.executable, "-c", CODE], env={}, timeout=timedelta(seconds=60)
    )

    assert (0, b"[]\n") == (ended.code, ended.stdout), ended.stderr
