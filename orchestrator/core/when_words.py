"""The words in which people say dates, in French and English, and what they stand for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NIGHT, MORNING, AFTERNOON, EVENING = "night", "morning", "afternoon", "evening"
NOON = 12
_SHORT = 2  # digits of a year of this century


@dataclass(frozen=True, slots=True)
class Date:
    """A day of the calendar; without a year or a month the nearest such day is meant.

    `bare`: only its number was said, which is a day beside a weekday alone.
    """

    year: int | None
    month: int | None
    day: int
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """A day so many days from today, or so many months and days."""

    days: int
    months: int = 0


@dataclass(frozen=True, slots=True)
class Weekday:
    """A day of the week, Monday 0; `which` is -1 for last, 1 for next, 0 for just its name."""

    index: int
    which: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """The week or month so many before or after this one."""

    unit: str
    shift: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar; without a year the nearest such month is meant."""

    year: int | None
    month: int


@dataclass(frozen=True, slots=True)
class Ago:
    """So much before now, or after it."""

    shift: timedelta


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a day; `days` from today where the words say so."""

    name: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of the day; `half` is am or pm where it was said, and is already counted in."""

    time: time
    half: str = ""


@dataclass(frozen=True, slots=True)
class Offset:
    """How far from UTC the time was said to be."""

    shift: timedelta


Piece = Date | Days | Weekday | Span | Month | Ago | Part | Clock | Offset

_NUMBERS = {"un": 1, "une": 1, "a": 1, "an": 1, "one": 1, "deux": 2, "two": 2, "trois": 3}
_NUMBERS |= {"three": 3, "quatre": 4, "four": 4, "cinq": 5, "five": 5, "six": 6, "sept": 7}
_NUMBERS |= {"seven": 7, "huit": 8, "eight": 8, "neuf": 9, "nine": 9, "dix": 10, "ten": 10}
_UNITS = {  # days, months, seconds
    name: size
    for names, size in (
        ("seconde secondes second seconds sec secs s", (0, 0, 1)),
        ("minute minutes min mins mn", (0, 0, 60)),
        ("heure heures hour hours hr hrs h", (0, 0, 3600)),
        ("jour jours day days j d", (1, 0, 0)),
        ("semaine semaines sem week weeks w", (7, 0, 0)),
        ("mois month months", (0, 1, 0)),
        ("an ans annee annees year years yr yrs y", (0, 12, 0)),
    )
    for name in names.split()
}
_MONTHS = (
    ("january", "janvier", "janv", "jan"),
    ("february", "fevrier", "fevr", "fev", "feb"),
    ("march", "mars", "mar"),
    ("april", "avril", "avr", "apr"),
    ("may", "mai"),
    ("june", "juin", "jun"),
    ("july", "juillet", "juil", "jul"),
    ("august", "aout", "aug"),
    ("september", "septembre", "sept", "sep"),
    ("october", "octobre", "oct"),
    ("november", "novembre", "nov"),
    ("december", "decembre", "dec"),
)
_DAYS = (
    ("monday", "lundi", "mon", "lun"),
    ("tuesday", "mardi", "tues", "tue"),
    ("wednesday", "mercredi", "wed", "mer"),
    ("thursday", "jeudi", "thurs", "thu", "jeu"),
    ("friday", "vendredi", "fri", "ven"),
    ("saturday", "samedi", "sat", "sam"),
    ("sunday", "dimanche", "sun", "dim"),
)
_MONTH_OF = {name: index + 1 for index, names in enumerate(_MONTHS) for name in names}
_DAY_OF = {name: index for index, names in enumerate(_DAYS) for name in names}
_TODAY = {
    "avant-hier": -2,
    "avant hier": -2,
    "the day before yesterday": -2,
    "day before yesterday": -2,
    "hier": -1,
    "yesterday": -1,
    "aujourd'hui": 0,
    "aujourdhui": 0,
    "today": 0,
    "apres-demain": 2,
    "apres demain": 2,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "demain": 1,
    "tomorrow": 1,
}
_PARTS = {
    "matinee": MORNING,
    "matin": MORNING,
    "morning": MORNING,
    "apres-midi": AFTERNOON,
    "apres midi": AFTERNOON,
    "afternoon": AFTERNOON,
    "soiree": EVENING,
    "soir": EVENING,
    "evening": EVENING,
    "nuit": NIGHT,
    "night": NIGHT,
}
_WHOLE: dict[str, Piece] = {
    "maintenant": Ago(timedelta(0)),
    "right now": Ago(timedelta(0)),
    "now": Ago(timedelta(0)),
    "tonight": Part(EVENING, 0),
    "last night": Part(NIGHT, -1),
    "la nuit derniere": Part(NIGHT, -1),
    "nuit derniere": Part(NIGHT, -1),
    "la semaine derniere": Span("week", -1),
    "semaine derniere": Span("week", -1),
    "last week": Span("week", -1),
    "cette semaine": Span("week", 0),
    "this week": Span("week", 0),
    "la semaine prochaine": Span("week", 1),
    "semaine prochaine": Span("week", 1),
    "next week": Span("week", 1),
    "le mois dernier": Span("month", -1),
    "mois dernier": Span("month", -1),
    "last month": Span("month", -1),
    "ce mois": Span("month", 0),
    "this month": Span("month", 0),
    "le mois prochain": Span("month", 1),
    "mois prochain": Span("month", 1),
    "next month": Span("month", 1),
}
_WHICH = {"last": -1, "dernier": -1, "passe": -1, "past": -1, "next": 1, "prochain": 1}


