"""The keys of a repository, and those of its earlier seals, in both versions of restic."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic import Restic, keys, sealing
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.policy.model import Secret
from orchestrator.errors import RepositoryRefused
from restore_drills import seal
from restore_drills.errors import Damaged
from restore_drills.seal import KEY_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Scene

OTHER = "another password altogether"


def under(scene: Scene, binary: Path, password: Path, secrets: SecretFiles) -> Restic:
    """The same repository, opened with the password in a file."""
    named = Secret(kind="file", value=(str(password),))
    return Restic(
        repository=replace(scene.repository, password=named),
        secrets=secrets,
        processes=scene.processes,
        cache=scene.folder / "other-cache",
        tmp=scene.folder / "tmp",
        binary=str(binary),
    )


def test_a_key_is_added_opens_and_is_taken_away_but_never_the_one_in_use(
    empty: Scene, binary: Path, tmp_path: Path
) -> None:
    password = tmp_path / "other"
    password.write_text(f"{OTHER}\n")
    before = keys.repository_id(empty.restic)

    added = keys.add(empty.restic, password, user="pra-kit", host="a-kit")

    with SecretFiles("keys-test") as secrets:
        other = under(empty, binary, password, secrets)
        assert before == keys.repository_id(other)
        (first, mine) = keys.keys(other)
        assert (added, "pra-kit", "a-kit", True) == (mine.id, mine.user, mine.host, mine.current)
        with pytest.raises(RepositoryRefused, match="not removed"):
            keys.remove(other, mine.id)
        keys.remove(empty.restic, added)
        with pytest.raises(RepositoryRefused, match="opens no key"):
            keys.repository_id(other)
    assert [first.id] == [key.id for key in keys.keys(empty.restic)]


def test_the_keys_of_earlier_seals_are_read_by_whoever_opens_the_repository(
    empty: Scene, binary: Path, tmp_path: Path
) -> None:
    password = tmp_path / "same"
    password.write_bytes(empty.restic.call.password)
    plain = empty.restic.seal_keys()
    one, two = (seal.key(password) for password in (b"one", b"two"))

    sealing.store(empty.restic, [one], site="acme", scratch=tmp_path)
    sealing.store(empty.restic, [two, one], site="acme", scratch=tmp_path)
    with SecretFiles("keys-test") as secrets:
        again = under(empty, binary, password, secrets)
        assert plain == again.seal_key()
        assert plain + two + one == again.seal_keys()
        assert 3 * KEY_BYTES == len(again.seal_keys())


def test_a_seal_is_checked_with_any_of_the_keys_and_written_with_the_first() -> None:
    manifest = seal.Manifest(
        site="acme", service="till", run="r1", outcome="complete", snapshots=(), pra="1"
    )
    one, two = seal.key(b"one"), seal.key(b"two")

    assert manifest == seal.read(seal.write(manifest, one), two + one)
    assert seal.write(manifest, one) == seal.write(manifest, one + two)
    with pytest.raises(Damaged):
        seal.read(seal.write(manifest, one), two)
