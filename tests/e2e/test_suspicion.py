"""A tree is encrypted between two backups: one page, the last clean point, a person's word."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.core.events import BackupFinished, IncidentOpened, PageSent
from tests.office import A_DAY, FILES, OFFICE, Office
from tests.pager import Pager
from tests.site import TOOLS
from tests.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RENAMED = 25  # files: as few as make a sign, and five more
KEPT = OFFICE + "retention: {last: 1}\n"


class WatchedOffice(Office, Watched):
    """An office with a daemon and a channel."""


@pytest.fixture
def office(tmp_path: Path) -> WatchedOffice:
    """Two weeks of nights, and a clean point of today."""
    made = WatchedOffice(tmp_path / "site")
    made.settle(KEPT)
    made.work()
    made.backup()
    return made


def points(office: WatchedOffice) -> list[dict[str, Any]]:
    """What `pra snapshots` tells of our points, the newest first."""
    found = office.pra("snapshots", "acme", "--json").json["points"]
    return [point for point in found if not point["foreign"]]


def backed_up(office: Office, code: int) -> dict[str, Any]:
    """Back up; return what became of the service."""
    ran = office.pra("backup", "acme", "--json")
    assert code == ran.code, ran
    (service,) = ran.json["services"]
    found: dict[str, Any] = service
    return found


def test_an_encrypted_tree_pages_once_and_the_last_clean_point_comes_back(tmp_path: Path) -> None:
    with Pager() as pager:
        office = WatchedOffice(tmp_path / "site", hook=pager.url)
        office.settle(KEPT)
        office.work()
        clean = office.backup()["services"][0]["run"]
        before = {p.name: p.read_bytes() for p in office.documents()}
        office.encrypt()
        with office.daemon():
            hurt = backed_up(office, 3)
            backed_up(office, 3)  # the next night
            office.wait_for(PageSent)
            (opened,) = office.wait_for(IncidentOpened)
            assert ("backup-suspected", "P1") == (opened.condition, opened.criticality)
            drilled = office.drill()
            office.wait_until(lambda _: len(office.events(BackupFinished)) == 3)
        pages = [page["condition"] for page in pager.opened()]

    assert ["backup-suspected"] == pages, "however many backups, one page"
    assert "suspected" == hurt["outcome"]
    assert {"rewritten", "renamed"} <= {sign["word"] for sign in hurt["signs"]}
    assert [True, True, False] == [p["suspected"] for p in points(office)]
    said = office.pra("snapshots", "acme").out
    assert "SUSPECTED" in said
    assert clean in said.splitlines()[-1]
    shown = office.pra("show", opened.incident).out
    assert "Restore nothing" in shown
    assert clean in shown
    status = office.pra("status", "acme").out
    assert "SUSPECTED since" in status
    assert f"`pra incidents resolve {opened.incident} --clean`" in status
    held = office.pra("repo", "retain", "acme", "--json").json
    assert "backup-suspected" in json.dumps(held)
    assert 3 == len(points(office))

    assert 0 == drilled.code, drilled
    (service,) = drilled.json["services"]
    assert FILES == service["files"]
    kept = tmp_path / "kept"
    assert 0 == office.pra("drill", "acme", "--keep", str(kept)).code
    back = {p.name: p.read_bytes() for p in kept.rglob("pièce *")}
    assert before == back, "the tree of before, byte for byte"


def test_clean_is_not_believed_while_what_was_suspected_is_there(office: WatchedOffice) -> None:
    before = shutil.copytree(office.source, office.home / "before")
    office.encrypt()
    hurt = backed_up(office, 3)
    name = judged_by_daemon(office)
    refused = office.pra("resolve", name)
    assert 2 == refused.code
    assert "--clean" in refused.err
    assert "--false-alarm" in refused.err
    assert 2 == office.pra("resolve", name, "--clean", "--false-alarm").code
    ended = office.pra("incidents", "resolve", name, "--clean", "--by", "Zoe")
    assert 0 == ended.code, ended
    assert "stays so" in ended.out

    again = backed_up(office, 3)
    still, renamed = again["signs"]
    assert "renamed" == renamed["word"]
    wanted = f"{FILES} of {FILES} files are still as in the suspected point, not as in the last"
    assert ("still", True) == (still["word"], still["detail"].startswith(wanted))
    shutil.rmtree(office.source)
    shutil.copytree(before, office.source)
    office.work()
    second = judged_by_daemon(office, 2)
    assert name != second
    assert 0 == office.pra("resolve", second, "--clean").code

    new = backed_up(office, 0)
    assert ("complete", []) == (new["outcome"], new["signs"])
    assert [] == backed_up(office, 0)["signs"]
    told = {point["run"]: point["suspected"] for point in points(office)}
    assert [True, True, False] == [told[one["run"]] for one in (hurt, again, new)]
    held = office.pra("repo", "retain", "acme", "--json").json
    assert 4 == len(points(office)), f"all but the one that a newer one replaces: {held}"


def test_a_false_alarm_makes_its_points_usable_and_the_next_is_compared_with_them(
    office: WatchedOffice,
) -> None:
    office.encrypt()
    hurt = backed_up(office, 3)
    name = judged_by_daemon(office)
    assert 0 == office.pra("resolve", name, "--false-alarm", "--note", "we moved").code

    assert [False, False] == [point["suspected"] for point in points(office)]
    drilled = office.drill()
    assert 0 == drilled.code, drilled
    (service,) = drilled.json["services"]
    wanted = hurt["snapshots"][0]["id"]
    assert [wanted] == [s["id"] for s in service["snapshots"]]
    assert "complete" == backed_up(office, 0)["outcome"]


def test_what_was_announced_is_a_ticket_that_names_it(office: WatchedOffice) -> None:
    refused = office.pra("expect", "acme", "photos", "--until", "yesterday")
    assert 2 == refused.code
    said = office.pra("expect", "acme", "photos of the wedding", "--until", "tomorrow 18:00")
    assert 0 == said.code, said
    assert "photos of the wedding" in office.pra("expect", "acme").out
    office.encrypt(suffix="")

    done = backed_up(office, 0)
    assert "complete" == done["outcome"]
    assert all("announced: photos of the wedding" in sign["detail"] for sign in done["signs"])
    assert "unusual" in office.pra("status", "acme").out
    (seal,) = [s for s in office.seals() if f"run={done['run']}" in s["tags"]]
    assert f"unusual={done['run']}" in seal["tags"], "for whoever has the repository alone"
    (told,) = [f for f in office.drill().json["findings"] if f["code"] == "changed-unusually"]
    assert "nobody has judged it; the last point before it is of " in told["message"]
    withdrawn = office.pra("expect", "acme", "photos of the wedding", "--cancel")
    assert "no large change is announced" in withdrawn.out
    assert 2 == office.pra("expect", "acme", "--cancel").code


def test_an_attack_in_two_backups_is_suspected_since_the_first(office: WatchedOffice) -> None:
    decoy = office.source / "AAA.docx"
    decoy.write_bytes(b"nobody touches this")
    office.write(KEPT, decoy=f", decoy: {decoy}")
    backed_up(office, 0)
    for path in office.documents()[:RENAMED]:
        path.rename(path.with_name(f"{path.name}.lockd"))
    assert ["renamed"] == [sign["word"] for sign in backed_up(office, 0)["signs"]]
    decoy.write_bytes(b"touched")

    assert ["decoy"] == [sign["word"] for sign in backed_up(office, 3)["signs"]]
    assert [True, True, False] == [point["suspected"] for point in points(office)][:3]


def test_an_emptied_share_is_a_ticket_and_no_attack(office: WatchedOffice) -> None:
    for path in office.documents()[A_DAY:]:
        path.unlink()

    done = backed_up(office, 0)
    assert ["deleted"] == [sign["word"] for sign in done["signs"]]
    assert "complete" == done["outcome"]


def test_a_decoy_that_was_put_back_hides_nothing(office: WatchedOffice) -> None:
    decoy = office.source / "AAA.docx"
    decoy.write_bytes(b"nobody touches this")
    office.write(KEPT, decoy=f", decoy: {decoy}")
    assert [] == backed_up(office, 0)["signs"]
    decoy.write_bytes(b"touched")
    assert ["decoy"] == [sign["word"] for sign in backed_up(office, 0)["signs"]]
    decoy.write_bytes(b"nobody touches this")
    assert [] == backed_up(office, 0)["signs"]
    assert "unusual" in office.pra("status", "acme").out, "until somebody has looked"
    decoy.write_bytes(b"touched again")
    office.encrypt()

    done = backed_up(office, 3)
    assert {"decoy", "rewritten", "renamed"} <= {sign["word"] for sign in done["signs"]}


def test_marks_that_an_attacker_took_off_deceive_nobody(office: WatchedOffice) -> None:
    clean = points(office)[0]["run"]
    office.encrypt()
    hurt = backed_up(office, 3)
    (seal,) = [s for s in office.seals() if f"run={hurt['run']}" in s["tags"]]
    office.restic("tag", "--remove=outcome=suspected", "--add=outcome=complete", seal["id"])

    assert [True, False] == [point["suspected"] for point in points(office)]
    assert "suspected" == backed_up(office, 3)["outcome"]
    drilled = office.drill().json["services"][0]
    assert [clean] == [p["run"] for p in points(office) if not p["suspected"]]
    assert FILES == drilled["files"]
    office.restic("forget", *(s["id"] for s in hurt["snapshots"]))
    assert "suspected" == backed_up(office, 3)["outcome"], "the log still knows"


def test_a_suspected_point_is_copied_once_it_was_a_false_alarm(office: WatchedOffice) -> None:
    office.secret("other", "another password")
    policy = office.policies / "acme.yaml"
    other = f"  nas: {{url: {office.home}/nas, password: {{file: {office.secrets}/other}}, "
    text = policy.read_text().replace("services:", f"{other}location: offsite}}\nservices:", 1)
    policy.write_text(text.replace("{to: far}", "{to: far, copy_to: [nas]}"))
    clean = office.backup()["services"][0]
    assert ["nas"] == [one["repository"] for one in clean["copies"]]
    office.encrypt()
    hurt = backed_up(office, 3)
    assert [] == hurt["copies"]
    copied = office.pra("repo", "copy", "acme", "--json")
    assert 0 == copied.code, copied
    assert hurt["run"] not in copied.out, "what is clean is there, and no more is brought"
    name = judged_by_daemon(office)
    assert 0 == office.pra("resolve", name, "--false-alarm").code
    assert 0 == office.pra("repo", "copy", "acme").code

    newest = points(office)[0]
    assert (hurt["run"], False) == (newest["run"], newest["suspected"])
    assert {"far", "nas"} == set(newest["repositories"])
    drilled = office.drill("--repository", "nas")
    assert 0 == drilled.code, drilled
    wanted = hurt["snapshots"][0]["tree"]
    assert [wanted] == [one["tree"] for one in drilled.json["services"][0]["snapshots"]]


def test_an_ordinary_backup_costs_no_restic_more_and_an_odd_one_two(
    office: WatchedOffice, fake_restic: Callable[[str], str]
) -> None:
    calls = office.home / "calls"
    real = TOOLS / "bin" / "restic"
    path = {"PATH": fake_restic(f'echo "$1" >> {calls}; exec {real} "$@"')}
    office.pra("backup", "acme", env=path)
    calls.unlink()
    office.work()
    assert 0 == office.pra("backup", "acme", env=path).code
    ordinary = sorted(word for word in calls.read_text().split() if word != "version")
    calls.unlink()
    office.encrypt()
    assert 3 == office.pra("backup", "acme", env=path).code
    odd = sorted(word for word in calls.read_text().split() if word != "version")

    assert ["backup", "backup", "snapshots"] == ordinary
    assert ["backup", "backup", "diff", "snapshots", "snapshots"] == odd


def judged_by_daemon(office: WatchedOffice, count: int = 1) -> str:
    """Have a daemon open the incident, the first or a later one, and return its id."""
    with office.daemon():
        *_, opened = office.wait_for(IncidentOpened, count)
    return opened.incident
