"""A site over its tier over the provider's defaults."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.core import policy
from orchestrator.core.policy.model import Files, Postgresql, Promise, SandboxPolicy, Secret
from orchestrator.core.policy.oncall import Rule
from restore_drills.model import Scenario

PROVIDER = """\
provider: {name: P, timezone: Europe/Paris, contact: {name: C, phone: "1"}}
places: {dc: {country: FR}, attic: {}}
channels: {hook: {webhook: {url: "https://example.net/"}}}
escalation: {wake: [{notify: [hook]}], ticket: [{notify: [hook], hours: business}]}
tiers:
  gold:
    escalate: {P1: {wake: if-breach-before-opening, else: ticket}, P3: ticket}
    proof_valid_for: {default: 30d, burglary: 100d}
    coverage_floor: 80%
    recover_on: attic
    lead: {burglary: {detect: 1h}}
  silver: {}
defaults:
  tier: gold
  escalate: {P4: ticket, P1: wake}
  name: "{site} (a client)"
  recover_on: dc
  coverage_floor: 40%
  lead: {burglary: {detect: 8h, decide: 1h}, ransomware: {detect: 2h, decide: 2h}}
  outside: [{name: Mail, accepted_by: boss, on: 2026-11}]
  repositories:
    far: {url: "s3:https://x.example.net/{site}", password: {file: "/run/{site}"},
          location: offsite, append_only: true}
"""
SITE = """\
site: acme
services:
  till:
    source: {postgresql: {user: u, database: d}}
    objectives: {rto: 4h, rpo: 1h}
    backup: {every: 30m}
    checks: [{name: c, sql: select 1, expect: "= 1"}]