def _any(names: Iterable[str]) -> str:
    """Make an alternative of words, the longest first, so that none hides behind its beginning."""
    return "(?:" + "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) + ")"


_MONTH = _any(_MONTH_OF)
_DAY = _any(_DAY_OF)
_ANY_NUMBER = rf"(\d{{1,4}}|{_any(_NUMBERS)})"
_UNIT = f"({_any(_UNITS)})"
_AFTER = "dernier|prochain|passe"
_SECONDS = r"(?::(?P<s>\d\d)(?:\.(?P<f>\d{1,9}))?)?"
_ORDINAL = r"(?:er|st|nd|rd|th)?"
_NO_TIME = rf"(?!\w|[:/.-]|\s*(?:h|:|am|pm|heures?)\b|\s*{_MONTH}\b)"


def _amount(number: str, unit: str, sign: int) -> Piece:
    count = sign * (int(number) if number.isdigit() else _NUMBERS[number])
    days, months, seconds = (count * each for each in _UNITS[unit])
    return Days(days, months) if days or months else Ago(timedelta(seconds=seconds))


def _later(found: re.Match[str]) -> Piece:
    return _amount(found[1], found[2], 1)


def _earlier(found: re.Match[str]) -> Piece:
    return _amount(found[1], found[2], -1)


def _hours(sign: int) -> Callable[[re.Match[str]], Piece]:
    return lambda found: Ago(sign * timedelta(hours=int(found[1]), minutes=int(found[2])))


def _clock(found: re.Match[str]) -> Piece:
    groups = found.groupdict()
    hour, half = int(found["h"]), (groups.get("half") or "").replace(".", "")
    if half and not 1 <= hour <= NOON:
        raise ValueError(f"{found[0].strip()}: no such time")
    if half:
        hour = hour % NOON + (NOON if half == "pm" else 0)
    micro = (groups.get("f") or "0").ljust(6, "0")[:6]
    try:
        said = time(hour, int(groups.get("m") or 0), int(groups.get("s") or 0), int(micro))
    except ValueError:
        raise ValueError(f"{found[0].strip()}: no such time") from None
    return Clock(said, half)


def _offset(found: re.Match[str]) -> Piece:
    if found[1] is None:
        return Offset(timedelta(0))
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return Offset(-size if found[1] == "-" else size)


