"""How a drill ends for whoever is impatient, has a full disk, or does not listen."""

from __future__ import annotations

import os
import shlex
import signal
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from restore_drills.process import of_run
from tests.site import DATABASE, FILES, PRA

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.site import ClientSite

SLOW = FILES.replace("checks: [", 'checks: [{name: slow, command: [sleep, "3"]}, ')
REFUSE = "create trigger refuse before insert on event begin select raise(abort, 'no more'); end"
WITHIN_S = 60.0


def restored(site: ClientSite) -> list[Path]:
    """The rooms of drills under way that hold restored data."""
    return list((site.state / "drills").glob("*/stage/rooms/*/tree/*"))


def until(what: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + WITHIN_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("again_after", [(0.02, 0.02), (0.1, 0.1), (0.3, 0.1)])
def test_who_interrupts_twice_leaves_no_restored_data_either(
    a_site: Callable[..., ClientSite], again_after: Sequence[float]
) -> None:
    site = a_site(DATABASE + SLOW)

    with site.start("drill", "acme") as child:
        until(lambda: restored(site))
        os.kill(child.pid, signal.SIGINT)
        for pause in again_after:
            time.sleep(pause)
            os.kill(child.pid, signal.SIGINT)
        assert child.poll(WITHIN_S)
        ended = child.ended()

    assert "Traceback" not in ended.stderr
    assert [] == list((site.state / "drills").iterdir())
    assert [] == list((site.state / "runs").iterdir())


def test_what_an_ended_drill_could_not_remove_is_removed_by_the_next_command(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(FILES)
    left = site.state / "drills" / "20260101T000000Z-abcdef"
    (left / "stage").mkdir(parents=True)
    left.with_name(f"{left.name}.lock").touch()
    cache = site.state / "cache" / f"drill-{left.name}"
    cache.mkdir(parents=True)

    assert 0 == site.drill().code
    assert [] == list((site.state / "drills").iterdir())
    assert not cache.exists()


def test_the_answer_is_given_also_when_the_log_cannot_take_it(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(SLOW)

    with site.start("drill", "acme", "--json") as child:
        until(lambda: restored(site))
        log = sqlite3.connect(site.state / "log.sqlite")
        log.execute(REFUSE)
        log.commit()
        assert child.poll(WITHIN_S)
        ended = child.ended()
    log.execute("drop trigger refuse")
    log.commit()
    log.close()

    assert 1 == ended.code
    assert b'"verdict": "proven"' in ended.stdout
    assert "this drill is not on the log" in ended.stderr
    assert "was cut short" in site.pra("drill", "acme").err


@pytest.mark.parametrize(
    ("redirected", "code"),
    [
        (">&- 2>&- <&-", 0),
        ("2>/dev/full", 0),
        (">/dev/full", 1),
        (">/dev/full 2>/dev/full", 1),
        ("2> >(true) >/dev/null", 0),
    ],
)
def test_nobody_has_to_listen(
    a_site: Callable[..., ClientSite], redirected: str, code: int
) -> None:
    site = a_site(FILES)

    ended = site.shell(f"{shlex.quote(str(PRA))} drill acme {redirected}")

    assert code == ended.code, ended
    assert "Traceback" not in ended.err
    assert ["proven"] == [
        run["outcome"]
        for run in site.pra("history", "acme", "--json").json["runs"]
        if run["kind"] == "drill"
    ]


def test_a_folder_that_cannot_be_used_is_not_said_to_hold_what_was_kept(
    a_site: Callable[..., ClientSite], tmp_path: Path
) -> None:
    site = a_site(FILES)
    file = tmp_path / "file"
    file.touch()

    ran = site.pra("drill", "acme", "--keep", str(file / "below"))

    assert 4 == ran.code
    assert "Kept" not in ran.out


def test_a_workspace_that_vanishes_is_a_verdict(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(SLOW)

    with site.start("drill", "acme", "--json") as child:
        until(lambda: restored(site))
        for workspace in (site.state / "drills").glob("*/stage"):
            workspace.rename(site.home / "away")
        assert child.poll(WITHIN_S)
        ended = child.ended()

    assert ended.code in {3, 4}, ended
    assert b'"verdict"' in ended.stdout
    assert "Traceback" not in ended.stderr
    assert [] == [pid for run in (site.state / "runs").iterdir() for pid in of_run(run.stem)]
