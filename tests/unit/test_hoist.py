from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli import GLOBAL_FLAGS, GLOBAL_VALUES, hoist


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", ""),
        ("drill acme", "drill acme"),
        ("drill acme --json", "--json drill acme"),
        ("drill --json acme --verbose", "--json --verbose drill acme"),
        ("drill acme --lang fr --at now", "--lang fr drill acme --at now"),
        ("drill acme --lang=fr", "--lang=fr drill acme"),
        ("drill acme --state", "--state drill acme"),
        ("--policies p drill acme --state s", "--policies p --state s drill acme"),
        ("drill acme --version", "--version drill acme"),
        (
            "guard acme --quiet -- cmd --json --lang fr",
            "--quiet guard acme -- cmd --json --lang fr",
        ),
        ("guard -- --", "guard -- --"),
        ("drill acme --json=1", "drill acme --json=1"),
        ("drill acme --language fr", "drill acme --language fr"),
    ],
)
def test_global_options_are_accepted_after_the_verb(said: str, meant: str) -> None:
    assert meant.split() == hoist(said.split())


WORDS = st.lists(
    st.sampled_from(
        [*GLOBAL_FLAGS, *GLOBAL_VALUES, "--lang=fr", "--", "drill", "acme", "--at", "x"]
    )
)


@given(WORDS)
def test_no_word_is_lost_and_what_follows_two_dashes_stays_where_it_is(words: list[str]) -> None:
    found = hoist(words)

    assert sorted(words) == sorted(found)
    assert found == hoist(found)
    if "--" not in words:
        return
    # A value may itself read `--`; from the first that is none, nothing moves.
    tail = words[words.index("--") :]
    if words[words.index("--") - 1] not in GLOBAL_VALUES or words[0] == "--":
        assert tail == found[len(found) - len(tail) :]
