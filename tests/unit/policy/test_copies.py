"""Where a service is copied to, and what protects a repository: read and refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.core import policy
from orchestrator.core.policy.model import Immutable, LockMode, Retention
from tests.copied import PROVIDER, SITE, check


def test_copies_and_what_protects_them_are_read() -> None:
    checked = check()
    site = checked.sites["acme"]
    near, far, disk, host = site.repositories.values()

    assert () == checked.errors + checked.warnings
    assert ("near", ("far", "disk")) == (
        site.services["files"].backup_to,
        site.services["files"].copy_to,
    )
    assert Immutable(mode=LockMode.COMPLIANCE, period=timedelta(days=30)) == far.immutable
    assert {"hds": "certificat 123, jusqu'au 2027-03", "iso27001": "oui"} == far.certified
    assert timedelta(days=7) == disk.rotation
    assert (True, False) == (host.append_only, near.append_only)
    assert (None, None) == (near.immutable, near.rotation)


def test_a_site_keeps_what_its_tier_says_but_where_it_says_otherwise_itself() -> None:
    site = check().sites["acme"]

    assert Retention(last=3, daily=14) == site.retention
    assert timedelta(days=30) == site.read_all_within


def test_without_a_word_all_is_kept_and_nothing_read_again() -> None:
    site = check(("tier: gold\n", ""), ("retention: {daily: 14, hourly: 0}\n", "")).sites["acme"]

    assert (None, None) == (site.retention, site.read_all_within)


def test_what_is_shown_reads_back_as_the_same_site() -> None:
    site = check().sites["acme"]
    shown = policy.as_yaml(policy.plain(site))

    assert {"acme": site} == policy.check({"provider.yaml": PROVIDER, "acme.yaml": shown}).sites


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        # copies
        (
            "[far, disk]",
            "[fra, disk]",
            '23: services.files.backup.copy_to[0]: no repository is named "fra" (did you mean fa',
        ),
        (
            "[far, disk]",
            "[far, near]",
            "23: services.files.backup.copy_to[1]: near is where the backup goes already (name an",
        ),
        (
            "[far, disk]",
            "[far, far]",
            "23: services.files.backup.copy_to[1]: far is named twice (keep one of them)",
        ),
        (
            "/mnt/usb",
            "/mnt/nas/",
            "23: services.files.backup.copy_to[1]: disk is the same place as near: they have one",
        ),
        ("[far, disk]", "far", "23: services.files.backup.copy_to: a list was expected, text"),
        ("[far, disk]", "[far, 7]", "23: services.files.backup.copy_to[1]: a name was expected"),
        ("copy_to", "copyto", "23: services.files.backup.copyto: unknown key (did you mean copy_"),
        (
            "{files: {paths: [/srv]}",
            "{adopted: {repository: far, host: h}",
            "23: services.files.backup: adopted snapshots are made elsewhere (remove it)",
        ),
        (
            "{files: {paths: [/srv]}",
            "{external: {tool: them}",
            "23: services.files.backup: nothing of an external service is saved or proven here",
        ),
        # Object Lock
        (
            "{mode: compliance, for: 30d}",
            "true",
            "10: repositories.far.immutable: a map was expected, true or false found",
        ),
        (
            "{mode: compliance, for: 30d}",
            "{mode: compliance}",
            "10: repositories.far.immutable: for",
        ),
        (
            "{mode: compliance, for: 30d}",
            "{for: 30d}",
            "10: repositories.far.immutable: mode is mis",
        ),
        (
            "compliance",
            "complaince",
            '10: repositories.far.immutable.mode: "complaince" is not know',
        ),
        (
            "for: 30d",
            "for: 30",
            "10: repositories.far.immutable.for: a duration was expected, a nu",
        ),
        (
            "for: 30d",
            "for: -3d",
            '10: repositories.far.immutable.for: "-3d" is not a duration (wri',
        ),
        (
            "for: 30d",
            "for: 0d",
            '10: repositories.far.immutable.for: "0d" is not a duration (write more than zero)',
        ),
        (
            "for: 30d",
            "for: 999999w",
            '10: repositories.far.immutable.for: "999999w" is not a duration (write at most 36500',
        ),
        (
            "immutable:",
            "imutable:",
            "10: repositories.far.imutable: unknown key (did you mean immut",
        ),
        (
            "url: s3:https://s3.example.net/acme",
            "url: sftp:u@h:/acme",
            "10: repositories.far.immutable: Object Lock is of S3, and the url is not one (remove",
        ),
        (
            "    location: offsite\n    immutable",
            "    location: offsite\n    offline: {rotation: 1w}\n    immutable",
            "10: repositories.far.offline: what is unplugged has no Object Lock (keep one of them)",
        ),
        # the other protections
        ("append_only: true", "append_only: 1", "17: repositories.host.append_only: true or false"),
        (
            "append_only",
            "append-only",
            "17: repositories.host.append-only: unknown key (did you me",
        ),
        (
            "immutable: {mode: compliance, for: 30d}",
            "offline: {rotation: 1w}",
            "10: repositories.far.offline: nobody unplugs a bucket (remove it; S3 has immutable:)",
        ),
        ("{rotation: 1w}", "1w", "16: repositories.disk.offline: a map was expected, text found"),
        (
            "{rotation: 1w}",
            "{}",
            "16: repositories.disk.offline: rotation is missing (add rotation",
        ),
        ("rotation: 1w", "rotation: 0w", '16: repositories.disk.offline.rotation: "0w" is not a d'),
        ("rotation: 1w", "rotaton: 1w", "16: repositories.disk.offline.rotaton: unknown key (did"),
        ("iso27001: oui", "iso27001: true", "11: repositories.far.certified.iso27001: text was ex"),
        ("certified: {", "certified: {}\n#", "11: repositories.far.certified: the map is empty"),
        ("{hds:", "{h ds:", "11: repositories.far.certified.h ds: this is not a name (letters, d"),
        # what is kept and read
        ("daily: 14", "daily: -1", "24: retention.daily: -1 is out of range (write 0 to 100000)"),
        ("daily: 14", "daily: 1.5", "24: retention.daily: a whole number was expected, a number"),
        ("daily: 14", 'daily: "14"', "24: retention.daily: a whole number was expected, text fou"),
        ("daily: 14", "dayly: 14", "24: retention.dayly: unknown key (did you mean daily?)"),
        ("daily: 14, hourly: 0", "last: 0, hourly: 0", "24: retention: every count is 0: no recov"),
        (
            "{daily: 14, hourly: 0}",
            "14",
            "24: retention: a map was expected, a number found (write",
        ),
        ("retention:", "verify: {read_all_within: 0d}\n#", "24: verify.read_all_within: "),
        ("retention:", "verify: 30d\n#", "24: verify: a map was expected, text found"),
    ],
)
def test_a_fault_says_where_what_and_what_to_do(old: str, new: str, fault: str) -> None:
    found = [str(fault).removeprefix("acme.yaml:") for fault in check((old, new)).errors]

    assert any(line.startswith(fault) for line in found), found


def test_a_retention_that_keeps_nothing_is_none() -> None:
    [fault] = policy.check({"acme.yaml": SITE.replace("tier: gold", "timezone: UTC").replace(
        "daily: 14, hourly: 0", "daily: 0"
    )}).errors  # fmt: skip
    [empty] = policy.check({"acme.yaml": SITE.replace("tier: gold", "timezone: UTC").replace(
        "daily: 14, hourly: 0", ""
    )}).errors  # fmt: skip

    assert "write one above 0; to keep all, remove retention:" == fault.remedy
    assert empty.message.startswith("one of last, hourly, daily, weekly, monthly or yearly is")


def test_a_copy_elsewhere_lets_the_first_repository_sit_on_the_source_s_machine() -> None:
    here = ("equipment: nas}", "equipment: srv}")
    [alone] = check(here, (", copy_to: [far, disk]", "")).errors
    [both] = check(
        here,
        ("[far, disk]", "[disk]"),
        (
            "location: offsite\n    offline: {r",
            "location: onsite\n    equipment: srv\n    offline: {r",
        ),
    ).errors

    assert () == check(here).errors
    assert "the source and its only repository near sit on one machine, srv" == alone.message
    assert "the source and all its repositories, near, disk, sit on one machine, srv" == (
        both.message
    )


def test_a_copy_that_cannot_be_told_is_not_taken_for_a_missing_one() -> None:
    faults = check(("equipment: nas}", "equipment: srv}"), ("[far, disk]", "[fra]")).errors

    assert ["services.files.backup.copy_to[0]"] == [fault.path for fault in faults]
