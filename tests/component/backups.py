"""A site that is backed up inside the test's own process, and what its repository then says."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import Restic
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.app import App
from orchestrator.core.carried import is_kept
from orchestrator.core.events import PolicyStored
from orchestrator.jobs.backup import back_up, chosen
from restore_drills.process import Processes
from tests.quick import make, make_in
from tests.site import PASSWORD, TOOLS, ClientSite

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.adapters.restic import Progress, Summary
    from orchestrator.core.events import Event
    from orchestrator.demo.servers import PostgresServer, S3Server
    from orchestrator.reports.backup import Result
    from restore_drills.model import Snapshot
    from tests.conftest import Bucket

SHARE = """\
  partage:
    source: {files: {paths: [%(source)s]%(more)s}}
    objectives: {rto: 4h, rpo: 30m}
"""
TILL = """\
  caisse:
    source: {postgresql: {host: %(host)s, user: postgres, database: %(database)s}}
    objectives: {rto: 4h, rpo: 30m}
"""
# Of this process: another worker looks at the same time, and a run's secrets go with it.
LOOK = f"look-{os.getpid()}"
TIMEOUT = timedelta(seconds=30)


@dataclass
class Heard:
    """What a watcher was told."""

    lines: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def said(self, service: str, line: str) -> None:
        self.lines.append(f"{service}: {line}")

    def moved(self, service: str, source: str, progress: Progress) -> None:
        assert service
        assert source
        assert progress.done_bytes >= 0

    def taken(self, service: str, source: str, summary: Summary) -> None:
        assert service
        assert summary.snapshot
        self.sources.append(source)


class House:
    """`acme` with its log, as `pra` holds them."""

    def __init__(
        self, home: Path, bucket: Bucket | None = None, s3: S3Server | None = None
    ) -> None:
        keys = (s3.access_key, s3.secret_key) if s3 else None
        self.site = ClientSite(home, url=f"{bucket.url}/restic" if bucket else None, s3_keys=keys)
        self.heard = Heard()
        self._s3 = s3
        self._bucket = bucket.name if bucket else None

    def repository(self) -> None:
        """Make the repository, empty; it opens at once."""
        if self._s3 is None or self._bucket is None:
            make(self.site.repository, PASSWORD)
        else:
            make_in(self._s3.client(), self._bucket, "restic/", PASSWORD)

    def write(self, services: str, **values: object) -> None:
        """Write the policy and read it, with a log beside it."""
        self.site.write(services, **{"more": "", **values})
        self.app = App(policies_dir=self.site.policies, state=self.site.state)

    def back_up(self, *names: str) -> list[Result]:
        """Back up the named services, or all."""
        site = self.app.site("acme")
        services, _ = chosen(site, names)
        return back_up(self.app, site, services, self.heard)

    def one(self) -> Result:
        """Back up the only service."""
        (result,) = self.back_up()
        return result

    def events(self) -> list[Event]:
        """Everything on the log, but that the policy was put beside the points."""
        found = [recorded.event for recorded in self.app.log.read()]
        return [event for event in found if not isinstance(event, PolicyStored)]

    def listing(self) -> tuple[Snapshot, ...]:
        """What the repository alone tells of its points."""
        processes = Processes(LOOK)
        with SecretFiles(LOOK) as secrets:
            found = self._restic(secrets, processes).snapshots()
        return tuple(one for one in found if not is_kept(one, "acme"))

    def dump(self, snapshot: str, path: str) -> bytes:
        """Return a file of a snapshot."""
        with SecretFiles(LOOK) as secrets:
            return self._restic(secrets, Processes(LOOK)).dump(snapshot, path)

    def locks(self) -> str:
        """Return the ids of the locks that the repository holds."""
        env = {
            "PATH": f"{TOOLS / 'bin'}:{os.environ['PATH']}",
            "RESTIC_REPOSITORY": self.site.url,
            "RESTIC_PASSWORD": PASSWORD,
            "RESTIC_CACHE_DIR": str(self.site.home / "look"),
        }
        if self._s3 is not None:
            env["AWS_ACCESS_KEY_ID"] = self._s3.access_key
            env["AWS_SECRET_ACCESS_KEY"] = self._s3.secret_key
        ended = Processes(LOOK).run(["restic", "list", "locks"], env=env, timeout=TIMEOUT)
        assert 0 == ended.code, ended
        return ended.stdout.decode()

    def _restic(self, secrets: SecretFiles, processes: Processes) -> Restic:
        return Restic(
            repository=self.app.site("acme").repositories["far"],
            secrets=secrets,
            processes=processes,
            cache=self.site.home / "look",
            tmp=self.site.home,
        )


def till(postgres: PostgresServer) -> dict[str, object]:
    """Make a small till's database; return what its policy must know."""
    name = f"till_{token_hex(4)}"
    postgres.create(name)
    postgres.sql(name, "create table orders as select generate_series(1, 50000) g")
    return {"host": postgres.host, "database": name}
