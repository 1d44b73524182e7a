"""JSON that nobody is trusted to have written well, and the one way in which we sign it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIMIT_BYTES = 4 * 1024 * 1024
LIMIT_DEPTH = 32
SIGNATURE = "signature"
EXPORT = "Export it again with `pra drill SITE --json > FILE`, and carry it over as it is."


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: JSON, keys sorted, no spaces, UTF-8, no `signature`.

    A float is written as Python writes it: the shortest text that reads back as the same double.
    So what is parsed and written again, however it was laid out between, gives the same bytes.
    Raises ValueError for what JSON or UTF-8 cannot say (NaN, half a surrogate pair).
    """
    signed = {key: value for key, value in document.items() if key != SIGNATURE}
    text = json.dumps(
        signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def parse(content: bytes, source: str) -> dict[str, Any]:
    """Read one JSON object. Raises Misused, which names `source` and what is wrong with it.

    Refused are more than 4 MiB, more than 32 levels, a key that stands twice, a number that is
    none, and text that cannot be written again.
    """
    if len(content) > LIMIT_BYTES:
        raise Misused(f"{source}: more than {LIMIT_BYTES // 1024**2} MiB", hint=EXPORT)
    try:
        document = json.loads(
            content.decode(), object_pairs_hook=_once, parse_constant=_no_constant
        )
        _shallow(document)
        if not isinstance(document, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004, TRY301 - faults of data
        canonical(document)
    except json.JSONDecodeError as error:
        where = f"{source}:{error.lineno}"
        raise Misused(f"{where}: not JSON: {error.msg} (column {error.colno})", hint=EXPORT) from (
            error
        )
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Misused(f"{source}:{line}: not UTF-8 text", hint=EXPORT) from error
    except UnicodeEncodeError as error:
        raise Misused(f"{source}: text with half a surrogate pair", hint=EXPORT) from error
    except RecursionError as error:
        raise Misused(f"{source}: more than {LIMIT_DEPTH} levels deep", hint=EXPORT) from error
    except ValueError as error:
        raise Misused(f"{source}: {error}", hint=EXPORT) from error
    return document


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:  # of two readers each could believe another one
            raise ValueError(f"the key {key[:40]!r} stands twice in one object")
        found[key] = value
    return found


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _shallow(value: object) -> None:
    level: list[object] = [value]
    for _ in range(LIMIT_DEPTH):
        inside: list[object] = []
        for one in level:
            if isinstance(one, dict):
                inside.extend(one.values())
            elif isinstance(one, list):
                inside.extend(one)
        if not inside:
            return
        level = inside
    raise ValueError(f"more than {LIMIT_DEPTH} levels deep")
