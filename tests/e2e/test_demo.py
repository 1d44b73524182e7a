"""The demonstration as a stranger meets it: it proves, and nothing of it stays."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restore_drills.process import Child, Ended

PRA = Path(sys.executable).with_name("pra")
WITHIN = timedelta(seconds=110)
SITE = "boulangerie-demo"


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WITHIN.total_seconds()
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


class Stranger:
    """Somebody who runs the demonstration, with a temporary folder and a home of his own."""

    def __init__(self, room: Path, restic: Path) -> None:
        self.room = room
        self.said = b""
        self._env = {
            "PATH": f"{restic.parent}:{PRA.parent}:{os.environ['PATH']}",
            "HOME": str(room),
            "TMPDIR": str(room),
        }
        self._processes = Processes("the-demonstration-s-test")
        self._sockets: set[Path] = set()
        self._runs: set[str] = set()

    def run(self, *argv: str) -> Ended:
        ended = self._processes.run(
            argv, env=self._env, cwd=self.room, timeout=WITHIN, keep=1 << 20
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended

    def start(self, *argv: str, stop_signal: signal.Signals = signal.SIGINT) -> Child:
        self.said = b""
        return self._processes.start(
            argv,
            env=self._env,
            cwd=self.room,
            on_stdout=self._hear,
            on_stderr=self._hear,
            stop_signal=stop_signal,
        )

    def until(self, words: str, child: Child) -> None:
        """Wait until the demonstration says something; note what it has put outside its folder."""
        eventually(lambda: words.encode() in self.said or child.poll())
        assert words.encode() in self.said, self.said.decode()
        for folder, _, names in os.walk(self.room):  # passes over what vanishes meanwhile
            if "elsewhere" in names:
                self._sockets |= set(map(Path, Path(folder, "elsewhere").read_text().split()))
        assert any(path.exists() for path in self._sockets)
        self._runs |= set(re.findall(r"run ([0-9A-Za-z]+-[0-9a-f]+)", self.said.decode()))

    def processes(self) -> list[str]:
        """Command lines of living processes that work in our room, whoever their parent is."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                where = bytes((entry / "cwd").readlink())
                if str(self.room).encode() in command + (entry / "environ").read_bytes() + where:
                    found.append(command.decode(errors="replace"))
        return found

    def files(self) -> list[Path]:
        """What is left in the temporary folder, in the home, and where servers put their own."""
        secrets = [Path("/run/pra") / run for run in self._runs]
        outside = [path for path in (*self._sockets, *secrets) if path.exists()]
        return list(self.room.iterdir()) + outside

    def _hear(self, line: bytes) -> None:
        self.said += line + b"\n"


@pytest.fixture
def stranger(restic_018: Path) -> Iterator[Stranger]:
    room = Path(tempfile.mkdtemp(prefix="demo-", dir="/var/tmp"))
    room.chmod(0o711)  # PostgreSQL's user passes through
    yield Stranger(room, restic_018)
    shutil.rmtree(room)


def test_the_demonstration_proves_the_site_and_leaves_nothing(stranger: Stranger) -> None:
    ended = stranger.run("pra", "demo", "--json")

    report = json.loads(ended.stdout)
    assert 0 == ended.code
    assert ("proven", "held", "measured", 2) == tuple(
        report[key] for key in ("verdict", "objective", "label", "depth")
    )
    assert ["caisse", "partage"] == [service["id"] for service in report["services"]]
    assert 40 * 60 == report["lead_s"]
    assert report["rpa_s"] < WITHIN.total_seconds()
    assert "refused (AccessDenied): its versions are locked for 30 days" in ended.stderr
    assert "If the server dies tonight: restored and answering" in ended.stderr
    assert re.search(r"^Promised: .*4 h.*30 min.*: held\.$", ended.stderr, re.MULTILINE)
    assert [] == stranger.processes()
    assert [] == stranger.files()


