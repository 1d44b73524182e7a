"""A site that was burgled: its office gone, a kit in somebody's safe, a machine with nothing."""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
import pyrage

from orchestrator.adapters.envelope import Identity, opened
from orchestrator.core.events import RunStarted
from orchestrator.core.kit.contents import TEXT
from orchestrator.log import Log
from restore_drills.process import Processes
from tests.site import PRA, TIMEOUT, ClientSite, Ran

if TYPE_CHECKING:
    from restore_drills.process import Child

POLICY = """\
site: acme
name: Acme SARL
timezone: Europe/Paris
equipment: {srv: {kind: server}, nas: {kind: nas}}
lead: {burglary: {detect: 8h, decide: 1h}, server-failure: {detect: 10m, decide: 30m}}
repositories:
  far: {url: "%(far)s", password: {file: %(secrets)s/far}, location: offsite%(s3)s}
  near: {url: "%(near)s", password: {file: %(secrets)s/near}, location: onsite, equipment: nas}
%(more)sservices:
  partage:
    source: {files: {paths: [%(source)s]}, equipment: srv}
    objectives: {rto: 2d, rpo: 4h}
    backup: {to: near, copy_to: [%(copies)s]}
    checks: [{name: all files, files: {at_least: 10}}]
"""
S3 = ", s3: {access_key: {file: %(secrets)s/access}, secret_key: {file: %(secrets)s/secret}}"
PASSWORDS = {"far": "far from the office", "near": "near the till"}


class Office(ClientSite):
    """`acme`, backed up to a NAS and copied far away; everything in one folder."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.far, self.near = home / "far", home / "near"
        for name, password in PASSWORDS.items():
            self.secret(name, password)
        self.key = home / "age-key"
        if not self.key.exists():
            self.key.write_text(str(pyrage.x25519.Identity.generate()) + "\n")

    def policy(
        self,
        *,
        far: str = "",
        s3: bool = False,
        copies: str = "far",
        more: str = "",
        tail: str = "",
    ) -> None:
        """Write the policy; `more` repositories, `tail` at its end."""
        values = {
            "far": far or self.far,
            "near": self.near,
            "secrets": self.secrets,
            "source": self.source,
            "s3": S3 % {"secrets": self.secrets} if s3 else "",
            "copies": copies,
            "more": more % {"home": self.home, "secrets": self.secrets},
        }
        (self.policies / "acme.yaml").write_text(POLICY % values + tail)

    def kit(self, *words: str) -> Path:
        """Make a kit for two holders, and return its file; `kept` is in `safe`, off the site."""
        file = self.home / "kit.zip"
        public = pyrage.x25519.Identity.from_str(self.key.read_text().strip()).to_public()
        other = pyrage.x25519.Identity.generate().to_public()
        holders = [f"--holder=provider={public}", f"--holder=client={other}"]
        ran = self.pra("kit", "export", "acme", "-o", str(file), "--force", *holders, *words)
        assert 0 == ran.code, ran
        return file

    def page(self, kit: Path) -> str:
        """The printed page, as it is in the envelope."""
        return opened(kit, Identity(self.key.read_text())).parts[TEXT].decode()

    def printed(self, kit: Path) -> str:
        """The page as it is printed today."""
        page = self.home / "page.pdf"
        opening = ["--identity", str(self.key), "-o", str(page), "--force"]
        ran = self.pra("kit", "print", str(kit), *opening)
        assert 0 == ran.code, ran
        with pypdfium2.PdfDocument(page) as document:
            texts = [one.get_textpage().get_text_range() for one in document]
        return "\n".join(texts).replace("\r\n", "\n")

    def burgled(self) -> None:
        """Take away all that is on the premises: the machine's everything, the files, the NAS."""
        for taken in (self.policies, self.state, self.secrets, self.source, self.near):
            if taken.exists():
                taken.rename(taken.with_name(f"stolen-{taken.name}"))
        shutil.rmtree(self.home / "xdg", ignore_errors=True)

    @property
    def stolen(self) -> Path:
        """The files that were in the office."""
        return self.home / f"stolen-{self.source.name}"

    def by_hand(self, name: str, *words: str) -> str:
        """Call restic on the repository `name` with its own password."""
        env = {
            "PATH": self.path,
            "HOME": str(self.home),
            "RESTIC_REPOSITORY": str(self.home / name),
            "RESTIC_PASSWORD": PASSWORDS[name],
            "RESTIC_CACHE_DIR": str(self.home / "by-hand"),
        }
        ended = Processes("by-hand").run(["restic", *words], env=env, timeout=TIMEOUT, keep=1 << 22)
        assert 0 == ended.code, ended
        return ended.stdout.decode()


