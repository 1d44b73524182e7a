from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.when import Unreadable, instant, written

PARIS = "Europe/Paris"
NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)  # a Monday, 15:30 in Paris

PAST = {
    # as computers write it
    "2026-11-22 18:00": "2026-11-22 18:00:00",
    "2026-11-22T18:00": "2026-11-22 18:00:00",
    "2026-11-22T18:00:00Z": "2026-11-22 19:00:00",
    "2026-11-22 18:00:30 UTC": "2026-11-22 19:00:30",
    "2026-11-22T18:00:00.25+02:00": "2026-11-22 17:00:00",
    "2026-11-22 18:00 -0330": "2026-11-22 22:30:00",
    "2026-11-22": "2026-11-22 23:59:59",
    # as people do
    "22/11/2026 18h00": "2026-11-22 18:00:00",
    "22/11/26": "2026-11-22 23:59:59",
    "22.11.2026, 18:00": "2026-11-22 18:00:00",
    "22/11 18h": "2026-11-22 18:00:00",
    "24/11 18h": "2025-11-24 18:00:00",
    "22 novembre 18:00": "2026-11-22 18:00:00",
    "le 22 novembre 2025 à 18h30": "2025-11-22 18:30:00",
    "22 nov. 2025": "2025-11-22 23:59:59",
    "1er décembre": "2025-12-01 23:59:59",
    "29 février": "2024-02-29 23:59:59",
    "nov 22 6pm": "2026-11-22 18:00:00",
    "November 22nd, 2026 at 9:15 a.m.": "2026-11-22 09:15:00",
    "the 3rd of august": "2026-08-03 23:59:59",
    "octobre 2025": "2025-10-31 23:59:59",
    "décembre": "2025-12-31 23:59:59",
    "novembre": "2026-11-23 15:30:00",
    "le 22 à 18h": "2026-11-22 18:00:00",
    "le 31": "2026-10-31 23:59:59",
    "the 22nd": "2026-11-22 23:59:59",
    # days
    "hier 18:00": "2026-11-22 18:00:00",
    "Hier à 18h30": "2026-11-22 18:30:00",
    "HIER": "2026-11-22 23:59:59",
    "avant-hier 9h": "2026-11-21 09:00:00",
    "avant hier": "2026-11-21 23:59:59",
    "the day before yesterday at noon": "2026-11-21 12:00:00",
    "yesterday 6pm": "2026-11-22 18:00:00",
    "aujourd'hui 8:30": "2026-11-23 08:30:00",
    "aujourd\N{RIGHT SINGLE QUOTATION MARK}hui": "2026-11-23 15:30:00",
    "today": "2026-11-23 15:30:00",
    "maintenant": "2026-11-23 15:30:00",
    "now": "2026-11-23 15:30:00",
    # parts of them
    "hier soir": "2026-11-22 23:59:59",
    "hier matin": "2026-11-22 11:59:59",
    "yesterday afternoon": "2026-11-22 17:59:59",
    "ce matin": "2026-11-23 11:59:59",
    "this morning": "2026-11-23 11:59:59",
    "cet après-midi": "2026-11-23 15:30:00",
    "hier soir 8h": "2026-11-22 20:00:00",
    "hier 6 heures du soir": "2026-11-22 18:00:00",
    "ce matin à 9h": "2026-11-23 09:00:00",
    "la nuit dernière": "2026-11-23 05:59:59",
    "cette nuit": "2026-11-23 05:59:59",
    "last night 11pm": "2026-11-22 23:00:00",
    "last night 2am": "2026-11-23 02:00:00",
    "cette nuit 3h": "2026-11-23 03:00:00",
    # days of the week: the last one past
    "lundi": "2026-11-16 23:59:59",
    "lundi 9h": "2026-11-23 09:00:00",
    "lundi 18h": "2026-11-16 18:00:00",
    "lundi matin": "2026-11-23 11:59:59",
    "lundi dernier 9h": "2026-11-16 09:00:00",
    "vendredi 18:00": "2026-11-20 18:00:00",
    "last friday 18:00": "2026-11-20 18:00:00",
    "tuesday": "2026-11-17 23:59:59",
    "dimanche 22 novembre 2026 à 18h": "2026-11-22 18:00:00",
    "lundi 16": "2026-11-16 23:59:59",
    # so much before now
    "il y a 3 jours": "2026-11-20 23:59:59",
    "il y a 3 jours à 18h": "2026-11-20 18:00:00",
    "3 days ago": "2026-11-20 23:59:59",
    "2h ago": "2026-11-23 13:30:00",
    "il y a 2 heures": "2026-11-23 13:30:00",
    "il y a 1h30": "2026-11-23 14:00:00",
    "1h30 ago": "2026-11-23 14:00:00",
    "an hour ago": "2026-11-23 14:30:00",
    "il y a 20 min": "2026-11-23 15:10:00",
    "40 seconds ago": "2026-11-23 15:29:20",
    "il y a une semaine": "2026-11-16 23:59:59",
    "il y a un mois": "2026-10-23 23:59:59",
    "two years ago": "2024-11-23 23:59:59",
    # spans
    "la semaine dernière": "2026-11-22 23:59:59",
    "last month": "2026-10-31 23:59:59",
    # a time alone: the last one
    "9h30": "2026-11-23 09:30:00",
    "18:00": "2026-11-22 18:00:00",
    "midi": "2026-11-23 12:00:00",
    "12am": "2026-11-23 00:00:00",
}
FUTURE = {
    "ce soir": "2026-11-23 23:59:59",
    "tonight": "2026-11-23 23:59:59",
    "6h du soir": "2026-11-23 18:00:00",
    "demain 12h": "2026-11-24 12:00:00",
    "jusqu'à demain": "2026-11-24 23:59:59",
    "après-demain matin": "2026-11-25 11:59:59",
    "in 2 hours": "2026-11-23 17:30:00",
    "dans 1h30": "2026-11-23 17:00:00",
    "2 hours from now": "2026-11-23 17:30:00",
    "dans 2 jours": "2026-11-25 23:59:59",
    "lundi": "2026-11-30 23:59:59",
    "lundi 18h": "2026-11-23 18:00:00",
    "vendredi 18:00": "2026-11-27 18:00:00",
    "until friday": "2026-11-27 23:59:59",
    "vendredi prochain": "2026-11-27 23:59:59",
    "cette nuit": "2026-11-24 05:59:59",
    "22 novembre": "2027-11-22 23:59:59",
    "29 feb": "2028-02-29 23:59:59",
    "le 22": "2026-12-22 23:59:59",
    "novembre": "2026-11-30 23:59:59",
    "next week": "2026-12-06 23:59:59",
    "mois prochain": "2026-12-31 23:59:59",
    "9h30": "2026-11-24 09:30:00",
    "dans 3 mois": "2027-02-23 23:59:59",
}
SINCE = {
    "hier": "2026-11-22 00:00:00",
    "hier soir": "2026-11-22 17:00:00",
    "il y a 3 jours": "2026-11-20 00:00:00",
    "today": "2026-11-23 00:00:00",
    "octobre": "2026-10-01 00:00:00",
    "la semaine dernière": "2026-11-16 00:00:00",
    "hier 18:00": "2026-11-22 18:00:00",
}
REFUSED = {
    "": "not a time",
    "foo": "not a time: 'foo' is not understood",
    "hier hier": "says two dates or two times",
    "hier 18:00 19:00": "says two dates or two times",
    "demain tonight": "says two dates or two times",
    "2h ago hier": "not a time",
    "22": "22 of what",
    "hier à 18": "says two dates or two times",
    "hier minuit": "minuit: of which night? write 00:00 or 23:59 and the day",
    "11/22/2026": "11/22/2026: the day comes first, write 22/11",
    "31/02/2026": "day is out of range for month",
    "31/02": "no such day",
    "lundi 31/02": "no such day",
    "99/99": "month must be in 1..12",
    "0000-01-01": "the year 0 cannot be meant",
    "9999-12-31": "the year 9999 cannot be meant",
    "9999 years ago": "the year -7973 cannot be meant",
    "25:00": "25:00: no such time",
    "13pm": "13pm: no such time",
    "hier soir 12h": "12:00 is not in the evening",
    "hier soir 9am": "09:00 is not in the evening",
    "la semaine dernière 9h": "a time without its day",
    "2026-11-22 +01:00": "a zone without a time",
    "lundi 22 novembre 2026": "the day was a sunday",
    "demain 12h": "in the future",
    "ce soir": "in the future",
    "next friday": "in the future",
    "in 2 hours": "in the future",
    "2026-11-23 15:31": "in the future",
}


