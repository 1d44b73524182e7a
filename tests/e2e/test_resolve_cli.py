"""`pra resolve` where an attack struck several services: each by itself, or all in one word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.core.events import Outcome
from orchestrator.log import Log
from tests.records import backed_up, incident_opened
from tests.site import ClientSite
from tests.suspected import ATTACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BAKERY = """\
site: bakery
name: Example Bakery
timezone: Europe/Paris
repositories:
  offsite: {url: /nowhere, password: {file: /nowhere}, location: offsite}
services:
  till:
    source: {files: {paths: [/srv/till]}}
    backup: {to: offsite, every: 1h}
    objectives: {rto: 4h, rpo: 30m}
  shop:
    source: {files: {paths: [/srv/shop]}}
    backup: {to: offsite, every: 1h}
    objectives: {rto: 4h, rpo: 30m}
"""
SERVICES = {"till": "3fa94c11", "shop": "77aa0199"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ClientSite]:
    """Both services were struck, and both incidents are open."""
    found = ClientSite(tmp_path)
    (found.policies / "bakery.yaml").write_text(BAKERY)
    log = Log.open(found.state, clock=lambda: datetime.now(UTC))
    for name, incident in SERVICES.items():
        run = f"of {name}"
        point = replace(backed_up(run), service=name)
        log.append(
            replace(point, outcome=Outcome.SUSPECTED, signs=ATTACK, suspect=run, usable_at=None)
        )
        opened = incident_opened(incident)
        log.append(
            replace(
                opened, service=name, condition="backup-suspected", criticality="P1", evidence=run
            )
        )
    yield found
    log.close()


def open_ones(site: ClientSite) -> list[str]:
    return [one["id"] for one in site.pra("incidents", "--json").json["incidents"]]


def suspected(site: ClientSite) -> list[bool]:
    """Whether each service is, in the policy's order."""
    (bakery,) = site.pra("status", "--json").json["sites"]
    return [service["suspicion"] is not None for service in bakery["services"]]


def resolve(site: ClientSite, *words: str) -> dict[str, Any]:
    ran = site.pra("resolve", *words, "--json")
    assert 0 == ran.code, ran
    found: dict[str, Any] = ran.json
    return found


def test_one_is_closed_and_the_other_is_named_with_its_command(site: ClientSite) -> None:
    said = site.pra("resolve", "3fa", "--clean")

    assert 0 == said.code, said
    assert "What is suspected of till stays so" in said.out
    assert "shop is suspected too: `pra resolve 77aa0199 --clean` says the same of it." in said.out
    assert ["77aa0199"] == open_ones(site)
    assert [False, True] == suspected(site)


def test_all_are_closed_in_one_word(site: ClientSite) -> None:
    said = resolve(site, "77aa", "--false-alarm", "--all", "--note", "the  import")

    assert ("77aa0199", "false-alarm", ["3fa94c11"], []) == (
        said["incident"]["id"],
        said["verdict"],
        said["also_resolved"],
        said["also_suspected"],
    )
    assert [] == open_ones(site)
    assert [False, False] == suspected(site)
    again = resolve(site, "3fa9", "--false-alarm", "--all")
    assert (True, []) == (again["already"], again["also_resolved"])


def test_all_is_for_suspicions_alone(site: ClientSite) -> None:
    log = Log.open(site.state, clock=lambda: datetime.now(UTC))
    log.append(incident_opened("0dd0dd00"))
    log.close()
    refused = site.pra("resolve", "0dd0", "--all")

    assert 2 == refused.code
    assert "--all is for suspicions" in refused.err
    assert 3 == len(open_ones(site))


def test_status_names_each_incident_by_its_own_id(site: ClientSite) -> None:
    said = site.pra("status", "bakery").out

    assert {"INCIDENT 3fa94c11", "INCIDENT 77aa0199"} <= {
        line.partition(":")[0].strip() for line in said.splitlines()
    }
    assert "resolve ID" not in said