@pytest.mark.parametrize(
    ("what", "moment"), [(signal.SIGINT, "drill of"), (signal.SIGTERM, "$ pra backup")]
)
def test_an_interrupted_demonstration_leaves_nothing(
    stranger: Stranger, what: signal.Signals, moment: str
) -> None:
    with stranger.start("pra", "demo", stop_signal=what) as demo:
        stranger.until(moment, demo)
        time.sleep(1)
        demo.stop("somebody pressed Ctrl-C", WITHIN)
        ended = demo.ended()

    assert 130 == ended.code
    assert "interrupted" in ended.stderr
    assert [] == stranger.processes()
    assert [] == stranger.files()


def test_a_killed_demonstration_leaves_no_process_and_the_next_one_no_file(
    stranger: Stranger,
) -> None:
    with stranger.start("pra", "demo", stop_signal=signal.SIGKILL) as demo:
        stranger.until("drill of", demo)
        time.sleep(1)
        demo.stop("power", timedelta(seconds=5))
    assert eventually(lambda: not stranger.processes()), stranger.processes()
    assert stranger.files()

    with stranger.start("pra", "demo") as next_one:
        stranger.until("$ pra policy check", next_one)
        next_one.stop("seen enough", WITHIN)

    assert [] == stranger.processes()
    assert [] == stranger.files()


def test_a_kept_site_goes_on_by_hand_as_printed(stranger: Stranger) -> None:
    site = stranger.room / "ma-boulangerie"
    kept = stranger.run("pra", "demo", "--keep", str(site))
    assert 0 == kept.code, kept
    assert [] == stranger.processes()
    _, by_hand = kept.stdout.decode().split("by hand")
    serve, enter, *verbs = re.findall(r"^  (\S.*)$", by_hand, re.MULTILINE)

    with stranger.start("sh", "-c", serve, stop_signal=signal.SIGTERM) as servers:
        stranger.until("until Ctrl-C", servers)
        again = stranger.run("pra", "demo", "--resume", str(site))
        said = {verb.split()[1]: stranger.run("sh", "-c", f"{enter}\n{verb}") for verb in verbs}
        servers.stop("done", WITHIN)

    assert eventually(lambda: not stranger.processes()), stranger.processes()
    assert 1 == again.code
    assert "in use by another process" in again.stderr
    assert ["status", "backup", "drill", "history", "find"] == list(said)
    assert [0, 0, 0, 0, 0] == [ended.code for ended in said.values()], said
    assert b"caisse" in said["status"].stdout
    assert b"proven" in said["drill"].stdout
    assert "devis n° 20".encode() in said["find"].stdout
    assert [site] == stranger.files()


def test_a_folder_with_something_in_it_is_not_taken(stranger: Stranger) -> None:
    (stranger.room / "photos").mkdir()

    ended = stranger.run("pra", "demo", "--keep", str(stranger.room))

    assert 2 == ended.code
    assert f"{stranger.room}: not empty" in ended.stderr
    assert ["photos"] == [path.name for path in stranger.room.iterdir()]


def test_a_folder_closed_to_the_server_s_user_is_refused_and_left_as_it_was(
    stranger: Stranger,
) -> None:
    closed = stranger.room / "closed"
    closed.mkdir(mode=0o700)

    ended = stranger.run("pra", "demo", "--keep", str(closed / "site"))

    assert 1 == ended.code
    assert "may not pass through it" in ended.stderr
    assert [] == list(closed.iterdir())


def test_a_folder_whose_path_no_socket_can_have_is_refused(stranger: Stranger) -> None:
    ended = stranger.run("pra", "demo", "--keep", str(stranger.room / "ma boulangerie"))

    assert 2 == ended.code
    assert "ma boulangerie: its path" in ended.stderr
    assert [] == stranger.files()


def test_what_is_lacking_is_said_before_anything_starts(stranger: Stranger) -> None:
    ended = stranger.run("env", f"PATH={PRA.parent}", "pra", "demo")

    assert 1 == ended.code
    assert "lacking: bubblewrap, postgresql-client, restic" in ended.stderr
    assert [] == stranger.files()
