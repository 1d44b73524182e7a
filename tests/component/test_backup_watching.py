"""What a person sees of a backup under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters.restic import Progress, Summary, Unread
from orchestrator.cli.watching import Bars, Lines
from restore_drills.model import Step

if TYPE_CHECKING:
    import pytest

HALF = Progress(
    done_bytes=500_000, total_bytes=1_000_000, done_files=1, total_files=2, seconds_left=1.0
)
DONE = Summary(
    snapshot="5" * 64,
    files_new=1,
    files_changed=0,
    files_unmodified=0,
    data_added_bytes=2_000,
    total_bytes=1_000_000,
    total_files=2,
    skipped=(Unread(path="/srv/a", why="permission denied"),),
    complete=False,
)


def test_without_a_terminal_there_is_a_line_a_minute_and_one_at_the_end() -> None:
    lines: list[str] = []
    now = [0.0]
    with Lines(lines.append, clock=lambda: now[0]) as watch:
        watch.said("caisse", "new repository made at /mnt")
        for second in range(0, 130, 10):
            now[0] = float(second)
            watch.moved("caisse", "base", HALF)
        watch.taken("caisse", "base", DONE)

    moving = "  caisse/base: 500 kB of 1 MB"
    assert [
        "caisse: new repository made at /mnt",
        moving,
        moving,
        "  caisse/base: 1 MB read, 2 kB new, 1 not read",
    ] == lines


def test_bars_leave_the_same_lines_behind(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as watch:
        watch.said("caisse", "new repository made at /mnt/[usb]")
        watch.moved("caisse", "base", HALF)
        watch.moved("caisse", "base", HALF)
        watch.taken("caisse", "base", DONE)
        watch.taken("caisse", "roles", DONE)

    told = capsys.readouterr()
    assert not told.out
    assert "caisse: new repository made at /mnt/[usb]\n" in told.err
    assert "  caisse/base: 1 MB read, 2 kB new, 1 not read\n" in told.err
    assert "  caisse/roles: 1 MB read" in told.err


def test_a_step_of_a_drill_takes_the_place_of_its_bars(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    step = Step(name="fetch", began=0.0, seconds=9.1)
    with Bars() as bars, Lines(lines.append) as watch:
        bars.moved("caisse", "base", HALF)
        bars.stepped("caisse", step)
        watch.stepped("caisse", step)

    line = "  caisse           fetch       9.1 s"
    assert [line] == lines
    assert f"{line}\n" in capsys.readouterr().err
