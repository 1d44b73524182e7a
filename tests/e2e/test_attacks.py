"""What an attacker who has our keys does to the copy: the right verdict each, and one page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.attacks import is_key_or_config
from tests.besieged import Besieged
from tests.meddler import Meddler

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.demo.servers import S3Server

LOST, DAMAGED = "repository-lost-far", "repository-damaged-far"
REFUSED, WEAK = "repository-refused-far", "lock-weak-far"


@pytest.fixture(scope="module")
def peaceful(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Besieged:
    """A site with a point in both repositories, that nobody has attacked."""
    site = Besieged(tmp_path_factory.mktemp("peaceful"), s3)
    site.fill(20, 20_000)
    site.write()
    site.backup()
    assert [] == site.calls()
    return site


@pytest.fixture
def site(peaceful: Besieged, s3: S3Server, tmp_path: Path) -> Besieged:
    """A site like it, to be attacked."""
    found = Besieged(tmp_path / "site", s3)
    found.like(peaceful)
    return found


def conditions(site: Besieged) -> list[str]:
    """The conditions that somebody is paged for, one each."""
    return sorted(call.condition for call in site.calls())


@pytest.mark.parametrize(
    ("attack", "expected"),
    [
        (lambda site: site.attacker.delete(), {LOST}),
        (lambda site: site.attacker.overwrite(), {DAMAGED, LOST, REFUSED}),
        (lambda site: site.attacker.half(), {DAMAGED, LOST, REFUSED}),
        (lambda site: site.attacker.delete(is_key_or_config), {LOST}),
    ],
    ids=["all deleted", "all overwritten", "half of each", "keys and config deleted"],
)
def test_a_copy_that_was_wiped_is_found_by_the_next_copy_and_calls_once(
    site: Besieged, attack: Callable[[Besieged], object], expected: set[str]
) -> None:
    attack(site)

    ran = site.pra("backup", "acme")
    first = conditions(site)
    again = site.pra("backup", "acme")

    assert 3 == ran.code == again.code, ran
    assert len(first) == 1, first
    assert expected >= set(first)
    assert set(first) >= set(conditions(site)), "what goes on calls nobody anew"


def test_after_a_wipe_the_versions_prove_the_way_back_and_take_it(site: Besieged) -> None:
    before = site.attacker.names()
    site.pra("drill", "acme")  # an instant of peace, on the log and in time
    at = site.recorded()[-1].at
    time.sleep(1.1)  # the versions tell whole seconds
    site.attacker.half()

    proven = site.pra("drill", "acme", "--scenario", "bucket-wipe", "--json")
    rewound = site.pra("repo", "rewind", "acme", "--at", at.isoformat(), "--yes", "--json")
    drilled = site.pra("drill", "acme", "--repository", "far", "--json")

    assert (0, "proven") == (proven.code, proven.json["verdict"]), proven
    assert (0, 0) == (rewound.code, rewound.json["lost"]), rewound
    assert before == site.attacker.names()
    assert (0, "proven") == (drilled.code, drilled.json["verdict"]), drilled


def test_a_lock_that_an_administrator_took_away_calls_once(site: Besieged) -> None:
    site.attacker.unlock()

    ran = site.pra("repo", "relock", "acme")

    assert 3 == ran.code, ran
    assert [WEAK] == conditions(site)


def test_a_truncated_pack_in_the_copy_is_named_and_repaired_from_the_other(
    site: Besieged,
) -> None:
    packs = site.attacker.names(lambda name: name.startswith("data/"))
    site.attacker.truncate(max(packs, key=site.attacker.size))

    read = site.pra("verify", "acme", "--all", "--json")
    called = site.calls()
    near = site.pra("drill", "acme", "--json")
    repaired = site.pra("repo", "repair", "acme", "--repository", "far", "--json")
    after = site.pra("drill", "acme", "--repository", "far", "--json")

    assert 3 == read.code, read
    assert [DAMAGED] == [call.condition for call in called]
    assert "partage" in called[0].summary
    assert "pra repo repair acme --repository far" in called[0].remedy
    assert "proven" == near.json["verdict"]
    assert 0 == repaired.code, repaired
    assert "proven" == after.json["verdict"], after
    assert [] == conditions(site)


def test_where_both_are_damaged_it_says_so_of_both_and_repairs_nothing_with_nothing(
    site: Besieged,
) -> None:
    site.attacker.overwrite(lambda name: name.startswith("data/"))
    for pack in (p for p in (site.nas / "data").rglob("*") if p.is_file()):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:-100])

    read = site.pra("verify", "acme", "--all", "--json")
    called = conditions(site)
    repaired = site.pra("repo", "repair", "acme", "--repository", "far", "--json")
    drilled = site.pra("drill", "acme", "--json")

    assert 3 == read.code, read
    assert ["repository-damaged-far", "repository-damaged-nas"] == called
    assert repaired.code in {1, 3}, repaired
    assert (3, "refuted") == (drilled.code, drilled.json["verdict"]), drilled


def test_a_copy_that_was_set_back_is_drilled_as_old_as_it_is_and_copied_anew(
    site: Besieged,
) -> None:
    old = set(site.attacker.names())
    first = site.pra("drill", "acme", "--repository", "far", "--json").json
    site.backup()
    site.attacker.delete(lambda name: name not in old)

    stale = site.pra("drill", "acme", "--repository", "far", "--json").json
    copied = site.pra("repo", "copy", "acme", "--json")
    fresh = site.pra("drill", "acme", "--repository", "far", "--json").json

    data_time = [d["services"][0]["data_time"] for d in (first, stale, fresh)]
    assert data_time[0] == data_time[1] < data_time[2]
    assert (0, 1) == (copied.code, copied.json["copies"][0]["points"]), copied


def test_an_s3_that_leaves_things_out_of_its_listing_is_not_believed(
    peaceful: Besieged, s3: S3Server, tmp_path: Path
) -> None:
    with Meddler(s3.endpoint) as liar:
        site = Besieged(tmp_path / "site", s3, endpoint=liar.endpoint)
        site.like(peaceful)
        liar.hide(lambda key: "/snapshots/" in key)

        copied = site.pra("repo", "copy", "acme", "--json")
        drilled = site.pra("drill", "acme", "--repository", "far", "--json")

        assert 0 != copied.code, copied
        assert "proven" != drilled.json["verdict"]
        assert 1 == len(site.calls())


def test_a_storm_of_refusals_is_sat_out(peaceful: Besieged, s3: S3Server, tmp_path: Path) -> None:
    with Meddler(s3.endpoint) as busy:
        site = Besieged(tmp_path / "site", s3, endpoint=busy.endpoint)
        site.like(peaceful)
        busy.storm(0.25, 503)

        relocked = site.pra("repo", "relock", "acme", "--json")
        busy.storm(0.25, 429)
        read = site.pra("verify", "acme", "--repository", "far", "--all", "--json")

        assert 0 == relocked.code, relocked
        assert 0 == read.code, read
        assert busy.refusals > 3
        assert [] == conditions(site)


def test_somebody_elses_restic_in_the_repository_damages_nothing_and_is_told_apart(
    site: Besieged,
) -> None:
    """Forged snapshots with our tags, and a foreign prune's lock."""
    keys = (
        ("AWS_ACCESS_KEY_ID", site.server.access_key),
        (
            "AWS_SECRET_ACCESS_KEY",
            site.server.secret_key,
        ),
    )
    exports = " ".join(f"{name}={value}" for name, value in keys)
    at = f"{exports} RESTIC_PASSWORD_FILE={site.secrets}/restic restic -r {site.url}"
    tags = "--host acme --tag service=partage,run=20300101T000000Z-ffffff,source=seal"
    forged = site.shell(f"{at} backup {tags} --quiet {site.secrets}/restic")

    retained = site.pra("repo", "retain", "acme", "--repository", "far", "--json")
    drilled = site.pra("drill", "acme", "--repository", "far", "--json")

    assert 0 == forged.code, forged
    assert 1 == retained.json["repositories"][0]["foreign"], retained
    assert 0 == retained.json["repositories"][0]["removed"]
    assert "proven" == drilled.json["verdict"], drilled
