"""What keeps repositories up is killed (-9) in the middle: the next start takes it all up again."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import (
    CopyFinished,
    Event,
    RelockFinished,
    RunInterrupted,
    RunKind,
    RunStarted,
    VerifyFinished,
)
from restore_drills.process import of_run
from tests.besieged import POLICY, Besieged
from tests.felled import Felling
from tests.lying import Liar

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.core.events import Recorded
    from orchestrator.demo.servers import S3Server

EVERY = POLICY.replace("{to: nas, copy_to: [far]}", "{to: nas, copy_to: [far], every: 10s}")
READ = "verify: {read_all_within: 30d}\n"
KILLED = """\
#!/bin/sh
case "$1" in
prune)
    %(real)s "$@" &
    while ! ls %(locks)s | grep -qv tmp && kill -0 $!; do sleep 0.01; done
    kill -9 $!
    ls %(locks)s | grep -v tmp >%(proof)s
    wait $!
    exit 137 ;;
esac
exec %(real)s "$@"
"""
# Which run, at which request, whether its children are killed as well, and what ends it well.
POINTS: dict[str, tuple[RunKind, str, bool, type[Event]]] = {
    "copy": (RunKind.COPY, "^PUT .*/data/", False, CopyFinished),
    "copy, restic too": (RunKind.COPY, "^PUT .*/data/", True, CopyFinished),
    "verify": (RunKind.VERIFY, "^GET .*/acme/data/", False, VerifyFinished),
    "relock": (RunKind.RELOCK, "retention", False, RelockFinished),
}


def assert_clean(site: Besieged) -> None:
    """Nothing of a dead run is left, and nothing is there twice."""
    for started in site.events(RunStarted):
        assert [] == of_run(started.run), f"an orphan of {started}"
    for url in (site.url, str(site.nas)):
        assert [] == locks(site, url), f"a stale lock in {url}"
    assert 0 == site.pra("events", "--verify").code
    copied = Counter(one.run for one in site.events(CopyFinished))
    assert all(times == 1 for times in copied.values()), "a copy that ended twice"
    assert [] == list((site.state / "cache").glob("drill-*")), "a cold cache"


def ended(found: list[Recorded]) -> set[str]:
    """The runs that the log sees ended."""
    events = [r.event for r in found if not isinstance(r.event, RunStarted)]
    return {getattr(event, "run", "") for event in events}


def locks(site: Besieged, url: str) -> list[str]:
    """The locks in a repository of the site."""
    keys = f"AWS_ACCESS_KEY_ID={site.server.access_key} AWS_SECRET_ACCESS_KEY=$(cat secret_key)"
    line = (
        f"cd {site.secrets} && {keys} restic -r {url} --password-file restic"
        " list locks --no-lock --no-cache"
    )
    ran = site.shell(line)
    assert 0 == ran.code, ran
    return ran.out.split()


@pytest.mark.parametrize("point", POINTS)
def test_the_daemon_is_killed_in_its_upkeep(s3: S3Server, tmp_path: Path, point: str) -> None:
    kind, match, whole, finished = POINTS[point]
    felling = Felling(kind, match, whole=whole)
    with Liar(s3.endpoint, felling) as door:
        site = felling.site = Besieged(tmp_path / "site", s3, door.endpoint)
        site.fill(12, 20_000)
        site.write(EVERY + READ)
        with site.start("daemon") as child:
            felling.victim = child.pid
            assert child.poll(60), "it did not die"
            assert -signal.SIGKILL == child.ended().code
        assert felling.killed, "it died elsewhere"

        begun = {started.run for started in site.events(RunStarted)}
        done = len(site.events(finished))

        with site.daemon():
            site.wait_until(lambda found: begun <= ended(found))
            site.wait_for(finished, done + 1)

        cut = [r for r in site.events(RunInterrupted) if r.run == felling.killed]
        assert [kind] == [one.kind for one in cut]
        assert "may be left" not in cut[0].note, cut[0].note
        assert_clean(site)


def test_a_retention_is_killed_while_it_holds_the_repository_alone(
    s3: S3Server, tmp_path: Path
) -> None:
    felling = Felling(RunKind.RETAIN, "^DELETE .*/(data|index|snapshots)/", whole=True)
    with Liar(s3.endpoint, felling) as door:
        site = felling.site = Besieged(tmp_path / "site", s3, door.endpoint)
        site.write(POLICY.replace("{last: 30}", "{last: 1}"))
        for _ in range(2):
            site.fill(12, 20_000)
            site.backup()
        with site.start("repo", "retain", "acme", "--repository", "far") as child:
            felling.victim = child.pid
            assert child.poll(60), "it did not end"
            assert -signal.SIGKILL == child.ended().code, child.ended()
        assert felling.killed, "it died elsewhere"
        left = locks(site, site.url)

        with site.daemon():
            (cut,) = site.wait_for(RunInterrupted)
        again = site.pra("repo", "retain", "acme", "--json")
        read = site.pra("verify", "acme", "--all", "--json")

        assert left, "no lock was in the way"
        assert (RunKind.RETAIN, felling.killed) == (cut.kind, cut.run)
        assert 0 == again.code, again
        assert 0 == read.code, read
        assert_clean(site)


def test_a_prune_that_the_system_kills_shuts_nobody_out(s3: S3Server, tmp_path: Path) -> None:
    site = Besieged(tmp_path / "site", s3)
    site.write(POLICY.replace("{last: 30}", "{last: 1}").replace(", copy_to: [far]", ""))
    for _ in range(2):
        site.fill(12, 20_000)
        site.backup()
    path, proof = killing(site)

    ran = site.pra("repo", "retain", "acme", "--repository", "nas", env={"PATH": path})

    assert 1 == ran.code, ran
    assert proof.read_text().strip(), "it held no lock when it was killed"
    assert [] == locks(site, str(site.nas))


def killing(site: Besieged) -> tuple[str, Path]:
    """Return a PATH whose restic is killed while it prunes alone; the file names its locks."""
    folder, proof = site.home / "killing", site.home / "held"
    folder.mkdir()
    shim = folder / "restic"
    real = shutil.which("restic", path=site.path)
    shim.write_text(KILLED % {"real": real, "locks": site.nas / "locks", "proof": proof})
    shim.chmod(0o755)
    return f"{folder}:{site.path}", proof
