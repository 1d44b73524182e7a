"""Sizes and rates: how they are read, or ValueError with what to write, and written."""

from __future__ import annotations

import re

SIZE = r"[0-9]{1,12}(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)"
RATE = r"[0-9]{1,12}((k|M|G)bit|B|kB|KB|MB|GB|KiB|MiB|GiB)/s"

BYTES: dict[str, int] = {"B": 1, "kB": 1000, "KB": 1000, "KiB": 1024}
BYTES |= {"MB": 1000**2, "GB": 1000**3, "TB": 1000**4}
BYTES |= {"MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}
BITS = {"kbit": 1000, "Mbit": 1000**2, "Gbit": 1000**3}
SLOWEST = 1024  # bytes a second: restic counts in KiB


def size(text: str) -> int:
    """Read `500MiB` or `2GB` as bytes."""
    if re.fullmatch(SIZE, text) is None:
        raise ValueError("write 500MiB or 2GB")
    number = text.rstrip("kKMGTiB")
    return int(number) * BYTES[text.removeprefix(number)]


def sized(value: int) -> str:
    """Write bytes as the language does, in the largest unit that keeps them exact."""
    known = [(number, unit) for unit, number in BYTES.items() if not value % number]
    number, unit = max(known)
    return f"{value // number}{unit}"


def room(text: str) -> int:
    """Read a size that holds something."""
    read = size(text)
    if not read:
        raise ValueError("write more than zero")
    return read


def rate(text: str) -> int:
    """Read `20Mbit/s` or `2MiB/s` as bytes a second."""
    if re.fullmatch(RATE, text) is None:
        near = re.fullmatch(r"([0-9]{1,12}) *([kmg])(bits?|b)?(/s|ps)?", text.strip().lower())
        unit = "k" if near and near[2] == "k" else near[2].upper() if near else ""
        raise ValueError(f"write {near[1]}{unit}bit/s" if near else "write 20Mbit/s or 2MiB/s")
    amount = text.removesuffix("/s")
    number = amount.rstrip("kKMGTiBbt")
    unit = amount.removeprefix(number)
    read = int(number) * BITS[unit] // 8 if unit in BITS else size(amount)
    if read < SLOWEST:
        raise ValueError("write 1KiB/s or more")
    return read


def rated(value: int) -> str:
    """Write bytes a second as the language does, exactly."""
    for unit, size in (("Mbit", 1000**2 // 8), ("kbit", 1000 // 8)):
        if not value % size:
            return f"{value // size}{unit}/s"
    return f"{value}B/s"
