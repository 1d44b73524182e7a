"""What a drill says when the data, the policy or the repository lies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.site import DATABASE, FILES

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.site import ClientSite, Ran

REFUTED, INCONCLUSIVE = 3, 4


def told(ran: Ran) -> str:
    """Everything that is said of the first service's failure, to programs and to people."""
    service = ran.json["services"][0]
    assert service["rta_s"] is None, service  # no RTA where a mandatory check is not green
    assert service["time_to_recover_s"] is None
    return " ".join(service["why"])


def status(ran: Ran, kind: str) -> dict[str, str]:
    """The statuses of the first service's checks of one kind, by name."""
    checks: list[dict[str, Any]] = ran.json["services"][0]["checks"]
    return {c["name"]: c["status"] for c in checks if c["kind"] == kind}


def test_one_flipped_byte_in_a_pack_refutes(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    pack = site.packs()[0]
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)

    ran = site.drill()

    assert REFUTED == ran.code
    assert {"every byte": "fail"} == status(ran, "content")
    assert told(ran)
    assert "If the server dies tonight: NO" in ran.err
    assert "missed" == ran.json["objective"]


def test_a_missing_pack_refutes(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    site.packs()[0].unlink()

    ran = site.drill()

    assert REFUTED == ran.code
    assert {"every byte": "fail"} == status(ran, "content")


def test_a_wrong_repository_password_is_inconclusive(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    site.secret("restic", "wrong")

    ran = site.drill()

    assert INCONCLUSIVE == ran.code
    assert "password" in told(ran)
    assert "this proves nothing" in ran.err


def test_a_missing_secret_file_is_inconclusive_and_named(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    (site.secrets / "restic").unlink()

    ran = site.drill()

    assert INCONCLUSIVE == ran.code
    assert str(site.secrets / "restic") in told(ran)


def test_a_repository_that_was_emptied_is_no_proof(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    (site.repository / "config").unlink()

    ran = site.drill()

    assert INCONCLUSIVE == ran.code
    assert "far" in told(ran)


def test_a_service_never_backed_up_is_refuted(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES + FILES.replace("partage:", "archives:"))

    ran = site.drill("archives")

    assert REFUTED == ran.code
    assert "never backed up" in told(ran)
    assert "pra backup acme archives" in ran.err


def test_a_site_never_backed_up_is_refuted(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    policy = site.policies / "acme.yaml"
    policy.write_text(policy.read_text().replace(site.url, f"{site.home}/elsewhere"))

    ran, elsewhere = site.drill("--state", str(site.home / "new")), site.drill()

    assert REFUTED == ran.code
    assert "no recovery point in far: never backed up" == told(ran)
    assert REFUTED == elsewhere.code
    assert "no recovery point in far, though this log knows of backups" == told(elsewhere)


@pytest.mark.parametrize(
    ("services", "words"),
    [
        (
            DATABASE.replace("from orders", "from odrers", 1),
            'relation "odrers" does not exist',
        ),
        (DATABASE.replace(">= 1000", ">= 100000"), "5000 is not >= 100000"),
        (DATABASE.replace("fresh: 2h", "fresh: 1s"), "before the backup, at most 1 s"),
        (DATABASE.replace("database: %(database)s", "database: buvette"), "magasin, not buvette"),
        (FILES.replace("at_least: 10", "at_least: 41"), "40 files, at least 41"),
        (
            FILES.replace("files: {at_least: 10}", "command: [nonesuch]"),
            "nonesuch",
        ),
        (FILES.replace("files: {at_least: 10}", "command: [test, -s, nowhere]"), "exit 1"),
    ],
    ids=[
        "a missing table",
        "a count too low",
        "stale rows",
        "the wrong database",
        "too few files",
        "a command that is not there",
        "a file that is not there",
    ],
)
def test_a_check_that_does_not_pass_refutes(
    a_site: Callable[..., ClientSite], services: str, words: str
) -> None:
    ran = a_site(services).drill()

    assert REFUTED == ran.code
    assert words in told(ran)


def test_a_depth_that_is_not_reached_refutes(a_site: Callable[..., ClientSite]) -> None:
    ran = a_site(FILES.replace("    objectives", "    depth: 2\n    objectives")).drill()

    assert REFUTED == ran.code
    service = ran.json["services"][0]
    assert (1, "unproven", None) == (service["depth"], service["label"], service["rta_s"])
    assert "depth 1 was reached, the policy demands 2" in service["why"][0]


def test_an_optional_check_that_fails_is_told_and_does_not_refute(
    a_site: Callable[..., ClientSite],
) -> None:
    ran = a_site(FILES.replace("{at_least: 10}", "{at_least: 99}, optional: true")).drill()

    assert 0 == ran.code
    assert {"all files": "fail"} == status(ran, "files")
    assert "advisory" in ran.err


def test_an_rto_of_one_second_is_missed_and_the_time_is_still_told(
    a_site: Callable[..., ClientSite],
) -> None:
    ran = a_site(FILES.replace("rto: 4h", "rto: 1s")).drill()

    assert REFUTED == ran.code
    service = ran.json["services"][0]
    assert "missed" == service["objective"]
    assert service["rta_s"] > 0
    assert "RTO of 1 s" in service["why"][0]
    assert "MISSED" in ran.err


def test_data_older_than_the_rpo_is_missed(a_site: Callable[..., ClientSite]) -> None:
    ran = a_site(FILES.replace("rpo: 30m", "rpo: 1s")).drill()

    assert REFUTED == ran.code
    assert "old, the RPO is 1 s" in ran.json["services"][0]["why"][0]


def test_what_depends_on_a_service_that_does_not_answer_is_inconclusive(
    a_site: Callable[..., ClientSite],
) -> None:
    depends = FILES.replace("checks:", "depends_on: [caisse]\n    checks:")
    ran = a_site(DATABASE.replace(">= 1000", ">= 100000") + depends).drill()

    assert REFUTED == ran.code
    assert ["refuted", "inconclusive"] == [s["verdict"] for s in ran.json["services"]]
    assert "caisse, on which it depends" in ran.json["services"][1]["why"][0]


def test_a_snapshot_that_was_rewritten_is_not_taken_for_the_original(
    a_site: Callable[..., ClientSite], tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = a_site(FILES)
    site.restic("rewrite", "--forget", "--tag", "source=partage", "--exclude", "pièce 3.bin")

    with_log = site.drill()
    without = site.drill("--state", str(tmp_path_factory.mktemp("empty")))

    assert (REFUTED, REFUTED) == (with_log.code, without.code)
    assert "rewritten" in told(with_log)
    assert "seal" in told(without)


def test_a_point_without_its_seal_is_no_recovery_point(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    site.forget_seals()

    ran = site.drill()

    assert REFUTED == ran.code
    assert "not sealed" in told(ran)


def test_a_forged_seal_refutes(a_site: Callable[..., ClientSite]) -> None:
    site = a_site(FILES)
    (seal,) = (s for s in site.seals() if "service=partage" in s["tags"])
    site.forget_seals()
    forged = site.home / "pra-seal.json"
    forged.write_text('{"hmac": "00", "manifest": {}}')
    site.restic(
        "backup", "--stdin-from-command", "--stdin-filename", forged.name, "--host", "acme",
        *(word for tag in seal["tags"] for word in ("--tag", tag)), "--", "cat", str(forged),
    )  # fmt: skip

    ran = site.drill()

    assert REFUTED == ran.code
    assert {"seal": "fail"} == status(ran, "seal")


def test_a_disk_too_small_is_inconclusive_and_nothing_is_fetched(
    a_site: Callable[..., ClientSite], small_disk: str
) -> None:
    ran = a_site(FILES).drill("--state", small_disk)

    assert INCONCLUSIVE == ran.code
    assert "MiB of disk" in told(ran)
    assert [] == ran.json["services"][0]["steps"]


def test_a_drill_that_the_policy_gives_too_little_room_is_inconclusive_and_fetches_nothing(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(FILES)
    policy = site.policies / "acme.yaml"
    policy.write_text(policy.read_text() + "budget: {drill_space: 100kB}\n")

    ran = site.drill()

    assert INCONCLUSIVE == ran.code
    assert "the drill needs 1 MiB of disk, the policy allows 0 MiB" in told(ran)
    assert [] == ran.json["services"][0]["steps"]


def test_restic_absent_too_old_or_strange_is_inconclusive(
    a_site: Callable[..., ClientSite], fake_restic: Callable[[str], str]
) -> None:
    site = a_site(FILES)
    for script, words in (
        ("", "restic"),
        ("echo 'restic 0.14.0 compiled with go1.19.8 on linux/amd64'", "0.14"),
        ("echo '%$&!'", "restic"),
    ):
        ran = site.pra("drill", "acme", "--json", env={"PATH": fake_restic(script)})
        assert INCONCLUSIVE == ran.code, ran
        assert words in told(ran)


def test_a_drill_is_refused_in_the_open_unless_the_policy_allows_it(
    a_site: Callable[..., ClientSite], path_without: Callable[[str], str]
) -> None:
    site = a_site(FILES)
    without = {"PATH": path_without("bwrap")}

    required = site.pra("drill", "acme", "--json", env=without)
    policy = site.policies / "acme.yaml"
    policy.write_text(policy.read_text().replace("lead:", "sandbox: best-effort\nlead:"))
    allowed = site.pra("drill", "acme", "--json", env=without)

    assert INCONCLUSIVE == required.code
    assert "bubblewrap" in required.err
    assert 0 == allowed.code
    assert "none" == allowed.json["sandbox"]["mechanism"]
    assert "sandbox-none" in {f["code"] for f in allowed.json["findings"]}
    assert os.geteuid() != 0 or allowed.json["sandbox"]["uid"] not in {0, None}
