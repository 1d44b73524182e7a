"""A site whose points are in two repositories, `far` and `near`, to be harmed at will."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any

from tests.quick import make
from tests.site import FILES, PASSWORD, ClientSite

if TYPE_CHECKING:
    from pathlib import Path

    from restore_drills.process import Child
    from tests.site import Ran

TWO = FILES.replace("    objectives", "    backup: {to: far, copy_to: [near]}\n    objectives")

NEAR = "another password altogether"
OTHERS = frozenset({"source=seal", "pra-policy"})  # no data of a point

SHIM = """\
#!/bin/sh
if [ "$1" = %(verb)s ] && mkdir %(proof)s 2>/dev/null; then
    kill -9 "$PPID"
    sleep 1
    exit 1
fi
exec %(real)s "$@"
"""


class TwoPlaces(ClientSite):
    """`acme`, backed up to `far` and copied to `near`, both in folders unless told otherwise."""

    def __init__(
        self,
        home: Path,
        *,
        url: str | None = None,
        near: str | None = None,
        s3_keys: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(home, url=url, s3_keys=s3_keys)
        self.near = home / "near"
        self.near_url = near or str(self.near)
        self.secret("near", NEAR)

    def write(self, services: str = TWO, **values: object) -> None:
        """Write the policy, with the second repository in it."""
        super().write(services, **values)
        path = self.policies / "acme.yaml"
        s3 = path.read_text().partition("location: offsite")[2].partition("}\n")[0]
        near = (
            f'  near: {{url: "{self.near_url}", password: {{file: {self.secrets}/near}},'
            f" location: onsite{s3}}}\n"
        )
        path.write_text(path.read_text().replace("services:\n", f"{near}services:\n", 1))

    def made(self, points: int = 2) -> None:
        """Back up so many times, each with other files, and copy; both open at once."""
        make(self.repository, PASSWORD)
        make(self.near, NEAR)
        for _ in range(points):
            self.fill(files=10, size=30_000)
            self.backup("--no-copy")
        copied = self.pra("repo", "copy", "acme")
        assert 0 == copied.code, copied

    def moved(self, home: Path) -> TwoPlaces:
        """Return a copy of the whole site elsewhere."""
        self.copy_to(home)
        site = TwoPlaces(home)
        site.source = self.source
        site.write()
        return site

    def runs(self) -> list[str]:
        """The runs of the points, the oldest first."""
        listed = json.loads(self.restic("snapshots", "--json"))
        seals = [s for s in listed if "source=seal" in s["tags"]]
        return [run_of(s) for s in sorted(seals, key=lambda s: s["time"])]

    def verify(self, *words: str) -> Ran:
        """Verify one repository, with a JSON document on stdout."""
        return self.pra("verify", "acme", "--json", *words)

    def repair(self, *words: str) -> Ran:
        """Repair `far`, with a JSON document on stdout."""
        return self.pra("repo", "repair", "acme", "--repository", "far", "--json", *words)

    def trees(self, place: Path | None = None) -> set[tuple[str, str]]:
        """The run and the tree of every snapshot but seals in a repository."""
        words = ["-r", str(place or self.repository)]
        if place is not None:
            words.append(f"--password-file={self.secrets / 'near'}")
        listed = json.loads(self.restic("snapshots", "--json", *words))
        return {(run_of(s), s["tree"]) for s in listed if OTHERS.isdisjoint(s["tags"])}

    def start_restic(self, *words: str) -> Child:
        """Call restic itself on `far` and do not wait; the caller ends it."""
        env = {
            **self._env(None),
            "RESTIC_REPOSITORY": self.url,
            "RESTIC_PASSWORD_FILE": str(self.secrets / "restic"),
            "RESTIC_CACHE_DIR": str(self.home / "by-hand"),
        }
        return self._processes.start(["restic", *words], env=env)

    def wait_for_lock(self) -> None:
        """Wait until somebody holds a lock in `far`."""
        until = time.monotonic() + 20
        while not any("tmp" not in p.name for p in (self.repository / "locks").iterdir()):
            assert time.monotonic() < until
            time.sleep(0.05)

    def deadly(self, verb: str) -> tuple[str, Path]:
        """Return a PATH on which restic, called with a verb, kills whoever called it, once."""
        folder, proof = self.home / "deadly", self.home / "killed-once"
        folder.mkdir()
        real = shutil.which("restic", path=self.path)
        shim = folder / "restic"
        shim.write_text(SHIM % {"verb": verb, "proof": proof, "real": real})
        shim.chmod(0o755)
        return f"{folder}:{self.path}", proof

    def start_and_wait(self, *words: str, path: str) -> None:
        """Call `pra` with another PATH and wait for its end, whatever it is."""
        with self.start(*words, env={"PATH": path}) as child:
            assert child.poll(60)


def run_of(snapshot: dict[str, Any]) -> str:
    """The run in a snapshot's tags."""
    tags: list[str] = snapshot["tags"]
    return next(tag.removeprefix("run=") for tag in tags if tag.startswith("run="))
