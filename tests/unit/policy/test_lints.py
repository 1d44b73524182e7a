from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core import policy
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Site

SITE = """\
site: acme
timezone: Europe/Paris
referent: {name: J, travel: 45m}
equipment:
  srv: {kind: server, replace: {delay: 2d}}
  nas: {kind: nas, replace: {delay: 1d}}
recover_on: nas
lead: {server-failure: {detect: 10m, decide: 20m}}
repositories:
  far: {url: "s3:https://a.example/b", password: {env: PW}, location: offsite, append_only: true}
  near: {url: /mnt/nas, password: {env: PW}, location: onsite, equipment: nas}
services:
  till:
    source: {postgresql: {user: pra, database: till}, equipment: srv}
    objectives: {rto: 4h, rpo: 1h}
    backup: {to: far, every: 30m}
    checks: [{name: rows, sql: select 1, expect: "= 1"}]
  files:
    source: {files: {paths: [/srv]}, equipment: srv}
    depends_on: [till]
    objectives: {rto: 4h, rpo: 1h, scenarios: {burglary: {rto: 3d}}}
    backup: {to: far, every: 30m}
escalate: {P1: wake, P3: wake}
drills: [{name: a, cron: 0 3 * * sun}, {name: b, cron: 0 4 * * sun, scenario: burglary}]
"""
PROVIDER = """\
provider: {name: P, timezone: UTC}
places: {dc: {}}
channels: {hook: {webhook: {url: "https://example.net/"}}}
escalation: {wake: [{notify: [hook]}]}
"""


def check(text: str) -> policy.Checked:
    return policy.check({"provider.yaml": PROVIDER, "acme.yaml": text})


def load(old: str = "", new: str = "") -> policy.Checked:
    assert old in SITE
    checked = check(SITE.replace(old, new, 1))
    assert () == checked.errors
    return checked


def warnings(old: str, new: str) -> list[str]:
    return [str(fault).removeprefix("acme.yaml:") for fault in load(old, new).warnings]


def test_a_sound_site_has_no_warning() -> None:
    assert [] == warnings("site", "site")


@pytest.mark.parametrize("half", ["{detect: 10m}", "{detect: 10m, decide: 0s}"])
def test_half_a_lead_is_none_and_is_told(half: str) -> None:
    (warning,) = warnings("{detect: 10m, decide: 20m}", half)

    assert warning.startswith("8: lead.server-failure: without decide it counts as not declared")


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        (
            "{rto: 4h, rpo: 1h, scenarios",
            "{rto: 2h, rpo: 1h, scenarios",
            "20: services.files.depends_on: its rto is 2h, but till, which it needs, may take 4h ",
        ),
        (
            "decide: 20m",
            "decide: 20h",
            "15: services.till.objectives.rto: the declared lead of 20h 55m alone is longer than ",
        ),
        (
            "decide: 20m}}",
            "decide: 20m}, burglary: {detect: 1h, decide: 4d}}",
            "21: services.files.objectives.scenarios.burglary.rto: the declared lead of",
        ),
        (
            "  till:\n",
            "  till:\n    criticality: P1\n",
            "13: services.till: criticality P1, and kept in one repository only, far",
        ),
        (
            '    checks: [{name: rows, sql: select 1, expect: "= 1"}]\n',
            "",
            "14: services.till.source: no check reads this database: that it loads is all that",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(old: str, new: str, warning: str) -> None:
    found = warnings(old, new)

    assert any(line.startswith(warning) for line in found), found


def test_adopted_snapshots_on_the_spot_alone_are_no_offsite_copy() -> None:
    files = SITE.index("    source: {files")
    adopted = (
        "    source: {adopted: {repository: near, host: h}, equipment: srv}\n"
        "    objectives: {rto: 4h, rpo: 1h}\n"
    )
    found = check(SITE[:files] + adopted + "escalate: {P3: wake}\n").warnings
    [warning] = [fault for fault in found if fault.path.startswith("services")]

    assert ("services.files", "keep it in an offsite repository") == (warning.path, warning.remedy)
    assert warning.message.startswith("no offsite copy")


def test_each_database_of_a_service_is_to_be_read() -> None:
    two = SITE.replace(
        "source: {postgresql: {user: pra, database: till}, equipment: srv}",
        "sources: {a: {postgresql: {user: p, database: a}}, "
        "b: {postgresql: {user: p, database: b}}}",
    ).replace("sql: select 1", "source: a, sql: select 1")
    [warning] = check(two).warnings

    assert "services.till.sources.b" == warning.path
    assert warning.message.startswith("no check reads this database")


def site(old: str = "", new: str = "") -> Site:
    return load(old, new).sites["acme"]


def lead(site: Site, scenario: Scenario) -> timedelta | None:
    return policy.declared_lead(site, site.services["till"], scenario)


def test_a_lead_is_unknown_unless_detection_and_decision_are_declared() -> None:
    half = site("decide: 20m}}", "decide: 20m}, burglary: {detect: 1h}}")

    assert lead(half, Scenario.BURGLARY) is None
    assert lead(site(), Scenario.RANSOMWARE) is None


def test_a_recovery_on_a_machine_that_still_stands_waits_for_the_traveller_alone() -> None:
    assert timedelta(minutes=10 + 20 + 45) == lead(site(), Scenario.SERVER_FAILURE)


def test_a_recovery_on_the_machine_that_was_taken_waits_for_another() -> None:
    on_srv = site("recover_on: nas", "recover_on: srv")

    assert timedelta(days=2, minutes=75) == lead(on_srv, Scenario.SERVER_FAILURE)


def test_a_recovery_nobody_said_where_waits_for_the_slowest_machine_that_was_taken() -> None:
    anywhere = site("recover_on: nas\nlead: {", "lead: {human-error: {detect: 1m, decide: 1m}, ")
    declared = "burglary: {detect: 1h, decide: 1h}"
    burgled = site(
        "recover_on: nas\nlead: {server-failure: {detect: 10m, decide: 20m}}",
        f"lead: {{{declared}}}",
    )

    assert timedelta(days=2, minutes=75) == lead(anywhere, Scenario.SERVER_FAILURE)
    assert timedelta(minutes=47) == lead(anywhere, Scenario.HUMAN_ERROR)
    assert timedelta(days=2, hours=2, minutes=45) == lead(burgled, Scenario.BURGLARY)


def test_a_recovery_elsewhere_waits_for_nobody() -> None:
    text = SITE.replace("recover_on: nas", "recover_on: dc")
    checked = check(text)

    assert timedelta(minutes=30) == lead(checked.sites["acme"], Scenario.SERVER_FAILURE)


def test_a_warning_about_a_word_written_otherwise_stands_where_the_map_does() -> None:
    text = SITE.replace("decide: 20m", "decide: 20h").replace("{rto: 4h", "{dmia: 4h", 1)
    found = check(text).warnings

    assert [(15, "services.till.objectives.rto"), (21, "services.files.objectives.rto")] == [
        (fault.line, fault.path) for fault in found
    ]
