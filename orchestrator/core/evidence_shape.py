"""What a drill's document is made of, as somebody else may have written it.

A member that is not named here is let through: a later version of the schema may have added it.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import instant
from orchestrator.core.policy.shape import IDENTIFIER
from restore_drills.model import Label, LeadBasis, Objective, Scenario, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

    # Looks at the value of the member `where`; raises ValueError, which says what is wrong.
    Rule = Callable[[object, str], None]

RUN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
LONGEST_NAME = 253  # of a host
LONGEST_S = 1e10  # 300 years; far above it, a duration is no longer one
DEEPEST = 4
SHOWN = 40


def check(document: object) -> None:
    """Raise ValueError for the first member that no drill's document has like this."""
    DOCUMENT(document, "")


def _no(where: str, value: object, wanted: str) -> ValueError:
    shown = repr(value)  # escapes what would speak to the terminal
    shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
    return ValueError(f"{where or 'the document'}: {shown} is not {wanted}")


def _pattern(pattern: str, wanted: str) -> Rule:
    expression = re.compile(pattern)

    def rule(value: object, where: str) -> None:
        if not isinstance(value, str) or expression.fullmatch(value) is None:
            raise _no(where, value, wanted)

    return rule


def _text(value: object, where: str) -> None:
    if not isinstance(value, str):
        raise _no(where, value, "text")


def _name(value: object, where: str) -> None:
    if value == "":
        raise ValueError(f"{where}: missing")
    if (
        not isinstance(value, str)
        or value != value.strip()
        or not value.isprintable()
        or len(value) > LONGEST_NAME
    ):
        raise _no(where, value, "a name")


def _flag(value: object, where: str) -> None:
    if not isinstance(value, bool):
        raise _no(where, value, "true or false")


def _number(value: object, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _no(where, value, "a number")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # a whole number beyond any double
        finite = False
    if not finite:
        raise _no(where, value, "a number of this size")


def _seconds(value: object, where: str) -> None:
    _number(value, where)
    if not (isinstance(value, (int, float)) and 0 <= value <= LONGEST_S):
        raise _no(where, value, "a duration in seconds")


def _count(value: object, where: str) -> None:
    _number(value, where)
    if not isinstance(value, int) or value < 0:
        raise _no(where, value, "a count")


def _depth(value: object, where: str) -> None:
    _count(value, where)
    if value not in range(DEEPEST + 1):
        raise _no(where, value, f"a depth from 0 to {DEEPEST}")


def _time(value: object, where: str) -> None:
    _text(value, where)
    try:
        instant(str(value))
    except (ValueError, OverflowError) as error:
        raise _no(where, value, "a time with its zone") from error


def _word(words: type[StrEnum]) -> Rule:
    def rule(value: object, where: str) -> None:
        if not isinstance(value, str) or value not in {str(word) for word in words}:
            raise _no(where, value, f"one of {', '.join(words)}")

    return rule


def _maybe(rule: Rule) -> Rule:
    return lambda value, where: None if value is None else rule(value, where)


def _each(rule: Rule, *, least: int = 0) -> Rule:
    def of_list(value: object, where: str) -> None:
        if not isinstance(value, list) or len(value) < least:
            raise _no(where, value, "a list" if not least else "a list with something in it")
        for number, item in enumerate(value):
            rule(item, f"{where}.{number}")

    return of_list


def _table(rule: Rule) -> Rule:
    def of_object(value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise _no(where, value, "an object")
        for key, item in value.items():
            rule(item, f"{where}.{key[:SHOWN]!r}")

    return of_object


def _members(needed: Mapping[str, Rule], may: Mapping[str, Rule] | None = None) -> Rule:
    """Return the rule of an object; those of `may` need not be there."""

    def of_object(value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise _no(where, value, "an object")
        dot = f"{where}." if where else ""
        for name, rule in needed.items():
            if name not in value:
                raise ValueError(f"{dot}{name}: missing")
            rule(value[name], f"{dot}{name}")
        for name, rule in (may or {}).items():
            if name in value:
                rule(value[name], f"{dot}{name}")

    return of_object


_ID = _pattern(IDENTIFIER, "a name of a service or a site")
_JUDGED: dict[str, Rule] = {
    "verdict": _word(Verdict),
    "objective": _maybe(_word(Objective)),
    "label": _word(Label),
    "depth": _depth,
    "rta_s": _maybe(_seconds),
    "lead_s": _maybe(_seconds),
    "time_to_recover_s": _maybe(_seconds),
    "rpa_s": _maybe(_seconds),
}
_CHECK = _members(
    {
        "name": _text,
        "kind": _text,
        "status": _word(Status),
        "mandatory": _flag,
        "detail": _text,
        "seconds": _seconds,
    },
    may={"value": _maybe(_number)},
)
_SERVICE = _members(
    {
        "id": _ID,
        **_JUDGED,
        "repository": _maybe(_text),
        "data_time": _maybe(_time),
        "policy_hash": _text,
        "rto_s": _seconds,
        "rpo_s": _seconds,
        "snapshots": _each(_members({"source": _text, "id": _text, "tree": _text})),
        "files": _maybe(_count),
        "bytes": _maybe(_count),
        "verified_bytes": _maybe(_count),
        "instants": _table(_time),
        "offsets_s": _table(_seconds),
        "steps": _each(_members({"name": _text, "seconds": _seconds})),
        "checks": _each(_CHECK),
    },
    may={"why": _each(_text)},
)
_FINDING = _members(
    {
        "code": _text,
        "severity": _text,
        "service": _maybe(_text),
        "message": _text,
        "remedy": _text,
    }
)
_DOCUMENT: dict[str, Any] = {
    "run": _pattern(RUN, "the name of a run"),
    "site": _ID,
    "place": _name,
    "scenario": _word(Scenario),
    "t0": _time,
    "started_at": _time,
    **_JUDGED,
    "lead_basis": _word(LeadBasis),
    "coverage": _members({"services": _each(_count), "bytes": _each(_maybe(_count))}),
    "critical_path": _each(_text),
    "services": _each(_SERVICE, least=1),
    "sandbox": _maybe(_table(lambda _value, _where: None)),
    "tools": _table(_text),
    "findings": _each(_FINDING),
}
DOCUMENT = _members(_DOCUMENT, may={"exploratory": _flag})
