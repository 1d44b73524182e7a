"""From how restic ended, and what it said, to one of our errors.

The exit code decides first; where it is the general 1, the words do. Damage is only claimed when
restic names it and the endpoint still answers: everything else proves nothing about the data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator.errors import (
    Interrupted,
    PraError,
    RepositoryAbsent,
    RepositoryDamaged,
    RepositoryLocked,
    RepositoryRefused,
    RepositoryUnreachable,
    ResticFailed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.adapters.restic.ear import Ear
    from orchestrator.adapters.restic.values import Unread
    from restore_drills.process import Ended

ABSENT, LOCKED, WRONG_PASSWORD = 10, 11, 12
SHOWN = 240  # characters of restic's words
READ = 50  # errors of single files, in which to look for the network

REFUSED = re.compile(
    r"access ?denied|invalidaccesskeyid|signaturedoesnotmatch|403 forbidden|wrong password"
    r"|access key id .* does not exist|no credentials found|(config|keys|locks).*permission denied",
    re.IGNORECASE,
)
# A pack, an index or a snapshot that is there and wrong, or that is named and not there.
DAMAGED = re.compile(
    r"ciphertext verification failed|invalid data returned|hash mismatch"
    r"|file.(<\S+>.)?(is.)?too.short"
    r"|(data|index|snapshot)/[0-9a-f]{8,}.*(no such file or directory|does not exist|not found)"
    r"|(id|blob|tree|pack) \S*[0-9a-f]{8}\S*.* not found|\bis damaged\b|unexpected content"
    r"|wrong (data|hash) returned|expected [0-9a-f]+, got|repository contains errors",
    re.IGNORECASE,
)
NETWORK = re.compile(
    r"connection (refused|reset|closed)|no such host|i/o timeout|dial tcp|\bEOF\b|broken pipe"
    r"|deadline exceeded|request canceled|circuit breaker open|tls:|x509|no route to host"
    r"|network is unreachable|server misbehaving|stuck|\b50[0234] |service unavailable|slow ?down"
    r"|internal ?(server )?error|reduce your request rate|retrying after",
    re.IGNORECASE,
)
GONE = re.compile(r"no such file or directory|does not exist|NoSuchKey", re.IGNORECASE)
VANISHED = re.compile(r"failed to find snapshot|no matching ID found", re.IGNORECASE)


def failure(
    *, repository: str, command: str, ended: Ended, ear: Ear, alive: Callable[[], None]
) -> PraError:
    """Return the error that tells what happened; `alive` raises when the endpoint does not."""
    where = f"{repository}: restic {command}"
    said = _first_line(ear, ended)
    match ended.code:
        case c if c == ABSENT:
            return RepositoryAbsent(
                f"{repository}: there is no restic repository at its url ({said})",
                hint="Check the url. If it held our snapshots, restore nothing over it: a bucket's"
                " versions bring it back (`pra repo rewind SITE --dry-run`).",
            )
        case c if c == LOCKED:
            return RepositoryLocked(
                f"{repository}: another restic works exclusively in it ({said})",
                hint="Wait for its end; after a crash, `restic unlock` removes a stale lock.",
                retryable=True,
            )
        case c if c == WRONG_PASSWORD:
            return RepositoryRefused(
                f"{repository}: the password opens no key of the repository",
                hint="Check the repository's password reference.",
            )
        case c if c < 0:
            return ResticFailed(
                f"{where} was killed by signal {-c}",
                hint="Look in the kernel's log whether memory ran out, then try again.",
                retryable=True,
            )
        case _:
            return _by_words(repository, where, said, ear, alive, ended.code)


def stopped(*, repository: str, command: str, why: str, cancelled: bool, stalled: bool) -> PraError:
    """Return the error for a restic that we stopped."""
    if cancelled:
        return Interrupted(f"{repository}: restic {command} was stopped: {why}")
    if stalled:
        return RepositoryUnreachable(
            f"{repository}: the endpoint stopped answering during restic {command}: {why}",
            hint="Check the network and the storage, then try again.",
            retryable=True,
        )
    return ResticFailed(
        f"{repository}: restic {command} was stopped: {why}",
        hint="See what holds it up, then try again.",
        retryable=True,
    )


def unloaded(ear: Ear, *, asked: bool) -> bool:
    """Whether a listing lacks a snapshot that is there; `asked` for by id, it may be gone."""
    return any(
        "failed to load snapshot" in line and not (asked and GONE.search(line)) for line in ear.text
    )


def _by_words(  # noqa: PLR0913, PLR0917 - one reading of one ending
    repository: str, where: str, said: str, ear: Ear, alive: Callable[[], None], code: int
) -> PraError:
    final = ear.exit_error or " ".join(ear.text)
    # What a backup says of single files is about the source, not about the repository.
    errors = [] if where.endswith(" backup") else ear.errors
    if REFUSED.search(final):
        return RepositoryRefused(
            f"{repository}: access is denied: {said}",
            hint="Check the repository's password and keys, and what the keys may do.",
        )
    damage = _damage(ear, errors)
    network = NETWORK.search(" ".join([final, *(e.why for e in errors[:READ])]))
    if damage or network:
        try:
            alive()
        except PraError as error:
            return RepositoryUnreachable(
                f"{where} lost its repository: {error}", hint=error.hint, retryable=True
            )
    if damage:
        return RepositoryDamaged(
            f"{repository}: the repository is damaged: {damage}",
            hint="Keep it as it is: `pra verify` reads it all, `pra repo repair` brings back what"
            " another repository has.",
        )
    if network:
        return RepositoryUnreachable(
            f"{where} failed on the way to the repository: {said}",
            hint="Check the network and the storage, then try again.",
            retryable=True,
        )
    if VANISHED.search(final):
        return ResticFailed(
            f"{where}: the repository has no such snapshot ({said})",
            hint="List what it has with `restic snapshots`; somebody may have removed it.",
        )
    return ResticFailed(
        f"{where} failed with code {code}: {said}",
        hint="Run the same command by hand with restic to see more.",
    )


def _damage(ear: Ear, errors: Sequence[Unread]) -> str | None:
    """Return the first damaged thing that restic names, with the file it belongs to."""
    for error in errors:
        if DAMAGED.search(error.why):
            return _short(f"{error.path}: {error.why}")
    # Not its "Load(..) failed" notices: what was tried again may have succeeded.
    final = [t for t in ear.text if not t.startswith("Load(")]
    for words in [ear.exit_error or "", *final]:
        if DAMAGED.search(words) and not VANISHED.search(words):
            return _short(words)
    return None


def _first_line(ear: Ear, ended: Ended) -> str:
    """Return what restic gave as reason: one line, without its stack traces."""
    reason = ear.exit_error or ""
    if ended.code == 0:  # it ended well and left something out
        reason = next((line for line in ear.text if "failed to load" in line), "")
    if ear.errors and re.search(r"There were \d+ errors", reason):
        reason = f"{ear.errors[0].path}: {ear.errors[0].why}"
    words = reason or next(iter(ear.text), "") or ended.stderr.strip() or "it gave no reason"
    return _short(words)


def _short(words: str) -> str:
    line = words.strip().splitlines()[0].removeprefix("Fatal: ")
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