def paris(text: str, **how: bool) -> str:
    return f"{instant(text, PARIS, NOW, **how).astimezone(ZoneInfo(PARIS)):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(("text", "meant"), PAST.items())
def test_a_date_of_the_past_is_read_as_people_say_it(text: str, meant: str) -> None:
    assert meant == paris(text)


@pytest.mark.parametrize(("text", "meant"), FUTURE.items())
def test_a_date_to_come_is_read_where_one_is_asked_for(text: str, meant: str) -> None:
    assert meant == paris(text, future=True)


@pytest.mark.parametrize(("text", "meant"), SINCE.items())
def test_since_a_day_means_its_beginning(text: str, meant: str) -> None:
    assert meant == paris(text, start=True)


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_is_no_date_is_refused_and_says_what_to_write(text: str, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        instant(text, PARIS, NOW)

    assert why == refused.value.what
    assert refused.value.hint.startswith(("Write ", "Give "))
    assert str(refused.value).startswith(f"{why} (")


@pytest.mark.parametrize("text", ["hier", "2026-11-22 18:00", "last friday", "maintenant"])
def test_what_has_passed_is_refused_where_an_instant_to_come_is_asked_for(text: str) -> None:
    with pytest.raises(ValueError, match="has passed"):
        instant(text, PARIS, NOW, future=True)


def test_an_hour_that_the_clocks_jump_over_is_refused_with_its_two_neighbours() -> None:
    with pytest.raises(Unreadable) as refused:
        instant("29/03/2026 02:30", PARIS, NOW)

    assert "2026-03-29 02:30 does not exist in Europe/Paris: the clocks were put forward" == (
        refused.value.what
    )
    assert 'Write "2026-03-29 01:30" or "2026-03-29 03:30".' == refused.value.hint


def test_an_hour_that_comes_twice_is_the_later_one_and_for_since_the_earlier() -> None:
    text = "25 octobre 2026 02:30"

    assert datetime(2026, 10, 25, 1, 30, tzinfo=UTC) == instant(text, PARIS, NOW)
    assert datetime(2026, 10, 25, 0, 30, tzinfo=UTC) == instant(text, PARIS, NOW, start=True)
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert datetime(2026, 10, 25, 0, 30, tzinfo=UTC) == instant("02:30", PARIS, between)


def test_a_day_has_the_hours_that_its_zone_gives_it() -> None:
    after = datetime(2026, 10, 26, 12, 0, tzinfo=UTC)
    begin = instant("hier", PARIS, after, start=True)

    assert timedelta(hours=25) == instant("hier", PARIS, after) + timedelta(microseconds=1) - begin


def test_where_a_day_begins_at_one_o_clock_that_is_its_beginning() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # midnight of 29 March 2026 does not exist there
    begin = instant("29/03/2026", "Asia/Beirut", NOW, start=True)

    assert "2026-03-29 01:00" == f"{begin.astimezone(beirut):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("hour", "meant"), [(1, "2026-11-23 02:00:00"), (22, "2026-11-23 23:00:00")]
)
def test_this_night_said_in_the_night_is_the_one_under_way(hour: int, meant: str) -> None:
    now = NOW.replace(hour=hour, minute=0)

    found = instant("cette nuit", PARIS, now)
    assert meant == f"{found.astimezone(ZoneInfo(PARIS)):%Y-%m-%d %H:%M:%S}"


