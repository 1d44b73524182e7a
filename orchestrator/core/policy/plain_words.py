"""How single values are written in the language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.policy.values import written

if TYPE_CHECKING:
    from datetime import timedelta

    from orchestrator.core.policy.model import Secret

Plain = dict[str, Any]


def said(**words: object) -> Plain:
    """Leave out what is not said: None, and empty maps and lists."""
    return {key: value for key, value in words.items() if value not in (None, {}, [])}


def secret(reference: Secret | None) -> Plain | None:
    """Write a reference to a secret."""
    if reference is None:
        return None
    many = reference.kind == "command"
    return {reference.kind: list(reference.value) if many else reference.value[0]}


def duration(value: timedelta | None) -> str | None:
    """Write a duration that may be unsaid."""
    return None if value is None else written(value)


def percent(value: float) -> str:
    """Write a fraction as a percentage."""
    return f"{round(value * 100, 4):g}%"
