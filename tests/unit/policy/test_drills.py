"""What is drilled, how long it counts, what is done by hand and what a line may carry."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from orchestrator.core import policy
from orchestrator.core.cron import read
from orchestrator.core.policy.model import DrillPlan, Limits, Manual, ProofValid
from restore_drills.model import Scenario

SITE = """\
site: acme
timezone: Europe/Paris
equipment: {nas: {kind: nas}}
repositories:
  far: {url: /mnt/far, password: {env: PW}, location: offsite, limits: {upload: 20Mbit/s}}
services:
  files:
    source: {files: {paths: [/srv]}}
    objectives: {rto: 4h, rpo: 1h}
    backup: {every: 30m, cron: "0 19 * * mon-fri"}
lead: {server-failure: {detect: 10m, decide: 20m}}
drills:
  - {name: weekly, cron: "0 3 * * SUN", scenario: server-failure}
  - {name: there, cron: "0 4 1 */3 *", point: latest, where: nas}
manual:
  - {name: Install Windows, owner: us, allow: 6h, services: [files], scenarios: [server-failure]}
  - {name: Plug in, owner: them, allow: 1h}
proof_valid_for: {default: 20d, burglary: 100d}
budget: {drill_space: 20GB}
"""
PROVIDER = "provider: {name: P, timezone: UTC}\nplaces: {dc: {}}\n"


def check(old: str = "", new: str = "") -> policy.Checked:
    assert old in SITE
    return policy.check({"provider.yaml": PROVIDER, "acme.yaml": SITE.replace(old, new, 1)})


def test_what_a_site_schedules_is_read() -> None:
    checked = check()
    site = checked.sites["acme"]

    assert () == checked.errors
    assert (
        DrillPlan(
            name="weekly",
            cron=read("0 3 * * sun"),
            scenario=Scenario.SERVER_FAILURE,
            where=None,
        ),
        DrillPlan(
            name="there",
            cron=read("0 4 1 */3 *"),
            scenario=Scenario.SERVER_FAILURE,
            where="nas",
        ),
    ) == site.drills
    assert (timedelta(minutes=30), read("0 19 * * mon-fri")) == (
        site.services["files"].every,
        site.services["files"].cron,
    )
    assert (
        Manual(
            name="Install Windows",
            owner="us",
            allow=timedelta(hours=6),
            services=("files",),
            scenarios=(Scenario.SERVER_FAILURE,),
        )
        == site.manual[0]
    )
    assert 20_000_000_000 == site.drill_space
    assert Limits(upload=2_500_000, download=None) == site.repositories["far"].limits


@pytest.mark.parametrize("scenario", list(Scenario))
def test_every_scenario_is_drilled_from_now_or_from_any_instant_of_so_long_ago(
    scenario: Scenario,
) -> None:
    """A wiped bucket wants one, which the site lacks."""
    text = SITE.replace("point: latest", f"scenario: {scenario}, point: random-within-30d", 1)
    if scenario is Scenario.BUCKET_WIPE:
        text = re.sub(r"url: [^,]+,", 'url: "s3:https://a.example/b",', text, count=1)
    checked = policy.check({"provider.yaml": PROVIDER, "acme.yaml": text})

    assert () == checked.errors
    weekly, there = checked.sites["acme"].drills or ()
    assert (None, timedelta(days=30), scenario) == (weekly.point, there.point, there.scenario)
    again = policy.as_yaml(policy.plain(checked.sites["acme"]))
    assert "point: random-within-30d" in again


@pytest.mark.parametrize(
    ("decoy", "errors"),
    [
        ("/srv/0.docx", []),
        ("/srv", ["the decoy is in none of the paths"]),
        ("/srv2/0.docx", ["the decoy is in none of the paths"]),
    ],
)
def test_a_decoy_is_a_file_of_what_is_saved(decoy: str, errors: list[str]) -> None:
    checked = check("paths: [/srv]", f"paths: [/srv], decoy: {decoy}")

    assert errors == [fault.message for fault in checked.errors]


def test_a_decoy_touches_no_proof_and_is_shown() -> None:
    plain = check().sites["acme"]
    site = check("paths: [/srv]", "paths: [/srv], decoy: /srv/0.docx").sites["acme"]

    assert plain.services["files"].policy_hash == site.services["files"].policy_hash
    assert "decoy: /srv/0.docx" in policy.as_yaml(policy.plain(site))


def test_without_a_word_the_daemon_drills_by_itself_and_an_empty_list_is_never() -> None:
    start, end = SITE.index("drills:"), SITE.index("manual:")

    def site(drills: str) -> policy.Checked:
        return policy.check({"acme.yaml": SITE[:start] + drills + SITE[end:]})

    assert None is site("").sites["acme"].drills
    assert () == site("drills: []\n").sites["acme"].drills


def test_a_proof_counts_for_five_weeks_unless_the_policy_says_otherwise() -> None:
    valid = check("proof_valid_for: {default: 20d, burglary: 100d}\n", "").sites["acme"]

    assert ProofValid() == valid.proof_valid_for
    assert timedelta(days=35) == valid.proof_valid_for.of(Scenario.BURGLARY)


@pytest.mark.parametrize(
    "drills", [SITE, SITE.replace(SITE[SITE.index("drills:") :], "drills: []\n")]
)
def test_what_is_shown_reads_back_as_the_same_site(drills: str) -> None:
    site = policy.check({"acme.yaml": drills}).sites["acme"]
    shown = policy.as_yaml(policy.plain(site))

    assert {"acme": site} == policy.check({"acme.yaml": shown}).sites


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        # drills
        ("name: weekly, ", "", "13: drills[0]: name is missing (add name:)"),
        (
            "name: there",
            "name: weekly",
            "14: drills[1].name: another drill has this name (give each",
        ),
        (
            "name: there",
            "name: proof",
            "14: drills[1].name: the drills that pra adds have this name (write another)",
        ),
        (
            "0 3 * * SUN",
            "0 3 * *",
            '13: drills[0].cron: "0 3 * *" is not a cron expression (write ',
        ),
        (
            "0 3 * * SUN",
            "0 25 * * *",
            "13: drills[0].cron: \"0 25 * * *\" is not a cron expression (hour '25' is not known",
        ),
        (
            'cron: "0 3 * * SUN"',
            "cron: 3",
            "13: drills[0].cron: a cron expression was expected, a nu",
        ),
        (
            "scenario: server-failure}\n  -",
            "scenario: bucket-wipe}\n  -",
            "13: drills[0].scenario: nothing to rewind: no repository of acme is on S3 (keep a cop",
        ),
        (
            "scenario: server-failure}\n  -",
            "scenario: bucket-whipe}\n  -",
            '13: drills[0].scenario: "bucket-whipe" is not known here (did you mean bucket-wipe?)',
        ),
        (
            "point: latest",
            "point: random-within-0d",
            '14: drills[1].point: "random-within-0d" is not a point (write more than zero)',
        ),
        (
            "point: latest",
            "point: random-within-a-month",
            '14: drills[1].point: "random-within-a-month" is not a point (write ',
        ),
        (
            "point: latest",
            "point: newest",
            '14: drills[1].point: "newest" is not a point (write latest or random-within-30d)',
        ),
        (
            "where: nas",
            "where: moon",
            '14: drills[1].where: no place or equipment is named "moon" (',
        ),
        ('cron: "0 3 * * SUN"', "every: 1w", "13: drills[0].every: unknown key"),
        # by hand
        ("owner: us, ", "", "16: manual[0]: owner is missing (add owner:)"),
        (
            "allow: 6h",
            "allow: 0h",
            '16: manual[0].allow: "0h" is not a duration (write more than z',
        ),
        (
            "services: [files]",
            "services: [file]",
            '16: manual[0].services[0]: no service is named "file" (did you mean files?)',
        ),
        (
            "services: [files]",
            "services: []",
            "16: manual[0].services: the list is empty (write at",
        ),
        ("[server-failure]", "[fire]", '16: manual[0].scenarios[0]: "fire" is not known here'),
        (
            "  - {name: Plug in,",
            "  - 7\n  - {name: Plug in,",
            "17: manual[1]: a map was expected, a ",
        ),
        # how long and how much
        ("burglary: 100d", "fire: 100d", "18: proof_valid_for.fire: unknown key"),
        ("default: 20d", "default: 0d", '18: proof_valid_for.default: "0d" is not a duration'),
        (
            "{default: 20d, burglary: 100d}",
            "[1]",
            "18: proof_valid_for: a duration was expected, a",
        ),
        (
            "drill_space: 20GB",
            "egress: 50GB/month",
            "19: budget.egress: arrives with a later versio",
        ),
        ("20GB", "0GB", '19: budget.drill_space: "0GB" is not a size (write more than zero)'),
        (
            "20GB",
            "20",
            "19: budget.drill_space: a size was expected, a number found (write 500MiB ",
        ),
        (
            "20Mbit/s",
            "20Mbps",
            '5: repositories.far.limits.upload: "20Mbps" is not a rate (write 20M',
        ),
        (
            "{upload: 20Mbit/s}",
            "{}",
            "5: repositories.far.limits: one of upload, download or windows is missing (add one",
        ),
        # the schedule
        (
            "every: 30m",
            "every: 0s",
            '10: services.files.backup.every: "0s" is not a duration (write',
        ),
        (
            "every: 30m",
            "on: [files-changed]",
            "10: services.files.backup.on: arrives with a later ",
        ),
        (
            "0 19 * *",
            "0 19 * 13",
            '10: services.files.backup.cron: "0 19 * 13 mon-fri" is not a cro',
        ),
    ],
)
def test_a_fault_says_where_what_and_what_to_do(old: str, new: str, fault: str) -> None:
    found = [str(fault).removeprefix("acme.yaml:") for fault in check(old, new).errors]

    assert any(line.startswith(fault) for line in found), found


def lead(site: str, scenario: Scenario = Scenario.SERVER_FAILURE) -> timedelta | None:
    found = policy.check({"acme.yaml": site}).sites["acme"]
    return policy.declared_lead(found, found.services["files"], scenario)


def test_what_is_done_by_hand_counts_for_the_lead_of_its_service_and_scenario() -> None:
    both = SITE.replace(
        "{server-failure: {d", "{burglary: {detect: 1h, decide: 1h}, server-failure: {d"
    )

    assert timedelta(minutes=30 + 7 * 60) == lead(SITE)
    assert timedelta(hours=3) == lead(both, Scenario.BURGLARY)
    assert None is lead(SITE, Scenario.RANSOMWARE)  # by hand alone is no lead


def test_what_is_done_by_hand_for_another_service_costs_this_one_nothing() -> None:
    other = SITE.replace("services: [files], ", "services: [mail], ").replace(
        "services:\n", "services:\n  mail: {source: {external: {tool: t}}}\n", 1
    )

    assert timedelta(minutes=90) == lead(other)
