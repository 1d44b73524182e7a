"""Public holidays, by the `holidays` library, which is imported only when somebody has some."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

# The departments of Alsace-Moselle, as people write them, to the library's subdivisions.
_ALSACE_MOSELLE = {"FR-57": "57", "FR-67": "6AE", "FR-68": "6AE"}


@cache
def country(text: str) -> str:
    """Accept `FR` or `FR-57`. Raises ValueError with what to write."""
    import holidays  # noqa: PLC0415 - it costs 50 ms, which `pra --help` need not pay

    land, _, part = text.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    if land not in known:
        raise ValueError("write a country's two capitals, such as FR")
    if part and text not in _ALSACE_MOSELLE and part not in known[land]:
        some = ", ".join(f"{land}-{name}" for name in known[land][:3])
        raise ValueError(
            f"write {land}, or a subdivision: {some}, ..." if some else f"write {land}"
        )
    return text


@cache
def days_off(text: str, year: int) -> frozenset[date]:
    """Return the public holidays of a year; `text` has passed `country`."""
    import holidays  # noqa: PLC0415 - the same

    land, _, part = text.partition("-")
    subdivision = _ALSACE_MOSELLE.get(text, part) or None
    return frozenset(holidays.country_holidays(land, subdiv=subdivision, years=year))
