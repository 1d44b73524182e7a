"""The policies that the daemon keeps: read at its start and on SIGHUP, a broken one never taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from orchestrator.adapters import policies
from orchestrator.core import carried, policy
from orchestrator.core.decide.actions import Policies
from orchestrator.core.policy import PROVIDER_FILE, Checked
from orchestrator.errors import PolicyInvalid, PraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from orchestrator.core.policy import Fault
    from orchestrator.core.policy.fault import Unreadable

FOLDER = ""  # the provider's file, and the folder itself, are no one site's


class Promises:
    """The sites as they were last sound, and by site (`FOLDER` for none) what is broken now."""

    def __init__(self, folder: Path, place: str) -> None:
        self._folder = folder
        self.current = Policies(sites={}, provider=None, place=place)
        self.broken: dict[str, str] = {}
        self.texts: Mapping[str, str | Unreadable] = {}

    def read(self) -> None:
        """Read all files. What has a fault is in `broken`; its last sound version stays in force.

        Raises PolicyInvalid when nothing can be watched: no sound site, and nobody to call.
        """
        before = self.current
        try:
            texts = policies.read(self._folder)
            checked = policy.check(texts)
        except PraError as error:
            self.broken = {FOLDER: str(error)}
        else:
            self.broken = dict(_by_site(checked.errors))
            self.current = self._merged(checked)
            self._keep(texts)
        if self.current.sites or (self.broken and _can_call(self.current)):
            return
        told = "\n".join(self.broken.values()) or f"{self._folder}: no policy of a site"
        if not before.sites:
            raise PolicyInvalid(told, hint="Write one with `pra init SITE`.")
        self.current, self.broken = before, {FOLDER: told}  # all files gone: no reason to stop

    def awoke(self, at: datetime) -> None:
        """Take note that nobody watched until now: what was missed meanwhile is not late yet."""
        self.current = replace(self.current, awake_since=at)

    def as_checked(self) -> Checked:
        """Return what is in force, as the jobs ask for it."""
        return Checked(
            sites=self.current.sites, errors=(), warnings=(), provider=self.current.provider
        )

    def _keep(self, texts: Mapping[str, str | Unreadable]) -> None:
        """Keep the text of what is in force: a broken file's is that of its last sound version."""
        if FOLDER in self.broken:
            return
        before, broken = dict(self.texts), {f"{site}.yaml" for site in self.broken}
        kept = {path: text for path, text in before.items() if PurePath(path).name in broken}
        self.texts = {**{p: t for p, t in texts.items() if PurePath(p).name not in broken}, **kept}
        digests = {s: carried.digest(carried.files(self.texts, s)) for s in self.current.sites}
        self.current = replace(self.current, digests=digests)

    def _merged(self, checked: Checked) -> Policies:
        before = self.current
        shared_broken = FOLDER in self.broken
        kept = {
            name: site
            for name, site in before.sites.items()
            if name not in checked.sites and (shared_broken or name in self.broken)
        }
        return replace(
            before,
            sites={**kept, **checked.sites},
            provider=before.provider if shared_broken else checked.provider,
        )


def _can_call(current: Policies) -> bool:
    return current.provider is not None and bool(current.provider.escalate)


def _by_site(faults: Iterable[Fault]) -> Mapping[str, str]:
    found: dict[str, list[str]] = {}
    for fault in faults:
        name = PurePath(fault.file)
        site = FOLDER if name.name == PROVIDER_FILE else name.stem
        found.setdefault(site, []).append(str(fault))
    return {site: "\n".join(lines) for site, lines in found.items()}
