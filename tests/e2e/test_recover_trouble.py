"""Recoveries when more than the site is gone: an attacked bucket, a full disk, a line that ends."""

from __future__ import annotations

import os
import shutil
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from orchestrator.app import App
from orchestrator.core.recovering.journal import Asked
from orchestrator.jobs.drill import planned
from orchestrator.jobs.recover import Recovered, begin_recovery, recover
from orchestrator.jobs.recover_place import Place
from restore_drills.process import Processes
from tests.besieged import POLICY, Besieged
from tests.faults import Relay
from tests.quick import make, make_in
from tests.recovered import fetched, inventory, kept
from tests.site import FILES, PASSWORD, ClientSite, tonight

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.adapters.restic import Progress
    from orchestrator.demo.servers import S3Server
    from restore_drills.keeping import Aim
    from restore_drills.model import ServiceReport, Step
    from tests.conftest import Bucket

IN_THE_BUCKET = POLICY.replace(
    "paths: [%(source)s]", "paths: [%(source)s], decoy: %(source)s/000.odt"
).replace("to: nas, copy_to: [far]", "to: far")
PATIENCE, ENOUGH = timedelta(seconds=3), timedelta(seconds=60)


class Silent:
    """Looks on, agrees, and says nothing."""

    def stepped(self, service: str, step: Step) -> None:
        """Nothing."""

    def moved(self, service: str, source: str, progress: Progress) -> None:
        """Nothing."""

    def chosen(self, t0: object, aims: tuple[Aim, ...], *, again: bool) -> bool:
        """Agree."""
        del t0, aims, again
        return True

    def kept(self, service: ServiceReport) -> None:
        """Nothing."""


