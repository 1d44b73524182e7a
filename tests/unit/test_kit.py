"""What a recovery kit holds, how it is typed, printed and read back."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.kit import contents, fingerprint, typed
from orchestrator.errors import KitDamaged
from orchestrator.reports import kit_blocks, kit_pdf, kit_text
from orchestrator.reports.kit import Outcome, Row, Verified, exit_code, verified_text
from tests import kits

PRINTED = {contents.TEXT: b"text", contents.PDF: b"pdf"}
PARTS = contents.files(kits.kit(), PRINTED)
SECRETS = ("correct horse", "1111-2222-3333", kits.RECOVERY)


def test_what_was_put_into_a_kit_comes_out_of_it() -> None:
    assert kits.kit() == contents.read(PARTS)


@pytest.mark.parametrize("name", list(PARTS))
def test_a_file_that_is_missing_or_other_is_named(name: str) -> None:
    for parts in ({n: c for n, c in PARTS.items() if n != name}, {**PARTS, name: b"{}"}):
        with pytest.raises(KitDamaged, match=re.escape(name)):
            contents.read(parts)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("site", "../../etc"), ("holders", ["a/b"]), ("schema", 2)),
        *(("repositories", [{"id": "x"}]), ("timezone", "Nowhere/Else"), ("timezone", 7)),
    ],
)
def test_a_kit_that_says_what_none_does_is_refused(key: str, value: object) -> None:
    body = {**json.loads(PARTS[contents.MAIN]), key: value}

    with pytest.raises(KitDamaged):
        contents.read({**PARTS, contents.MAIN: json.dumps(body).encode()})


def test_a_kit_names_no_file_outside_its_repository() -> None:
    body = json.loads(PARTS[contents.MAIN])
    body["repositories"][0]["objects"] = ["../../root/.ssh/authorized_keys"]

    with pytest.raises(KitDamaged, match="restic does not have"):
        contents.read({**PARTS, contents.MAIN: json.dumps(body).encode()})


def test_a_kit_says_where_a_repository_is_in_the_words_of_a_policy() -> None:
    body = json.loads(PARTS[contents.MAIN])
    body["repositories"][0]["location"] = "somewhere"

    with pytest.raises(KitDamaged):
        contents.read({**PARTS, contents.MAIN: json.dumps(body).encode()})


def test_no_secret_is_in_what_a_traceback_or_a_note_shows() -> None:
    kit = kits.kit()
    shown = f"{kit!r}{kit_text.readme(kit, 'fr')}{kit_text.readme(kit, 'en')}"

    assert [] == [secret for secret in SECRETS if secret in shown]


@given(st.binary(min_size=20, max_size=20))
def test_a_recovery_key_is_typed_in_any_case_and_spacing(chance: bytes) -> None:
    key = typed.recovery_key(chance)

    assert key == typed.mended(f" {key.lower().replace('-', ' ')}\n")
    assert re.fullmatch(r"([A-HJ-NP-Z2-9]{4}-){8}[A-HJ-NP-Z2-9]{4}", key)


@given(st.binary(min_size=20, max_size=20), st.integers(0, 31), st.sampled_from(typed.SIGNS))
def test_a_slip_in_a_recovery_key_is_seen(chance: bytes, at: int, sign: str) -> None:
    key = typed.recovery_key(chance)
    at += at // 4  # not a hyphen
    slip = key[:at] + sign + key[at + 1 :]

    assert (key if slip == key else None) == typed.mended(slip)


def test_a_line_is_checked_with_what_every_machine_has() -> None:
    assert "2cf2" == typed.check("hello")  # printf %s hello | sha256sum | cut -c1-4


def test_a_passphrase_that_is_made_is_not_a_weak_one() -> None:
    chance = iter(range(30))

    assert "" == typed.weakness(typed.passphrase(lambda n: next(chance) % n))
    assert "5 signs" in typed.weakness("petit")
    assert "repeats" in typed.weakness("aaaaaaaaaaaaaaaa")


def test_a_fingerprint_changes_with_whatever_opens_the_repository() -> None:
    one = kits.repository()
    assert one.s3 is not None
    others = [
        one,
        replace(one, url="s3:https://s3.example.net/other"),
        replace(one, password="other"),
        replace(one, region=None),
        replace(one, s3=replace(one.s3, access_key="other")),
        replace(one, s3=replace(one.s3, secret_key="other")),
    ]
    prints = [fingerprint.fingerprint("k", kit_blocks.opens(other)) for other in others]

    assert len(others) == len(set(prints))
    assert prints[0] == fingerprint.fingerprint("k", kit_blocks.opens(replace(one, lock="x")))
    assert prints[0] != fingerprint.fingerprint("another kit", kit_blocks.opens(one))


def test_the_page_can_be_read_by_a_telephone_and_by_a_person() -> None:
    kit = kits.kit()

    document = pypdfium2.PdfDocument(kit_pdf.pdf(kit))
    codes, text = [], ""
    for page in document:
        codes += [code.text for code in zxingcpp.read_barcodes(page.render(scale=3).to_pil())]
        text += page.get_textpage().get_text_bounded()

    assert kit.repositories == tuple(
        replace(one, restic="ab" * 32, recovery_key="cc" * 32, location=was.location)
        for one, was in zip(
            contents.scanned(tuple(codes), kit.at).repositories, kit.repositories, strict=True
        )
    )
    assert kits.RECOVERY in text
    assert f"kit {kit.kit} - bakery - 2026-11-23 23:30 - {len(document)}/{len(document)}" in text


def test_a_code_of_another_kit_or_cut_short_is_refused() -> None:
    kit = kits.kit()
    one, other = (contents.payload(kit, of) for of in kit.repositories)

    for lines in ((one[:-5],), (one, other.replace("abcdef", "other")), ("{}",), ()):
        with pytest.raises(KitDamaged):
            contents.scanned(lines, kit.at)


def test_the_text_says_the_plain_way_in_full() -> None:
    text = kit_text.text(kits.kit())

    for line in (
        "export RESTIC_REPOSITORY=s3:https://s3.example.net/bakery/restic",
        "export AWS_DEFAULT_REGION=fr-par",
        "restic snapshots --host bakery --tag service=till,source=seal,outcome=complete",
        "--tag service=share,source=documents,run=$RUN --target /reprise/share",
        "pg_restore --create --dbname postgres /reprise/till/till.dump",
        "aws --endpoint-url https://s3.example.net s3 cp offsite/config s3://bakery/restic/config",
        "cp nas/config /mnt/nas/restic/config; cp nas/keys/* /mnt/nas/restic/keys/",
        "correct·horse·battery·staple",
        "    SCW0  1234  5678  9",
        "    ^^^#  ####  ####  #",
    ):
        assert line in text


@pytest.mark.parametrize("secret", ["pâte à choux", "€", "a·b", "\ttab", "x" * 200])
def test_every_secret_can_be_typed_from_the_page(secret: str) -> None:
    block = kit_blocks.typed("password", secret)
    line = "".join(row for row, _ in block.rows)

    assert secret == (bytes.fromhex(line).decode() if block.note else line)
    assert all(row.isprintable() and row.encode("latin-1") for row, _ in block.rows)


def test_a_verdict_needs_what_is_offsite_and_nothing_refused() -> None:
    opens = Row(repository="offsite", location="offsite", outcome=Outcome.OPENS, recovery=True)
    away = Row(repository="nas", location="onsite")
    plain = Verified(kit=kits.kit(), holder="us", rows=(opens, away), stale=(), is_known=True)
    refused = replace(away, outcome=Outcome.REFUSED, what="password")

    assert 0 == exit_code(plain)
    assert 4 == exit_code(replace(plain, rows=(replace(opens, outcome=Outcome.UNREACHABLE),)))
    assert 3 == exit_code(replace(plain, rows=(opens, refused)))
    assert 3 == exit_code(replace(plain, stale=("nas: it is not in the kit",)))
    assert "opens with the password and the recovery key" in verified_text(plain)
    assert "Recorded" not in verified_text(replace(plain, stale=("x",)))


def test_a_page_without_small_files_or_keys_of_a_bucket_says_what_there_is() -> None:
    bare = kits.repository(
        url="sftp:host:/r", s3=None, recovery_key="", objects={}, append_only=True, offline=True
    )
    kit = replace(
        kits.kit(),
        repositories=(bare,),
        sources=(("till", "SRV-OLD", "adopted"),),
        services={"till": "Caisse", "share": "Fichiers"},
        tools={},
    )

    text = kit_text.text(kit)

    assert "append-only; offline" in text
    assert "restic restore latest --host SRV-OLD --target /reprise/till" in text
    assert "restore-keys" not in text
    assert "pra (?)" in text
    assert kit_pdf.pdf(kit).startswith(b"%PDF")
    assert None is kit.repository("nowhere")


def test_a_code_that_lacks_something_is_named() -> None:
    kit = kits.kit()
    lacking = json.loads(contents.payload(kit, kit.repositories[0]))
    del lacking["password"]
    version = json.loads(contents.payload(kit, kit.repositories[0])) | {"pra": 99}

    for said in (lacking, version):
        with pytest.raises(KitDamaged):
            contents.scanned((json.dumps(said),), kit.at)


def test_what_the_log_keeps_of_a_key_is_taken_apart_again() -> None:
    kept = fingerprint.with_key("ab", "cc")

    assert ("ab", "cc") == (fingerprint.print_of(kept), fingerprint.key_of(kept))
    assert ("ab", "") == (fingerprint.print_of("ab"), fingerprint.key_of("ab"))


def test_a_long_command_is_folded_where_a_shell_takes_it() -> None:
    words = " ".join(f"--option-{n}" for n in range(20))

    folded = list(kit_pdf.folded(words))

    assert words.split() == "".join(folded).replace("\\", " ").split()
    assert all(line.endswith(" \\") for line in folded[:-1])
    assert ["x" * 200] == list(kit_pdf.folded("x" * 200))
