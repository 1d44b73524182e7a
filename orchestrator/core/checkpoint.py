"""The state as text and back: a cache of the fold, which may be deleted at any time.

Two lines of JSON: what it is, then the state, each dataclass as the list of its fields. A text is
believed only from the same version of pra, the same `VERSION`, the same shape of the dataclasses
(found by itself) and with an intact checksum. Raise `VERSION` when an event comes to mean something
else for the state (`core/fold.py`) while no field changes and the package keeps its version.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from orchestrator import __version__
from orchestrator.core.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    Way = Callable[[Any], Any]

VERSION = 2
MICROSECOND = timedelta(microseconds=1)


def encode(state: State) -> str:
    """Write the state. Raises ValueError for what JSON cannot say (a number that is none)."""
    body = json.dumps(
        _written(State)(state), ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    return f"{json.dumps({**_head(), 'crc32': checksum(body)})}\n{body}\n"


def decode(text: str) -> State:
    """Read a state. Raises ValueError for whatever does not fit: fold the log anew then."""
    head, _, rest = text.partition("\n")
    body = rest.removesuffix("\n")
    if json.loads(head) != {**_head(), "crc32": checksum(body)}:
        raise ValueError("a checkpoint of another version, or a damaged one")
    told = json.loads(body)
    if type(told) is not list:
        raise ValueError("no state")
    try:
        state: State = _object(State)(told)
    except (KeyError, TypeError, OverflowError) as error:  # a word that is none, a list as a number
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return state


def _head() -> dict[str, Any]:
    return {"version": VERSION, "pra": __version__, "shape": checksum(_shape(State))}


def checksum(text: str) -> int:
    """Return what tells a whole text from a damaged one."""
    return zlib.crc32(text.encode())


@cache  # the hints cost more than everything else together
def _of(kind: Hashable) -> dict[str, Any]:
    """Every field's type, by name, in order."""
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind)}  # type: ignore[arg-type]


@cache
def _shape(hint: Any) -> str:  # noqa: ANN401 - a type hint is anything
    """Name everything in a type, so that a change of it shows."""
    if isinstance(hint, type) and is_dataclass(hint):
        inside = ",".join(f"{name}:{_shape(of)}" for name, of in _of(hint).items())
        return f"{hint.__name__}({inside})"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return f"{hint.__name__}({','.join(str(one.value) for one in hint)})"
    inside = ",".join(map(_shape, get_args(hint)))
    return f"{getattr(hint, '__name__', hint)}[{inside}]"


@cache
def _writer(hint: Any) -> Way | None:  # noqa: ANN401 - a type hint is anything
    """Return what turns a value of this type into what `json.dumps` takes; None: it is that."""
    hint = _but_none(hint)
    origin, inside = get_origin(hint), get_args(hint)
    if origin is tuple:
        item = _writer(inside[0])
        return (lambda value: [item(one) for one in value]) if item else None
    if origin in MAPPINGS:
        of = _writer(inside[1])
        return (lambda value: {key: of(one) for key, one in value.items()}) if of else dict
    return _written(hint) if is_dataclass(hint) else WRITERS.get(hint)


@cache
def _reader(hint: Any) -> Way | None:  # noqa: ANN401 - a type hint is anything
    """Return what turns JSON of the right type into a value, or raises; None: it is the value."""
    hint = _but_none(hint)
    origin, inside = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _tuple(inside[0])
    if origin in MAPPINGS:
        return _mapping(inside[1])
    if is_dataclass(hint):
        return _object(hint)
    if issubclass(hint, Enum):
        return {one.value: one for one in hint}.__getitem__
    return READERS.get(hint)


@cache
def _json(hint: Any) -> frozenset[type]:  # noqa: ANN401 - a type hint is anything
    """Return the types that a value of this type may have in JSON: exactly, True is no number."""
    if (inner := _but_none(hint)) is not hint:
        return _json(inner) | {NoneType}
    origin = get_origin(hint)
    if origin is tuple or is_dataclass(hint):
        return frozenset({list})
    if origin in MAPPINGS:
        return frozenset({dict})
    return JSON.get(hint, frozenset({str}))


def _but_none(hint: Any) -> Any:  # noqa: ANN401 - a type hint is anything
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    (inner,) = (one for one in get_args(hint) if one is not NoneType)
    return inner


def _written(kind: Any) -> Way:  # noqa: ANN401 - any dataclass
    """Write the fields in a list; one that is the very object of an earlier field, as its place.

    So the last run and the last answer, mostly one and the same, are written and held once.
    """
    ways = [(name, _writer(of), is_dataclass(_but_none(of))) for name, of in _of(kind).items()]

    def write(value: object) -> list[Any]:
        told: list[Any] = []
        places: dict[int, int] = {}
        for name, way, shared in ways:
            one = getattr(value, name)
            if one is None or way is None:
                told.append(one)
            elif shared and id(one) in places:
                told.append(places[id(one)])
            else:
                places[id(one)] = len(told)
                told.append(way(one))
        return told

    return write


def _object(kind: Any) -> Way:  # noqa: ANN401 - any dataclass
    names = tuple(_of(kind))
    hints = [_but_none(of) for of in _of(kind).values()]
    types = [
        _json(of) | ({int} if is_dataclass(_but_none(of)) else set()) for of in _of(kind).values()
    ]
    ways = [(place, way) for place, of in enumerate(hints) if (way := _reader(of))]

    def read(told: list[Any]) -> object:
        if len(told) != len(names):
            raise ValueError(f"{kind.__name__}: {len(names)} fields are needed")
        for one, fit in zip(told, types, strict=True):
            if type(one) not in fit:
                raise ValueError(f"{kind.__name__}: {one!r} does not fit")
        for place, way in ways:
            one = told[place]
            if type(one) is int and is_dataclass(hints[place]):
                if not (0 <= one < place and hints[one] is hints[place]):
                    raise ValueError(f"{kind.__name__}: {one} is no earlier field")
                told[place] = told[one]
            elif one is not None:
                told[place] = way(one)
        return kind(**dict(zip(names, told, strict=True)))

    return read


def _tuple(of: Any) -> Way:  # noqa: ANN401 - a type hint is anything
    way, fit = _reader(of), _json(of)

    def read(told: list[Any]) -> tuple[Any, ...]:
        _fit(told, fit)
        return tuple(told if way is None else [way(one) for one in told])

    return read


def _mapping(of: Any) -> Way:  # noqa: ANN401 - a type hint is anything
    way, fit = _reader(of), _json(of)

    def read(told: dict[str, Any]) -> dict[str, Any]:
        _fit(told.values(), fit)
        return told if way is None else {key: way(one) for key, one in told.items()}

    return read


def _fit(told: Iterable[object], fit: frozenset[type]) -> None:
    if not fit.issuperset(map(type, told)):
        raise ValueError(f"only {sorted(one.__name__ for one in fit)} fit here")


def _time(told: str) -> datetime:
    at = datetime.fromisoformat(told)
    if at.tzinfo is None:
        raise ValueError(f"{told}: a time without a zone")
    return at.astimezone(UTC)


MAPPINGS = {dict, Mapping}
JSON: dict[type, frozenset[type]] = {
    bool: frozenset({bool}),
    int: frozenset({int}),
    timedelta: frozenset({int}),  # microseconds, so that it comes back exactly
    float: frozenset({float, int}),
}
WRITERS: dict[type, Way] = {
    datetime: lambda value: value.astimezone(UTC).isoformat(),
    timedelta: lambda value: value // MICROSECOND,
}
READERS: dict[type, Way] = {datetime: _time, timedelta: lambda told: told * MICROSECOND}
