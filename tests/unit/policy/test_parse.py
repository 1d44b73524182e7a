"""The quick parser says what the exact one says, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.policy.parse import Refused, exact, quick
from orchestrator.core.policy.read import Node, compose

if TYPE_CHECKING:
    from orchestrator.core.policy.fault import Fault

POLICIES = Path(__file__).parents[3] / "policies"
FILES = sorted(POLICIES.rglob("*.yaml"))
SEEDS = [path.read_text() for path in FILES]
# The words of YAML, and what the two parsers might understand differently.
MARKS = st.sampled_from(
    [
        *("a: ", "- ", ": ", "? ", "[", "]", "{", "}", ",", "#", " #", "\n", "\n  ", "\n    ", " "),
        *(
            "'",
            '"',
            "\\",
            "\\n",
            "\\/",
            "|",
            ">-",
            "|\n",
            "&x ",
            "*x",
            "!t ",
            "%",
            "@",
            "`",
            "~",
            "<<",
        ),
        *("---\n", "...\n", "\t", "\r", "\x85", "\u2028", "\xa0", "\ufeff", "é", "😀", "::", "a:b"),
        *("http://x", "?a", "-a", "18:00", "on", "1.5", "0", "'a'", '"b"', "{a: b}", "[a, b]"),
    ]
)
TEXTS = st.lists(MARKS, max_size=14).map("".join)
THOROUGH = settings(deadline=None, max_examples=600)


def composed(text: str) -> tuple[Node, list[Fault]] | None:
    """What the quick parser makes of a text; None where it leaves it to the exact one."""
    try:
        return compose("p.yaml", text, quick(text))
    except Refused:
        return None


def agree(text: str) -> None:
    said = composed(text)
    assert said is None or said == compose("p.yaml", text, exact(text))


@THOROUGH
@given(TEXTS)
def test_both_parsers_understand_any_text_alike(text: str) -> None:
    agree(text)


@THOROUGH
@given(TEXTS)
def test_both_parsers_understand_any_value_alike(text: str) -> None:
    agree("a: " + text)


@THOROUGH
@given(st.sampled_from(SEEDS), st.data())
def test_both_parsers_understand_a_damaged_policy_alike(seed: str, data: st.DataObject) -> None:
    lines = seed.splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1))
    part = "".join(lines[first : first + 4])
    at = data.draw(st.integers(0, len(part)))
    gone = data.draw(st.integers(0, 3))
    agree(part[:at] + data.draw(TEXTS) + part[at + gone :])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_our_own_files_are_read_by_the_quick_parser(path: Path) -> None:
    text = path.read_text()

    assert compose("p.yaml", text, exact(text)) == composed(text)


@pytest.mark.parametrize(
    "text",
    ["a:\tb", "a: x\x85b: y", "%YAML 1.1\n---\na: b", "a: &x b", "? a", "a: b\n...\n", "a: |# x\n"],
)
def test_what_the_two_understand_differently_is_left_to_the_exact_one(text: str) -> None:
    assert None is composed(text)
