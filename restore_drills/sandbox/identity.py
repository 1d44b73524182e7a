"""The uid that a sandbox has for itself, on the whole machine, where the caller is root."""

from __future__ import annotations

import contextlib
import grp
import pwd
import socket
import zlib
from typing import Self

from restore_drills.errors import NoSandbox
from restore_drills.sandbox import census

# Below the uids that systemd hands out (61184 and up) and the subordinate ones (100000 and up).
FIRST, COUNT = 52001, 998


class Identity:
    """A claimed uid; the gid has the same number. The kernel drops the claim with our process."""

    def __init__(self, uid: int, claim: socket.socket) -> None:
        self.uid = uid
        self._claim = claim

    @classmethod
    def claim(cls, run: str) -> Self:
        """Claim a uid without account, processes or other claimant; NoSandbox if none is left."""
        start = zlib.crc32(run.encode())
        for step in range(COUNT):
            uid = FIRST + (start + step) % COUNT
            if not _has_account(uid) and (identity := cls.of(uid)) is not None:
                if not census.of_uid(uid):
                    return identity
                identity.release()
        raise NoSandbox(
            f"sandbox: none of the uids {FIRST} to {FIRST + COUNT - 1} is free",
            hint="End other drills, or processes that use these uids.",
        )

    @classmethod
    def of(cls, uid: int) -> Self | None:
        """Claim this uid; None when a living sandbox has it, or when it is not one of ours."""
        if not FIRST <= uid < FIRST + COUNT:
            return None
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # A name without a file: it is gone when we are, also after kill -9.
            claim.bind(f"\0pra-sandbox-uid-{uid}")
        except OSError:
            claim.close()
            return None
        return cls(uid, claim)

    def release(self) -> None:
        """Give the uid back."""
        self._claim.close()


def _has_account(uid: int) -> bool:
    for known in (pwd.getpwuid, grp.getgrgid):
        with contextlib.suppress(KeyError):
            known(uid)
            return True
    return False
