"""Frozen dataclasses to JSON objects and back, strict: what does not fit is refused by name.

Times are RFC 3339 in UTC with `Z`, sets of words (StrEnum) their text, tuples lists. Reading
refuses unknown and missing fields; a field with a default may be missing, so that what an older
version wrote can be read.
"""

from __future__ import annotations

import dataclasses
import math
import types
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    Reader = Callable[[object], object]

T = TypeVar("T")


def timestamp(at: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC, to the microsecond. Raises ValueError when naive."""
    if at.tzinfo is None:
        raise ValueError(f"{at}: a time without a zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def instant(text: str) -> datetime:
    """Read an RFC 3339 time with a zone as aware UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text}: a time without a zone")
    return at.astimezone(UTC)


def to_json(value: object) -> Any:  # noqa: ANN401 - JSON has no tighter type
    """Turn a value into what `json.dumps` takes. Raises ValueError for what JSON cannot say."""
    match value:
        case StrEnum():
            written: Any = value.value
        case None | bool() | int() | str():
            written = value
        case float() if math.isfinite(value):
            written = value
        case datetime():
            written = timestamp(value)
        case list() | tuple():
            written = [to_json(item) for item in value]
        case dict() if all(isinstance(key, str) for key in value):
            written = {key: to_json(item) for key, item in value.items()}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            written = {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            raise ValueError(f"{value!r} cannot be written as JSON")
    return written


def from_json(kind: type[T], body: object) -> T:
    """Read a JSON object as the dataclass `kind`. Raises ValueError naming the field."""
    if not isinstance(body, dict):
        raise ValueError(f"{kind.__name__}: not an object")  # noqa: TRY004 - faults of data
    readers, needed = _fields(cast("Hashable", kind))
    if body.keys() != readers.keys():
        if unknown := body.keys() - readers.keys():
            raise ValueError(f"{kind.__name__}: unknown field {min(unknown)}")
        if missing := needed - body.keys():
            raise ValueError(f"{kind.__name__}: no field {min(missing)}")
    return kind(**{key: readers[key](item) for key, item in body.items()})


@cache  # reading the hints costs far more than reading an event
def _fields(kind: Any) -> tuple[dict[str, Reader], frozenset[str]]:  # noqa: ANN401 - any dataclass
    """What reads each field, and which ones must be there."""
    hints = get_type_hints(kind)
    readers = {
        f.name: _reader(hints[f.name], f"{kind.__name__}.{f.name}")
        for f in dataclasses.fields(kind)
    }
    needed = (
        f.name
        for f in dataclasses.fields(kind)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    )
    return readers, frozenset(needed)


def _reader(hint: Any, where: str) -> Reader:  # noqa: ANN401 - a type hint is anything
    origin, inside = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        (inner,) = (one for one in inside if one is not types.NoneType)
        some = _reader(inner, where)
        return lambda value: None if value is None else some(value)
    if origin is tuple:
        item = _reader(inside[0], where)
        return lambda value: tuple([item(one) for one in _is(list, value, where)])
    if origin is dict:
        of = (lambda value: value) if inside[1] is Any else _reader(inside[1], where)
        return lambda value: {key: of(one) for key, one in _is(dict, value, where).items()}
    return _plain(hint, where)


def _plain(hint: Any, where: str) -> Reader:  # noqa: ANN401 - any type
    if dataclasses.is_dataclass(hint):
        kind = cast("type[Any]", hint)
        return lambda value: from_json(kind, value)
    if issubclass(hint, StrEnum):
        return _words(hint, where)
    if hint is datetime:
        return lambda value: _time(value, where)
    if hint is float:
        return lambda value: value if type(value) is float else float(_is(int, value, where))
    return lambda value: value if type(value) is hint else _is(hint, value, where)


def _words(kind: type[StrEnum], where: str) -> Reader:
    words = {one.value: one for one in kind}

    def read(value: object) -> object:
        word = words.get(_is(str, value, where))
        if word is None:
            raise ValueError(f"{where}: {value!r} is not one of {', '.join(words)}")
        return word

    return read


def _time(value: object, where: str) -> datetime:
    try:
        return instant(_is(str, value, where))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _is(kind: type, value: Any, where: str) -> Any:  # noqa: ANN401 - as JSON gives it
    if type(value) is not kind:  # exactly: True is no number
        raise ValueError(f"{where}: {value!r} does not fit")
    return value
