"""`pra doctor` on a real site: all is well, and then one thing after another is not."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import signal
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.app import App
from orchestrator.jobs.doctor import tonight
from restore_drills.process import of_run
from tests.site import DATABASE, FILES, TOOLS, ClientSite, Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

PROVIDER = """\
provider: {name: Example IT, language: en, timezone: Europe/Paris}
places: {provider-dc: {country: FR}}
"""
Finding = dict[str, Any]


def findings(ran: Ran) -> dict[str, Finding]:
    """The findings by their code."""
    return {one["code"]: one for one in ran.json["findings"]}


def errors(ran: Ran) -> set[str]:
    return {one["code"] for one in ran.json["findings"] if one["severity"] == "error"}


def doctor(site: ClientSite, **env: str) -> Ran:
    return site.pra("doctor", "acme", "--json", env=env)


def test_a_sound_site_has_no_error_and_says_what_is_fine(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(DATABASE + FILES)

    ran = doctor(site)
    with site.start("doctor") as child:
        page = child.finish(timedelta(seconds=60)).stdout.decode()

    assert (0, set()) == (ran.code, errors(ran)), ran.out
    assert ran.json["drill_here"] is True
    assert "Here: backup yes, drill yes." == page.splitlines()[0]
    for fine in (
        "restic: 0.18",
        "sandbox: made and destroyed: bwrap-",
        "acme/partage: ",
        "acme/caisse: PostgreSQL ",
        "secrets: 1 found, readable by us alone",
        "acme/far: opens, ",
        "acme: a drill needs ",
    ):
        assert f"\n  {fine}" in page, page
    assert [] == list((site.state / "drills").glob("doctor-*"))
    mine = re.compile(rf"doctor-{child.pid}\b")  # and no process whose number begins so
    assert [] == [path for path in Path("/run/pra").glob("doctor-*") if mine.match(path.name)]


def test_a_fresh_site_is_told_that_the_first_backup_makes_its_repository(tmp_path: Path) -> None:
    site = ClientSite(tmp_path)
    site.fill(files=1)
    site.write(FILES)

    ran = doctor(site)

    assert (0, "info") == (ran.code, findings(ran)["repository-new"]["severity"])
    assert not site.repository.exists()


def test_what_others_on_the_machine_can_read_is_a_warning_with_the_command(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site()
    (site.secrets / "restic").chmod(0o644)
    site.state.chmod(0o755)

    ran = doctor(site)

    assert 0 == ran.code
    assert f"Run `chmod 600 {site.secrets}/restic`." == findings(ran)["secret-exposed"]["remedy"]
    assert f"Run `chmod go-rwx {site.state}`." == findings(ran)["state-open"]["remedy"]


def test_a_secret_that_is_missing_is_said_once(a_site: Callable[..., ClientSite]) -> None:
    site = a_site()
    (site.secrets / "restic").unlink()

    ran = doctor(site)

    assert (1, {"secret-missing"}) == (ran.code, errors(ran))
    assert (
        "here: backup no, drill no, because the secret of acme/far password is missing"
        in ran.json["here"]
    )


def test_a_wrong_password_is_said_of_its_repository(a_site: Callable[..., ClientSite]) -> None:
    site = a_site()
    site.secret("restic", "quite another one")

    ran = doctor(site)

    assert (1, {"repository-refused"}) == (ran.code, errors(ran))
    found = findings(ran)["repository-refused"]
    assert ("acme/far", False) == (found["subject"], ran.json["drill_here"])
    assert "the password opens no key" in found["message"]


def test_a_repository_that_held_our_backups_and_is_gone_has_vanished(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site()
    shutil.rmtree(site.repository)

    ran = doctor(site)

    assert (1, {"repository-vanished"}) == (ran.code, errors(ran))
    assert "partage" in findings(ran)["repository-vanished"]["message"]


def test_a_recovery_point_that_somebody_removed_is_missed(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site()
    listed = json.loads(site.restic("snapshots", "--json", "--tag", "source=partage"))
    site.restic("forget", *(one["id"] for one in listed))

    ran = doctor(site)

    assert (1, {"point-vanished"}) == (ran.code, errors(ran))


def test_a_dead_endpoint_costs_ten_seconds_at_most(a_site: Callable[..., ClientSite]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls and never answers
        site = a_site()
        site.write(FILES, url=f"s3:http://127.0.0.1:{silent.getsockname()[1]}/bucket/restic")
        began = time.monotonic()
        ran = doctor(site)
        took = time.monotonic() - began

    assert {"repository-unreachable"} == errors(ran)
    assert 30 > took  # with all else on a busy machine; restic alone would try for 15 minutes


def test_without_restic_nothing_goes_and_it_is_said_once(
    a_site: Callable[..., ClientSite], path_without: Callable[[str], str]
) -> None:
    ran = doctor(a_site(), PATH=path_without("restic"))

    assert (1, {"restic-missing"}) == (ran.code, errors(ran))
    assert "here: backup no, drill no, because there is no restic" in ran.json["here"]


def test_without_bubblewrap_it_backs_up_and_says_where_to_drill(
    a_site: Callable[..., ClientSite], path_without: Callable[[str], str]
) -> None:
    site = a_site()
    with (site.policies / "acme.yaml").open("a") as policy:
        policy.write("recover_on: provider-dc\n")
    (site.policies / "provider.yaml").write_text(PROVIDER)

    ran = doctor(site, PATH=path_without("bwrap"))

    assert (1, {"no-sandbox"}) == (ran.code, errors(ran)), ran.out
    assert (
        "here: backup yes, drill no, because bubblewrap is not installed; "
        "run the drill on provider-dc." == ran.json["here"]
    )
    assert "Install bubblewrap." == findings(ran)["no-sandbox"]["remedy"]


def test_a_disk_too_small_for_the_last_backup_is_told_before_the_drill_is(
    a_site: Callable[..., ClientSite], small_disk: str
) -> None:
    site = a_site()
    shutil.copytree(site.state, Path(small_disk) / "state")

    ran = site.pra("doctor", "acme", "--json", "--state", f"{small_disk}/state")

    assert (1, {"drill-space", "disk-short"}) == (ran.code, errors(ran))
    assert ran.json["drill_here"] is False


def test_what_is_to_be_backed_up_and_is_not_there_is_said_with_its_remedy(
    a_site: Callable[..., ClientSite],
) -> None:
    ran = doctor(a_site(DATABASE + FILES, source="/srv/nowhere", database="another"))

    found = {one["subject"]: one for one in ran.json["findings"] if one["severity"] == "error"}
    assert ["acme/caisse", "acme/partage"] == sorted(found)
    assert "/srv/nowhere does not exist" == found["acme/partage"]["message"]
    assert "Check `database` and `user` of the source." == found["acme/caisse"]["remedy"]


@contextmanager
def endpoint(date: datetime) -> Iterator[str]:
    """An HTTP server that lives in another time."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(403)
            self.send_header("Date", format_datetime(date, usegmt=True))
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD  # noqa: N815 - the same

        def log_message(self, *words: object) -> None:
            del words

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"s3:http://127.0.0.1:{server.server_port}/bucket/restic"
        server.shutdown()


