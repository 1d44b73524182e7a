"""`pra demo`: a bakery, its backups and the proof that it comes back, on this machine."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.folder import Folder
from orchestrator.errors import DemoFailed, Misused, PraError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.cli.common import Settings
    from orchestrator.demo.site import Bakery

# Where a shell finds programs without being told.
USUAL_PATHS = ("/usr/local/bin", "/usr/bin", "/bin")
NOTHING_LEFT = " Nothing of it is left; `pra demo --keep DIR` leaves a site to play with."
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(name="demo")
@click.option(
    "--keep",
    metavar="DIR",
    type=Folder(path_type=Path, file_okay=False),
    help="Leave the site in this new or empty folder, and say how to go on by hand.",
)
@click.option(
    "--resume",
    metavar="DIR",
    type=Folder(path_type=Path, file_okay=False, exists=True),
    help="Run the servers of a site that was kept, until Ctrl-C.",
)
@click.pass_obj
def command(settings: Settings, keep: Path | None, resume: Path | None) -> int:
    """Show the whole job on this machine: backup, changes, backup, drill, answer.

    Everything is real: an S3 server with an Object Lock bucket, a PostgreSQL database, 2,000
    files, restic, the sandbox. It takes a minute and leaves nothing, unless asked to.

    \b
    Exit code: that of the drill: 0 proven, 3 refuted, 4 inconclusive.
    Examples:  pra demo
               pra demo --keep /var/tmp/bakery
               pra demo --resume /var/tmp/bakery
    """
    from orchestrator.demo import scratch

    if keep is not None and resume is not None:
        raise Misused("--keep and --resume: one of them", hint="--resume keeps what was kept.")
    if resume is not None:
        return _resume(settings, resume.absolute())
    scratch.sweep(before=_recover)
    began = time.monotonic()
    with _kept(keep.absolute()) if keep else scratch.scratch() as root:
        code = _Show(settings, root, began, kept=keep is not None).play()
    settings.say(f"\nIt took {time.monotonic() - began:.0f} s.{'' if keep else NOTHING_LEFT}")
    if keep:
        settings.say(_how_to_go_on(root))
    return code


class _Show:
    """The demonstration, from an empty folder to the answer."""

    def __init__(self, settings: Settings, root: Path, began: float, *, kept: bool) -> None:
        self._settings = settings
        self._root = root
        self._began = began
        self._kept = kept

    def play(self) -> int:
        """Play it; return the exit code of the drill. Raises DemoFailed when it comes to none."""
        from orchestrator.demo import site

        self._say(f"A bakery with a till and shared files, in {self._root}.")
        self._say("Starting an S3 server, and a PostgreSQL cluster for the till.")
        with site.running(self._root) as bakery, _uninterrupted_end():
            self._say(f"There are {bakery.furnish(datetime.now(UTC))}.")
            code = self._act(bakery)
            if self._kept:
                _write_environment(bakery)
        return code

    def _act(self, bakery: Bakery) -> int:
        from orchestrator.demo.site import PLACE, SITE

        self._insist(bakery, "policy", "check")
        self._insist(bakery, "backup", SITE)
        first = datetime.now(UTC)
        self._say("A thief with the site's own key deletes a stored object for good:")
        self._say(f"  {bakery.attack()}")
        self._say("The bakery goes on working:")
        work = bakery.work(since=first - timedelta(minutes=1), until=datetime.now(UTC))
        self._say(f"  {work}")
        self._insist(bakery, "backup", SITE)
        return self._pra(bakery, "drill", SITE, "--place", PLACE, answers=True)

    def _insist(self, bakery: Bakery, *words: str) -> None:
        if code := self._pra(bakery, *words):
            raise DemoFailed(f"pra {shlex.join(words)}: ended with code {code}, as it says above")

    def _pra(self, bakery: Bakery, *words: str, answers: bool = False) -> int:
        """Run a verb as its user would; only the one that answers may use a JSON stdout."""
        from orchestrator.cli import cli

        self._say(click.style(f"$ pra {shlex.join(words)}", bold=True))
        flags = ["--policies", str(bakery.policies), "--state", str(bakery.state)]
        flags += ["--lang", self._settings.lang]
        flags += ["--json"] if self._settings.json and answers else []
        aside = self._settings.json and not answers
        with contextlib.redirect_stdout(sys.stderr) if aside else contextlib.nullcontext():
            code = cli.main(args=[*flags, *words], prog_name="pra", standalone_mode=False)
        return code if isinstance(code, int) else 0

    def _say(self, line: str) -> None:
        at = timedelta(seconds=int(time.monotonic() - self._began))
        self._settings.say(f"{str(at)[3:]}  {line}")


def _resume(settings: Settings, root: Path) -> int:
    from orchestrator.demo import scratch, site

    if not (root / "policies" / f"{site.SITE}.yaml").exists():
        raise Misused(f"{root}: no site of `pra demo --keep` is there", hint="Give its folder.")
    with scratch.marked(root), site.running(root) as bakery, _uninterrupted_end():
        settings.say(f"S3 at {bakery.s3.endpoint}, PostgreSQL in {bakery.postgres.host}.")
        settings.say("They run until Ctrl-C.")
        sys.stdout.flush()
        while True:
            signal.pause()


@contextlib.contextmanager
def _kept(root: Path) -> Iterator[Path]:
    """Make the folder of a kept site, and remove what stands in it unless all goes well."""
    from orchestrator.demo import scratch

    if not scratch.is_plain(root):
        raise Misused(
            f"{root}: its path is longer than 60 characters, or has others than A-Z a-z 0-9 . _ -",
            hint="Take another folder: the policy will name the database's socket in it.",
        )
    made = not root.exists()
    if not made and any(root.iterdir()):
        raise Misused(f"{root}: not empty", hint="Give --keep a new or empty folder.")
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    try:
        with scratch.marked(root):
            yield root
    except BaseException:
        for path in root.iterdir():
            scratch.remove(path) if path.is_dir() else path.unlink()
        if made:
            root.rmdir()
        raise


@contextlib.contextmanager
def _uninterrupted_end() -> Iterator[None]:
    """Let nobody interrupt what follows the block: it stops the servers and clears away."""
    try:
        yield
    finally:
        for what in ENDING:
            signal.signal(what, signal.SIG_IGN)


def _recover(folder: Path) -> None:
    """Clear away what the runs of a killed demonstration left outside its folder."""
    from orchestrator.app import App
    from orchestrator.jobs.sweep import recover

    state = folder / "state"
    if state.is_dir():
        with contextlib.suppress(PraError):  # a log cut short by the kill names no run to clear
            recover(App(policies_dir=folder / "policies", state=state))


def _write_environment(bakery: Bakery) -> None:
    from orchestrator.demo.site import PLACE

    values = {
        "PRA_POLICIES": str(bakery.policies),
        "PRA_STATE": str(bakery.state),
        "PRA_PLACE": PLACE,
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    found = [shutil.which(name) or "" for name in (sys.argv[0], "restic")]
    folders = dict.fromkeys(str(Path(path).absolute().parent) for path in found if path)
    unusual = [folder for folder in folders if folder not in USUAL_PATHS]
    if unusual:
        lines.append(f'export PATH={shlex.quote(":".join(unusual))}:"$PATH"')
    (bakery.root / "env").write_text("\n".join(lines) + "\n")


def _how_to_go_on(root: Path) -> str:
    from orchestrator.demo.site import SITE

    where, env = shlex.quote(str(root)), shlex.quote(str(root / "env"))
    return "\n".join(
        (
            f"The site is kept in {root}. To go on by hand, start its servers in one terminal:",
            f"  . {env} && pra demo --resume {where}",
            "and in another:",
            f"  . {env}",
            f"  pra status {SITE}",
            f"  pra backup {SITE}",
            f"  pra drill {SITE}",
            f"  pra history {SITE}",
            f'  pra find {SITE} "devis*{datetime.now(UTC):%Y}*"',
            f"Remove it with `rm -rf {where}`.",
        )
    )
