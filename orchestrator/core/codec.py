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
    from collections.abc import Hashable

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
    known = _fields(cast("Hashable", kind))
    if unknown := body.keys() - known.keys():
        raise ValueError(f"{kind.__name__}: unknown field {min(unknown)}")
    if missing := {name for name, (_, needed) in known.items() if needed} - body.keys():
        raise ValueError(f"{kind.__name__}: no field {min(missing)}")
    return kind(
        **{key: _read(known[key][0], item, f"{kind.__name__}.{key}") for key, item in body.items()}
    )


@cache  # reading the hints costs far more than reading an event
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:  # noqa: ANN401 - any dataclass
    """Every field's type, and whether it must be there."""
    hints = get_type_hints(kind)
    return {
        f.name: (
            hints[f.name],
            f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING,
        )
        for f in dataclasses.fields(kind)
    }


def _read(hint: Any, value: object, where: str) -> object:  # noqa: ANN401 - a type hint is anything
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        (inner,) = (a for a in get_args(hint) if a is not types.NoneType)
        return None if value is None else _read(inner, value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(get_args(hint)[0], item, where) for item in value)
    if origin is dict and isinstance(value, dict):
        of = get_args(hint)[1]
        return value if of is Any else {key: _read(of, item, where) for key, item in value.items()}
    if isinstance(hint, type) and origin is None:
        return _plain(hint, value, where)
    raise ValueError(f"{where}: {value!r} does not fit")


def _plain(hint: type, value: object, where: str) -> object:
    if dataclasses.is_dataclass(hint):
        return from_json(hint, value)
    try:
        if issubclass(hint, StrEnum) and isinstance(value, str):
            return hint(value)
        if hint is datetime and isinstance(value, str):
            return instant(value)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is hint:  # exactly: True is no number
        return value
    raise ValueError(f"{where}: {value!r} does not fit")
