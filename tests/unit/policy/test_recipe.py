"""What policies/README.md tells a receiver to do holds for what is sent."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.adapters.notify.webhook import signature

if TYPE_CHECKING:
    from collections.abc import Callable

GUIDE = Path(__file__).parents[3] / "policies" / "README.md"
BODY = '{"data": {"first_line": "é"}}'.encode()
PLAIN = b"an example of a secret"
CODED = b"whsec_" + base64.b64encode(PLAIN)


@pytest.fixture(scope="module")
def genuine() -> Callable[..., bool]:
    """The function that the guide prints."""
    code = GUIDE.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own guide
    found: Callable[..., bool] = names["genuine"]
    return found


def sent(secret: bytes, ago: timedelta = timedelta()) -> dict[str, str]:
    return signature(secret, "acme/3fa94c/wake=0", datetime.now(UTC) - ago, BODY)


@pytest.mark.parametrize("secret", [PLAIN, CODED])
def test_the_recipe_takes_what_is_sent(genuine: Callable[..., bool], secret: bytes) -> None:
    assert genuine(sent(secret), BODY, secret)
    assert genuine(sent(PLAIN), BODY, CODED)


@pytest.mark.parametrize(
    ("body", "secret", "ago"),
    [
        (BODY + b" ", PLAIN, timedelta()),
        (BODY, b"another secret", timedelta()),
        (BODY, PLAIN, timedelta(minutes=6)),
        (BODY, PLAIN, timedelta(minutes=-6)),
    ],
)
def test_the_recipe_refuses_what_is_altered_forged_or_old(
    genuine: Callable[..., bool], body: bytes, secret: bytes, ago: timedelta
) -> None:
    assert not genuine(sent(PLAIN, ago), body, secret)
