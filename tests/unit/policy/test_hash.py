from __future__ import annotations

import pytest

from orchestrator.core import policy

SITE = """\
site: acme
timezone: Europe/Paris
name: Acme
business: {employees: 3, hours: [{days: mon-fri, from: "08:00", to: "18:00"}], holidays: FR}
referent: {name: J}
equipment:
  srv: {kind: server}
  nas: {kind: nas}
  other: {kind: printer}
recover_on: nas
lead: {server-failure: {detect: 10m, decide: 20m}}
repositories:
  far: {url: "s3:https://s3.example.net/acme", password: {env: PW}, location: offsite}
  near: {url: /mnt/nas, password: {env: PW}, location: onsite, equipment: nas}
services:
  till:
    name: Till
    source: {postgresql: {user: pra, password: {env: DBPW}, database: till}, equipment: srv}
    objectives: {rto: 4h, rpo: 1h}
    backup: {to: far}
    checks: [{name: rows, sql: select 1, fresh: 2h}]
  files:
    source: {files: {paths: [/srv]}, equipment: srv}
    objectives: {rto: 4h, rpo: 1h}
    backup: {to: far}
  old:
    source: {adopted: {repository: near, host: h}, equipment: srv}
    objectives: {rto: 4h, rpo: 1h}
"""
# The till answers on top of the files.
RESTING = SITE.replace("    name: Till\n", "    name: Till\n    depends_on: [files]\n")


OFFICE = '{days: mon-fri, from: "08:00", to: "19:00",'


def hashes(old: str = "", new: str = "") -> dict[str, str]:
    assert old in SITE
    checked = policy.check({"acme.yaml": SITE.replace(old, new, 1)})
    assert () == checked.errors
    return {name: s.policy_hash for name, s in checked.sites["acme"].services.items()}


def touched(old: str, new: str) -> set[str]:
    before, after = hashes(), hashes(old, new)
    return {name for name in before if before[name] != after[name]}


def test_a_hash_is_a_sha256_of_its_own_for_each_service() -> None:
    values = list(hashes().values())

    assert [64, 64, 64] == [len(value) for value in values]
    assert 3 == len(set(values))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: Acme", "name: Other"),
        ("name: Till", "name: Cash desk"),
        ("name: Till", "name: Till\n    criticality: P1"),
        ("{name: J}", "{name: K, phone: '1'}"),
        ("employees: 3", "employees: 4"),
        ("kind: printer", "kind: plotter"),
        ("{env: PW}", "{file: /run/secrets/pw}"),
        ("{env: DBPW}", "{file: /run/secrets/dbpw}"),
        ("rto: 4h", "rto: 240m"),
        ("rto: 4h", "dmia: 4h"),
        ("recover_on", "# a comment\nrecover_on"),
        ("{to: far}", "{to: far, every: 1h}"),
        ("{to: far}", '{to: far, cron: "0 3 * * *"}'),
        ("recover_on", "drills: [{name: weekly, cron: 0 3 * * sun}]\nrecover_on"),
        ("recover_on", "proof_valid_for: 10d\nrecover_on"),
        ("recover_on", "budget: {drill_space: 20GB}\nrecover_on"),
        ("recover_on", "sla: {P1: {response: 15m, resolution: 4h}}\nrecover_on"),
        ("location: offsite", "location: offsite, limits: {upload: 20Mbit/s}"),
        (
            "location: offsite",
            f"location: offsite, limits: {{windows: [{OFFICE} upload: 2MB/s}}]}}",
        ),
        ("location: offsite", "location: offsite, country: FR"),
        ("location: offsite", "location: offsite, certified: {hds: it is}"),
        ("location: offsite", "location: offsite, append_only: false"),
        ("recover_on", "retention: {daily: 14}\nrecover_on"),
        ("recover_on", "verify: {read_all_within: 30d}\nrecover_on"),
        ("{to: far}", "{to: far, copy_to: []}"),
    ],
)
def test_what_moves_nothing_keeps_the_proof(old: str, new: str) -> None:
    assert set() == touched(old, new)


