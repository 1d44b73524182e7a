"""`pra repo retain` and `pra snapshots`, as their user calls them, on a real repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.quick import make
from tests.site import FILES, PASSWORD, ClientSite

if TYPE_CHECKING:
    from pathlib import Path

RULES = "retention: {last: 1, weekly: 1}\n"
POINT = {
    "service",
    "run",
    "data_time",
    "usable_at",
    "repositories",
    "suspected",
    "ahead",
    "bytes",
    "foreign",
    "places",
}


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> ClientSite:
    """A site with three recovery points."""
    site = ClientSite(tmp_path_factory.mktemp("backed-up"))
    site.fill(10, 2_000)
    site.write(FILES + RULES)
    make(site.repository, PASSWORD)
    for _ in range(3):
        site.backup()
    return site


@pytest.fixture
def site(backed_up: ClientSite, tmp_path: Path) -> ClientSite:
    """The same for a test of its own, under the same policy."""
    copied = backed_up.copy_to(tmp_path / "site")
    copied.write(FILES + RULES)
    return copied


def runs(site: ClientSite) -> list[str]:
    return [point["run"] for point in site.pra("snapshots", "acme", "--json").json["points"]]


def test_a_dry_run_shows_what_stays_and_why_and_removes_nothing(site: ClientSite) -> None:
    newest, middle, oldest = runs(site)

    ran = site.pra("repo", "retain", "acme", "--dry-run", "--json")
    said = site.pra("repo", "retain", "acme", "--dry-run")

    assert 0 == ran.code
    (far,) = ran.json["repositories"]
    (partage,) = far["services"]
    assert {newest: ["newest", "last", "weekly"]} == {
        p["run"]: p["reasons"] for p in partage["kept"]
    }
    assert [oldest, middle] == [p["run"] for p in partage["removed"]]
    assert (None, None, 1, 0, 2, 0) == tuple(
        far[key] for key in ("run", "held", "kept", "removed", "removable", "foreign")
    )
    assert "would remove 2 recovery points and keep 1" in said.out
    assert "newest, last, weekly" in said.out
    assert [newest, middle, oldest] == runs(site)


def test_what_the_policy_does_not_keep_goes_and_a_drill_proves_the_rest(site: ClientSite) -> None:
    newest, *_ = runs(site)

    ran = site.pra("repo", "retain", "acme", "--json")

    (far,) = ran.json["repositories"]
    assert (0, None, 1, 2) == (ran.code, far["held"], far["kept"], far["removed"])
    assert far["freed_bytes"] > 0
    assert [newest] == runs(site)
    assert "no errors were found" in site.restic("check", "--read-data")
    assert "proven" == site.drill().json["verdict"]


def test_held_back_is_said_with_code_three(site: ClientSite) -> None:
    site.restic("backup", str(site.source), "--host", "elsewhere", "--time", "2999-01-01 00:00:00")

    ran = site.pra("repo", "retain", "acme")

    assert 3 == ran.code
    assert "far: held back, nothing removed: snapshot " in ran.out
    assert "in the future" in ran.out
    assert 4 == len(runs(site))


def test_a_repository_that_is_not_there_is_an_error_and_says_so(site: ClientSite) -> None:
    site.repository.rename(site.home / "elsewhere")

    ran = site.pra("repo", "retain", "acme", "--json")
    seen = site.pra("snapshots", "acme", "--json")

    assert 1 == ran.code
    assert "far" in ran.json["repositories"][0]["error"]
    assert 1 == seen.code
    assert ["far"] == [one["repository"] for one in seen.json["unasked"]]


def test_without_a_retention_in_the_policy_it_is_refused(site: ClientSite) -> None:
    site.write(FILES)

    ran = site.pra("repo", "retain", "acme")

    assert 2 == ran.code
    assert "no retention" in ran.err


def test_a_repository_or_service_of_another_name_is_a_misuse(site: ClientSite) -> None:
    assert "did you mean far?" in site.pra("repo", "retain", "acme", "--repository", "fat").err
    assert "did you mean far?" in site.pra("snapshots", "acme", "--repository", "fat").err
    assert "did you mean partage?" in site.pra("snapshots", "acme", "partag").err


def test_snapshots_are_one_line_a_point_newest_first(site: ClientSite) -> None:
    found = site.pra("snapshots", "acme", "partage", "--json").json["points"]
    said = site.pra("snapshots", "acme", "--limit", "2")

    assert [POINT] * 3 == [set(point) for point in found]
    assert sorted((p["data_time"] for p in found), reverse=True) == [p["data_time"] for p in found]
    assert [["far"]] * 3 == [p["repositories"] for p in found]
    assert [False] * 3 == [p["suspected"] for p in found]
    assert all(p["usable_at"] == p["places"][0]["usable_at"] for p in found)
    assert 20_000 <= found[0]["bytes"] < 30_000
    assert "and 1 older ones (--limit 3)" in said.out
    assert 4 == len(said.out.splitlines())


def test_snapshots_without_a_seal_are_said_to_be_unusable(site: ClientSite) -> None:
    site.forget_seals()

    ran = site.pra("snapshots", "acme")

    assert 0 == ran.code
    assert 3 == ran.out.count("far: not sealed here")
    assert 3 == ran.out.count("nowhere")


def test_before_the_first_backup_there_is_nothing_to_list_or_to_thin_out(tmp_path: Path) -> None:
    new = ClientSite(tmp_path / "new")
    new.write(FILES + RULES)

    listed = new.pra("snapshots", "acme")
    retained = new.pra("repo", "retain", "acme")

    assert (0, 0) == (listed.code, retained.code)
    assert "Make one with `pra backup acme`." in listed.out
    assert "nothing to thin out" in retained.out


def test_repositories_are_asked_side_by_side_and_one_that_is_away_is_said(
    site: ClientSite,
) -> None:
    policy = site.policies / "acme.yaml"
    near = f'  near: {{url: "{site.home}/near", password: {{file: {site.secrets}/restic}}}}\n'
    policy.write_text(
        policy.read_text()
        .replace("repositories:\n", "repositories:\n" + near.replace("}}", "}, location: onsite}"))
        .replace("  partage:\n", "  partage:\n    backup: {to: far, copy_to: [near]}\n")
    )
    site.backup()

    both = site.pra("snapshots", "acme", "--json").json["points"]
    (site.home / "near").rename(site.home / "away")
    one = site.pra("snapshots", "acme", "--json")

    assert ["far", "near"] == sorted(both[0]["repositories"])
    assert 2 == len({place["usable_at"] for place in both[0]["places"]})
    assert 1 == one.code
    assert ["near"] == [away["repository"] for away in one.json["unasked"]]
    assert ["far"] == one.json["points"][0]["repositories"]


def test_a_machine_that_made_none_of_them_shows_them_as_foreign(site: ClientSite) -> None:
    for path in site.state.iterdir():
        path.rename(site.home / f"old-{path.name}")

    said = site.pra("snapshots", "acme")
    found = site.pra("snapshots", "acme", "--json").json["points"]

    assert "The log of this machine made none of these" in said.out
    assert [True] * 3 == [p["foreign"] for p in found]
    assert ["partage"] * 3 == [p["service"] for p in found]
