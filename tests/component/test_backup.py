"""A backup on real restic, S3 and PostgreSQL: what is then in the repository and on the log."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import BackupFinished, Outcome, RunFailed, RunStarted
from orchestrator.errors import Misused
from orchestrator.jobs.backup import chosen
from restore_drills import seal
from tests.component.backups import SHARE, TILL, House, till
from tests.site import PASSWORD, TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.demo.servers import PostgresServer, S3Server
    from tests.conftest import Bucket

SEVERAL = """\
  boutique:
    sources:
      base: {postgresql: {host: %(host)s, user: postgres, database: %(database)s}}
      documents: {files: {paths: [%(source)s]}}
    objectives: {rto: 4h, rpo: 30m}
"""
ELSEWHERE = """\
  paie: {name: Paie, source: {external: {tool: vendor}}}
"""


@pytest.fixture(scope="module", autouse=True)
def _our_restic() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", f"{TOOLS / 'bin'}:{os.environ['PATH']}")
        yield


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A site with a shared folder, whose repository is a folder."""
    found = House(tmp_path)
    found.repository()
    found.site.fill(12, 5_000)
    found.write(SHARE)
    return found


def test_the_repository_alone_tells_the_whole_story(
    tmp_path: Path, bucket: Bucket, s3: S3Server, postgres: PostgresServer
) -> None:
    house = House(tmp_path, bucket, s3)
    house.site.fill(12, 5_000)
    house.write(SEVERAL, **till(postgres))

    done = house.one().finished

    assert Outcome.COMPLETE == done.outcome, done
    listing = {s.tag("source"): s for s in house.listing()}
    assert {"base", "base.roles", "documents", "seal"} == set(listing)
    assert {("acme", "boutique", done.run)} == {
        (s.host, s.tag("service"), s.tag("run")) for s in listing.values()
    }
    assert max(listing.values(), key=lambda s: s.time) is listing["seal"]
    assert "complete" == listing["seal"].tag("outcome")
    content = house.dump(listing["seal"].id, f"/{seal.FILENAME}")
    manifest = seal.read(content, seal.key(PASSWORD.encode()))
    assert ("acme", "boutique", done.run) == (manifest.site, manifest.service, manifest.run)
    told = {(s.source, s.id, s.tree, s.data_time) for s in manifest.snapshots}
    assert {(s.source, s.id, s.tree, s.data_time) for s in done.snapshots} == told
    assert {(n, s.id, s.tree, s.time) for n, s in listing.items() if n != "seal"} == told
    assert manifest.snapshots[0].detail.startswith("postgresql ")
    assert house.dump(listing["base"].id, "/base.dump").startswith(b"PGDMP")
    assert b"CREATE ROLE" in house.dump(listing["base.roles"].id, "/base.roles.sql")
    assert [f"boutique: new repository made at {house.site.url}"] == house.heard.lines
    assert not house.locks()


def test_the_log_has_the_intent_first_and_the_outcome_last(house: House) -> None:
    house.write(SHARE)

    result = house.one()

    started, finished = house.events()
    assert isinstance(started, RunStarted)
    assert ("partage", "far", result.finished.run) == (
        started.service,
        started.repository,
        started.run,
    )
    assert result.finished == finished
    assert result.finished.usable_at is not None
    assert 60_000 == result.read_bytes
    assert 12 == result.finished.files_new
    assert [] == list((house.site.state / "runs").iterdir())


def test_as_few_restic_are_started_as_the_work_needs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write(SHARE)
    calls = house.site.home / "calls"
    wrapper = house.site.home / "bin" / "restic"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$1" >>{calls}\nexec {TOOLS}/bin/restic "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    house.one()
    calls.write_text("")

    second = house.one().finished

    assert 0 == second.files_new
    assert {"backup": 2, "snapshots": 1} == Counter(calls.read_text().split())