@pytest.mark.parametrize(
    ("old", "new", "services"),
    [
        ("rto: 4h", "rto: 5h", {"till"}),
        ("database: till", "database: tills", {"till"}),
        ("select 1", "select 2", {"till"}),
        ("paths: [/srv]", "paths: [/srv2]", {"files"}),
        ("paths: [/srv]", "paths: [/srv], exclude: [x]", {"files"}),
        ("s3.example.net", "s4.example.net", {"till", "files"}),
        ("/mnt/nas", "/mnt/nas2", {"old"}),
        ("kind: server", "kind: vm", {"till", "files", "old"}),
        ("kind: nas", "kind: disk", {"till", "files", "old"}),
        ("recover_on: nas", "recover_on: srv", {"till", "files", "old"}),
        ("detect: 10m", "detect: 11m", {"till", "files", "old"}),
        ("Europe/Paris", "Europe/Berlin", {"till", "files", "old"}),
        (
            "recover_on",
            "manual: [{name: x, owner: y, allow: 1h}]\nrecover_on",
            {"till", "files", "old"},
        ),
        (
            "recover_on",
            "manual: [{name: x, owner: y, allow: 1h, services: [old]}]\nrecover_on",
            {"old"},
        ),
        ("location: offsite", "location: offsite, limits: {download: 2MiB/s}", {"till", "files"}),
        (
            "location: offsite",
            f"location: offsite, limits: {{windows: [{OFFICE} download: 2MiB/s}}]}}",
            {"till", "files"},
        ),
        ("{to: far}", "{to: far, copy_to: [near]}", {"till"}),
        (
            "location: offsite",
            "location: offsite, immutable: {mode: compliance, for: 30d}",
            {"till", "files"},
        ),
        ("equipment: nas}", "equipment: nas, append_only: true}", {"old"}),
        ("equipment: nas}", "equipment: nas, offline: {rotation: 1w}}", {"old"}),
        ("08:00", "09:00", {"till"}),  # the only one with a check in business hours
        ("holidays: FR", "holidays: FR-57", {"till"}),
    ],
)
def test_what_touches_a_service_outdates_its_proof(old: str, new: str, services: set[str]) -> None:
    assert services == touched(old, new)


def test_who_does_a_step_by_hand_and_what_it_is_called_move_no_proof() -> None:
    step = "manual: [{name: x, owner: y, allow: 1h}]\nrecover_on"

    assert hashes("recover_on", step) == hashes(
        "recover_on", step.replace("x, owner: y", "a, owner: b")
    )


def test_what_protects_a_copy_touches_the_service_as_well() -> None:
    copied = SITE.replace("{to: far}", "{to: far, copy_to: [near]}", 1)
    locked = copied.replace("equipment: nas}", "equipment: nas, append_only: true}")
    before, after = (
        policy.check({"acme.yaml": text}).sites["acme"].services for text in (copied, locked)
    )

    assert {"till", "old"} == {
        name for name in before if before[name].policy_hash != after[name].policy_hash
    }


def test_when_we_upload_slower_no_proof_moves_but_when_a_drill_fetches_slower_one_does() -> None:
    limited = "location: offsite, limits: {{download: 2MiB/s, windows: [{}]}}"
    same = limited.format(f"{OFFICE} upload: 1MiB/s}}")
    plain = hashes("location: offsite", "location: offsite, limits: {download: 2MiB/s}")

    assert plain == hashes("location: offsite", same)
    assert plain != hashes("location: offsite", same.replace("upload: 1", "download: 1"))


@pytest.mark.parametrize(
    ("old", "new", "services"),
    [
        ("depends_on: [files]", "depends_on: [old]", {"till"}),
        ("paths: [/srv]", "paths: [/srv2]", {"till", "files"}),
        ("select 1", "select 2", {"till"}),
        ("/mnt/nas", "/mnt/nas2", {"old"}),
    ],
)
def test_what_a_service_depends_on_is_part_of_its_proof(
    old: str, new: str, services: set[str]
) -> None:
    before, after = (
        policy.check({"acme.yaml": text}).sites["acme"].services
        for text in (RESTING, RESTING.replace(old, new, 1))
    )

    assert services == {n for n in before if before[n].policy_hash != after[n].policy_hash}
    assert {"till"} == {n for n in before if before[n].policy_hash != hashes()[n]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("paths: [/srv]}", "paths: [/srv], decoy: /srv/a.odt}"),
        ("backup: {to: far}\n  old", "backup: {to: far, every: 2h}\n  old"),
        ("name: Till", "name: Cash desk"),
    ],
)
def test_what_moves_nothing_below_keeps_the_proof_above(old: str, new: str) -> None:
    assert old in RESTING
    before, after = (
        policy.check({"acme.yaml": text}).sites["acme"].services["till"].policy_hash
        for text in (RESTING, RESTING.replace(old, new, 1))
    )

    assert before == after
