"""Secrets: every reference leads somewhere, and only we can read what is there."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters.secrets import resolve
from orchestrator.core.diagnosis import Fine
from orchestrator.core.policy.model import Postgresql
from orchestrator.core.policy.oncall import Smtp
from orchestrator.errors import Interrupted, SecretMissing
from orchestrator.jobs.checkup.ground import BACKUP, BOTH, NOTHING, error, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.diagnosis import Finding, Work
    from orchestrator.core.policy.model import Secret
    from orchestrator.jobs.checkup.ground import Ground, Said

SLOW = "command"  # a password store may ask somebody, or the network
OF_THE_UNIT = "credential"
OTHERS = stat.S_IRWXG | stat.S_IRWXO
Reference = tuple[str, "Secret", "frozenset[Work]"]


def _references(ground: Ground) -> Iterator[Reference]:
    """Yield every secret of the policies, its subject and what it stops where it is missing."""
    for site in ground.sites:
        for one in site.repositories.values():
            yield f"{site.id}/{one.id} password", one.password, BOTH
            if one.s3 is not None:
                yield f"{site.id}/{one.id} s3.access_key", one.s3.access_key, BOTH
                yield f"{site.id}/{one.id} s3.secret_key", one.s3.secret_key, BOTH
        for service in site.services.values():
            for source in service.sources:
                if isinstance(source.spec, Postgresql) and source.spec.password is not None:
                    name = f"{site.id}/{service.id} password of {source.name}"
                    yield name, source.spec.password, BACKUP
    for name, channel in ground.channels():
        secret = channel.password if isinstance(channel, Smtp) else channel.secret
        if secret is not None:
            yield f"channel {name}", secret, NOTHING


def secrets(ground: Ground) -> Said:
    """Look at all of them."""
    yield from _looked(ground, slow=True)


def quick_secrets(ground: Ground) -> Said:
    """Look at those that are read from this machine alone."""
    yield from _looked(ground, slow=False)


def _looked(ground: Ground, *, slow: bool) -> Said:
    seen: set[tuple[str, tuple[str, ...]]] = set()
    sound = 0
    for subject, secret, stops in _references(ground):
        if (secret.kind, secret.value) in seen or (secret.kind == SLOW and not slow):
            continue
        seen.add((secret.kind, secret.value))
        if secret.kind == OF_THE_UNIT and "CREDENTIALS_DIRECTORY" not in os.environ:
            yield note(
                "secret-unseen",
                subject,
                f"{{credential: {secret.value[0]}}} is handed to the service alone",
                "Nothing is to be done; `pra daemon` looks at it when it starts.",
            )
            continue
        try:
            resolve(secret, processes=ground.processes)
        except Interrupted:
            return
        except SecretMissing as fault:
            because = f"the secret of {subject} is missing"
            yield error(
                "secret-missing", subject, str(fault), fault.hint, stops=stops, because=because
            )
            continue
        exposed = _exposed(subject, secret)
        yield from exposed
        sound += not exposed
    if sound:
        yield Fine(subject="secrets", message=f"{sound} found, readable by us alone")


def _exposed(subject: str, secret: Secret) -> list[Finding]:
    """Say who else can read the file of a secret, or change it."""
    if secret.kind != "file":
        return []
    path = Path(secret.value[0])
    facts = path.stat()
    found = []
    if facts.st_mode & OTHERS:
        found.append(
            warning(
                "secret-exposed",
                subject,
                f"{path} is open to other users of this machine (mode {facts.st_mode & 0o777:03o})",
                f"Run `chmod 600 {path}`.",
            )
        )
    if facts.st_uid not in {os.geteuid(), 0}:
        found.append(
            warning(
                "secret-owner",
                subject,
                f"{path} belongs to uid {facts.st_uid}, who can read and change it",
                f"Run `chown {os.geteuid()} {path}`.",
            )
        )
    return found
