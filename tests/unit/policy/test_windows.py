"""How much of the line restic may take, by the time of day."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core import policy
from orchestrator.core.policy.model import Limits, Window
from orchestrator.core.policy.values import MIDNIGHT, WEEK
from restore_drills.calendar import Hours

SITE = """\
site: acme
timezone: Europe/Paris
repositories:
  far:
    url: s3:https://s3.example.net/acme
    password: {env: PW}
    location: offsite
    limits: LIMITS
services:
  files:
    source: {files: {paths: [/srv]}}
    objectives: {rto: 4h, rpo: 1h}
"""
OFFICE = '{days: mon-fri, from: "08:00", to: "19:00", upload: 5Mbit/s}'
WEEKDAYS, MBIT = frozenset(range(5)), 125_000


def check(limits: str) -> policy.Checked:
    return policy.check({"acme.yaml": SITE.replace("LIMITS", limits)})


def limits(text: str) -> Limits:
    checked = check(text)
    assert () == checked.errors
    site = checked.sites["acme"]
    shown = policy.as_yaml(policy.plain(site))
    assert {"acme": site} == policy.check({"acme.yaml": shown}).sites
    return site.repositories["far"].limits


def test_a_window_says_what_holds_while_it_is_open() -> None:
    hours = Hours(days=WEEKDAYS, start=time(8), end=time(19))
    window = Window(hours=hours, upload=5 * MBIT, download=None)

    assert Limits(upload=20 * MBIT, download=None, windows=(window,)) == limits(
        f"{{upload: 20Mbit/s, windows: [{OFFICE}]}}"
    )


def test_windows_may_stand_alone() -> None:
    assert (None, None, 1) == (
        limits(f"{{windows: [{OFFICE}]}}").upload,
        limits(f"{{windows: [{OFFICE}]}}").download,
        len(limits(f"{{windows: [{OFFICE}]}}").windows),
    )
    assert Limits(upload=None, download=None) == limits("{windows: []}")


def test_what_a_window_does_not_say_holds_in_it_as_outside() -> None:
    [window] = limits(f"{{download: 10Mbit/s, windows: [{OFFICE}]}}").windows

    assert (5 * MBIT, 10 * MBIT) == (window.upload, window.download)


def test_a_window_over_midnight_is_two_and_the_second_is_of_the_next_day() -> None:
    night = '{days: sat-sun, from: "22:00", to: "06:00", upload: 50Mbit/s}'
    evening, morning = limits(f"{{upload: 5Mbit/s, windows: [{night}]}}").windows

    assert Hours(days=frozenset({5, 6}), start=time(22), end=MIDNIGHT) == evening.hours
    assert Hours(days=frozenset({6, 0}), start=time.min, end=time(6)) == morning.hours
    assert 50 * MBIT == evening.upload == morning.upload


def test_a_window_until_midnight_is_one_however_it_is_written() -> None:
    until = '{{windows: [{{days: mon, from: "22:00", to: "{}", upload: 5Mbit/s}}]}}'

    assert limits(until.format("24:00")) == limits(until.format("00:00"))
    assert 1 == len(limits(until.format("00:00")).windows)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{windows: [7]}", "8: repositories.far.limits.windows[0]: a map was expected, a number"),
        ("{windows: {}}", "8: repositories.far.limits.windows: a list was expected, a map found"),
        (
            '{windows: [{days: mon, from: "08:00", to: "19:00"}]}',
            "8: repositories.far.limits.windows[0]: one of upload or download is missing (add one",
        ),
        (
            '{windows: [{days: mon, from: "08:00", to: "19:00", upload: 0}]}',
            "8: repositories.far.limits.windows[0].upload: a rate was expected, a number found (wr",
        ),
        (
            '{windows: [{days: mon, from: "08:00", to: "19:00", upload: 0Mbit/s}]}',
            '8: repositories.far.limits.windows[0].upload: "0Mbit/s" is not a rate (write 1KiB/s o',
        ),
        (
            '{windows: [{from: "08:00", to: "19:00", upload: 5Mbit/s}]}',
            "8: repositories.far.limits.windows[0]: days is missing (add days:)",
        ),
        (
            '{windows: [{days: mon, form: "08:00", to: "19:00", upload: 5Mbit/s}]}',
            "8: repositories.far.limits.windows[0].form: unknown key (did you mean from?)",
        ),
        (
            '{windows: [{days: mon, from: "8:00", to: "19:00", upload: 5Mbit/s}]}',
            '8: repositories.far.limits.windows[0].from: "8:00" is not a time of day (write "08:30',
        ),
        (
            '{windows: [{days: mon, from: "08:00", to: "08:00", upload: 5Mbit/s}]}',
            "8: repositories.far.limits.windows[0]: it shuts when it opens (write from: ",
        ),
        (
            '{windows: [{days: mon, from: "24:00", to: "08:00", upload: 5Mbit/s}]}',
            "8: repositories.far.limits.windows[0].from: 24:00 is the end of a day (write ",
        ),
        ("{window: []}", "8: repositories.far.limits.window: unknown key (did you mean windows?)"),
    ],
)
def test_a_fault_says_where_what_and_what_to_do(text: str, fault: str) -> None:
    found = [str(fault).removeprefix("acme.yaml:") for fault in check(text).errors]

    assert [fault] == [line[: len(fault)] for line in found]


CLOCK = st.integers(0, 24 * 60)


def written(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@settings(deadline=None, max_examples=80)
@given(st.sets(st.integers(0, 6), min_size=1), CLOCK, CLOCK, st.integers(2, 10_000))
def test_any_window_is_refused_or_is_open_just_when_it_says(
    days: set[int], begin: int, end: int, rate: int
) -> None:
    """Minute by minute of a week, against what the words mean to a reader."""
    names = ",".join(WEEK[day] for day in sorted(days))
    window = f'days: "{names}", from: "{written(begin)}", to: "{written(end)}", upload: {rate}kB/s'
    checked = check(f"{{windows: [{{{window}}}]}}")
    if begin in {24 * 60, end}:
        assert [1] == [len(checked.errors)]
        return
    lasts = end - begin if end > begin else end - begin + 24 * 60
    meant = {(24 * 60 * d + begin + n) % (7 * 24 * 60) for d in days for n in range(lasts)}
    parts = limits(f"{{windows: [{{{window}}}]}}").windows
    assert {rate * 1000} == {part.upload for part in parts}
    opened = {
        24 * 60 * day + minute
        for part in parts
        for day in part.hours.days
        for minute in range(24 * 60)
        if part.hours.start <= time(minute // 60, minute % 60) < part.hours.end
    }
    assert meant == opened