def test_a_clock_that_is_wrong_is_told_against_the_storages(
    a_site: Callable[..., ClientSite],
) -> None:
    site, now = a_site(), datetime.now(UTC)
    with endpoint(now + timedelta(minutes=20)) as url:
        site.write(FILES, url=url, s3=", s3: {access_key: {env: HOME}, secret_key: {env: HOME}}")
        ran = doctor(site)

    assert {"clock-wrong", "repository-refused"} == errors(ran)
    assert "20 min behind the storage's" in findings(ran)["clock-wrong"]["message"]


def test_whoever_interrupts_it_is_obeyed_and_nothing_stays(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site()
    policy = site.policies / "acme.yaml"
    slow = f"{{file: {site.secrets}/restic}}"
    policy.write_text(policy.read_text().replace(slow, "{command: [sleep, '61']}"))

    with site.start("doctor") as child:
        while not of_run(f"doctor-{child.pid}"):
            assert not child.poll(0.05)
        time.sleep(0.3)
        began = time.monotonic()
        os.kill(child.pid, signal.SIGINT)
        ended = child.finish(timedelta(seconds=60))

    assert 130 == ended.code
    assert 30 > time.monotonic() - began, "it does not wait for the minute of the command"
    assert [] == of_run(f"doctor-{child.pid}")
    assert [] == list((site.state / "drills").glob("doctor-*"))


def test_a_broken_policy_is_a_fault_of_the_policy(a_site: Callable[..., ClientSite]) -> None:
    site = a_site()
    (site.policies / "acme.yaml").write_text("site: acme\nservcies: {}\n")

    ran = site.pra("doctor")
    assert 2 == ran.code
    assert "acme.yaml:2: servcies: unknown key" in ran.err
    assert "Fine:\n" in ran.out


def test_a_site_in_another_time_zone_is_nothing_to_be_told_of(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site()
    policy = site.policies / "acme.yaml"
    policy.write_text(policy.read_text().replace("Europe/Paris", "Pacific/Chatham"))

    assert "Pacific/Chatham" not in site.pra("doctor").out


def test_what_fails_tonight_is_known_without_the_network_and_at_once(
    a_site: Callable[..., ClientSite], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = a_site()
    monkeypatch.setenv("PATH", site.path)
    (site.secrets / "restic").unlink()
    shutil.rmtree(site.repository)
    app = App(policies_dir=site.policies, state=site.state)

    began = time.monotonic()
    found = tonight(app, "here")
    took = time.monotonic() - began
    app.log.close()

    worst = [one.code for one in found if one.severity == "error"]
    assert ["secret-missing", "repository-vanished"] == worst
    assert 15 > took


def test_what_ends_the_trial_of_a_sandbox_ends_no_other_check(
    a_site: Callable[..., ClientSite], fake_restic: Callable[[str], str]
) -> None:
    real = TOOLS / "bin" / "restic"
    ran = doctor(a_site(), PATH=fake_restic(f'[ "$1" = version ] && sleep 3\nexec {real} "$@"'))

    assert (0, set()) == (ran.code, errors(ran)), ran.out
