"""`pra incidents` and its verbs as the on-call calls them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import RetainFinished, RunKind
from orchestrator.log import Log
from tests.records import incident_opened, page_sent, run_failed, started
from tests.site import ClientSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROVIDER = """\
provider: {name: Example IT, language: en, timezone: Europe/Paris}
channels:
  hook: {webhook: {url: "http://127.0.0.1:9/hook"}}
escalation:
  wake: [{notify: [hook], after: 0m}]
"""
BAKERY = """\
site: bakery
name: Example Bakery
timezone: Europe/Paris
escalate: {P1: wake, P2: wake}
repositories:
  offsite: {url: /nowhere, password: {file: /nowhere}, location: offsite}
services:
  till:
    criticality: P1
    source: {files: {paths: [/srv/till]}}
    backup: {to: offsite, every: 1h}
    objectives: {rto: 4h, rpo: 30m}
"""


@pytest.fixture
def site(tmp_path: Path) -> ClientSite:
    found = ClientSite(tmp_path)
    (found.policies / "bakery.yaml").write_text(BAKERY)
    (found.policies / "provider.yaml").write_text(PROVIDER)
    return found


@pytest.fixture
def log(site: ClientSite) -> Iterator[Log]:
    log = Log.open(site.state, clock=lambda: datetime.now(UTC))
    yield log
    log.close()


def seen(site: ClientSite, *words: str) -> str:
    ran = site.pra(*words)
    assert 0 == ran.code, ran
    return ran.out


def owed(site: ClientSite, name: str) -> list[tuple[str, bool]]:
    pages = site.pra("show", name, "--json").json["pages"]
    return [(page["page"], page["owed"]) for page in pages]


def test_an_incident_is_listed_shown_taken_noted_and_closed(site: ClientSite, log: Log) -> None:
    log.append(incident_opened("3fa94c"))
    log.append(page_sent("3fa94c"))

    assert "3fa94c  P1  bakery/till backup-failed" in seen(site, "incidents")
    assert "page wake.0 accepted by mail" in seen(site, "show", "3fa")
    assert "acknowledged by Zoe" in seen(site, "ack", "3FA94", "--by", "Zoe")
    assert "acknowledged already by Zoe at" in seen(site, "ack", "3fa94c", "--by", "Max")
    assert "3fa94c: noted\n" == seen(site, "incidents", "note", "3fa94c", "router  off")
    assert "3fa94c: noted already\n" == seen(site, "note", "3fa94c", "router off")
    assert "resolved by Max" in seen(site, "resolve", "3fa94c", "--by", "Max", "--note", "line")
    assert "resolved already by Max at" in seen(site, "incidents", "resolve", "3fa94c")
    assert "no open incident\n" == seen(site, "incidents")
    (one,) = site.pra("incidents", "bakery", "--all", "--json").json["incidents"]
    assert ("3fa94c", "Zoe", "Max", None) == (
        one["id"],
        one["acknowledged_by"],
        one["resolved_by"],
        one["tr_contract_s"],
    )
    assert 0 < one["tr_s"] < one["ttr_s"]


def test_closing_what_still_holds_says_when_it_comes_back(site: ClientSite, log: Log) -> None:
    log.append(started("r1"))
    log.append(replace(run_failed("r1"), retryable=False, code="repository-refused"))
    log.append(incident_opened("3fa94c"))

    said = seen(site, "resolve", "3fa94c")
    assert "its cause is still there: it is opened again when the next run fails" in said.lower()
    assert "resolved already at" in seen(site, "ack", "3fa94c")


def test_closing_a_retention_that_was_held_back_says_what_it_permits(
    site: ClientSite, log: Log
) -> None:
    log.append(replace(started("r1", kind=RunKind.RETAIN), service=""))
    log.append(
        RetainFinished(
            run="r1",
            site="bakery",
            repository="offsite",
            held="it would remove 40 of 52 points",
            kept=12,
            removed=0,
            removable=40,
            foreign=0,
            freed_bytes=None,
            seconds=1.0,
        )
    )
    opened = incident_opened("3fa94c", condition="retention-held-offsite", evidence="r1")
    log.append(replace(opened, service=""))

    assert "let the next one remove as many points" in " ".join(seen(site, "resolve", "-h").split())
    assert "The next retention in offsite may remove 40 points." in seen(site, "resolve", "3fa94c")
    held = site.pra("incidents", "bakery", "--all", "--json").json["incidents"]
    assert ["resolved"] == ["resolved" if one["resolved_at"] else "open" for one in held]


def test_an_id_that_is_unknown_or_not_unique_is_one_line_with_near_ones(
    site: ClientSite, log: Log
) -> None:
    assert 2 == site.pra("show", "3fa94c").code
    log.append(incident_opened("3fa94c"))
    log.append(incident_opened("3fb111"))

    unknown = site.pra("ack", "3fa94d")
    assert (2, "") == (unknown.code, unknown.out)
    assert "pra: 3fa94d: no such incident\n  Did you mean 3fa94c" in unknown.err
    several = site.pra("ack", "3f")
    assert (2, True) == (several.code, "3f: 2 incidents begin so: 3fa94c, 3fb111" in several.err)
    assert "incident" in site.pra("ack", "zz", "--json").json["error"]["message"]


def test_a_person_opens_what_a_client_reports_once(site: ClientSite) -> None:
    at = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    words = ("open", "bakery", "till", "--summary", "no orders", "--reported-by", "Mrs Martin")

    first = seen(site, *words, "--at", at)
    assert "opened, P1, chain wake" in first
    assert "No daemon runs here" in first
    assert "opened already" in seen(site, *words)
    other = site.pra(*words[:4], "no bread", *words[5:])
    assert (2, True) == (other.code, "already reported and open as" in other.err)
    name = first[:6]
    assert "reported" in seen(site, "show", name)
    assert [("wake.0", True)] == owed(site, name)
    seen(site, "ack", name)
    assert [] == owed(site, name)
    document = site.pra("show", name, "--json").json
    assert 600 <= document["incident"]["tr_s"] < 700
    assert "Mrs Martin" == document["incident"]["reported_by"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("open", "bakery", "til"), "no service named til (did you mean till?)"),
        (("open", "bakry"), "no site named bakry"),
        (("open", "bakery", "--at", "soonish"), "--at 'soonish': "),
        (("open", "bakery", "--at", "2100-01-01 00:00"), "in the future"),
        (("open", "bakery", "--since", "now", "--at", "1 hour ago"), "before it happened"),
    ],
)
def test_what_cannot_be_opened_is_one_line(
    site: ClientSite, words: tuple[str, ...], error: str
) -> None:
    ran = site.pra(*words, "--summary", "x", "--reported-by", "y")

    assert (2, True) == (ran.code, error in ran.err)


def test_an_unknown_site_is_not_a_site_without_incidents(site: ClientSite) -> None:
    assert 2 == site.pra("incidents", "bakry").code
    assert "bakery: no open incident\n" == seen(site, "incidents", "bakery")
    assert not site.state.exists()
