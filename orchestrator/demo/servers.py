"""Real servers on this machine alone, for the demonstration and the tests.

Both are context managers, start in two seconds, die with the thread that started them, and keep
their data in a folder: one of their own that goes with them, or one that is given and stays.
"""

from __future__ import annotations

from orchestrator.demo.postgres import PostgresServer
from orchestrator.demo.s3 import S3Server

__all__ = ["PostgresServer", "S3Server"]
