from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.policy import values
from restore_drills.model import Expect

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.duration, "90s", timedelta(seconds=90)),
        (values.duration, "15m", timedelta(minutes=15)),
        (values.duration, "4h", timedelta(hours=4)),
        (values.duration, "1d", timedelta(days=1)),
        (values.duration, "2w", timedelta(weeks=2)),
        (values.duration, "0m", timedelta(0)),
        (values.lasting, "999999w", timedelta(weeks=999999)),
        (values.percent, "95%", 0.95),
        (values.percent, "99.5%", 0.995),
        (values.day, "2026-11", "2026-11"),
        (values.day, "2026-11-02", "2026-11-02"),
        (values.span, "2026-08-03..2026-08-23", (date(2026, 8, 3), date(2026, 8, 23))),
        (values.span, "2026-12-24", (date(2026, 12, 24), date(2026, 12, 24))),
        (values.span, "2028-02", (date(2028, 2, 1), date(2028, 2, 29))),
        (values.clock, "08:30", time(8, 30)),
        (values.clock, "24:00", time.max),
        (values.days, "mon-fri", frozenset(range(5))),
        (values.days, "sat", frozenset({5})),
        (values.days, "sat-mon", frozenset({5, 6, 0})),
        (values.days, "mon,wed-thu", frozenset({0, 2, 3})),
        (values.expect, ">= 1000", Expect(op=">=", value="1000")),
        (values.expect, ">=1000", Expect(op=">=", value="1000")),
        (values.expect, "= 3", Expect(op="=", value="3")),
        (values.expect, "!= 0", Expect(op="!=", value="0")),
        (values.expect, "matches ^FR", Expect(op="matches", value="^FR")),
        (values.zone, "Europe/Paris", "Europe/Paris"),
    ],
)
def test_a_word_is_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert value == read(text)


@pytest.mark.parametrize(
    ("read", "text", "remedy"),
    [
        (values.duration, "2 hour", "write 2h"),
        (values.duration, "30 minutes", "write 30m"),
        (
            values.schedule,
            "0 3 * *",
            (
                "write minute, hour, day of the month, month and day of the week: "
                "0 3 * * * is every night at 3"
            ),
        ),
        (values.schedule, "@daily", "write 0 0 * * *"),
        (
            values.schedule,
            "0 3 * * 8",
            "day of the week '8' is not known: write 0 to 7 or sun to sat, or *",
        ),
        (
            values.schedule,
            "0 0 30 2 *",
            "never comes: no such month has a day 30: write 28 for a day that every month has",
        ),
        (values.schedule, "0 3,, * * *", "hour '3,,' has an empty place in its list"),
        (values.duration, "3 jours", "write 3d"),
        (values.duration, "2 semaines", "write 2w"),
        (values.duration, "3 lustres", "write 90s, 15m, 4h or 1d"),
        (values.duration, "1.5h", "write 90s, 15m, 4h or 1d"),
        (values.duration, "soon", "write 90s, 15m, 4h or 1d"),
        (values.duration, "٣h", "write 90s, 15m, 4h or 1d"),
        (values.lasting, "0h", "write more than zero"),
        (values.percent, "95", "write 95%"),
        (values.percent, "101%", "write at most 100%"),
        (values.day, "11/2026", "write 2026-11 or 2026-11-02"),
        (values.day, "2026-02-30", "write a date of the calendar"),
        (values.day, "2026-13", "write a date of the calendar"),
        (values.span, "from monday", "write 2026-08-03..2026-08-23"),
        (values.span, "2026-08-23..2026-08-03", "write the earlier date first"),
        (values.clock, "8h30", 'write "08:30", in quotes'),
        (values.clock, "25:00", "write a time from 00:00 to 24:00"),
        (values.days, "lundi", "write mon-fri, sat or mon,wed"),
        (values.expect, "about 3", 'write ">= 1000", "= 0" or "matches ^FR"'),
        (values.expect, "matches [", "write a regular expression after matches"),
        (values.zone, "europe/paris", "write Europe/Paris"),
        (values.zone, "Europe", "write Europe/Paris"),
        (values.zone, "/etc/passwd", "write Europe/Paris"),
        (values.zone, "Europe/Berlim", "write Europe/Berlin"),
    ],
)
def test_what_is_no_word_says_what_to_write(
    read: Callable[[str], object], text: str, remedy: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(remedy)}$"):
        read(text)


def test_a_person_hears_a_duration_in_several_units() -> None:
    assert "1d 20h 55m" == values.spoken(timedelta(days=1, hours=20, minutes=55))
    assert "0s" == values.spoken(timedelta(0))


@pytest.mark.parametrize("text", ["1w", "1d", "36h", "90m", "45s", "0s"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert text == values.written(values.duration(text))


def test_a_cron_expression_is_kept_as_it_is_understood() -> None:
    assert "0 3 * * sun" == values.schedule("0 3 * * SUN").text