class Machine:
    """A machine with nothing but pra and restic installed: a fresh home, no environment."""

    def __init__(self, office: Office, home: Path) -> None:
        self.office = office
        self.home = home
        self.state = home / "var"
        self.held = home / "held"  # is there once a restic was held
        home.mkdir()
        self._processes = Processes("a-bare-machine")

    @property
    def env(self) -> dict[str, str]:
        """All that it has."""
        return {"PATH": self.office.path, "HOME": str(self.home), "LANG": "C.UTF-8"}

    def pra(self, *words: str) -> Ran:
        """Call `pra`, whose state folder is a new one."""
        ended = self._processes.run(
            [str(PRA), *words, "--state", str(self.state)],
            env=self.env,
            timeout=TIMEOUT,
            keep=1 << 24,
            cwd=self.home,
        )
        assert ended.stopped is None, ended
        assert "Traceback" not in ended.stderr, ended.stderr
        return Ran(code=ended.code, out=ended.stdout.decode(), err=ended.stderr)

    def drill(self, kit: Path, *words: str) -> Ran:
        """Drill from the kit alone, with a document on stdout."""
        return self.pra("drill", "acme", *self.opening(kit), "--json", *words)

    def opening(self, kit: Path) -> list[str]:
        """The words that open the kit."""
        return ["--kit", str(kit), "--identity", str(self.office.key)]

    def start(self, *words: str, path: str = "") -> Child:
        """Call `pra` and do not wait; the caller ends it."""
        env = {**self.env, **({"PATH": path} if path else {})}
        return self._processes.start(
            [str(PRA), *words, "--state", str(self.state)], env=env, cwd=self.home
        )

    def holding(self, verb: str) -> str:
        """A PATH whose restic never comes back from a verb: it does not begin it."""
        shim = self.home / "bin" / "restic"
        shim.parent.mkdir()
        real = shutil.which("restic", path=self.office.path)
        held = f'[ "$1" = {verb} ] && touch {self.held} && exec sleep 1000'
        shim.write_text(f'#!/bin/sh\n{held}\nexec {real} "$@"\n')
        shim.chmod(0o755)
        return f"{shim.parent}:{self.office.path}"

    def shell(self, lines: list[str]) -> str:
        """Type lines into a shell, and return what it prints."""
        ended = self._processes.run(
            ["bash", "-e", "-c", "\n".join(lines)],
            env=self.env,
            timeout=TIMEOUT,
            keep=1 << 22,
            cwd=self.home,
        )
        assert 0 == ended.code, ended
        return ended.stdout.decode()

    def left(self) -> list[str]:
        """What of empty homes, drills and secrets is left on it."""
        found = [str(path) for path in (self.state / "bare").glob("*")]
        found += [str(path) for path in (self.state / "drills").glob("*")]
        runtime = os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")
        bases = [Path("/run/pra"), Path(f"/tmp/pra-{os.geteuid()}"), Path(runtime) / "pra"]
        secrets = [base / f"{run}-kit" for base in bases for run in self.runs()]
        return found + [str(path) for path in secrets if path.exists()]

    def runs(self) -> list[str]:
        """The runs of its log."""
        log = Log.open(self.state, clock=lambda: datetime.now(UTC))
        found = [r.event.run for r in log.read() if isinstance(r.event, RunStarted)]
        log.close()
        return found


def typed(page: str, repository: str, target: Path) -> list[str]:
    """The commands of a repository's page, with the secrets typed in from it."""
    section = page.split(f" {repository} (", 1)[1].split("\n3.", 1)[0].split("\nAnnexe", 1)[0]
    password = re.search(r"\(RESTIC_PASSWORD\):\n    (.*?)   \[", section)
    assert password is not None, section
    secret = password[1].replace("  ", "").replace("\N{MIDDLE DOT}", " ")
    commands = section.split(f"Restaurer depuis {repository}", 1)[1]
    lines = [line[4:] for line in commands.splitlines() if line.startswith("    ")]
    lines = [line.replace("/reprise", str(target)) for line in lines]
    return [
        f"export RESTIC_PASSWORD='{secret}'" if line.startswith("export RESTIC_PASSWORD") else line
        for line in lines
    ]
