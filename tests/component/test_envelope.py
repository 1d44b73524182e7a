"""Envelopes: opened by us and by the real `age`, and not by what pretends to be one."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters import envelope
from orchestrator.adapters.envelope import Identity, Passphrase, Recipient
from orchestrator.errors import KitDamaged, KitRefused, Misused
from restore_drills.process import Processes

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = timedelta(seconds=60)
INNER = envelope.packed({"kit.json": b"{}", "far/config": b"\0\1"})


def age(folder: Path, *argv: str) -> bytes:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    ended = Processes("the-tests").run(argv, env=env, timeout=LIMIT, cwd=folder)
    assert 0 == ended.code, ended
    return ended.stdout


@pytest.fixture
def key(tmp_path: Path) -> tuple[str, Identity]:
    """A key pair of age's own making."""
    age(tmp_path, "age-keygen", "-o", "key.txt")
    public = age(tmp_path, "age-keygen", "-y", "key.txt").decode().strip()
    return public, Identity((tmp_path / "key.txt").read_text())


@pytest.fixture
def kit(tmp_path: Path, key: tuple[str, Identity]) -> Path:
    sealed = {"us": envelope.seal(INNER, Recipient(key[0])), "martin": b"age-encryption.org/v1\n"}
    path = tmp_path / "kit.zip"
    envelope.write(path, envelope.enclosed({"README.txt": b"hello"}, sealed), over=False)
    return path


def test_age_opens_our_envelope_and_we_open_one_of_age(
    tmp_path: Path, kit: Path, key: tuple[str, Identity]
) -> None:
    with zipfile.ZipFile(kit) as found:
        found.extract("us.age", tmp_path)
    (tmp_path / "inner.zip").write_bytes(INNER)
    theirs = age(tmp_path, "age", "-r", key[0], "inner.zip")

    assert INNER == age(tmp_path, "age", "-d", "-i", "key.txt", "us.age")
    parts = {"us.age": theirs}
    assert envelope.unpacked(INNER, "") == envelope.unsealed(parts, key[1], what="kit").parts


def test_a_passphrase_opens_its_own_envelope_alone() -> None:
    parts = {"us.age": envelope.seal(INNER, Passphrase("un deux trois"))}

    assert "us" == envelope.unsealed(parts, Passphrase("un deux trois"), what="kit").holder
    with pytest.raises(KitRefused, match=r"does not open any envelope \(there are: us"):
        envelope.unsealed(parts, Passphrase("un deux"), what="kit")


def test_a_kit_is_its_owners_alone_and_never_written_over(kit: Path) -> None:
    before = kit.read_bytes()

    assert 0o600 == stat.S_IMODE(kit.stat().st_mode)
    with pytest.raises(Misused, match="there already"):
        envelope.write(kit, b"other", over=False)
    assert before == kit.read_bytes()
    envelope.write(kit, b"other", over=True)
    assert [b"other", 0o600] == [kit.read_bytes(), stat.S_IMODE(kit.stat().st_mode)]
    assert [] == [one.name for one in kit.parent.iterdir() if one.name.endswith(".part")]


def test_equal_parts_give_equal_bytes() -> None:
    assert INNER == envelope.packed(envelope.unpacked(INNER, "kit"))


def test_no_byte_of_a_kit_can_be_another(kit: Path, key: tuple[str, Identity]) -> None:
    whole = kit.read_bytes()
    for at in range(0, len(whole), 7):
        kit.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            parts = envelope.load(kit)
            envelope.unsealed(parts, key[1], "us", what="kit")
            assert envelope.altered(kit, parts), at
        except (KitDamaged, KitRefused) as error:
            assert error.hint, at  # noqa: PT017 - each is refused in its own way


@pytest.mark.parametrize("length", [0, 10, 200, 500])
def test_a_truncated_kit_is_said_to_be_damaged(kit: Path, length: int) -> None:
    kit.write_bytes(kit.read_bytes()[:length])

    with pytest.raises(KitDamaged, match="not whole"):
        envelope.load(kit)


def test_a_damaged_note_keeps_nobody_from_opening(kit: Path, key: tuple[str, Identity]) -> None:
    whole = kit.read_bytes()
    kit.write_bytes(whole.replace(b"hello", b"hellO", 1))

    parts = envelope.load(kit)

    assert "us" == envelope.unsealed(parts, key[1], what="kit").holder
    assert "README.txt" == envelope.altered(kit, parts)


def test_an_unknown_holder_is_told_whose_envelopes_there_are(
    kit: Path, key: tuple[str, Identity]
) -> None:
    with pytest.raises(KitRefused, match="it has those of us, martin"):
        envelope.opened(kit, key[1], "nobody")


def _zip(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", compression) as made:
        for name, content in entries:
            made.writestr(name, content)
    return into.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        _zip(("../../etc/passwd", b"x")),
        _zip(("/etc/passwd", b"x")),
        _zip(("a\\..\\b", b"x")),
        _zip(("far/../../b", b"x")),
        _zip(("bomb", bytes(64 << 20)), compression=zipfile.ZIP_DEFLATED),
        _zip(("bomb", bytes(1 << 20)), compression=zipfile.ZIP_BZIP2),
        _zip(("bomb", bytes(1 << 20)), compression=zipfile.ZIP_LZMA),
        _zip(*((f"{n}", b"") for n in range(1000))),
        b"PK\3\4 but not a zip",
    ],
)
def test_what_no_kit_has_is_not_unpacked(content: bytes) -> None:
    with pytest.raises(KitDamaged, match=r"^kit: "):
        envelope.unpacked(content, "kit")


def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        content = _zip(("kit.json", b"1"), ("kit.json", b"2"))

    with pytest.raises(KitDamaged, match="no kit has"):
        envelope.unpacked(content, "kit")


def test_a_public_key_or_a_key_file_that_is_none_is_said() -> None:
    with pytest.raises(Misused, match="not a public key of age"):
        envelope.seal(b"", Recipient("age1nonsense"))
    with pytest.raises(Misused, match="no private key of age"):
        envelope.unsealed({"us.age": b"x"}, Identity("# nothing\n"), what="kit")