def encrypt(folder: Path) -> None:
    """Do as a virus does; the decoy keeps its name."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        path.write_bytes(os.urandom(path.stat().st_size))
        if path.name != "000.odt":
            path.rename(path.with_name(path.name + ".locked"))


def cut_once_begun(relay: Relay, target: Path) -> None:
    """Cut the line when the first file is there."""
    until = time.monotonic() + 60
    while not fetched(target):
        assert time.monotonic() < until, "nothing came"
        time.sleep(0.005)
    relay.refuse()


def test_after_a_virus_the_last_clean_point_comes_back_from_a_bucket_that_was_emptied(
    tmp_path: Path, s3: S3Server
) -> None:
    site = Besieged(tmp_path / "site", s3)
    site.fill(40, 5_000)
    (site.source / "000.odt").write_bytes(b"do not touch " * 100)
    site.write(IN_THE_BUCKET)
    site.backup()
    (site.source / "dossier 1" / "pièce 1.bin").write_bytes(b"of the second day " * 500)
    site.backup()
    clean = inventory(site.source)
    encrypt(site.source)
    hurt = site.pra("backup", "acme", "--json")
    assert (3, "suspected") == (hurt.code, hurt.json["services"][0]["outcome"]), hurt
    site.attacker.delete()
    told = ("--summary", "all is encrypted", "--reported-by", "Mrs Martin", "--json")
    name = site.pra("open", "acme", *told, "--scenario", "ransomware").json["incident"]["id"]
    target = site.home / "back"

    ran = site.pra(
        *("recover", "acme", "--scenario", "ransomware", "--to", str(target)),
        *("--incident", name[:3], "--yes", "--json"),
    )

    assert 0 == ran.code, ran
    said = ran.json
    assert clean == inventory(kept(target, site.source))
    (suspected,) = hurt.json["services"][0]["snapshots"]
    assert ("first-suspected", suspected["data_time"]) == (said["point"], said["t0"])
    (service,) = said["services"]
    assert [hurt.json["services"][0]["run"]] == [p["run"] for p in service["suspected_points"]]
    assert "1 newer point(s)" in ran.err
    assert {"suspected-skipped", "rewound-view"} <= {
        finding["code"] for finding in said["findings"]
    }
    assert name == said["incident"]
    other = site.pra("recover", "acme", "--to", str(site.home / "x"), "--incident", "zz")
    assert (2, "pra: --incident zz: no open incident of acme begins so") == (
        other.code,
        other.err.splitlines()[0],
    )


def test_on_a_full_disk_nothing_is_lost_and_with_more_room_it_goes_on(
    tmp_path: Path, small_disk: str
) -> None:
    site = ClientSite(tmp_path / "site")
    make(site.repository, PASSWORD)
    site.fill(10, 2_000_000)
    site.write(FILES.replace("at_least: 10", "at_least: 1"))
    site.backup()
    target = Path(small_disk) / "back"
    words = ("recover", "acme", "partage", "--path", str(site.source), "--to", str(target))

    full = site.pra(*words)

    assert 4 == full.code, full
    assert f"NOT HERE: no space left on the disk at {small_disk}" in full.out
    again = next(line.strip() for line in full.out.splitlines() if "pra recover acme" in line)
    assert (target / ".pra" / "journal.json").exists()
    grown = Processes("the-tests").run(
        ["mount", "-o", "remount,size=64m", small_disk],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        timeout=timedelta(seconds=10),
    )
    assert 0 == grown.code, grown
    ran = site.shell(again)
    assert 0 == ran.code, ran
    assert inventory(site.source) == inventory(target / site.source.name)


def test_where_more_is_to_come_than_fits_not_a_byte_is_fetched(
    tmp_path: Path, small_disk: str
) -> None:
    site = ClientSite(tmp_path / "site")
    make(site.repository, PASSWORD)
    site.fill(10, 2_000)
    site.write()
    site.backup()
    target = Path(small_disk) / "back"

    ran = site.pra("recover", "acme", "--to", str(target))

    assert 4 == ran.code, ran
    assert "MiB of disk are needed" in ran.out
    assert not target.exists()


def test_what_the_policy_counts_as_gone_and_still_stands_is_used_by_a_recovery_and_no_drill(
    tmp_path: Path,
) -> None:
    site = ClientSite(tmp_path / "site")
    make(site.repository, PASSWORD)
    site.fill(10, 2_000)
    site.write()
    site.backup()
    target = site.home / "back"
    words = ("recover", "acme", "--scenario", "ransomware", "--to", str(target))

    plan = site.pra(*words, "--dry-run")
    drill = site.pra("drill", "acme", "--scenario", "ransomware")
    ran = site.pra(*words)

    assert (0, 3, 0) == (plan.code, drill.code, ran.code), (plan, drill, ran)
    for told in (plan.out, ran.out):
        assert "counts as gone by the policy under ransomware, and was still there" in told
    assert inventory(site.source) == inventory(kept(target, site.source))
    site.repository.rename(site.home / "taken")
    gone = site.pra(*words[:-1], str(site.home / "other"))
    assert (3, False) == (gone.code, (site.home / "other").exists()), gone
    assert "gone" in gone.err
    assert "no copy survives" in gone.out


@pytest.fixture
def recovered(
    s3: S3Server, bucket: Bucket, tmp_path: Path
) -> Callable[[ClientSite, Path, timedelta], Recovered]:
    """Recovers a site with so much patience for a line that gives nothing."""
    del s3, bucket, tmp_path

    def call(site: ClientSite, target: Path, patience: timedelta) -> Recovered:
        app = App(policies_dir=site.policies, state=site.state)
        asked = Asked(site="acme", services=(), scenario="server-failure")
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PATH", site.path)
            found = app.site("acme")
            with Place.checked(target, found, site.state) as place:
                plan = planned(app, found, tonight(app))
                return recover(
                    app,
                    found,
                    plan,
                    asked=asked,
                    place=place,
                    begun=begin_recovery(app, found, plan, ""),
                    watch=Silent(),
                    patience=patience,
                )

    return call


def test_a_bucket_that_goes_away_in_the_middle_is_named_and_the_rest_comes_when_it_is_back(
    s3: S3Server,
    bucket: Bucket,
    tmp_path: Path,
    recovered: Callable[[ClientSite, Path, timedelta], Recovered],
) -> None:
    keys = (s3.access_key, s3.secret_key)
    target = tmp_path / "back"
    with Relay(s3.endpoint) as relay:
        site = ClientSite(tmp_path / "site", url=relay.url(bucket.name, "acme"), s3_keys=keys)
        make_in(s3.client(), bucket.name, "acme/", PASSWORD)
        site.fill(40, 500_000)  # two packs: they come one by one
        site.write()
        site.backup()
        relay.slow(8_000_000)
        cutting = threading.Thread(target=cut_once_begun, args=(relay, target))
        cutting.start()
        cut = recovered(site, target, PATIENCE)
        cutting.join()

    assert ("inconclusive", False) == (cut.document["verdict"], cut.over)
    assert "far" in cut.document["services"][0]["why"][0]
    text = cut.text("en", "Europe/Paris")
    assert f"pra recover acme --to={target}" in text
    assert not (target / "partage").exists(), "nothing that is not verified has a name of its own"
    with Relay(s3.endpoint, urlsplit(relay.endpoint).port or 0):
        done = recovered(site, target, ENOUGH)

    assert ("proven", True, 2) == (done.document["verdict"], done.over, done.document["runs"])
    assert inventory(site.source) == inventory(kept(target, site.source))
    assert cut.document["t0"] == done.document["t0"]
    assert "latest" == done.document["point"]
    assert done.document["rta_s"] >= done.document["worked_s"] - 5
    shutil.rmtree(target)
