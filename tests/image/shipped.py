"""The image and a client's site for it: what the tests of the shipped forms are made of."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restore_drills.process import Processes

if TYPE_CHECKING:
    from orchestrator.demo.servers import PostgresServer, S3Server
    from restore_drills.process import Ended

ROOT = Path(__file__).parents[2]
CONTAINER = Path(__file__).with_name("container.sh")
UID = 10001  # of the image
LONG = timedelta(minutes=10)
PATH = "/opt/pra/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

POLICY = """\
site: acme
name: Acme SARL
timezone: Europe/Paris
lead: {server-failure: {detect: 10m, decide: 30m}}
repositories:
  far:
    url: "%(url)s"
    password: {file: /etc/pra/secrets/restic}
    s3: {access_key: {file: /etc/pra/secrets/key}, secret_key: {file: /etc/pra/secrets/secret}}
    location: offsite
services:
  partage:
    source: {files: {paths: [/data/partage]}}
    objectives: {rto: 4h, rpo: 30m}
    backup: {to: far, every: 15m}
    checks: [{name: all files, files: {at_least: 20}}]
  caisse:
    source: {postgresql: {host: /data/socket, port: 5432, user: postgres, database: %(database)s}}
    objectives: {rto: 4h, rpo: 30m}
    backup: {to: far, every: 15m}
    checks: [{name: orders are there, sql: "select count(*) from orders", expect: ">= 1000"}]
drills: [{name: each-minute, cron: "* * * * *", scenario: server-failure}]
"""


@dataclass
class Site:
    """What a client mounts: policies and secrets, the state, what is backed up."""

    etc: Path
    state: Path
    data: Path
    socket: Path

    @classmethod
    def make(cls, home: Path, s3: S3Server, postgres: PostgresServer, *, owner: int) -> Site:
        """Make a site of its own bucket and database; its secrets and state belong to `owner`."""
        name = f"image-{secrets.token_hex(4)}"
        s3.make_bucket(name)
        postgres.create(name)
        rows = "create table orders as select g as id from generate_series(1, 2000) as g"
        postgres.sql(name, rows)
        socket = Path(postgres.host)
        socket.chmod(0o755)  # other users come in, as on a client's server
        site = cls(etc=home / "etc", state=home / "state", data=home / "data", socket=socket)
        for folder in (site.etc / "policies", site.etc / "secrets", site.state, site.data):
            folder.mkdir(parents=True)
        for number in range(30):
            (site.data / f"{number}.txt").write_text(f"bonjour {number}\n")
        policy = POLICY % {"url": f"s3:{s3.endpoint}/{name}/restic", "database": name}
        (site.etc / "policies" / "acme.yaml").write_text(policy)
        given = {"restic": secrets.token_hex(8), "key": s3.access_key, "secret": s3.secret_key}
        for key, value in given.items():
            (site.etc / "secrets" / key).write_text(f"{value}\n")
            (site.etc / "secrets" / key).chmod(0o600)
        for path in (site.etc / "secrets", *(site.etc / "secrets").iterdir(), site.state):
            os.chown(path, owner, owner)
        (site.etc / "secrets").chmod(0o700)
        site.state.chmod(0o700)
        return site

    @property
    def mounts(self) -> list[str]:
        """FROM:TO of each folder, with :ro where it is only read."""
        read = {self.etc: "/etc/pra", self.data: "/data/partage", self.socket: "/data/socket"}
        return [f"{self.state}:/var/lib/pra", *(f"{a}:{b}:ro" for a, b in read.items())]


@dataclass
class Image:
    """The image, built in a folder of its own; every container is made from it anew."""

    room: Path
    processes: Processes = field(default_factory=lambda: Processes("test-image"))

    def build(self) -> None:
        """Build it from nothing."""
        self.call([str(ROOT / "setup" / "image"), str(self.room)], timeout=LONG)

    def remove(self) -> None:
        """Remove its storage, of which nothing is mounted: vfs has plain folders."""
        shutil.rmtree(self.room)

    def container(self) -> str:
        """Make a working container."""
        return self.buildah("from", "--pull-never", "pra").stdout.decode().strip()

    def root(self, container: str) -> Path:
        """Return the folder that is a container's root."""
        return Path(self.buildah("mount", container).stdout.decode().strip())

    def config(self) -> dict[str, Any]:
        """Return what an engine does with the image unless told otherwise."""
        said = self.buildah("inspect", "--type", "image", "pra").stdout
        config: dict[str, Any] = json.loads(said)["Docker"]["config"]
        return config

    def buildah(self, *words: str, accept: bool = False) -> Ended:
        """Call buildah on the room's own storage."""
        places = ("--root", str(self.room / "storage"), "--runroot", str(self.room / "run"))
        return self.call(
            ["buildah", *places, "--storage-driver", "vfs", *words], timeout=LONG, accept=accept
        )

    def run(self, container: str, site: Site, *words: str, user: str = "") -> Ended:
        """Run a command in a container by buildah: a chroot, in which no user namespace can be."""
        volumes = [word for mount in site.mounts for word in ("--volume", mount)]
        asked = [*volumes, *(("--user", user) if user else ())]
        return self.buildah(
            "run", "--isolation", "chroot", *asked, container, "--", *words, accept=True
        )

    def call(self, argv: list[str], *, timeout: timedelta, accept: bool = False) -> Ended:
        """Call a program of this machine; fail with what it said, unless any end is accepted."""
        env = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        ended = self.processes.run(argv, env=env, timeout=timeout, keep=1 << 20, cwd=ROOT)
        assert ended.stopped is None, ended
        assert accept or ended.code == 0, f"{ended.stdout.decode()}\n{ended.stderr}"
        return ended


def contained(
    root: Path, mounts: list[str], *command: str, env: dict[str, str] | None = None
) -> list[str]:
    """Return the argv that runs a command in a root file system as an engine would."""
    given = [f"{name}={value}" for name, value in (env or {}).items()]
    inside = ["env", "-i", f"PATH={PATH}", "LANG=C.UTF-8", *command]
    return ["env", *given, "sh", str(CONTAINER), str(root), *mounts, "--", *inside]
