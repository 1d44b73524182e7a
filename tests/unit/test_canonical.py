"""The bytes that are signed, and the reading of JSON that nobody is trusted to have written."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.canonical import LIMIT_BYTES, canonical, parse
from orchestrator.errors import Misused

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
DOCUMENTS = st.dictionaries(st.text(), VALUES, max_size=6)
QUIET = settings(deadline=None, max_examples=100)


@QUIET
@given(DOCUMENTS, st.sampled_from([None, 1, "\t"]), st.booleans(), st.booleans())
def test_however_a_document_is_laid_out_the_signed_bytes_are_the_same(
    document: dict[str, object],
    indent: str | int | None,
    ascii_only: bool,  # noqa: FBT001 - a drawn value
    backwards: bool,  # noqa: FBT001 - the same
) -> None:
    shuffled = dict(reversed(document.items())) if backwards else document
    laid_out = json.dumps(shuffled, indent=indent, ensure_ascii=ascii_only).encode()

    assert canonical(document) == canonical(parse(laid_out, "x"))


@QUIET
@given(DOCUMENTS, DOCUMENTS)
def test_two_documents_have_the_same_bytes_only_if_they_say_the_same(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert (canonical(one) == canonical(other)) == (
        json.dumps({**one, "signature": 0}, sort_keys=True)
        == json.dumps({**other, "signature": 0}, sort_keys=True)
    )


def test_the_bytes_are_sorted_close_utf8_without_the_signature() -> None:
    document = {"ville": "Orléans", "a": {"z": 1.50, "b": None}, "signature": {"value": "x"}}

    assert '{"a":{"b":null,"z":1.5},"ville":"Orléans"}'.encode() == canonical(document)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "drill.json:1: not JSON"),
        (b'{"a": 1,\n "b": }', r"drill.json:2: not JSON: Expecting value \(column 7\)"),
        (b'{"a": 1} {"b": 2}', "drill.json:1: not JSON: Extra data"),
        (b'{"a": 1,\n "b": "\xff"}', "drill.json:2: not UTF-8 text"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1e999}', "Out of range float"),
        (b'{"a": ' + b"1" * 5000 + b"}", "digits"),
        (b'{"a": {"b": 1, "b": 2}}', "the key 'b' stands twice"),
        (b'{"a\\u001b[2J": 1, "a\\u001b[2J": 2}', r"the key 'a\\x1b\[2J' stands twice"),
        (b'{"a": "\\ud800"}', "half a surrogate pair"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "more than 32 levels deep"),
        (b"[" * 1_000_000, "more than 32 levels deep"),
        (b'{"a": "' + b"x" * LIMIT_BYTES + b'"}', "more than 4 MiB"),
    ],
)
def test_what_cannot_be_trusted_to_mean_one_thing_is_refused_by_name(
    content: bytes, told: str
) -> None:
    with pytest.raises(Misused, match=told) as caught:
        parse(content, "drill.json")

    assert str(caught.value).startswith("drill.json")
    assert "\x1b" not in str(caught.value)
    assert re.search(r"\.$", caught.value.hint)


@QUIET
@given(st.binary() | st.text().map(str.encode))
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes) -> None:
    with suppress(Misused):
        assert isinstance(parse(content, "x"), dict)