def test_the_end_of_this_night_said_in_the_night_is_this_morning() -> None:
    now = NOW.replace(hour=1, minute=0)

    found = instant("cette nuit", PARIS, now, future=True)
    assert "2026-11-23 05:59" == f"{found.astimezone(ZoneInfo(PARIS)):%Y-%m-%d %H:%M}"


MOMENTS = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - the zone follows
    max_value=datetime(2026, 11, 22),  # noqa: DTZ001 - the zone follows
)
ZONES = st.sampled_from(["Europe/Paris", "America/Martinique", "Indian/Reunion", "UTC"])


@given(MOMENTS, ZONES)
def test_an_instant_that_is_written_with_its_offset_comes_back(naive: datetime, zone: str) -> None:
    at = naive.replace(tzinfo=UTC)

    assert at == instant(at.isoformat(), zone, NOW)
    assert at == instant(at.astimezone(ZoneInfo(zone)).isoformat(sep=" "), zone, NOW)


@given(MOMENTS, ZONES)
def test_an_instant_that_is_written_in_the_time_of_its_zone_comes_back(
    naive: datetime, zone: str
) -> None:
    at = naive.replace(tzinfo=UTC, second=0, microsecond=0)
    local = at.astimezone(ZoneInfo(zone))

    for form in ("%Y-%m-%d %H:%M", "%d/%m/%Y %Hh%M", "le %d.%m.%Y à %H:%M", "%B %d %Y %I:%M %p"):
        found = instant(local.strftime(form), zone, NOW)
        assert found - at in (timedelta(0), timedelta(hours=1))  # an hour that came twice
        assert f"{local:{form}}" == f"{found.astimezone(ZoneInfo(zone)):{form}}"


