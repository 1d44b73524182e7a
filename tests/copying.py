"""A site whose points go to a second repository, near and far with passwords of their own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestrator.app import App
from orchestrator.core.events import PolicyStored, RunKind
from orchestrator.jobs.backup import back_up, chosen
from orchestrator.jobs.copy import copy
from orchestrator.jobs.upkeep import begin_upkeep
from tests.quick import make
from tests.site import ClientSite

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.adapters.restic import Progress, Summary
    from orchestrator.core.events import CopyFinished, Event
    from orchestrator.demo.servers import S3Server

POLICY = """\
site: acme
name: Acme SARL
timezone: Europe/Paris
lead: {server-failure: {detect: 10m, decide: 30m}}
repositories:
  near: {url: "%(near)s", password: {file: %(secrets)s/near}, location: onsite%(near_s3)s}
  far: {url: "%(far)s", password: {file: %(secrets)s/far}, location: offsite%(far_s3)s}
services:
  partage:
    source: {files: {paths: [%(source)s]}}
    backup: {to: near, copy_to: [far], every: 30m}
    objectives: {rto: 4h, rpo: 30m}
    checks: [{name: all files, files: {at_least: 10}}]
"""


@dataclass
class Heard:
    """What a watcher was told."""

    lines: list[str] = field(default_factory=list)
    packs: list[tuple[int, int]] = field(default_factory=list)

    def said(self, service: str, line: str) -> None:
        self.lines.append(f"{service}: {line}")

    def moved(self, service: str, source: str, progress: Progress) -> None:
        assert service
        assert source
        if progress.packs is not None:
            self.packs.append(progress.packs)

    def taken(self, service: str, source: str, summary: Summary) -> None:
        assert service
        assert source
        assert summary.snapshot


class Places:
    """`acme`, its near and its far repository: folders, unless a bucket is given."""

    def __init__(self, home: Path, *, same_password: bool = False) -> None:
        self.site = ClientSite(home)
        self.near = str(home / "near")
        self.far = str(home / "far")
        self.site.secret("near", "the near password")
        self.site.secret("far", "the near password" if same_password else "the far password")
        self._s3 = {"near": "", "far": ""}
        self.heard = Heard()

    def ready(self) -> Places:
        """Make the near repository, which opens at once."""
        make(self.site.home / "near", "the near password")
        return self

    def bucket(self, name: str, server: S3Server, url: str) -> None:
        """Put a repository into a bucket, with the keys of its server."""
        self.site.secret(f"{name}.access", server.access_key)
        self.site.secret(f"{name}.secret", server.secret_key)
        folder = self.site.secrets
        keys = f"access_key: {{file: {folder}/{name}.access}}, "
        keys += f"secret_key: {{file: {folder}/{name}.secret}}"
        self._s3[name] = f", s3: {{{keys}}}"
        setattr(self, name, url)

    def write(self, more: str = "") -> None:
        """Write the policy and read it, with the log beside it."""
        values = {
            "near": self.near,
            "far": self.far,
            "secrets": self.site.secrets,
            "source": self.site.source,
            **{f"{name}_s3": text for name, text in self._s3.items()},
        }
        (self.site.policies / "acme.yaml").write_text(POLICY % values + more)
        self.app = App(policies_dir=self.site.policies, state=self.site.state)

    def back_up(self) -> str:
        """Make a point in the near repository; its run."""
        site = self.app.site("acme")
        (result,) = back_up(self.app, site, chosen(site, ())[0], self.heard)
        assert "complete" == result.finished.outcome, result
        return result.finished.run

    def copy(self) -> CopyFinished:
        """Copy, in this process. Raises what the job raises."""
        site = self.app.site("acme")
        begun = begin_upkeep(self.app, site, RunKind.COPY, "far", service="partage", origin="near")
        assert begun is not None
        return copy(self.app, site, "partage", "far", begun, self.heard)

    def events(self) -> list[Event]:
        """Everything on the log, but that the policy was put beside the points."""
        found = [recorded.event for recorded in self.app.log.read()]
        return [event for event in found if not isinstance(event, PolicyStored)]

    def snapshots(self, name: str) -> list[dict[str, Any]]:
        """What a repository in a folder lists of points, by restic's own hand, oldest first."""
        listed: list[dict[str, Any]] = json.loads(
            self.restic(name, "snapshots", "--json", "--no-lock")
        )
        points = [one for one in listed if "pra-policy" not in one.get("tags", ())]
        return sorted(points, key=lambda s: str(s["time"]))

    def restic(self, name: str, *words: str) -> str:
        """Call restic on a repository in a folder, as a person would by hand."""
        line = " ".join(
            [
                f"RESTIC_CACHE_DIR={self.site.home}/by-hand",
                f"RESTIC_PASSWORD_FILE={self.site.secrets}/{name}",
                f"RESTIC_REPOSITORY={getattr(self, name)}",
                "restic",
                *words,
            ]
        )
        ran = self.site.shell(line)
        assert 0 == ran.code, ran
        return ran.out

    def grow(self, size: int = 50_000) -> None:
        """Add a file to the shared folder."""
        count = sum(1 for _ in self.site.source.iterdir())
        (self.site.source / f"more {count}").write_bytes(os.urandom(size))
