"""A drill over a long line, beside restic with its own options over the same line."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.ground import MB, PRA, RUNNER
from orchestrator.demo.servers import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.ground import Ground

SIZE, EACH = 1250 * MB, 2 * MB
BOUND = 0.60
LISTENS_S = 10.0


@contextlib.contextmanager
def relay(upstream: str) -> Iterator[str]:
    """Yield the endpoint of the long line before a server."""
    parts = urlsplit(upstream)
    said: list[bytes] = []
    argv = [sys.executable, "-m", "benchmarks.relay", str(parts.hostname), str(parts.port)]
    with RUNNER.start(argv, env={"PATH": "/usr/bin:/bin"}, on_stdout=said.append):
        until = time.monotonic() + LISTENS_S
        while not said and time.monotonic() < until:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{int(said[0])}"


def drill(ground: Ground, runs: int, size: int = SIZE) -> tuple[float, float]:
    """Return the medians of both, in seconds: `pra drill`, `restic restore --verify`."""
    source = ground.fresh("far-files")
    for number in range(size // EACH):  # what does not compress: the line is what is measured
        (source / str(number)).write_bytes(os.urandom(EACH))
    with S3Server() as server, relay(server.endpoint) as endpoint:
        server.make_bucket("bench")
        keys = {"access_key": server.access_key, "secret_key": server.secret_key}
        for name, value in keys.items():
            (ground.home / name).write_text(value)
            (ground.home / name).chmod(0o600)
        s3 = ", ".join(f"{name}: {{file: {ground.home / name}}}" for name in keys)
        near, far = (f"s3:{at}/bench/restic" for at in (server.endpoint, endpoint))
        env = ground.policy(
            "far",
            repository=near,
            source=f"{{files: {{paths: [{source}]}}}}",
            checks="[{name: some, files: {at_least: 1}}]",
            s3=f", s3: {{{s3}}}",
        )
        ground.run([str(PRA), "backup", "bench", "--quiet"], env=env)
        policy = ground.home / "far" / "bench.yaml"
        policy.write_text(policy.read_text().replace(near, far))
        aws = {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key}
        ours, raw = [], []
        for _ in range(runs):
            ours.append(ground.timed([str(PRA), "drill", "bench", "--quiet"], env=env).seconds)
            into, cache = ground.fresh("restored"), ground.fresh("cache")
            at = ["--repo", far, "--cache-dir", str(cache), "--no-lock", "--target", str(into)]
            argv = ["restic", "restore", *at, "latest", "--tag", "source=data", "--verify"]
            raw.append(ground.timed(argv, env=aws).seconds)
            shutil.rmtree(into)
    return median(ours), median(raw)
