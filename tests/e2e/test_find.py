"""The daily request, in two commands: which versions of a file there are, and one of them back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.quick import make
from tests.site import PASSWORD, ClientSite

if TYPE_CHECKING:
    from pathlib import Path

POINTS = (b"first", b"first", b"second, longer", b"the third one", None)
NAME = "Devis d'Été 2026.ODS"
ADOPTED = """\
  vieux:
    source: {adopted: {repository: far, host: SRV-OLD, tags: [old]}}
    objectives: {rto: 4h, rpo: 30d}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> ClientSite:
    """A site of five points, over which a quote was written, changed twice and deleted."""
    found = ClientSite(tmp_path_factory.mktemp("find"))
    make(found.repository, PASSWORD)
    found.fill(12, 2_000)
    found.write()
    quote = found.source / "Été" / NAME
    quote.parent.mkdir()
    for content in POINTS:
        if content is None:
            quote.unlink()
        elif not quote.exists() or quote.read_bytes() != content:
            quote.write_bytes(content)
        found.backup()
    return found


def test_a_deleted_file_is_found_in_every_version_and_brought_back_by_the_printed_command(
    site: ClientSite,
) -> None:
    ran = site.pra("find", "acme", "devis*ete*2026*")

    assert 0 == ran.code, ran
    path = f"{site.source}/Été/{NAME}"
    assert f"{path}  (partage, no longer there)" in ran.out
    assert 3 == ran.out.count("  --at ")
    command = ran.out.rstrip().splitlines()[-1].strip()
    assert command.startswith("pra recover acme partage --path ")
    recovered = site.shell(command)
    assert 0 == recovered.code, recovered
    assert b"the third one" == (site.home / "recovered" / NAME).read_bytes()


def test_each_version_comes_back_as_of_the_time_that_is_told_beside_it(site: ClientSite) -> None:
    matches = site.pra("find", "acme", NAME, "--json").json["matches"]

    assert [13, 14, 5] == [one["size"] for one in matches]
    assert [False] * 3 == [one["current"] for one in matches]
    oldest = matches[-1]
    assert oldest["first_seen"] < oldest["last_seen"] == oldest["data_time"]
    target = site.home / "oldest"
    again = site.pra(
        *("recover", "acme", "partage", "--path", oldest["path"]),
        *("--at", oldest["recover_at"], "--to", str(target)),
    )
    assert 0 == again.code, again
    assert b"first" == (target / NAME).read_bytes()


def test_the_past_can_be_asked_in_words(site: ClientSite) -> None:
    assert (
        [] == site.pra("find", "acme", "devis", "--at", "avant-hier soir", "--json").json["matches"]
    )
    assert 3 == len(
        site.pra("find", "acme", "devis", "--since", "avant-hier", "--json").json["matches"]
    )
    second = site.pra("find", "acme", "devis", "--json").json["matches"][1]["recover_at"]
    (one,) = site.pra("find", "acme", "devis", "--at", second, "--json").json["matches"]
    assert 14 == one["size"]


def test_what_nobody_has_is_said_with_names_like_it(site: ClientSite) -> None:
    ran = site.pra("find", "acme", "dvis d'ete 2025.ods")

    assert 1 == ran.code
    assert "no file in any recovery point matches" in ran.out
    assert NAME in ran.out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("*",), "matches everything"),
        (("devis", "--service", "partag"), "did you mean partage?"),
        (("devis", "--at", "quelque part"), "not a time: 'quelque'"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    site: ClientSite, words: tuple[str, ...], why: str
) -> None:
    ran = site.pra("find", "acme", *words)

    assert 2 == ran.code
    assert why in ran.err


def test_a_new_point_is_taken_up_by_the_next_search(site: ClientSite, tmp_path: Path) -> None:
    here = site.copy_to(tmp_path)
    here.write()
    before = here.pra("find", "acme", "lettre*").code
    (here.source / "lettre.txt").write_text("Madame")
    here.backup()

    ran = here.pra("find", "acme", "lettre*")

    assert (1, 0) == (before, ran.code)
    assert "the newest version" in ran.out


