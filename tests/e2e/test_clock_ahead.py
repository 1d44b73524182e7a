"""One night this machine's clock said 2037; then it was put right. Nothing hides behind that."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.app import App
from orchestrator.jobs.backup import back_up, chosen
from tests.component.backups import Heard
from tests.quick import make
from tests.site import FILES, PASSWORD, TOOLS, ClientSite

if TYPE_CHECKING:
    from pathlib import Path

AHEAD = timedelta(days=3709)  # more than ten years
WATCHED = FILES.replace("paths: [%(source)s]", "paths: [%(source)s], decoy: %(source)s/000.odt")
# What a restic on that machine would have written into its snapshots.
RESTIC = """\
#!/bin/sh
if [ "$1" = backup ]; then
    shift
    exec {real} backup --time "$(date -d '+{days} days' '+%F %T')" "$@"
fi
exec {real} "$@"
"""


class Misled(ClientSite):
    """A site with a sound point, whose clock jumps."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        make(self.repository, PASSWORD)
        self.fill(40, 5_000)
        (self.source / "000.odt").write_bytes(b"do not touch " * 100)
        self.write(WATCHED)
        assert 0 == self.pra("backup", "acme").code

    def in_2037(self) -> str:
        """Back up under a clock that is ahead; return what became of it."""
        (self.home / "bin").mkdir()
        binary = self.home / "bin" / "restic"
        real = shlex.quote(str(TOOLS / "bin" / "restic"))
        binary.write_text(RESTIC.format(real=real, days=AHEAD.days))
        binary.chmod(0o755)
        app = App(
            policies_dir=self.policies, state=self.state, clock=lambda: datetime.now(UTC) + AHEAD
        )
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PATH", f"{binary.parent}:{os.environ['PATH']}")
            site = app.site("acme")
            (made,) = back_up(app, site, chosen(site, [])[0], Heard())
        assert made.finished is not None, made
        return str(made.finished.outcome)

    def points(self) -> list[dict[str, Any]]:
        """What `pra snapshots` tells, by its dates the newest first."""
        found: list[dict[str, Any]] = self.pra("snapshots", "acme", "--json").json["points"]
        return found


@pytest.fixture
def site(tmp_path: Path) -> Misled:
    return Misled(tmp_path / "site")


def codes(document: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in document["findings"]}


def test_a_sound_point_of_2037_is_not_chosen_and_is_no_loss_of_ten_years(site: Misled) -> None:
    (sound,) = site.points()
    assert "complete" == site.in_2037()

    drilled = site.pra("drill", "acme", "--json").json
    listed = site.pra("snapshots", "acme").out
    assert 0 == site.pra("backup", "acme").code
    status = site.pra("status", "acme").out
    target = site.home / "back"
    back = site.pra("recover", "acme", "--to", str(target), "--yes", "--json")

    (service,) = drilled["services"]
    assert ("proven", sound["data_time"]) == (service["verdict"], service["data_time"])
    assert "clock-behind" in codes(drilled)
    assert ["dated in the future, not used" in line for line in listed.splitlines()[1:3]] == [
        True,
        False,
    ]
    assert "3709 d" not in status
    assert (0, True) == (back.code, "clock-behind" in codes(back.json))
    assert [True, False, False] == [point["ahead"] for point in site.points()]


def test_an_attack_is_seen_whatever_the_clock_says(site: Misled) -> None:
    (sound,) = site.points()
    for path in sorted(p for p in site.source.rglob("*") if p.is_file()):
        path.write_bytes(os.urandom(path.stat().st_size))
        path.rename(path.with_name(f"{path.name}.locked"))
    assert "suspected" == site.in_2037()

    drilled = site.pra("drill", "acme", "--json").json
    later = site.pra("backup", "acme", "--json")
    listed = site.pra("snapshots", "acme").out

    (service,) = drilled["services"]
    assert ("proven", sound["data_time"]) == (service["verdict"], service["data_time"])
    assert "suspected-skipped" in codes(drilled)
    assert (3, "suspected") == (later.code, later.json["services"][0]["outcome"])
    assert [True, True, False] == [point["suspected"] for point in site.points()]
    assert f"(run {sound['run']})" in listed.splitlines()[-1]


def test_a_sound_point_of_2037_hides_no_attack_of_today(site: Misled) -> None:
    assert "complete" == site.in_2037()
    for path in sorted(p for p in site.source.rglob("*") if p.is_file()):
        path.write_bytes(os.urandom(path.stat().st_size))
        path.rename(path.with_name(f"{path.name}.locked"))

    hurt = site.pra("backup", "acme", "--json")
    listed = site.pra("snapshots", "acme").out

    assert (3, "suspected") == (hurt.code, hurt.json["services"][0]["outcome"])
    assert "partage: suspected since" in listed.splitlines()[-1]
