from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.policy import sizes

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (sizes.size, "17B", 17),
        (sizes.size, "2GB", 2_000_000_000),
        (sizes.size, "3kB", 3000),
        (sizes.size, "500MiB", 500 * 1024 * 1024),
        (sizes.room, "20GB", 20_000_000_000),
        (sizes.rate, "20Mbit/s", 2_500_000),
        (sizes.rate, "9kbit/s", 1125),
        (sizes.rate, "1Gbit/s", 125_000_000),
        (sizes.rate, "2MiB/s", 2 * 1024 * 1024),
        (sizes.rate, "3000B/s", 3000),
    ],
)
def test_a_size_or_a_rate_is_read(read: Callable[[str], int], text: str, value: int) -> None:
    assert value == read(text)


@pytest.mark.parametrize(
    ("read", "text", "remedy"),
    [
        (sizes.room, "0GB", "write more than zero"),
        (sizes.rate, "20 Mbit", "write 20Mbit/s"),
        (sizes.rate, "20Mbps", "write 20Mbit/s"),
        (sizes.rate, "512 KBit/s", "write 512kbit/s"),
        (sizes.rate, "fast", "write 20Mbit/s or 2MiB/s"),
        (sizes.rate, "8kbit/s", "write 1KiB/s or more"),
        (sizes.size, "500", "write 500MiB or 2GB"),
    ],
)
def test_what_is_none_says_what_to_write(
    read: Callable[[str], int], text: str, remedy: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(remedy)}$"):
        read(text)


@pytest.mark.parametrize(
    ("text", "again"),
    [("20Mbit/s", "20Mbit/s"), ("9kbit/s", "9kbit/s"), ("2MiB/s", "2097152B/s")],
)
def test_a_rate_is_written_as_it_reads(text: str, again: str) -> None:
    assert again == sizes.rated(sizes.rate(text))
    assert sizes.rate(text) == sizes.rate(again)


@pytest.mark.parametrize(
    ("text", "again"), [("40GB", "40GB"), ("2048MiB", "2GiB"), ("1500B", "1500B"), ("0B", "0TiB")]
)
def test_a_size_is_written_as_it_reads(text: str, again: str) -> None:
    assert again == sizes.sized(sizes.size(text))
    assert sizes.size(text) == sizes.size(again)