def test_without_the_repository_the_index_answers_and_says_how_far_it_is(
    site: ClientSite, tmp_path: Path
) -> None:
    here = site.copy_to(tmp_path)
    here.write()
    assert 0 == here.pra("find", "acme", "devis").code
    here.backup()
    here.repository.rename(tmp_path / "unplugged")

    ran = here.pra("find", "acme", "devis")

    assert 0 == ran.code, ran
    assert 3 == ran.out.count("  --at ")
    assert "not asked: far: " in ran.out
    assert "partage: this answer is 1 point behind what has been backed up" in ran.out
    index = here.state / "cache" / "find" / "acme.db"
    for path in index.parent.glob("acme.db*"):
        path.unlink()
    nothing = here.pra("find", "acme", "devis")
    assert 1 == nothing.code
    assert nothing.err.startswith("pra: far: ")


def test_asked_twice_in_a_row_it_answers_without_the_repository(
    site: ClientSite, tmp_path: Path
) -> None:
    here = site.copy_to(tmp_path)
    here.write()
    first = here.pra("find", "acme", "devis")
    here.repository.rename(tmp_path / "unplugged")

    assert first.out == here.pra("find", "acme", "devis").out


def test_a_damaged_index_is_made_anew(site: ClientSite, tmp_path: Path) -> None:
    here = site.copy_to(tmp_path)
    here.write()
    index = here.state / "cache" / "find" / "acme.db"
    index.parent.mkdir(parents=True, exist_ok=True)
    index.write_bytes(b"nonsense" * 1000)

    assert 0 == here.pra("find", "acme", "devis").code


def test_a_point_that_cannot_be_listed_is_said_and_the_others_are_told(
    site: ClientSite, tmp_path: Path
) -> None:
    here = site.copy_to(tmp_path)
    here.write()
    shutil.rmtree(here.state / "cache")
    listed = json.loads(here.restic("snapshots", "--json"))
    third = [shot for shot in listed if "source=partage" in shot["tags"]][2]
    for name in here.restic("list", "index").split():
        for pack in json.loads(here.restic("cat", "index", name))["packs"]:
            if third["tree"] in {blob["id"] for blob in pack["blobs"]}:
                (here.repository / "data" / pack["id"][:2] / pack["id"]).unlink()

    ran = here.pra("find", "acme", "devis", "--json")

    assert 0 == ran.code, ran
    assert [13, 5] == [one["size"] for one in ran.json["matches"]]
    assert "cannot be listed" in ran.err


def test_killed_while_it_reads_the_next_search_goes_on(site: ClientSite, tmp_path: Path) -> None:
    here = site.copy_to(tmp_path)
    here.write()
    for path in (here.state / "cache" / "find").glob("acme.db*"):
        path.unlink()
    index = here.state / "cache" / "find" / "acme.db"
    with here.start("find", "acme", "devis") as child:
        deadline = time.monotonic() + 60
        while not index.exists() and not child.poll(0.01):
            assert time.monotonic() < deadline
        os.kill(child.pid, signal.SIGKILL)

    ran = here.pra("find", "acme", "devis")

    assert 0 == ran.code, ran
    assert 3 == ran.out.count("  --at ")


def test_files_of_another_restic_are_found_too(site: ClientSite, tmp_path: Path) -> None:
    here = site.copy_to(tmp_path)
    here.write(services=ADOPTED)
    old = tmp_path / "old"
    old.mkdir()
    (old / "Paie.dat").write_text("2019")
    here.restic("backup", "--host=SRV-OLD", "--tag=old", str(old))

    (one,) = here.pra("find", "acme", "paie", "--json").json["matches"]

    assert (f"{old}/Paie.dat", "vieux", True) == (one["path"], one["service"], one["current"])
    assert one["recover_at"] == one["data_time"]
    assert datetime.fromisoformat(one["mtime"]) <= datetime.fromisoformat(one["data_time"])
