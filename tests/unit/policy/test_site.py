"""What a resolved site holds, and that it reads back as itself."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestrator.core import policy
from orchestrator.core.policy.model import (
    Adopted,
    External,
    Files,
    Immutable,
    LockMode,
    Postgresql,
    Retention,
    Site,
)
from restore_drills.model import CommandCheck, Expect, FilesCheck, Fresh, Scenario, SqlCheck

POLICIES = Path(__file__).parents[3] / "policies"
EXAMPLES = sorted(path.stem for path in (POLICIES / "examples").glob("*.yaml"))


def example(name: str) -> Site:
    files = [POLICIES / "provider.yaml", POLICIES / "examples" / f"{name}.yaml"]
    checked = policy.check({str(path): path.read_text() for path in files})
    assert () == checked.errors
    return checked.sites[name]


def test_there_are_four_examples() -> None:
    assert ["atelier", "boulangerie", "boulangerie-martin", "cabinet-comptable"] == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_shown_reads_back_as_the_same_site(name: str) -> None:
    site = example(name)
    texts = {
        "provider.yaml": (POLICIES / "provider.yaml").read_text(),
        f"{name}.yaml": policy.as_yaml(policy.plain(site)),
    }

    assert {name: site} == policy.check(texts).sites


def test_a_bakery_is_fifteen_lines() -> None:
    assert 15 >= len((POLICIES / "examples" / "boulangerie.yaml").read_text().splitlines())


def test_the_workshop_has_two_databases_in_one_service() -> None:
    service = example("atelier").services["production"]
    within = timedelta(hours=12)

    assert ["gpao", "stocks"] == [source.name for source in service.sources]
    assert ["127.0.0.1", "/run/postgresql"] == [
        source.spec.host for source in service.sources if isinstance(source.spec, Postgresql)
    ]
    assert (
        SqlCheck(
            name="work orders are recent",
            query="select max(updated_at) from work_order",
            source="gpao",
            fresh=Fresh(within=within, business=True),
        ),
        SqlCheck(
            name="articles are there",
            query="select count(*) from article",
            source="stocks",
            expect=Expect(op=">=", value="1000"),
            not_below=0.95,
        ),
    ) == service.checks[:2]
    assert service.checks[2].optional
    assert ("P1", 2, "offsite") == (service.criticality, service.depth, service.backup_to)
    assert timedelta(days=3) == service.objectives[Scenario.BURGLARY].rto
    assert timedelta(days=1) == service.objectives[Scenario.BURGLARY].rpo  # the base holds


def test_the_workshop_s_files_are_read_in_full() -> None:
    [source] = example("atelier").services["plans"].sources

    assert (
        Files(
            paths=("/srv/plans",),
            exclude=("*.bak", "~$*"),
            exclude_caches=True,
            one_file_system=True,
            require_mount="/srv/plans",
            tolerate=("*.dwl",),
            tolerate_at_most=20,
        )
        == source.spec
    )


def test_the_bakery_that_may_not_lose_half_an_hour_has_a_copy_that_nobody_can_delete() -> None:
    site = example("boulangerie-martin")
    offsite, till = site.repositories["offsite"], site.services["caisse"]

    assert ("nas", ("offsite",)) == (till.backup_to, till.copy_to)
    assert Immutable(mode=LockMode.COMPLIANCE, period=timedelta(days=30)) == offsite.immutable
    assert [625_000] == [window.upload for window in offsite.limits.windows]
    assert {"hds": "certificat de l'hébergeur, 2027-03"} == offsite.certified
    assert Retention(last=3, hourly=24, daily=14, weekly=8, monthly=24) == site.retention  # gold
    assert timedelta(days=30) == site.read_all_within
    assert set(Scenario) == {drill.scenario for drill in site.drills or ()}


def test_the_accountant_s_snapshots_are_adopted_and_his_payroll_is_external() -> None:
    services = example("cabinet-comptable").services

    assert Adopted(repository="offsite", host="SRV-COMPTA", tags=("sage",)) == (
        services["sage"].sources[0].spec
    )
    assert External(tool="éditeur", ping="paie-ok", max_age=timedelta(hours=26)) == (
        services["paie"].sources[0].spec
    )
    assert services["paie"].promise(Scenario.SERVER_FAILURE) is None
    assert [None, None, None] == [service.backup_to for service in services.values()]
    assert (
        FilesCheck(
            name="base is there and fresh",
            at_least=1,
            at_least_bytes=200 * 1024 * 1024,
            newest_within=timedelta(hours=26),
        ),
        CommandCheck(
            name="the general ledger is not empty", argv=("test", "-s", "C/Sage/grand-livre.mae")
        ),
    ) == services["sage"].checks


def test_a_check_counts_in_business_hours_where_the_site_has_some() -> None:
    text = (POLICIES / "examples" / "boulangerie.yaml").read_text()
    provider = (POLICIES / "provider.yaml").read_text()

    def fresh(text: str) -> bool:
        site = policy.check({"provider.yaml": provider, "boulangerie.yaml": text})
        [check] = site.sites["boulangerie"].services["caisse"].checks
        return isinstance(check, SqlCheck) and check.fresh is not None and check.fresh.business

    assert fresh(text)
    assert not fresh(text.replace("business: ", "# "))
    assert not fresh(text.replace("fresh: 26h", "fresh: {within: 26h, clock: always}"))
    assert fresh(text.replace("fresh: 26h", "fresh: {within: 26h}"))


def test_the_calendar_knows_the_holidays_of_alsace_and_the_closures() -> None:
    site = example("cabinet-comptable")  # FR-67
    calendar = policy.calendar(site, start=date(2026, 4, 1), end=date(2026, 8, 10))

    assert "Europe/Paris" == calendar.timezone
    assert site.business.hours == calendar.hours
    assert date(2026, 4, 3) in calendar.closed  # Good Friday, there alone
    assert date(2026, 7, 14) in calendar.closed
    assert {date(2026, 8, day) for day in range(3, 11)} <= calendar.closed
    assert date(2026, 8, 15) not in calendar.closed  # beyond the end
    assert date(2026, 1, 1) not in calendar.closed  # before the start


def test_the_rest_of_france_works_on_good_friday() -> None:
    calendar = policy.calendar(example("atelier"), start=date(2025, 12, 1), end=date(2026, 4, 30))

    assert {date(2025, 12, 25), date(2026, 1, 1), date(2026, 4, 6)} == calendar.closed


def test_a_site_without_holidays_closes_only_when_it_says_so() -> None:
    text = "site: a\ntimezone: UTC\nservices: {x: {source: {external: {tool: t}}}}\n"
    site = policy.check({"a.yaml": text}).sites["a"]

    span = {"start": date(2026, 1, 1), "end": date(2026, 12, 31)}
    assert frozenset() == policy.calendar(site, **span).closed
