"""A site whose copy lies in a bucket that is attacked, and whom the daemon's rules would call."""

from __future__ import annotations

import re
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.app import App
from orchestrator.core.decide import decide
from orchestrator.core.decide.actions import Page, Policies, Say
from orchestrator.core.events import IncidentOpened
from tests.attacks import Attacker
from tests.quick import make, make_in
from tests.site import PASSWORD
from tests.watched import Watched

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.demo.servers import S3Server
    from orchestrator.log import Log

POLICY = """\
  nas: {url: %(nas)s, password: {file: %(secrets)s/restic}, location: onsite, equipment: nas-1}
equipment: {srv-1: {kind: server}, nas-1: {kind: nas}}
services:
  partage:
    criticality: P1
    source: {files: {paths: [%(source)s]}, equipment: srv-1}
    objectives: {rto: 4h, rpo: 4h}
    backup: {to: nas, copy_to: [far]}
    checks: [{name: all files, files: {at_least: 10}}]
drills: []
retention: {last: 30}
"""
LOCKED = ", immutable: {mode: compliance, for: 1d}"
ROUNDS = 10
END = "end"  # the page that says that it is over
PREFIX = "acme/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the on-call is told: one page, of one incident."""

    condition: str
    criticality: str
    summary: str
    remedy: str


class Besieged(Watched):
    """`acme`: backed up to `nas`, a folder, and copied to `far`, a bucket with Object Lock.

    Both repositories are there, empty, and open at once.
    """

    def __init__(self, home: Path, server: S3Server, endpoint: str | None = None) -> None:
        self.server = server
        self.bucket = f"test-{secrets.token_hex(6)}"
        server.make_bucket(self.bucket, object_lock=True, days=1)
        keys = (server.access_key, server.secret_key)
        url = f"s3:{endpoint or server.endpoint}/{self.bucket}/acme"
        super().__init__(home, url=url, s3_keys=keys)
        self.nas = home / "nas"
        make(self.nas, PASSWORD)
        make_in(server.client(), self.bucket, PREFIX, PASSWORD)
        self.attacker = Attacker(client=server.client(), bucket=self.bucket, prefix=PREFIX)

    def write(self, services: str = POLICY, **values: object) -> None:
        """Write the policy: `far` and `nas`, one service in both."""
        super().write(services, **{"nas": self.nas, **values})
        path = self.policies / "acme.yaml"
        text = path.read_text().replace("\nservices:\n  nas:", "\n  nas:", 1)
        path.write_text(re.sub(r"(  far: .*)\}\n", rf"\1{LOCKED}}}\n", text, count=1))

    def like(self, other: Besieged) -> None:
        """Take over what another site has, bucket and all."""
        for folder in ("nas", "state", "srv"):
            other.copy_folder(folder, self.home / folder)
        for name in other.attacker.names():
            body = other.attacker.client.get_object(Bucket=other.bucket, Key=PREFIX + name)["Body"]
            self.attacker.client.put_object(Bucket=self.bucket, Key=PREFIX + name, Body=body.read())
        self.write()

    def copy_folder(self, name: str, to: Path) -> None:
        """Copy one of the site's folders elsewhere."""
        shutil.copytree(self.home / name, to, dirs_exist_ok=True)

    def calls(self) -> list[Call]:
        """Decide on what the log says until nothing more is said; whom it calls, and for what."""
        app = App(policies_dir=self.policies, state=self.state)
        policies = Policies(
            sites=app.sites,
            provider=app.checked.provider,
            place="here",
            awake_since=None,
        )
        for _ in range(ROUNDS):
            decision = decide(app.known(), policies, app.clock())
            said = [a for a in decision.actions if isinstance(a, Say)]
            if not [say for say in said if app.log.append(say.event, slot=say.key)]:
                break
        owed = [a for a in decision.actions if isinstance(a, Page) and a.page != END]
        pages = dict.fromkeys(page.incident for page in owed)
        opened = _opened(app.log)
        app.log.close()
        return [
            Call(
                condition=opened[one].condition,
                criticality=opened[one].criticality,
                summary=opened[one].summary,
                remedy=opened[one].remedy,
            )
            for one in pages
        ]


def _opened(log: Log) -> dict[str, IncidentOpened]:
    events = (recorded.event for recorded in log.read(types=(IncidentOpened,)))
    return {one.incident: one for one in events if isinstance(one, IncidentOpened)}
