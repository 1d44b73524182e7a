"""A whole client site in a temporary folder, and `pra` as its user calls it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.core.plan import Request
from orchestrator.log import new_run_id
from restore_drills.model import Scenario
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.app import App
    from restore_drills.process import Child

TOOLS = Path(__file__).parents[1] / ".tools"
PRA = Path(sys.executable).parent / "pra"
PASSWORD = "correct horse battery staple"
TIMEOUT = timedelta(seconds=100)

HEAD = """\
site: acme
name: Acme SARL
timezone: Europe/Paris
lead: {server-failure: {detect: 10m, decide: 30m}}
repositories:
  far: {url: "%(url)s", password: {file: %(secrets)s/restic}, location: offsite%(s3)s}
services:
"""
FILES = """\
  partage:
    source: {files: {paths: [%(source)s]}}
    objectives: {rto: 4h, rpo: 30m}
    checks: [{name: all files, files: {at_least: 10}}]
"""
DATABASE = """\
  caisse:
    criticality: P1
    source: {postgresql: {host: %(host)s, port: %(port)s, user: %(user)s, database: %(database)s}}
    objectives: {rto: 4h, rpo: 30m}
    checks:
      - {name: orders are there, sql: "select count(*) from orders", expect: ">= 1000"}
      - {name: orders are recent, sql: "select max(created_at) from orders", fresh: 2h}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a call of `pra` gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one document on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        return document


class ClientSite:
    """One site, `acme`: policies, secrets, state, a shared folder.

    The repository is a folder unless `url` says otherwise.
    """

    def __init__(
        self, home: Path, *, url: str | None = None, s3_keys: tuple[str, str] | None = None
    ) -> None:
        self.home = home
        self.policies = home / "policies"
        self.state = home / "state"
        self.secrets = home / "secrets"
        self.source = home / "srv"
        self.repository = home / "repository"
        self.url = url or str(self.repository)
        self._s3 = s3_keys
        self._processes = Processes("the-tests")
        for folder in (self.policies, self.secrets, self.source):
            folder.mkdir(parents=True, exist_ok=True)
        self.secret("restic", PASSWORD)
        for name, value in zip(("access_key", "secret_key"), s3_keys or (), strict=False):
            self.secret(name, value)

    @property
    def path(self) -> str:
        """The PATH on which `pra` and its tools are found."""
        system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return f"{TOOLS / 'bin'}:{PRA.parent}:{system}"

    def secret(self, name: str, value: str) -> None:
        """Write a secret file of 0600."""
        path = self.secrets / name
        path.write_text(f"{value}\n")
        path.chmod(0o600)

    def fill(self, files: int = 40, size: int = 20_000) -> None:
        """Put files into the shared folder, all of other content."""
        for number in range(files):
            path = self.source / f"dossier {number % 5}" / f"pièce {number}.bin"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(os.urandom(size))

    def write(self, services: str = FILES, **values: object) -> None:
        """Write the policy; `%(name)s` in the services stands for a value."""
        s3 = ""
        if self._s3:
            keys = [f"{n}: {{file: {self.secrets}/{n}}}" for n in ("access_key", "secret_key")]
            s3 = f", s3: {{{', '.join(keys)}}}"
        given = {
            "url": self.url,
            "secrets": self.secrets,
            "source": self.source,
            "s3": s3,
            **values,
        }
        (self.policies / "acme.yaml").write_text((HEAD + services) % given)

    def pra(self, *words: str, env: Mapping[str, str] | None = None) -> Ran:
        """Call `pra` and wait for its end."""
        ended = self._processes.run(
            [str(PRA), *words], env=self._env(env), timeout=TIMEOUT, keep=1 << 24, cwd=self.home
        )
        assert ended.stopped is None, ended
        assert "Traceback" not in ended.stderr, ended.stderr
        return Ran(code=ended.code, out=ended.stdout.decode(), err=ended.stderr)

    def shell(self, line: str) -> Ran:
        """Have bash run a line as the site's user would."""
        ended = self._processes.run(
            ["bash", "-c", line], env=self._env(None), timeout=TIMEOUT, cwd=self.home
        )
        assert ended.stopped is None, ended
        return Ran(code=ended.code, out=ended.stdout.decode(), err=ended.stderr)

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> Child:
        """Call `pra` and do not wait; the caller ends it."""
        return self._processes.start([str(PRA), *words], env=self._env(env), cwd=self.home)

    def start_python(self, *words: str) -> Child:
        """Call the Python of `pra` and do not wait; the caller ends it."""
        env = self._env({"PYTHONPATH": str(TOOLS.parent)})
        return self._processes.start([sys.executable, *words], env=env, cwd=self.home)

    def backup(self, *services: str) -> dict[str, Any]:
        """Back up and insist that it is complete."""
        ran = self.pra("backup", "acme", *services, "--json")
        assert 0 == ran.code, ran
        return ran.json

    def drill(self, *words: str) -> Ran:
        """Drill the site, with a JSON document on stdout."""
        return self.pra("drill", "acme", "--json", *words)

    def restic(self, *words: str) -> str:
        """Call restic itself on the repository, as a person would by hand."""
        env = {
            **self._env(None),
            "RESTIC_REPOSITORY": self.url,
            "RESTIC_PASSWORD_FILE": str(self.secrets / "restic"),
            "RESTIC_CACHE_DIR": str(self.home / "by-hand"),
        }
        ended = self._processes.run(
            ["restic", *words], env=env, timeout=TIMEOUT, keep=1 << 24, cwd=self.home
        )
        assert ended.code == 0, ended
        return ended.stdout.decode()

    def seals(self) -> list[dict[str, Any]]:
        """The seals' snapshots, as restic lists them."""
        listed: list[dict[str, Any]] = json.loads(self.restic("snapshots", "--json"))
        return [s for s in listed if "source=seal" in s["tags"]]

    def forget_seals(self) -> None:
        """Remove every seal from the repository."""
        self.restic("forget", *(seal["id"] for seal in self.seals()))

    def packs(self) -> list[Path]:
        """The repository's packs, the biggest first: data before trees."""
        found = [p for p in (self.repository / "data").rglob("*") if p.is_file()]
        return sorted(found, key=lambda p: p.stat().st_size, reverse=True)

    def copy_to(self, home: Path) -> ClientSite:
        """Return a copy of the whole site elsewhere; its policy is to be written again."""
        shutil.copytree(self.home, home, dirs_exist_ok=True)
        return ClientSite(home)

    def _env(self, more: Mapping[str, str] | None) -> dict[str, str]:
        return {
            "PATH": self.path,
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PRA_POLICIES": str(self.policies),
            "PRA_STATE": str(self.state),
            **(more or {}),
        }


def tonight(app: App) -> Request:
    """Ask for a drill of the whole site as `pra drill SITE` does."""
    return Request(
        run=new_run_id(app.clock()),
        services=(),
        scenario=Scenario.SERVER_FAILURE,
        place="here",
        t0=None,
        repository=None,
    )
