"""An incident by hand from the disaster to the backlog, and a site that stands still meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import (
    IncidentOpened,
    PageSent,
    RelockFinished,
    RunKind,
    RunStarted,
    SitePaused,
    SiteResumed,
)
from tests.besieged import POLICY, Besieged
from tests.pager import Pager
from tests.quick import make
from tests.site import PASSWORD
from tests.watched import Watched

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.core.events import Recorded
    from orchestrator.demo.servers import S3Server

EVERY = POLICY.replace("{to: nas, copy_to: [far]}", "{to: nas, copy_to: [far], every: 8s}")
READ = "verify: {read_all_within: 30d}\n"
PAUSE = ("pause", "acme", "--reason", "burgled, the server is gone", "--by", "Zoe")


def said(site: Watched, *words: str, code: int = 0) -> str:
    ran = site.pra(*words)
    assert code == ran.code, ran
    return ran.out + ran.err


def burgled(site: Watched) -> str:
    """The office was burgled two hours ago, and reported an hour ago."""
    at = datetime.now(UTC) - timedelta(hours=1)
    ran = site.pra(
        *("open", "acme", "--summary", "the office was burgled", "--reported-by", "Mrs Martin"),
        *("--scenario", "burglary", "--since", str(at - timedelta(hours=1)), "--json"),
        *("--at", str(at)),
    )
    assert 0 == ran.code, ran
    return str(ran.json["incident"]["id"])


def begun(found: list[Recorded]) -> list[RunKind]:
    """The kinds of the runs that began while the site was paused."""
    (first,) = (r.seq for r in found if isinstance(r.event, SitePaused))
    (last,) = (r.seq for r in found if isinstance(r.event, SiteResumed))
    runs = [r.event for r in found if first < r.seq < last]
    return [event.kind for event in runs if isinstance(event, RunStarted)]


def resumed(found: list[Recorded]) -> set[RunKind]:
    """The kinds of the runs that began after the pause."""
    last = max((r.seq for r in found if isinstance(r.event, SiteResumed)), default=len(found))
    runs = [r.event for r in found if r.seq > last]
    return {event.kind for event in runs if isinstance(event, RunStarted)}


@pytest.fixture
def site(tmp_path: Path) -> Watched:
    made = Watched(tmp_path / "site")
    made.fill(files=12, size=2_000)
    made.write()
    return made


def test_a_disaster_is_told_from_its_first_instant_to_the_last_by_hand(site: Watched) -> None:
    said(site, "backup", "acme")
    with Pager() as pager:
        site.hook = pager.url
        site.provide()
        name = burgled(site)
        said(site, *PAUSE, "--incident", name)
        with site.daemon():
            site.wait_for(PageSent)
    said(site, "ack", name, "--by", "Zoe")
    said(site, "decide", name, "recover to provider-dc", "--by", "Mrs Martin")
    back = str(site.home / "recovered")
    said(site, "recover", "acme", "--scenario", "burglary", "--to", back, "--yes")
    early = said(site, "mark", name, "T4", "--at", "90 minutes ago", code=2)
    said(site, "accept", name, "--by", "Mrs Martin", "--note", "the folders are there")
    said(site, "incidents", "mark", name, "t10")
    told = site.pra("show", name, "--json").json["clock"]
    text = said(site, "show", name)
    (listed,) = site.pra("incidents", "--json").json["incidents"]
    drilled = site.pra("drill", "acme", "--scenario", "burglary", "--json").json

    assert "T4 (decision to recover) at" in early
    assert "would be before T3 (acknowledged)" in early
    assert None not in told["instants"].values()
    assert ("person", "Mrs Martin") == (
        told["sources"]["T9"]["source"],
        told["sources"]["T9"]["by"],
    )
    assert 3600 == told["splits_s"]["T0-T1"]
    assert told["splits_s"]["T0-T5"] + told["splits_s"]["T5-T8"] == pytest.approx(
        told["splits_s"]["T0-T8"]
    )
    assert 3600 < told["splits_s"]["T1-T3"] < listed["ttr_s"]
    assert "observed" == drilled["lead_basis"]
    assert pytest.approx(drilled["lead_s"], abs=0.01) == told["splits_s"]["T0-T5"]
    assert "T0 to T1   detection            1 h" in text
    assert "T8   the service answers" in text
    assert "a recovery began, run " in text
    assert "the site was paused by Zoe: burgled, the server is gone" in text
    assert "says Mrs Martin: recover to provider-dc" in text


def test_what_contradicts_the_clock_or_the_policy_is_refused_with_words(site: Watched) -> None:
    name = burgled(site)
    assert "said by Zoe" in said(site, "mark", name, "T3", "--at", "50 minutes ago", "--by", "Zoe")
    again = "would be after T1 (detected)"

    assert again in said(site, "mark", name, "T0", "--at", "10 minutes ago", code=2)
    assert "T0, disaster" in said(site, "mark", name, "T0", "--at", "10 minutes ago", "--anyway")
    assert "T0 is dated after T1: one of them is wrong" in said(site, "show", name)
    assert "in the future" in said(site, "mark", name, "T4", "--at", "demain", code=2)
    assert "an empty decision" in said(site, "decide", name, " ", code=2)
    assert "nobody is named" in said(site, "accept", name, "--by", " ", code=2)
    assert "stock" in said(site, "accept", name, "--by", "Zoe", "--service", "stock", code=2)
    assert "nothing was ever backed up" in said(site, "resume", "acme", "--anew", code=2)
    assert "is empty" in said(site, "pause", "acme", "--reason", "", code=2)


def test_a_paused_site_stands_still_and_says_so_everywhere(site: Watched) -> None:
    said(site, "backup", "acme")
    path = site.policies / "acme.yaml"
    path.write_text(path.read_text() + "retention: {last: 1}\n")
    assert "Locks are still\n  extended" in said(site, *PAUSE)

    assert "paused already since" in said(site, *PAUSE)
    assert "--anyway" in said(site, "backup", "acme", code=2)
    assert "complete" in said(site, "backup", "acme", "--anyway")
    assert "nothing is removed until the site goes on" in said(
        site, "repo", "retain", "acme", code=3
    )
    assert "by Zoe: burgled, the server is gone" in said(site, "status", "acme")
    assert "Zoe" == site.pra("status", "acme", "--json").json["sites"][0]["paused"]["by"]
    findings = site.pra("doctor", "acme", "--json").json["findings"]
    assert "site-paused" in {finding["code"] for finding in findings}


def test_a_rebuilt_machine_begins_a_lineage_that_spares_what_was_before(site: Watched) -> None:
    path = site.policies / "acme.yaml"
    path.write_text(path.read_text() + "retention: {last: 1}\n")
    for _ in range(2):
        said(site, "backup", "acme")
    said(site, *PAUSE)
    assert "A new lineage begins" in said(site, "resume", "acme", "--anew", "--note", "new server")
    assert "partage: the first point of a new lineage" in said(site, "backup", "acme")

    spared = site.pra("repo", "retain", "acme", "--json").json["repositories"][0]
    said(site, "drill", "acme")
    thinned = site.pra("repo", "retain", "acme", "--json").json["repositories"][0]
    assert (3, 0) == (spared["kept"], spared["removed"]), "both of before and the newest"
    assert (2, 1) == (thinned["kept"], thinned["removed"]), "the last of before and the newest"
    (service,) = thinned["services"]
    assert [["last clean"], ["newest", "last"]] == [one["reasons"] for one in service["kept"]]
    assert "acme: is not paused" in said(site, "resume", "acme")


def test_a_daemon_extends_the_locks_of_a_paused_site_and_does_nothing_else(
    s3: S3Server, tmp_path: Path
) -> None:
    with Pager() as pager:
        site = Besieged(tmp_path / "site", s3)
        site.hook = pager.url
        site.provide()
        site.fill(12, 20_000)
        site.write(EVERY + READ)
        make(site.nas, PASSWORD)
        said(site, "backup", "acme")
        said(site, *PAUSE)
        with site.daemon():
            site.wait_for(RelockFinished)  # what else is due would begin in the same instant
            said(site, "resume", "acme")
            site.wait_until(lambda found: {RunKind.VERIFY, RunKind.BACKUP} <= resumed(found))

    assert {RunKind.RELOCK} == set(begun(site.recorded()))
    assert [] == site.events(IncidentOpened)
