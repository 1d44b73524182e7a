"""What restic's words mean: damage is damage, whatever the numbers in its names look like."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.adapters.restic.ear import Ear
from orchestrator.adapters.restic.failures import failure
from orchestrator.errors import PraError, RepositoryDamaged, RepositoryUnreachable, ResticFailed
from restore_drills.process import Ended


def said(*lines: str) -> PraError:
    """The error made of a `restic restore` that ended with these lines, its endpoint alive."""
    ear = Ear(stall=timedelta(hours=1), probe=lambda _: None, on_progress=None)
    for line in lines:
        ear.stderr(line.encode())
    ended = Ended(
        command="restic restore",
        code=1,
        stdout=b"",
        stderr="\n".join(lines),
        seconds=1.0,
        stopped=None,
    )
    return failure(
        repository="offsite", command="restore", ended=ended, ear=ear, alive=lambda: None
    )


@pytest.mark.parametrize(
    "line",
    [
        "Fatal: server response unexpected: 503 Service Unavailable (503)",
        "Fatal: unable to open: 502 Bad Gateway",
        "Fatal: dial tcp 127.0.0.1:1: connect: connection refused",
    ],
)
def test_a_storage_that_does_not_serve_is_tried_again(line: str) -> None:
    error = said(line)
    assert isinstance(error, RepositoryUnreachable)
    assert error.retryable


def test_a_pack_whose_id_ends_like_a_status_code_is_no_matter_of_the_network() -> None:
    error = said("Fatal: decrypting blob 1f8e9a0c from a35fa502 failed")
    assert not isinstance(error, RepositoryUnreachable)
    assert isinstance(error, ResticFailed)

    damaged = said("Fatal: decrypting blob 1f8e9a0c from a35fa502: ciphertext verification failed")
    assert isinstance(damaged, RepositoryDamaged)
