"""`pra repo copy` beside `restic copy`: every snapshot of a repository into a new one.

The bound is for a first copy of gigabytes; what every copy costs beside restic's own (start, two
listings that overlap nothing) is the difference on the small one, which the row shows as `fixed`.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from benchmarks.cases import Pair
from benchmarks.ground import MB, PRA, make_files

if TYPE_CHECKING:
    from benchmarks.ground import Ground, Timed

SIZES = {"small": (1, 10), "large": (6000, 50_000)}  # MB, files
POLICY = """\
site: bench
name: Bench
timezone: UTC
lead: {{server-failure: {{detect: 10m, decide: 30m}}}}
repositories:
  near: {{url: "{near}", password: {{file: {password}}}, location: onsite}}
  far: {{url: "{far}", password: {{file: {password}}}, location: offsite}}
services:
  data:
    source: {{files: {{paths: [{source}]}}}}
    objectives: {{rto: 4h, rpo: 4h}}
    backup: {{to: near, copy_to: [far]}}
    checks: [{{name: some, files: {{at_least: 1}}}}]
"""


def copy_of_files(ground: Ground, name: str) -> Pair:
    """Copy one point of some files into a repository that is yet to be made."""
    megabytes, count = SIZES[name]
    source = make_files(ground.fresh(f"to-copy-{name}"), count=count, size=megabytes * MB)
    home = ground.fresh(f"copied-{name}")
    near, far, state = (home / one for one in ("near", "far", "state"))
    (home / "policies").mkdir()
    (home / "policies" / "bench.yaml").write_text(
        POLICY.format(near=near, far=far, password=ground.password, source=source)
    )
    env = {"PRA_POLICIES": str(home / "policies"), "PRA_STATE": str(state)}
    ground.run([str(PRA), "backup", "bench", "--no-copy", "--quiet"], env=env)
    before = home / "before"
    shutil.copytree(state, before)
    shutil.rmtree(source)  # gigabytes, and what is copied is in `near`

    def ours() -> Timed:
        shutil.rmtree(far, ignore_errors=True)
        shutil.rmtree(state)
        shutil.copytree(before, state)
        os.sync()  # what the other side has just written is not ours to wait for
        return ground.timed([str(PRA), "repo", "copy", "bench", "--quiet"], env=env)

    def raw() -> Timed:
        shutil.rmtree(far, ignore_errors=True)
        os.sync()
        at = ["--repo", str(far), "--from-repo", str(near), "--cache-dir", str(ground.fresh("c"))]
        at += ["--from-password-file", str(ground.password)]
        return ground.timed(
            ["restic", "init", *at, "--copy-chunker-params"], ["restic", "copy", *at]
        )

    return Pair(ours=ours, raw=raw)
