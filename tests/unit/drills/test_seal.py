from __future__ import annotations

import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_drills.errors import Damaged
from restore_drills.seal import Manifest, Sealed, key, read, write
from tests.builders import DATA_TIME, RUN

KEY = key(b"correct horse battery staple")
MANIFEST = Manifest(
    site="bakery",
    service="till",
    run=RUN,
    outcome="complete",
    snapshots=(
        Sealed(
            source="till",
            id="aa" * 32,
            tree="bb" * 32,
            data_time=DATA_TIME,
            outcome="complete",
            detail="postgresql 15.18, base é",
        ),
    ),
    pra="0.1.0",
)
CONTENT = write(MANIFEST, KEY)


def test_the_key_is_hkdf_sha256_of_the_password() -> None:
    # openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:... -kdfopt "info:pra seal v1" HKDF
    assert "01a2d94f0dacaab98e672d0e59299ea22399f897295dddaaa4d4a4c9d421264a" == KEY.hex()


def test_what_was_sealed_is_read_back() -> None:
    assert MANIFEST == read(CONTENT, KEY)


def test_a_seal_is_one_line_of_json_with_its_signature() -> None:
    assert {"hmac", "manifest"} == set(json.loads(CONTENT))
    assert CONTENT.startswith(b'{"hmac":"')
    assert CONTENT.endswith(b"}\n")


def test_another_password_does_not_open_it() -> None:
    with pytest.raises(Damaged, match="signature does not match") as refused:
        read(CONTENT, key(b"another"))

    assert "Drill an older point" in refused.value.hint


@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_no_byte_of_it_can_be_changed(position: int, flip: int) -> None:
    changed = bytearray(CONTENT)
    changed[position] ^= flip

    with pytest.raises(Damaged):
        read(bytes(changed), KEY)


@pytest.mark.parametrize("position", range(len(CONTENT)))
def test_no_bit_of_case_or_space_can_be_changed(position: int) -> None:
    changed = bytearray(CONTENT)
    changed[position] ^= 0x20  # of a letter its case, of a zero a control character

    with pytest.raises(Damaged):
        read(bytes(changed), KEY)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"17",
        b"null",
        b'"manifest"',
        b"\xff\xfe{",
        b'{"manifest": {}}',
        b'{"hmac": 5, "manifest": []}',
        b'{"manifest": "\\ud800"}',
        b"[" * 100_000,
        CONTENT[:-1],
        CONTENT[:-20],
        CONTENT + b"\n",
        b" " + CONTENT,
        CONTENT.replace(b",", b", ", 1),
    ],
)
def test_what_is_not_exactly_a_seal_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Damaged, match="the seal"):
        read(content, KEY)


def test_a_seal_rightly_signed_in_a_form_that_we_do_not_know_is_refused_in_words() -> None:
    body = json.loads(CONTENT)["manifest"]
    body["snapshots"][0]["more"] = 1

    with pytest.raises(Damaged, match="cannot be read: TypeError"):
        read(signed(body), KEY)


def test_the_signature_is_over_the_manifest_with_sorted_keys_and_no_spaces() -> None:
    assert CONTENT == signed(json.loads(CONTENT)["manifest"])


def signed(body: object) -> bytes:
    signature = hmac.digest(KEY, canonical(body), "sha256").hex()
    return canonical({"hmac": signature, "manifest": body}) + b"\n"


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
