"""What restic says of requests that it makes again: never an error of what it reads."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic.ear import Ear

if TYPE_CHECKING:
    from collections.abc import Callable

AGAIN = "Load(<data/1a7182a6ad>, 0, 0) returned error, retrying after 570ms: 503 Slow Down"
DONE = "Load(<data/1a7182a6ad>, 0, 0) operation successful after 1 retries"
LASTING = "Load(<data/1a7182a6ad>, 0, 0) failed: ciphertext verification failed"


def in_json(words: str) -> bytes:
    """As `check --json` of restic 0.19 says it."""
    return json.dumps({"message_type": "error", "message": words}).encode() + b"\n"


def in_words(words: str) -> bytes:
    """As all others say it."""
    return words.encode() + b"\n"


def listening(stall_s: float) -> Ear:
    return Ear(stall=timedelta(seconds=stall_s), probe=lambda _within: None, on_progress=None)


@pytest.mark.parametrize("form", [in_json, in_words])
def test_a_storm_is_no_error_and_ends_it_with_what_it_was_told(
    form: Callable[[str], bytes],
) -> None:
    ear = listening(0.02)

    ear.stderr(form(AGAIN))
    time.sleep(0.05)

    assert [] == ear.errors
    assert (ear.stalled() or "").endswith("in which restic tried again: 503 Slow Down")


@pytest.mark.parametrize("form", [in_json, in_words])
def test_an_answer_at_last_is_a_move(form: Callable[[str], bytes]) -> None:
    ear = listening(0.02)

    ear.stderr(form(AGAIN))
    time.sleep(0.05)
    ear.stderr(form(DONE))

    assert [] == ear.errors
    assert ear.stalled() is None


def test_what_is_not_tried_again_is_an_error() -> None:
    ear = listening(60)

    ear.stderr(in_json(LASTING))

    assert [LASTING] == [error.why for error in ear.errors]