def read(text: str, **how: bool) -> datetime | None:
    try:
        return instant(text, PARIS, NOW, **how)
    except Unreadable:
        return None


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    found = read(text)

    assert found is None or (found <= NOW and UTC == found.tzinfo)


WORDS = [
    "hier",
    "lundi",
    "18h",
    "22",
    "11",
    "/",
    "nov",
    "il y a",
    "3",
    "jours",
    "soir",
    "last",
    "-",
]


@given(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join))
def test_words_of_dates_in_any_order_are_read_or_refused(text: str) -> None:
    past, coming = read(text), read(text, future=True)

    assert past is None or past <= NOW
    assert coming is None or coming > NOW
    begin = read(text, start=True)
    assert past is None or begin is None or begin <= past


@given(MOMENTS, ZONES)
def test_what_is_written_is_read_back_as_the_next_whole_second(naive: datetime, zone: str) -> None:
    at = naive.replace(tzinfo=UTC)

    found = instant(written(at, zone), zone, NOW)

    assert timedelta(0) <= found - at < timedelta(seconds=1)
    assert 0 == found.microsecond


def test_an_hour_that_comes_twice_is_written_with_its_offset() -> None:
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert "2026-10-25 02:30:00+0200" == written(twice, PARIS)
    assert twice == instant(written(twice, PARIS), PARIS, NOW)
    assert "2026-10-25 12:30:00" == written(twice + timedelta(hours=11), PARIS)


@pytest.mark.parametrize("name", ["la nuit dernière", "last night"])
def test_the_night_of_yesterday_has_its_day_already(name: str) -> None:
    with pytest.raises(Unreadable, match="two dates"):
        instant(f"hier {name}", PARIS, NOW)


def test_what_is_written_stays_before_what_comes_next() -> None:
    at = datetime(2026, 11, 22, 17, 0, 0, 250_000, tzinfo=UTC)
    next_second = at + timedelta(seconds=1)

    assert "2026-11-22 18:00:01" == written(at, PARIS, next_second)
    assert "2026-11-22 18:00:00.250000" == written(at, PARIS, at + timedelta(seconds=0.5))
    assert at == instant(written(at, PARIS, at), PARIS, NOW)
