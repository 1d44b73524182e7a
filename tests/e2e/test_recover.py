"""Recoveries: kept, checked, put to work by what they print, and going on after anything."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.app import App
from orchestrator.demo.servers import PostgresServer
from orchestrator.errors import Misused
from orchestrator.jobs.recover_place import Place
from tests.quick import make
from tests.recovered import fetched, inventory, journal, kept, names
from tests.site import DATABASE, PASSWORD, ClientSite

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = """\
  partage:
    criticality: P2
    depends_on: [caisse]
    source: {files: {paths: [%(source)s]}}
    objectives: {rto: 4h, rpo: 30m}
    checks:
      - {name: all files, files: {at_least: 40}}
      - {name: readable, command: [sh, -c, "find . -type f -exec cat {} + | wc -c"]}
manual:
  - {name: allumer la caisse, owner: Paul, allow: 10m, services: [caisse]}
"""
ALONE = FILES.replace("    depends_on: [caisse]\n", "").partition("manual:")[0]
ORDERS = """
create table orders(id int primary key, created_at timestamptz not null);
insert into orders select i, now() - i * interval '1 second' from generate_series(1, 1200) i;
"""
INTERRUPTIONS = 20


def values(server: PostgresServer) -> dict[str, object]:
    return {
        "host": server.host,
        "port": server.port,
        "user": server.superuser,
        "database": "comptoir",
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> ClientSite:
    """A site whose files have owners, modes and times of their own, backed up once."""
    postgres.create("comptoir")
    postgres.sql("comptoir", ORDERS)
    site = ClientSite(tmp_path_factory.mktemp("recovered"))
    site.fill(files=60, size=3000)
    first, second, *_ = sorted(path for path in site.source.rglob("*") if path.is_file())
    first.chmod(0o4710)
    os.utime(second, (1_500_000_000, 1_500_000_000))
    (site.source / "lien").symlink_to("dossier 1")
    os.link(first, site.source / "deuxième nom")
    (site.source / "fermé").mkdir(mode=0o500)
    if os.geteuid() == 0:
        os.chown(second, 1234, 4321)
    site.write(DATABASE + FILES, **values(postgres))
    make(site.repository, PASSWORD)
    site.backup()
    return site


@pytest.fixture
def a_copy(made: ClientSite, tmp_path: Path, postgres: PostgresServer) -> Callable[..., ClientSite]:
    """Makes a copy of the site, with these services in its policy."""

    def copy(services: str = ALONE) -> ClientSite:
        site = ClientSite(tmp_path / "copy")
        for name in ("repository", "state", "secrets"):
            shutil.copytree(made.home / name, site.home / name, dirs_exist_ok=True)
        site.write(services, **{**values(postgres), "source": made.source})
        return site

    return copy


def fetching(target: Path, files: int) -> Callable[[], bool]:
    return lambda: fetched(target) > files


def verified(target: Path, files: int) -> Callable[[], bool]:
    del files
    return lambda: any(point["whole"] for point in journal(target)["points"].values())


# What can be seen of a recovery from outside, beside its journal, and when to strike.
INSTANTS: dict[str, Callable[[Path, int], Callable[[], bool]]] = {
    "chosen": lambda _target, _files: lambda: True,
    "fetching": fetching,
    "published": lambda target, _files: (target / "partage" / "files").exists,
    "verified": verified,
}


def test_a_recovered_site_is_put_to_work_by_pasting_what_it_prints(
    made: ClientSite, a_copy: Callable[..., ClientSite], postgres: PostgresServer
) -> None:
    site = a_copy(DATABASE + FILES)
    target = site.home / "back"

    ran = site.pra(
        *("recover", "acme", "--to", str(target), "--start", "--yes", "--by", "Anne", "--json")
    )

    assert 0 == ran.code, ran
    said = ran.json
    assert ("proven", True) == (said["verdict"], said["over"]), said["findings"]
    assert ["caisse", "partage"] == [service["id"] for service in said["services"]]
    assert inventory(made.source) == inventory(kept(target, made.source))
    assert [("allumer la caisse", "Anne")] == [(s["name"], s["by"]) for s in said["manual"]]
    assert "manual" in [step["name"] for step in said["services"][0]["steps"]]
    assert {"caisse", "partage", "README.txt", "recover.json", ".pra"} == names(target)
    (server,) = said["servers"]
    counted = site.shell(f"{server['connect']} -Atc 'table orders' | wc -l")
    assert "1200\n" == counted.out, counted
    socket = Path(server["connect"].partition("--host=")[2].split()[0])
    assert socket.exists()

    # Elsewhere than in the living: nothing of it may be lost to a test.
    place = site.home / "alive"
    place.mkdir()
    (place / "encrypted").touch()
    with PostgresServer() as fresh:
        site.write(DATABASE + FILES, **{**values(fresh), "source": place})
        lines = [line.replace(str(made.source), str(place)) for line in said["cut_over"]]
        lines = [line.replace(f"files{place}", f"files{made.source}") for line in lines]
        lines = [line.replace(postgres.host, fresh.host) for line in lines]
        pasted = site.shell("set -e\n" + "\n".join(lines))

        assert 0 == pasted.code, pasted
        assert "A new lineage begins" in pasted.out
        assert 2 == pasted.out.count(": complete, "), "the first backup, of what was recovered"
        assert inventory(made.source) == inventory(place)
        assert ["encrypted"] == [p.name for p in site.home.glob("alive.before-*/*")]
        assert "1200" == fresh.sql("comptoir", "select count(*) from orders")
        assert not socket.exists(), "nothing is left of the server that was started"
        assert not (target / "caisse/database/caisse.cluster/postmaster.pid").exists()
        once_more = [line for line in lines if "--host=" in line]
        again = site.shell("set -e\n" + "\n".join(once_more))  # over a database that is there
        assert 0 == again.code, again
        names_now = fresh.sql("comptoir", "select datname from pg_database order by 1").split()
        aside = [name for name in names_now if name.startswith("comptoir-before-")]
        assert ["1200"] == [fresh.sql(name, "select count(*) from orders") for name in aside]
        stopped = site.shell(server["stop"])
        assert (0, "") == (stopped.code, stopped.err), "stopped already: no harm"


def test_a_recovery_cut_short_at_twenty_instants_ends_byte_identical(
    made: ClientSite, a_copy: Callable[..., ClientSite]
) -> None:
    site = a_copy()
    target = site.home / "back"
    dice = random.Random()  # noqa: S311 - any instant will do
    points = set()
    cut, ended = 0, 0
    while cut < INTERRUPTIONS and ended < INTERRUPTIONS:
        runs = len(journal(target).get("runs", ()))
        name = dice.choice(list(INSTANTS))
        is_now = INSTANTS[name](target, dice.randrange(60))
        how = dice.choice([signal.SIGKILL, signal.SIGINT])
        with site.start("recover", "acme", "--to", str(target)) as child:
            while not child.poll(0.005):
                if len(journal(target).get("runs", ())) > runs and is_now():
                    os.kill(child.pid, how)
                    cut += 1
                    child.poll(30)
                    break
        said = journal(target)
        points.add(json.dumps({s: p["snapshots"] for s, p in said["points"].items()}))
        if said["over"]:  # it was quicker: another one is cut short
            assert inventory(made.source) == inventory(kept(target, made.source)), (name, how)
            shutil.rmtree(target)
            ended += 1

    ran = site.pra("recover", "acme", "--to", str(target), "--json")

    assert 0 == ran.code, ran
    assert inventory(made.source) == inventory(kept(target, made.source))
    assert 1 == len(points), points
    outcomes = [r["outcome"] for r in site.pra("history", "acme", "--json").json["runs"]]
    assert {"complete", "interrupted", "proven"} >= set(outcomes), outcomes


def test_what_lies_in_an_interrupted_recovery_is_never_trusted(
    made: ClientSite, a_copy: Callable[..., ClientSite]
) -> None:
    site = a_copy()
    target = site.home / "back"
    first = site.pra("recover", "acme", "--to", str(target))
    assert 0 == first.code, first
    said = journal(target)
    began = datetime.now(UTC) - timedelta(hours=3)
    told = {**said, "over": False, "began": began.isoformat(), "since": began.isoformat()}
    (target / ".pra" / "journal.json").write_text(json.dumps(told))
    cut = (began + timedelta(minutes=20)).timestamp()
    os.utime(target / ".pra" / "journal.json", (cut, cut))
    there = kept(target, made.source)
    altered, gone, blocked, *_ = sorted((there / "dossier 2").iterdir())
    facts = altered.lstat()
    with altered.open("r+b") as file:
        file.write(b"not his")
    os.utime(altered, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    gone.unlink()
    blocked.unlink()
    blocked.mkdir()
    (blocked / "planted").touch()
    (there / "not his either").write_text("virus")

    ran = site.pra("recover", "acme", "--to", str(target), "--json")

    assert 0 == ran.code, ran
    assert inventory(made.source) == inventory(there)
    assert said["points"]["partage"]["run"] == journal(target)["points"]["partage"]["run"]
    assert 2 == ran.json["runs"]
    ended = ran.json
    assert ("latest", said["t0"]) == (ended["point"], ended["t0"].replace("Z", "+00:00"))
    assert began == datetime.fromisoformat(ended["began"]), "it counts from its first start"
    assert 3 * 3600 < ended["rta_s"] < 4 * 3600, ended["rta_s"]
    assert 160 * 60 <= ended["interrupted_s"] < 169 * 60
    assert ended["worked_s"] + ended["interrupted_s"] > ended["rta_s"]
    (service,) = ended["services"]
    assert ["earlier", "interrupted", "fetch"] == [step["name"] for step in service["steps"]][:3]
    late = datetime.fromisoformat(service["instants"]["T5"]) - began
    assert timedelta(0) <= late < timedelta(minutes=2), "what makes the sandbox is no recovery"
    readme = (target / "README.txt").read_text()
    assert re.search(r"interrupted 1 time\(s\).*: 2\d min at work, 2 h 4\d min between", readme)
    assert "every check passed 3 h" in readme


def test_a_repository_that_was_away_is_no_end(
    made: ClientSite, a_copy: Callable[..., ClientSite]
) -> None:
    site = a_copy()
    target = site.home / "back"
    config = site.repository / "config"
    config.rename(site.home / "unplugged")

    away = site.pra("recover", "acme", "--to", str(target))

    assert 4 == away.code, away
    assert "config" in away.out
    assert not target.exists()
    (site.home / "unplugged").rename(config)
    ran = site.pra("recover", "acme", "--to", str(target))
    assert 0 == ran.code, ran
    assert inventory(made.source) == inventory(kept(target, made.source))
    again = site.pra("recover", "acme", "--to", str(target))
    assert 2 == again.code, again
    assert "complete" in again.err


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("in the source", "it lies in the source"),
        ("over the source", "it contains the source"),
        ("not empty", "not empty"),
        ("a file", "not a folder"),
        ("in the repository", "it lies in the repository far"),
        ("in the state", "it lies in"),
    ],
)
def test_no_folder_that_holds_anything_is_touched(tmp_path: Path, place: str, why: str) -> None:
    site = ClientSite(tmp_path / "site")
    site.write()
    site.fill(1)
    site.repository.mkdir()
    full = site.home / "full"
    full.mkdir()
    (full / "letter").touch()
    targets = {
        "in the source": site.source / "back",
        "over the source": site.source.parent,
        "not empty": full,
        "a file": full / "letter",
        "in the repository": site.repository / "back",
        "in the state": site.state / "back",
    }
    before = names(site.source), names(site.repository), names(site.home)
    app = App(policies_dir=site.policies, state=site.state)

    with pytest.raises(Misused, match=why):
        Place.checked(targets[place], app.site("acme"), site.state)

    assert before == (names(site.source), names(site.repository), names(site.home))
    assert {"letter"} == names(full)


def test_what_fails_a_check_is_kept_all_the_same_and_says_so(
    made: ClientSite, a_copy: Callable[..., ClientSite]
) -> None:
    site = a_copy(ALONE.replace("at_least: 40", "at_least: 4000"))
    target = site.home / "back"

    ran = site.pra("recover", "acme", "--to", str(target))

    assert 3 == ran.code, ran
    assert "A CHECK FAILED" in ran.out
    assert "LOOK FIRST" in (target / "README.txt").read_text()
    assert inventory(made.source) == inventory(kept(target, made.source))


def test_a_machine_without_a_state_folder_recovers_all_the_same(
    made: ClientSite, a_copy: Callable[..., ClientSite]
) -> None:
    site = a_copy()
    target = site.home / "back"
    site.pra("pause", "acme", "--by", "Anne", "--reason", "burgled")
    (site.home / "nothing").touch()  # no folder can be made there

    ran = site.pra("--state", str(site.home / "nothing"), "recover", "acme", "--to", str(target))

    assert 0 == ran.code, ran
    assert "on no log but its own" in ran.err
    assert inventory(made.source) == inventory(kept(target, made.source))


def test_where_no_check_can_be_run_the_data_comes_back_and_the_checks_are_asked_later(
    made: ClientSite, a_copy: Callable[..., ClientSite], path_without: Callable[[str], str]
) -> None:
    site = a_copy()
    target = site.home / "back"

    bare = site.pra("recover", "acme", "--to", str(target), env={"PATH": path_without("bwrap")})

    assert 4 == bare.code, bare
    assert "Install bubblewrap." in bare.out
    assert f"pra recover acme --to={target}" in bare.out
    assert inventory(made.source) == inventory(kept(target, made.source))
    ran = site.pra("recover", "acme", "--to", str(target))
    assert 0 == ran.code, ran
    assert inventory(made.source) == inventory(kept(target, made.source))


def test_two_recoveries_do_not_share_a_folder(a_copy: Callable[..., ClientSite]) -> None:
    site = a_copy()
    target = site.home / "back"
    with site.start("recover", "acme", "--to", str(target)) as first:
        while not (target / ".pra").exists():
            assert not first.poll(0.001), first.ended()
        os.kill(first.pid, signal.SIGSTOP)

        second = site.pra("recover", "acme", "--to", str(target))

        os.kill(first.pid, signal.SIGCONT)
        assert 2 == second.code, second
        assert "is under way" in second.err
        assert first.poll(60)
        assert 0 == first.ended().code, first.ended()


def test_one_path_comes_back_beside_the_original(
    made: ClientSite, a_copy: Callable[..., ClientSite]
) -> None:
    site = a_copy()
    target = site.home / "back"
    original = made.source / "dossier 3" / "pièce 3.bin"

    ran = site.pra("recover", "acme", "partage", "--path", str(original), "--to", str(target))

    assert 0 == ran.code, ran
    assert original.read_bytes() == (target / original.name).read_bytes()
    assert str(target / original.name) in ran.out
    assert {original.name, "README.txt", "recover.json", ".pra"} == names(target)
    absent = site.home / "absent"
    nope = site.pra("recover", "acme", "--path", f"{original}.nope", "--to", str(absent))
    assert (1, False) == (nope.code, absent.exists()), nope
    assert "`pra find acme 'pièce 3.bin.nope'`" in nope.out


def test_a_folder_in_which_nothing_could_be_put_is_free_for_the_next_request(
    a_copy: Callable[..., ClientSite],
) -> None:
    site = a_copy()
    target = site.home / "back"

    early = site.pra("recover", "acme", "--at", "2020-01-01 12:00", "--to", str(target))
    wrong = site.pra("recover", "acme", "--path", "/srv/nothing", "--to", str(target))

    assert {3, 2} >= {early.code, wrong.code}, (early, wrong)
    assert not target.exists()
