"""The commands that put a recovery to work: exact, quoted, and nothing is overwritten."""

from __future__ import annotations

import shlex
from dataclasses import replace

from orchestrator.core.recovering.cutover import Back, Dump, commands
from restore_drills.model import Scenario
from tests import policies

RUN = "20261123T110253Z-abcdef"
SHARE = policies.service("share", policies.source(policies.SHARE, name="share"))
TILL = policies.service("till", policies.source(policies.TILL, name="till"))


def told(*backs: Back, scenario: Scenario = Scenario.BURGLARY, lang: str = "en") -> list[str]:
    site = policies.site(TILL, SHARE)
    return list(commands(site, backs, run=RUN, target="/back", scenario=scenario, lang=lang))


def runs(*backs: Back, **how: object) -> list[list[str]]:
    """The commands without the remarks, word by word."""
    return [shlex.split(line) for line in told(*backs, **how) if not line.startswith("#")]  # type: ignore[arg-type] # the same words


FILES = Back(service="share", whole=True, files="/back/share/files", paths=("/srv/share",))
DATABASE = Back(
    service="till",
    whole=True,
    dumps=(Dump(source="till", dump="/back/till/x.dump", roles="/back/till/x.roles.sql"),),
)


def test_files_are_copied_to_their_place_after_what_is_there_was_moved_aside() -> None:
    aside, folder, copy, *_ = runs(FILES)

    moved = ["mv", "--", "/srv/share", f"/srv/share.before-{RUN}"]
    assert ["test", "!", "-e", "/srv/share", "||", *moved] == aside
    assert ["mkdir", "-p", "--", "/srv"] == folder
    assert ["cp", "-a", "--", "/back/share/files/srv/share", "/srv/share"] == copy


def test_a_mount_point_is_emptied_and_not_moved() -> None:
    spec = replace(policies.SHARE, require_mount="/srv/share")
    site = policies.site(policies.service("share", policies.source(spec, name="share")))
    lines = commands(site, [FILES], run=RUN, target="/back", scenario=Scenario.HUMAN_ERROR)

    emptied, copied = [shlex.split(x) for x in lines if not x.startswith("#")][:2]
    assert ["mountpoint", "--", "/srv/share", "&&"] == emptied[:4]
    assert ["mv", "-t", f"/srv/share/.before-{RUN}", "--", "{}", "+"] == emptied[-6:]
    assert ["cp", "-a", "--", "/back/share/files/srv/share/.", "/srv/share/"] == copied


def test_a_database_is_made_anew_and_the_old_one_gets_another_name() -> None:
    roles, rename, load, *_ = runs(DATABASE)

    at = ["--host=127.0.0.1", "--port=5432", "--username=pra"]
    assert ["psql", *at] == roles[:4]
    assert "--file=/back/till/x.roles.sql" == roles[-1]
    assert "datname = 'till' \\gexec" in rename[2]
    assert f"'before-{RUN}'" in rename[2]
    assert "--create" in load
    assert "/back/till/x.dump" == load[-1]


def test_the_database_of_every_cluster_is_cleaned_where_it_is() -> None:
    spec = replace(policies.TILL, database="postgres")
    site = policies.site(policies.service("till", policies.source(spec, name="till")))
    lines = commands(site, [DATABASE], run=RUN, target="/back", scenario=Scenario.BURGLARY)

    assert not any("rename" in line for line in lines)
    assert any("--clean --if-exists --create" in line for line in lines)


def test_every_name_is_quoted_for_the_shell_and_for_sql() -> None:
    path = "/srv/L'été; rm -rf $HOME\n`x`"
    spec = replace(policies.TILL, database="O'Neil \\ fils", user="a b")
    site = policies.site(
        SHARE,
        policies.service("till", policies.source(spec, name="till")),
    )
    files = replace(FILES, paths=(path,), files="/back/a b")
    lines = commands(
        site, [files, DATABASE], run=RUN, target="/back/a b", scenario=Scenario.BURGLARY
    )

    said = [shlex.split(line) for line in lines if not line.startswith("#")]
    assert ["cp", "-a", "--", f"/back/a b{path}", path] in said
    assert any("datname = E'O''Neil \\\\ fils'" in word for words in said for word in words)
    assert any("--username=a b" in words for words in said)
    assert all("\n" not in line for line in lines if line.startswith("#"))


def test_what_did_not_come_back_has_no_command_and_a_failed_check_is_said_first() -> None:
    lost = told(replace(FILES, whole=False))
    failed = told(replace(FILES, why="all files"))

    assert ["# share: not brought back, see above: nothing to put in place"] == lost
    assert "A CHECK FAILED (all files)" in failed[0]


def test_one_path_goes_over_its_place_and_keeps_what_it_replaces() -> None:
    back = replace(FILES, files="/back/devis.ods", path="/srv/share/devis.ods")

    (only,) = runs(back)

    assert ["cp", "-aT", "--backup=numbered", "--", "/back/devis.ods", back.path] == only


def test_after_a_disaster_a_new_lineage_begins_before_the_first_backup() -> None:
    after_all = [words for words in runs(FILES, DATABASE) if words[0] == "pra"]
    small = [w for w in runs(FILES, scenario=Scenario.HUMAN_ERROR) if w[0] == "pra"]

    assert [["pra", "resume"], ["pra", "backup"]] == [words[:2] for words in after_all]
    assert "--anew" in after_all[0]
    assert [["pra", "backup", "bakery"]] == small


def test_the_remarks_are_in_french_for_french_readers() -> None:
    assert any("redémarrez" in line for line in told(FILES, lang="fr"))
    assert runs(FILES) == runs(FILES, lang="fr")


def test_a_server_that_was_started_is_ended_once_its_service_is_in_place() -> None:
    site, stop = policies.site(TILL, SHARE), "(cd /back/till; kill -INT 7)"
    lines = commands(
        site,
        [DATABASE, FILES],
        run=RUN,
        target="/back",
        scenario=Scenario.BURGLARY,
        stops=[("till", stop)],
    )

    assert 1 == lines.count(stop)
    load, end = (next(n for n, x in enumerate(lines) if w in x) for w in ("pg_restore", stop))
    assert load < end < lines.index("mkdir -p -- /srv")
    assert lines[end - 1].startswith("# till: end the private server")


def test_an_attack_is_judged_by_its_own_incident_before_the_first_backup() -> None:
    site = policies.site(TILL, SHARE)
    lines = commands(
        site,
        [FILES, replace(DATABASE, whole=False)],
        run=RUN,
        target="/back",
        scenario=Scenario.RANSOMWARE,
        attacks=[("share", "3fa94c"), ("till", "77aa00")],
        policy=["export PRA_POLICIES=/back/policies"],
    )
    said = [shlex.split(line) for line in lines if not line.startswith("#")]

    assert [
        ["export", "PRA_POLICIES=/back/policies"],
        ["pra", "resume", "bakery", "--anew", "--note", f"recovered by {RUN}"],
        ["pra", "resolve", "3fa94c", "--clean", "--note", f"recovered by {RUN}"],
        ["pra", "backup", "bakery"],
    ] == said[-4:]
