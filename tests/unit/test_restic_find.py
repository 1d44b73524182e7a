"""What `restic find --json` prints, where trees cannot be loaded."""

from __future__ import annotations

import pytest

from orchestrator.adapters.restic.needing import matches, unloaded
from orchestrator.errors import ResticChanged

LOST = f"Unable to load tree {'a' * 64}\n ... which belongs to snapshot {'b' * 64}\n"
ONE, TWO = '{"id":"c1","snapshot":"s1"}', '{"id":"c2","snapshot":"s2","path":"/[{"}'


@pytest.mark.parametrize(
    "text",
    [f"[{ONE},{TWO}]", f"{LOST}[{ONE},{TWO}]", f"[{ONE}{LOST},{TWO}]\n", f"[{LOST}{ONE},{TWO}]"],
)
def test_a_tree_that_does_not_load_may_be_said_anywhere(text: str) -> None:
    assert [("c1", "s1"), ("c2", "s2")] == list(matches(text))


def test_the_answer_may_stand_between_a_tree_and_its_snapshot() -> None:
    first, second = LOST.splitlines(keepends=True)
    text = f"{LOST}{first}[{ONE},{TWO}]\n{second}"

    assert [("c1", "s1"), ("c2", "s2")] == list(matches(text))
    assert [("a" * 64, "b" * 64)] * 2 == list(unloaded(text))


def test_nothing_found_is_nothing_and_nonsense_is_refused() -> None:
    assert [] == list(matches("[]\n"))
    assert [] == list(matches(LOST))
    with pytest.raises(ResticChanged):
        list(matches("[{"))