def test_one_failing_service_does_not_stop_the_other(
    house: House, postgres: PostgresServer
) -> None:
    house.write(SHARE + TILL, host=postgres.host, database="absent")

    share, base = house.back_up()

    assert Outcome.COMPLETE == share.finished.outcome
    assert Outcome.FAILED == base.finished.outcome
    assert 'database "absent" does not exist' in (base.finished.error or "")
    assert "Check `database`" in base.remedy
    assert {"partage"} == {s.tag("service") for s in house.listing()}
    (failed,) = [event for event in house.events() if isinstance(event, RunFailed)]
    assert "caisse" == failed.service


@pytest.mark.parametrize(
    ("tool", "body", "said"),
    [
        (
            "pg_dump",
            '"$REAL" "$@" | head -c 90000; echo "pg_dump: error: torn" >&2; exit 1',
            "torn",
        ),
        ("pg_dumpall", '"$REAL" "$@" | head -n -5', "in part only"),
    ],
)
def test_a_broken_dump_is_never_a_point(  # noqa: PLR0913, PLR0917 - each a part of one fault
    house: House,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    tool: str,
    body: str,
    said: str,
) -> None:
    from orchestrator.adapters.sources.postgresql import find  # noqa: PLC0415 - one use

    wrapper = house.site.home / "bin" / tool
    wrapper.parent.mkdir()
    wrapper.write_text(f"#!/bin/sh\n{body.replace('$REAL', str(find(tool)))}\n")
    wrapper.chmod(0o755)
    house.write(TILL, **till(postgres))
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")

    done = house.one().finished

    assert Outcome.FAILED == done.outcome
    assert said in (done.error or "")
    broken = {"pg_dump": "caisse", "pg_dumpall": "caisse.roles"}[tool]
    assert not {broken, "seal"} & {s.tag("source") for s in house.listing()}
    assert not house.locks()


@pytest.mark.parametrize(
    ("more", "remove", "said"),
    [
        ("", True, "does not exist"),
        (", require_mount: %(source)s", False, "nothing is mounted at"),
        (', exclude: ["*"]', False, "not one file of"),
    ],
)
def test_a_source_that_is_not_what_it_should_be_gives_no_point(
    house: House, more: str, said: str, *, remove: bool
) -> None:
    if remove:
        house.site.source.rename(house.site.home / "unplugged")
    house.write(SHARE % {"more": more, "source": "%(source)s"})

    done = house.one().finished

    assert Outcome.FAILED == done.outcome
    assert (done.error or "").startswith("acme/partage/partage: ")
    assert said in (done.error or "")
    assert "seal" not in {s.tag("source") for s in house.listing()}


def test_a_source_that_fails_does_not_even_make_a_repository(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write(SHARE)

    done = house.one().finished

    assert "there is not one file under" in (done.error or "")
    assert not house.site.repository.exists()


def test_a_repository_that_was_there_and_is_gone_is_not_made_anew(house: House) -> None:
    house.write(SHARE)
    house.one()
    house.site.repository.rename(house.site.home / "stolen")

    result = house.one()

    assert "far: the repository has vanished" in (result.finished.error or "")
    assert result.remedy.startswith("It held our snapshots")
    assert not house.site.repository.exists()


def test_a_log_that_knows_nothing_takes_a_repository_as_it_finds_it(house: House) -> None:
    house.write(SHARE)
    house.one()
    house.app.log.close()
    house.site.state.rename(house.site.home / "lost")
    house.write(SHARE)

    assert Outcome.COMPLETE == house.one().finished.outcome
    assert 4 == len(house.listing())


def test_services_are_chosen_by_name_and_others_are_said_to_be_others(house: House) -> None:
    house.write(SHARE + ELSEWHERE)
    site = house.app.site("acme")

    ours, others = chosen(site, [])

    assert ["partage"] == [s.id for s in ours]
    assert ["paie: not backed up by us, somebody else's work (adopted or external)"] == others
    with pytest.raises(Misused, match=r"no service named partge \(did you mean partage\?\)"):
        chosen(site, ["partge"])


def test_a_finished_backup_is_read_back_from_the_log_as_it_was(house: House) -> None:
    house.write(SHARE)
    finished = house.one().finished

    (read,) = [event for event in house.events() if isinstance(event, BackupFinished)]

    assert finished == read
    assert house.app.log.verify() is None
