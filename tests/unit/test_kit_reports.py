"""What people and programs read of kits and keys."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.core.kit import bare
from orchestrator.core.kit.keyed import Changed, Key, Left
from orchestrator.errors import KitDamaged, RepositoryRefused, RepositoryUnreachable
from orchestrator.reports import keys, kit
from orchestrator.reports.kit import Outcome, Row, Verified
from tests import kits, policies

ROTATED = Changed(repository="far", added="aa" * 32, revoked=("bb" * 32,))
OPENS = Row(repository="offsite", location="offsite", outcome=Outcome.OPENS)
GOOD = Verified(kit=kits.kit(), holder="us", rows=(OPENS,), stale=(), is_known=True)


def test_a_rotation_says_what_opens_and_which_kit_is_stale() -> None:
    said = keys.text("acme", [replace(ROTATED, stale="k1", immutable=True)])

    assert "far: the new password opens it, key aaaaaaaa\nfar: bbbbbbbb opens it no more" in said
    assert "only hidden until its lock ends" in said
    assert "The recovery kit k1 is stale now" in said
    assert 0 == keys.exit_code([ROTATED])


def test_a_key_that_still_opens_is_said_with_what_to_do() -> None:
    left = Changed(
        repository="far", added="aa" * 32, revoked=(), left="bb" * 32, why="x", where="{env: FAR}"
    )
    said = keys.text("acme", [left])

    assert "Put the new password where {env: FAR} leads" in said
    assert said.endswith("pra repo revoke acme far bbbbbbbb")
    assert "{env: FAR}" not in keys.text("acme", [replace(left, where="")])
    assert keys.HELD == keys.exit_code([ROTATED, left])
    (row,) = keys.document("acme", [left])["repositories"]
    assert ("bb" * 32, "{env: FAR}", None) == (row["still_opens"], row["change"], row["stale_kit"])


def test_the_keys_are_listed_with_whose_they_are() -> None:
    one = Key(id="aa" * 32, user="root", host="srv", created="2026-11-23 22:00:01", current=True)
    two = replace(one, id="bb" * 32, user="pra-kit", host="k1", current=False)

    assert keys.list_text([one, two]).splitlines() == [
        "aaaaaaaa  in use, root@srv, 2026-11-23 22:00",
        "bbbbbbbb  pra-kit@k1, 2026-11-23 22:00",
    ]
    assert [True, False] == [
        k["in_use"] for k in keys.list_document("a", "far", [one, two])["keys"]
    ]


def test_who_left_knew_more_than_his_key() -> None:
    left = Left(changed=(), opens=("far", "nas"), buckets=("far",))
    said = keys.left_text("acme", "durand", left)

    assert "no recovery key of durand's kits is left" in said
    assert "pra repo rotate-key acme far nas --new-password-file FILE" in said
    assert "the S3 keys of far" in said
    assert ["far", "nas"] == keys.left_document("acme", "durand", left)["still_opens"]
    none = keys.left_text("acme", "durand", Left(changed=(ROTATED,), opens=(), buckets=()))
    assert "also had" not in none


def test_a_kit_that_was_made_says_what_is_to_be_done_with_it() -> None:
    one = kits.kit()
    said = kit.exported_text(one, "kit.zip", ["nas: unplugged"], "k0", [("offsite", "cc" * 32)])

    assert "opens offsite, nas; for us, martin" in said
    assert "nas: unplugged" in said
    assert "    pra repo revoke bakery offsite cccccccc" in said
    assert "destroy them" in kit.exported_text(one, "kit.zip", [], "k0", [])
    bare_one = replace(one, repositories=(replace(one.repositories[0], recovery_key=""),))
    assert "recovery key" not in kit.exported_text(bare_one, "kit.zip", [], "", [])
    body = kit.exported_document(one, "kit.zip", ["r"], ["w"])
    assert [2, "cc" * 32] == [
        body["repositories"][0]["objects"],
        body["repositories"][0]["recovery_key_id"],
    ]


def test_a_verified_kit_says_who_is_still_to_open_it() -> None:
    assert "Have martin do the same" in kit.verified_text(replace(GOOD, waiting=("martin",)))
    assert kit.verified_text(GOOD).endswith("Recorded.")
    assert "nothing was recorded" in kit.verified_text(replace(GOOD, is_known=False))


def test_what_did_not_open_is_said_and_why() -> None:
    no = replace(
        OPENS,
        outcome=Outcome.REFUSED,
        what="password",
        recovery=True,
        error=RepositoryRefused("offsite: the password opens no key", hint="never said"),
        remarks=("its config is another",),
    )
    away = replace(
        OPENS, outcome=Outcome.UNREACHABLE, error=RepositoryUnreachable("x", hint="Wait.")
    )
    refused, lost = replace(GOOD, rows=(no,)), replace(GOOD, rows=(away,))

    said = kit.verified_text(refused)
    assert "does not open with the password: the password opens no key; the recovery key" in said
    assert ("never said" in said, "its config is another" in said) == (False, True)
    assert "Export a new one" in said
    assert "Wait." in kit.verified_text(lost)
    assert "inconclusive" in kit.verified_text(lost)
    assert "it is stale" in kit.verified_text(replace(GOOD, stale=("offsite: x",)))
    (row,) = kit.verified_document(lost)["repositories"]
    assert {"code": "repository-unreachable", "message": "x", "remedy": "Wait."} == row["error"]
    assert kit.verified_document(GOOD)["recorded"]


def test_a_bare_site_is_nothing_but_its_repositories() -> None:
    far = policies.site().repositories

    assert (far, {}) == (bare.site(far).repositories, bare.site(far).services)


def test_damage_is_told_from_a_wrong_secret_by_its_exit_code() -> None:
    assert 3 == KitDamaged.exit_code
