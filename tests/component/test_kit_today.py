"""What a kit is made of and compared with: restic's own small files, and today's secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.core.events import KitExported, Observed
from orchestrator.core.fold import apply, fold
from orchestrator.core.kit.fingerprint import fingerprint
from orchestrator.core.policy.model import Location, Repository, S3Access, Secret
from orchestrator.daemon import senses
from orchestrator.daemon.kits import Kits
from orchestrator.errors import RepositoryAbsent
from orchestrator.jobs.kit_objects import objects
from orchestrator.jobs.kit_today import material_of
from restore_drills.process import Processes
from tests import policies
from tests.records import recorded

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import State
    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket

KEY = f"keys/{'ab' * 32}"
FILES = {"config": b"\0config\xff", KEY: b'{"kdf": "scrypt"}'}


def repository(folder: Path, url: str, keys: tuple[str, str] | None = None) -> Repository:
    named = zip(("access", "secret"), keys or (), strict=False)
    for name, value in (("password", "first"), *named):
        (folder / name).write_text(f"{value}\n")
    secret = {n: Secret(kind="file", value=(str(folder / n),)) for n in ("access", "secret")}
    return Repository(
        id="offsite",
        url=url,
        password=Secret(kind="file", value=(str(folder / "password"),)),
        s3=S3Access(access_key=secret["access"], secret_key=secret["secret"], region=None)
        if keys
        else None,
        location=Location.OFFSITE,
        equipment=None,
        country=None,
    )


def test_the_small_files_of_a_bucket_are_those_that_restic_keeps(
    tmp_path: Path, s3: S3Server, bucket: Bucket
) -> None:
    client = s3.client()
    others = {f"data/ab/{'ab' * 32}": b"x", f"keys/{'cd' * 8}": b"no key", "other/config": b"y"}
    for name, content in {**FILES, **others}.items():
        client.put_object(Bucket=bucket.name, Key=f"deep/restic/{name}", Body=content)
    place = repository(tmp_path, f"{bucket.url}/deep/restic", (s3.access_key, s3.secret_key))

    assert FILES == objects(place, Processes("the-tests"))


def test_the_small_files_of_a_folder_are_read_as_they_are(tmp_path: Path) -> None:
    place = repository(tmp_path, str(tmp_path / "restic"))
    for name, content in FILES.items():
        path = tmp_path / "restic" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)

    assert FILES == objects(place, Processes("the-tests"))
    with pytest.raises(RepositoryAbsent):
        objects(replace(place, url=str(tmp_path / "none")), Processes("the-tests"))


def test_a_back_end_that_gives_them_to_nobody_gives_nothing(tmp_path: Path) -> None:
    assert {} == objects(repository(tmp_path, "sftp:host:/restic"), Processes("the-tests"))


def known(site: Site) -> State:
    one = site.repositories["offsite"]
    prints = {"offsite": fingerprint("k1", material_of(one, Processes("the-tests")))}
    made = KitExported(site=site.id, kit="k1", holders=("us",), keys=prints, by="Zoe")
    return fold(recorded(made))


def told(kits: Kits, state: State, site: Site) -> list[Observed]:
    """Look, and put what changed on the log."""
    kits.look(state, {site.id: site})
    return tell(kits, state)


def tell(kits: Kits, state: State) -> list[Observed]:
    kept = frozenset({Condition.KIT_STALE})
    events = senses.changes(state, kits.seen(state), kept)
    for one in recorded(*events, after=state.seq):
        apply(state, one)
    return events


def test_the_daemon_sees_a_secret_change_and_change_back_and_keeps_none(tmp_path: Path) -> None:
    plain = policies.site()
    place = repository(tmp_path, "/mnt/far")
    site = replace(plain, repositories={"offsite": place})
    state, kits = known(site), Kits()

    assert kits.is_new(state, {site.id: site})
    assert [] == told(kits, state, site)
    assert not kits.is_new(state, {site.id: site})
    (tmp_path / "password").write_text("second\n")
    (began,) = told(kits, state, site)
    assert ("kit-stale", True) == (began.condition, began.present)
    assert "offsite: what opens it" in began.detail
    assert [] == told(kits, state, site), "said once"
    assert [] == tell(Kits(), state), "a daemon that has just begun leaves it as it is"
    (tmp_path / "password").unlink()
    assert [] == told(kits, state, site), "nobody can tell"
    (tmp_path / "password").write_text("first\n")
    assert [False] == [one.present for one in told(kits, state, site)]
    assert "first" not in repr(vars(kits))
