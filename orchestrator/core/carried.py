"""The policy that travels: a site's files as written, kept beside its points. Pure.

A recovery kit holds addresses and keys, which seldom change; what is to be restored, in which order
and under which checks changes often, and lies as a small snapshot in every repository that holds
points. It has references to secrets, never a secret.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING

from orchestrator.core.policy.fault import PROVIDER_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from orchestrator.core.policy.fault import Unreadable
    from orchestrator.core.policy.model import Site
    from restore_drills.model import Snapshot

POLICY = "pra-policy"
SEAL_KEYS = "pra-seal-keys"
TAGS = frozenset({POLICY, SEAL_KEYS})
SOURCE = "policy"
DIGITS = 32
KEPT = 10  # of the policy's snapshots in a repository
CLOCKS_AGREE_WITHIN = timedelta(minutes=5)  # a newer one was dated by a wrong clock, or made up


def files(texts: Mapping[str, str | Unreadable], site: str) -> dict[str, str]:
    """Return what a site's policy is written in, by the file's own name: its file, and the shared.

    Nothing where its own file cannot be read.
    """
    named = {PurePath(path).name: text for path, text in texts.items()}
    own = f"{site}.yaml"
    if not isinstance(named.get(own), str):
        return {}
    return {name: text for name in (PROVIDER_FILE, own) if isinstance(text := named.get(name), str)}


def digest(written: Mapping[str, str]) -> str:
    """Return what changes when a file does; empty where there is none."""
    if not written:
        return ""
    text = json.dumps(dict(written), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:DIGITS]


def tags(of: str) -> list[str]:
    """Return the tags of a policy's snapshot, by its digest."""
    return [POLICY, f"source={SOURCE}", f"digest={of}"]


def is_kept(snapshot: Snapshot, site: str) -> bool:
    """Whether it is neither a point nor foreign: the site's policy, or the keys of its seals."""
    apart = snapshot.tag("service") is None and snapshot.tag("run") is None
    return apart and snapshot.host == site and not TAGS.isdisjoint(snapshot.tags)


def policies(
    listing: Iterable[Snapshot], site: str, now: datetime
) -> tuple[tuple[Snapshot, ...], tuple[Snapshot, ...]]:
    """Return the policies of a site in a listing, the newest first, and those from the future."""
    mine = [s for s in listing if is_kept(s, site) and POLICY in s.tags]
    mine.sort(key=lambda s: (s.time, s.id), reverse=True)
    latest = now + CLOCKS_AGREE_WITHIN
    return tuple(s for s in mine if s.time <= latest), tuple(s for s in mine if s.time > latest)


def spare(there: Iterable[Snapshot], stored: Iterable[str]) -> tuple[Snapshot, ...]:
    """Return the policies to remove: those that the log has `stored`, but for the newest few.

    What the log does not know is left alone, and pushes nothing out.
    """
    ours = list(dict.fromkeys(stored))[:-KEPT]
    return tuple(s for s in there if s.id in ours and POLICY in s.tags)


def written_to(site: Site) -> tuple[str, ...]:
    """Return the repositories into which the site's points are written."""
    names = [n for s in site.services.values() for n in (s.backup_to, *s.copy_to) if n]
    return tuple(dict.fromkeys(names))