"""


def load(site: str = SITE, provider: str = PROVIDER) -> policy.Checked:
    return policy.check({"p/provider.yaml": provider, "p/acme.yaml": site})


def test_the_site_stands_over_its_tier_and_the_tier_over_the_defaults() -> None:
    checked = load("recover_on: dc\n" + SITE)
    site = checked.sites["acme"]

    assert () == checked.errors + checked.warnings
    assert ("gold", "dc", 0.8) == (site.tier, site.recover_on, site.coverage_floor)
    assert timedelta(hours=1) == site.lead[Scenario.BURGLARY].detect  # the tier's
    assert timedelta(hours=1) == site.lead[Scenario.BURGLARY].decide  # the defaults'
    assert timedelta(hours=2) == site.lead[Scenario.RANSOMWARE].decide
    assert ("dc", "attic") == site.places


def test_a_site_may_choose_another_tier() -> None:
    site = load("tier: silver\n" + SITE).sites["acme"]

    assert ("silver", "dc", 0.4) == (site.tier, site.recover_on, site.coverage_floor)


def test_the_defaults_speak_of_each_site_by_its_own_name() -> None:
    site = load().sites["acme"]

    assert "acme (a client)" == site.name
    assert "s3:https://x.example.net/acme" == site.repositories["far"].url
    assert Secret(kind="file", value=("/run/acme",)) == site.repositories["far"].password


def test_lists_replace_and_are_not_mixed() -> None:
    mine = "outside: [{name: Phones, accepted_by: boss, on: 2026-12}]\n"

    assert ["Mail"] == [entry.name for entry in load().sites["acme"].outside]
    assert ["Phones"] == [entry.name for entry in load(mine + SITE).sites["acme"].outside]


@pytest.mark.parametrize("word", ["pdma", "prd"])
def test_a_synonym_over_the_word_that_we_use_replaces_it(word: str) -> None:
    provider = PROVIDER + "  services: {till: {objectives: {rto: 9h, rpo: 9h}}}\n"
    site = load(SITE.replace("rto: 4h, rpo", f"dmia: 4h, {word}"), provider).sites["acme"]

    promise = Promise(rto=timedelta(hours=4), rpo=timedelta(hours=1))
    assert promise == site.services["till"].promise(Scenario.SERVER_FAILURE)


def test_a_reference_and_a_choice_are_replaced_as_a_whole() -> None:
    provider = PROVIDER + "  services: {till: {sources: {a: {files: {paths: [/a]}}}}}\n"
    mine = "repositories: {far: {password: {env: PW}}}\n" + SITE
    site = load(mine, provider).sites["acme"]

    assert Secret(kind="env", value=("PW",)) == site.repositories["far"].password
    assert [("till", Postgresql)] == [(s.name, type(s.spec)) for s in site.services["till"].sources]


def test_a_service_may_come_from_the_defaults_and_be_completed() -> None:
    provider = PROVIDER + "  services: {till: {source: {files: {paths: [/a]}}}}\n"
    site = SITE.replace("    source: {postgresql: {user: u, database: d}}\n", "")
    site = site.replace('checks: [{name: c, sql: select 1, expect: "= 1"}]', "depth: 1")

    [source] = load(site, provider).sites["acme"].services["till"].sources
    assert Files is type(source.spec)


def test_who_is_called_is_merged_by_criticality_and_each_rule_replaced_as_a_whole() -> None:
    site = load("escalate: {P2: wake}\n" + SITE).sites["acme"]

    assert {
        "P1": Rule(chain="ticket", hurried="wake"),
        "P2": Rule(chain="wake"),
        "P3": Rule(chain="ticket"),
        "P4": Rule(chain="ticket"),
    } == site.escalate
    own = load("escalate: {P1: {ticket: if-breach-before-opening, else: wake}}\n" + SITE)
    assert Rule(chain="wake", hurried="ticket") == own.sites["acme"].escalate["P1"]


def test_what_concerns_no_one_site_is_for_whom_the_defaults_call_over_their_tier() -> None:
    provider = load().provider

    assert provider is not None
    assert {"P1": Rule(chain="wake"), "P3": Rule(chain="ticket"), "P4": Rule(chain="ticket")} == (
        provider.escalate
    )


@pytest.mark.parametrize(
    ("mine", "default", "burglary"),
    [
        ("", 30, 100),
        ("proof_valid_for: {burglary: 50d}\n", 30, 50),
        ("proof_valid_for: 10d\n", 10, 10),
        ("tier: silver\n", 35, 35),
        ("tier: silver\nproof_valid_for: {burglary: 50d}\n", 35, 50),
    ],
)
def test_how_long_a_proof_counts_is_said_for_all_scenarios_or_for_each(
    mine: str, default: int, burglary: int
) -> None:
    valid = load(mine + SITE).sites["acme"].proof_valid_for

    assert timedelta(days=default) == valid.of(Scenario.SERVER_FAILURE)
    assert timedelta(days=burglary) == valid.of(Scenario.BURGLARY)


def test_a_word_and_the_map_that_says_more_replace_each_other() -> None:
    fresh = "fresh: {within: 2h}"
    provider = PROVIDER + f"  services: {{till: {{checks: [{{name: a, sql: q, {fresh}}}]}}}}\n"
    inherited = load(
        SITE.replace('    checks: [{name: c, sql: select 1, expect: "= 1"}]\n', ""), provider
    )

    [check] = inherited.sites["acme"].services["till"].checks
    assert "a" == check.name


def test_a_fault_of_the_defaults_is_told_once_and_holds_every_site_back() -> None:
    provider = PROVIDER.replace("8h", "8 hours")
    files = {f"p/s{n}.yaml": SITE.replace("acme", f"s{n}") for n in range(3)}
    checked = policy.check({"p/provider.yaml": provider, **files})

    assert [
        'p/provider.yaml:19: defaults.lead.burglary.detect: "8 hours" is not a duration (write 8h)'
    ] == [str(fault) for fault in checked.errors]
    assert {} == checked.sites
    assert all(fault.concerns("s1") for fault in checked.errors)


def test_a_reference_of_the_defaults_that_fails_is_told_where_it_stands() -> None:
    [fault] = load(provider=PROVIDER.replace("recover_on: attic", "recover_on: atic")).errors

    assert ("p/provider.yaml", 10) == (fault.file, fault.line)


def test_a_fault_of_one_site_does_not_hold_another_back() -> None:
    checked = policy.check(
        {"a.yaml": "site: a\nx: 1\n", "provider.yaml": PROVIDER, "acme.yaml": SITE}
    )

    assert ["acme"] == list(checked.sites)
    assert any(fault.concerns("a") for fault in checked.errors)
    assert not any(fault.concerns("acme") for fault in checked.errors)


@pytest.mark.parametrize("provider", ["provider: [", "providr: {name: P}\ntiers: {gold: {}}", ""])
def test_beside_an_unreadable_provider_a_site_is_judged_by_itself(provider: str) -> None:
    errors = load("tier: gold\nnme: x\n" + SITE, provider).errors

    assert {"p/provider.yaml", "p/acme.yaml"} == {fault.file for fault in errors}
    assert ["nme"] == [fault.path for fault in errors if fault.file == "p/acme.yaml"]


@pytest.mark.parametrize(
    "layer", ["tiers: gold", "tiers: {gold: 7}", "defaults: 7", "tiers:", "defaults: {tier: [a]}"]
)
def test_a_layer_that_is_no_map_is_a_fault(layer: str) -> None:
    provider = f"provider: {{name: P, timezone: Europe/Paris}}\n{layer}\n"

    assert load("tier: gold\n" + SITE, provider).errors


def test_without_a_provider_a_site_says_its_time_zone() -> None:
    own = SITE + "repositories: {r: {url: /x, password: {env: P}, location: offsite}}\n"

    [fault] = policy.check({"acme.yaml": own}).errors
    assert "acme.yaml:1: timezone is missing (add timezone:, here or in the provider's file)" == (
        str(fault)
    )
    site = policy.check({"acme.yaml": "timezone: Europe/Paris\n" + own}).sites["acme"]
    assert ("fr", None, SandboxPolicy.REQUIRED) == (site.language, site.provider, site.sandbox)


def test_a_site_with_a_key_written_twice_is_not_used() -> None:
    checked = load("language: en\nlanguage: fr\n" + SITE)

    assert [
        "p/acme.yaml:2: language: this key is already written on line 1 (keep one of them)"
    ] == [str(fault) for fault in checked.errors]
    assert {} == checked.sites


def test_two_files_of_one_site_are_a_fault_of_the_one_named_otherwise() -> None:
    checked = policy.check({"p/a.yaml": SITE, "p/acme.yaml": SITE, "p/provider.yaml": PROVIDER})

    assert [
        "p/a.yaml:1: site: p/acme.yaml is this site's file already (write a, the file's name)"
    ] == [str(fault) for fault in checked.errors]
    assert ["acme"] == list(checked.sites)


def test_two_files_of_one_name_cannot_both_be_used() -> None:
    checked = policy.check({"p/acme.yaml": SITE, "q/acme.yaml": SITE, "provider.yaml": PROVIDER})

    assert [
        "q/acme.yaml:1: site: p/acme.yaml is this site's file already (remove one of the two)"
    ] == [str(fault) for fault in checked.errors]
