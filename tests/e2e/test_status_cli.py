"""`pra status` on a real site, as a person and as a monitoring system call it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.core.events import RunKind, RunStarted
from orchestrator.log import DaemonLock, Log, RunLock, boot_id
from tests.site import DATABASE, FILES, ClientSite

if TYPE_CHECKING:
    from collections.abc import Callable

RUN = "20261123T110253Z-abcdef"


def begin(site: ClientSite) -> None:
    """Write that a backup of the shared files has begun."""
    log = Log.open(site.state, clock=lambda: datetime.now(UTC))
    log.append(
        RunStarted(
            run=RUN,
            kind=RunKind.BACKUP,
            site="acme",
            service="partage",
            repository="far",
            boot_id=boot_id(),
        )
    )
    log.close()


def test_a_site_that_was_backed_up_is_told_with_its_worst_loss_and_who_watches(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(DATABASE + FILES)

    with DaemonLock(site.state):
        text, document = site.pra("status").out, site.pra("status", "acme", "--json").json

    (found,) = document["sites"]
    assert ["caisse", "partage"] == [one["id"] for one in found["services"]]
    row = found["services"][0]["scenarios"][1]
    assert 0 < row["worst_case_rpa_s"] < 3600
    assert 0 < row["worst_case_period_s"] < 3600
    assert ([], []) == (found["incidents"], found["running"])
    assert "; worst loss since the first backup, " in text
    assert text.rstrip().splitlines()[-1].startswith("A daemon watches (process ")


def test_a_run_is_running_while_somebody_carries_it_out_and_not_after(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site()
    lock = RunLock(site.state, RUN)

    with lock:
        begin(site)
        lock.path.write_text(json.dumps({"done_bytes": 41, "total_bytes": 100}) + "\n")
        text, document = site.pra("status").out, site.pra("status", "--json").json
    after = site.pra("status").out

    (running,) = document["sites"][0]["services"][0]["running"]
    assert (RUN, "backup", 41) == (
        running["run"],
        running["kind"],
        running["progress"]["percent"],
    )
    assert "running now: backup partage, 41 %, " in text
    assert "running now" not in after


def test_a_monitor_is_told_that_it_is_not_proven_and_exits_as_nagios_does(
    a_site: Callable[..., ClientSite],
) -> None:
    ran = a_site().pra("status", "--nagios")

    assert 1 == ran.code
    assert ran.out.startswith("PRA WARNING - partage: unproven if the server fails: never drilled|")
    assert "|partage_rpa=" in ran.out
    assert "" == ran.err


def test_whatever_cannot_be_known_is_unknown_to_a_monitor_and_never_a_traceback(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site()
    (site.home / "empty").mkdir()
    said = [
        site.pra("status", "--nagios", "nowhere"),
        site.pra("status", "--nagios", "--period", "soon"),
        site.pra("status", "--nagios", "--period", "900d"),
        site.pra("status", "--nagios", "--such-an-option"),
        site.pra("status", "--nagios", "--policies", "/nowhere"),
        site.pra("status", "--nagios", "--policies", str(site.home / "empty")),
    ]
    (site.state / "log.sqlite").write_bytes(b"no log at all" * 1000)
    for kept in ("log.sqlite-wal", "log.sqlite-shm", "checkpoint.json"):
        (site.state / kept).unlink(missing_ok=True)
    said.append(site.pra("status", "--nagios"))
    (site.policies / "acme.yaml").write_text("site: acme\nservcies: {}\n")
    said.append(site.pra("status", "--nagios"))

    assert [3] * len(said) == [ran.code for ran in said], said
    assert [] == [ran.out for ran in said if not ran.out.startswith("PRA UNKNOWN - ")]
    assert [] == [ran.err for ran in said if ran.err]


def test_a_period_that_nobody_remembers_is_refused(a_site: Callable[..., ClientSite]) -> None:
    ran = a_site().pra("status", "--period", "900d")

    assert 2 == ran.code
    assert "--period: 900d is not between 1 s and 400d" in ran.err


def test_a_policy_that_is_broken_hides_neither_its_incidents_nor_the_other_sites(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site()
    site.pra("open", "acme", "--summary", "no network", "--reported-by", "Martin")
    sound = (site.policies / "acme.yaml").read_text()
    (site.policies / "acme.yaml").write_text("site: acme\nservcies: {}\n")
    alone = site.pra("status"), site.pra("status", "acme"), site.pra("status", "--json")
    (site.policies / "other.yaml").write_text(sound.replace("site: acme", "site: other"))
    both = site.pra("status")

    assert [2] * 4 == [ran.code for ran in (*alone, both)]
    assert ["P2 acme, reported"] * 3 == [
        line.partition(": ")[2].partition(", for")[0]
        for ran in (*alone[:2], both)
        for line in ran.out.splitlines()
        if line.startswith("INCIDENT ")
    ]
    assert "(other), " in both.out
    assert "acme.yaml:2: servcies: unknown key (did you mean services?)" in both.err
    document = alone[2].json
    assert ["acme"] == [one["site"] for one in document["incidents"]]
    assert ["servcies"] == [one["path"] for one in document["errors"] if one["line"] == 2]