def _year(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _day_first(found: re.Match[str]) -> Piece:
    day, month, year = int(found[1]), int(found[2]), _year(found[3])
    if month > NOON >= day:
        raise ValueError(f"{found[0].strip()}: the day comes first, write {month}/{day}")
    year = _year(found[3])
    return Date(2000 + year if year is not None and len(found[3]) == _SHORT else year, month, day)


def _weekday(found: re.Match[str]) -> Piece:
    said = found["before"] or found["after"]
    return Weekday(_DAY_OF[found["day"]], _WHICH.get(said, 0) if said else 0)


def _midnight(found: re.Match[str]) -> Piece:
    raise ValueError(f"{found[0].strip()}: of which night? write 00:00 or 23:59 and the day")


# The first that matches takes its words; so what is longer or more special comes first.
_Rule = tuple[str, "Callable[[re.Match[str]], Piece | None]"]
_RULES: tuple[_Rule, ...] = (
    (r"il y a\s*(\d{1,3})\s*h\s*(\d\d)\b", _hours(-1)),
    (r"(\d{1,3})h(\d\d) ago\b", _hours(-1)),
    (r"(?:dans|in|d'ici)\s*(\d{1,3})\s*h\s*(\d\d)\b", _hours(1)),
    (rf"il y a\s*{_ANY_NUMBER}\s*{_UNIT}\b", _earlier),
    (rf"{_ANY_NUMBER}\s*{_UNIT} ago\b", _earlier),
    (rf"(?:dans|in|d'ici)\s*{_ANY_NUMBER}\s*{_UNIT}\b", _later),
    (rf"{_ANY_NUMBER}\s*{_UNIT} from now\b", _later),
    (rf"{_any(_WHOLE)}\b", lambda found: _WHOLE[found[0]]),
    (r"(?:cette|this) (?:nuit|night)\b", lambda _: Part(NIGHT)),
    (rf"{_any(_TODAY)}\b", lambda found: Days(_TODAY[found[0]])),
    (
        r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:t(?=\d)|(?!\w))",
        lambda found: Date(int(found[1]), int(found[2]), int(found[3])),
    ),
    (r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\w)", _day_first),
    (r"(\d{1,2})/(\d{1,2})()(?![\w/])", _day_first),
    (
        rf"(?:le |the )?(\d{{1,2}}){_ORDINAL} ?(?:of )?({_MONTH})\b\.?(?: (\d{{4}})(?![\w:]))?",
        lambda found: Date(_year(found[3]), _MONTH_OF[found[2]], int(found[1])),
    ),
    (
        rf"({_MONTH})\b\.? (\d{{1,2}}){_ORDINAL}{_NO_TIME}(?: (\d{{4}})(?![\w:]))?",
        lambda found: Date(_year(found[3]), _MONTH_OF[found[1]], int(found[2])),
    ),
    (
        rf"({_MONTH})\b\.?(?: (\d{{4}})(?![\w:]))?",
        lambda found: Month(_year(found[2]), _MONTH_OF[found[1]]),
    ),
    (
        rf"(?P<h>\d{{1,2}}):(?P<m>\d\d){_SECONDS}(?:\s*(?P<half>[ap]\.?m\b\.?))?(?![\d:])",
        _clock,
    ),
    (r"(?P<h>\d{1,2})\s*(?P<half>[ap]\.?m\b\.?)", _clock),
    (r"(?P<h>\d{1,2})\s*(?:heures?|h)(?:\s*(?P<m>\d\d))?\b", _clock),
    (r"(?:ce )?midi\b|noon\b", lambda _: Clock(time(NOON), "pm")),
    (r"minuit\b|midnight\b", _midnight),
    (
        rf"(?:(?P<before>last|next|past) )?(?P<day>{_DAY})\b\.?(?: (?P<after>{_AFTER})\b)?",
        _weekday,
    ),
    (
        rf"(?:ce |cet |cette |this |in the |du |de l'|dans la )?({_any(_PARTS)})\b",
        lambda found: Part(_PARTS[found[1]]),
    ),
    (
        rf"(le |the )?(\d{{1,2}})({_ORDINAL}){_NO_TIME}",
        lambda found: Date(None, None, int(found[2]), bare=not (found[1] or found[3])),
    ),
    (r"(?:z|utc|gmt)\b|([+-])(\d\d):?(\d\d)?\b", _offset),
    (r"(?:until|jusqu'a|jusqu'au|le|la|the|at|a|au|on|of|du|de|en|in|this|ce)\b", lambda _: None),
)
_COMPILED = tuple((re.compile(pattern), make) for pattern, make in _RULES)


def pieces(text: str) -> list[Piece]:
    """Read a text into what it says, in its order; what is not understood raises ValueError."""
    rest, found = _plain(text), []
    while rest:
        match, make = next(
            ((match, make) for rule, make in _COMPILED if (match := rule.match(rest))),
            (None, None),
        )
        if match is None or make is None:
            raise ValueError(f"not a time: {rest.split()[0]!r} is not understood")
        piece = make(match)
        if piece is not None:
            found.append(piece)
        rest = rest[match.end() :].lstrip()
    return found


def _plain(text: str) -> str:
    """Take away case, accents, commas and doubled blanks, which say nothing."""
    bare = unicodedata.normalize("NFKD", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    bare = "".join(c for c in bare if not unicodedata.combining(c)).casefold()
    return " ".join(re.sub(r"(?<!\d),|,(?!\d)", " ", bare).replace(",", ".").split())
