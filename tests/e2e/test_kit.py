"""The recovery kit of a real site: made, opened by its holders, stale, lied about, used."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
import pytest
import zxingcpp

from orchestrator.adapters import envelope
from orchestrator.adapters.envelope import Recipient
from orchestrator.errors import KitDamaged, KitRefused
from orchestrator.jobs.kit import identity_of, opened
from orchestrator.jobs.kit_export import sealed
from tests.quick import make
from tests.site import FILES, PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Original
    from tests.site import ClientSite, Ran


@dataclass(frozen=True, slots=True)
class Made:
    """A site, its kit, and the file of the key that opens the envelope of `us`."""

    site: ClientSite
    kit: Path
    key: Path

    def verify(self, *words: str, kit: Path | None = None) -> Ran:
        given = words or ("--holder", "us", "--identity", str(self.key))
        return self.site.pra("kit", "verify", str(kit or self.kit), *given, "--json")

    def listed(self) -> list[dict[str, str]]:
        ran = self.site.pra("repo", "revoke", "acme", "far", "--json")
        found: list[dict[str, str]] = ran.json["keys"]
        return found


def a_kit(site: ClientSite, *holders: str) -> Made:
    """Export a kit of the site for us, with a key of age, and for others."""
    site.shell("age-keygen -o us.key && age-keygen -y us.key > us.pub")
    public = (site.home / "us.pub").read_text().strip()
    kit = site.home / "kit.zip"
    named = [word for one in (f"us={public}", *holders) for word in ("--holder", one)]
    ran = site.pra("kit", "export", "acme", "-o", str(kit), *named)
    assert 0 == ran.code, ran
    return Made(site, kit, site.home / "us.key")


@pytest.fixture(scope="module")
def shared(original: Original, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A kit for us and for martin, who has a passphrase; whoever changes it changes it back."""
    site = original.site.copy_to(tmp_path_factory.mktemp("kit"))
    site.write(FILES)
    site.secret("martin", "sept huit neuf dix onze")
    return a_kit(site, f"martin={site.secrets}/martin")


@pytest.fixture
def made(a_site: Callable[..., ClientSite]) -> Made:
    """A kit of one test, for us and for martin, who has the same key."""
    site = a_site(FILES)
    site.shell("age-keygen -o martin.key && age-keygen -y martin.key > martin.pub")
    return a_kit(site, f"martin={(site.home / 'martin.pub').read_text().strip()}")


def test_each_holder_opens_all_that_the_kit_names_and_it_is_recorded(shared: Made) -> None:
    site = shared.site
    martin = ("--passphrase-file", f"{site.secrets}/martin")

    before = site.pra("events").out.count("kit.verified")  # by tests that came earlier
    ours, theirs = shared.verify(), shared.verify(*martin)

    assert (0, 0) == (ours.code, theirs.code), (ours, theirs)
    assert [True, "us"] == [ours.json["recorded"], ours.json["holder"]]
    assert [True, "martin"] == [theirs.json["recorded"], theirs.json["holder"]]
    (row,) = theirs.json["repositories"]
    assert ("opens", True) == (row["outcome"], row["recovery_key"])
    events = site.pra("events").out
    assert (1, before + 2) == (events.count("kit.exported"), events.count("kit.verified"))
    assert "opened by every holder" in site.pra("doctor", "acme").out
    assert 0o600 == shared.kit.stat().st_mode & 0o777
    with zipfile.ZipFile(shared.kit) as found:
        open_to_all = b"".join(found.read(n) for n in found.namelist() if "age" not in n)
    assert PASSWORD.encode() not in open_to_all + site.pra("events", "--json").out.encode()
    again = site.pra("kit", "export", "acme", "-o", str(shared.kit), "--holder", "us=/dev/null")
    assert 2 == again.code, again


def test_a_password_that_was_rotated_makes_the_kit_stale_and_old_points_stay_good(
    made: Made,
) -> None:
    site = made.site
    site.secret("new", "a wholly other password")

    rotated = site.pra(
        "repo", "rotate-key", "acme", "far", "--new-password-file", f"{site.secrets}/new", "--json"
    )

    (row,) = rotated.json["repositories"]
    kit = opened(made.kit, identity_of(made.key)).kit
    assert (0, kit.kit, None) == (rotated.code, row["stale_kit"], row["still_opens"])
    assert "a wholly other password\n" == (site.secrets / "restic").read_text()
    drilled = site.drill()
    assert "proven" == drilled.json["verdict"], drilled
    stale = made.verify()
    assert (3, False) == (stale.code, stale.json["recorded"])
    (one,) = stale.json["repositories"]
    assert ("refused", True) == (one["outcome"], one["recovery_key"])
    assert ["far: its password is another today"] == stale.json["stale"]
    assert "kit-stale" in site.pra("doctor", "acme", "--json").out
    site.secret("by-hand", kit.recovery)
    listed = site.shell(f"restic -r {site.url} -p {site.secrets}/by-hand snapshots")
    assert 0 == listed.code, listed


def test_a_rotation_leaves_a_secret_that_is_not_a_file_to_its_owner(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(FILES)
    site.secret("new", "a wholly other password")
    path = site.policies / "acme.yaml"
    path.write_text(path.read_text().replace(f"{{file: {site.secrets}/restic}}", "{env: FAR}"))
    old = {"FAR": PASSWORD}
    words = ("rotate-key", "acme", "far", "--new-password-file", f"{site.secrets}/new", "--json")

    rotated = site.pra("repo", *words, env=old)

    (row,) = rotated.json["repositories"]
    assert (3, "{env: FAR}") == (rotated.code, row["change"])
    refused = site.pra("repo", "revoke", "acme", "far", row["still_opens"], env=old)
    assert 2 == refused.code, refused
    gone = site.pra(
        "repo", "revoke", "acme", "far", row["still_opens"], env={"FAR": "a wholly other password"}
    )
    assert 0 == gone.code, gone
    assert 1 == site.pra("verify", "acme", env=old).code


def test_who_leaves_loses_his_key_and_what_else_he_knew_is_said(made: Made) -> None:
    site = made.site

    left = site.pra("repo", "revoke", "acme", "--holder", "martin", "--json")

    assert (3, ["far"]) == (left.code, left.json["still_opens"])
    assert ["root"] == [key["user"] for key in made.listed()]
    assert 2 == site.pra("repo", "revoke", "acme", "far", made.listed()[0]["id"][:8]).code
    assert 2 == site.pra("repo", "revoke", "acme", "--holder", "nobody").code
    assert 3 == made.verify().code
    assert "revoked" in site.pra("doctor", "acme").out


def test_a_password_file_that_another_repository_shares_is_not_changed(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(FILES)
    site.secret("new", "a wholly other password")
    path = site.policies / "acme.yaml"
    far = next(line for line in path.read_text().splitlines() if line.startswith("  far:"))
    near = far.replace("far:", "near:").replace(site.url, f"{site.url}-2")
    path.write_text(
        f"{path.read_text().replace(far, f'{far}{chr(10)}{near}')}    backup: {{to: far}}\n"
    )

    refused = site.pra(
        "repo", "rotate-key", "acme", "far", "--new-password-file", f"{site.secrets}/new"
    )

    assert 2 == refused.code
    assert "acme/near: its password stands in the same file" in refused.err
    assert f"{PASSWORD}\n" == (site.secrets / "restic").read_text()


def test_a_password_that_can_be_written_in_one_place_alone_is_written_in_none(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(FILES)
    site.secret("new", "a wholly other password")
    site.secret("near", PASSWORD)
    path = site.policies / "acme.yaml"
    far = next(line for line in path.read_text().splitlines() if line.startswith("  far:"))
    near = far.replace("far:", "near:").replace(site.url, f"{site.url}-2")
    near = near.replace(f"{site.secrets}/restic", f"{site.secrets}/near")
    path.write_text(
        f"{path.read_text().replace(far, f'{far}{chr(10)}{near}')}    backup: {{to: far}}\n"
    )
    make(Path(f"{site.url}-2"), PASSWORD)
    for name in ("restic", "near"):  # whichever of the two is the second
        (site.secrets / f".{name}.part").mkdir()
        words = ("rotate-key", "acme", "far", "near")
        failed = site.pra("repo", *words, "--new-password-file", f"{site.secrets}/new")
        (site.secrets / f".{name}.part").rmdir()

        assert 1 == failed.code, failed
        assert "cannot be written" in failed.err
        for secret, repository in (("restic", "far"), ("near", "near")):
            assert f"{PASSWORD}\n" == (site.secrets / secret).read_text()
            assert 1 == len(site.pra("repo", "revoke", "acme", repository, "--json").json["keys"])


def test_what_is_no_kit_of_ours_is_said_in_one_line(shared: Made) -> None:
    site, whole = shared.site, shared.kit.read_bytes()
    wrong = shared.verify("--passphrase-file", f"{site.secrets}/restic")
    cut, other = site.home / "cut.zip", site.home / "other.zip"
    cut.write_bytes(whole[:-40])
    middle = whole.index(b"-> X25519") + 2000
    other.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])

    assert 1 == wrong.code
    assert "us, martin" in wrong.json["error"]["message"]
    with pytest.raises(KitRefused, match="us, martin"):
        opened(shared.kit, identity_of(shared.key), holder="nobody")
    with pytest.raises(KitDamaged):
        opened(cut, identity_of(shared.key))
    assert 3 == shared.verify(kit=other).code
    with pytest.raises(KitRefused, match="the kit of acme, not of bakery"):
        opened(shared.kit, identity_of(shared.key), site="bakery")


def test_a_repository_that_is_away_proves_nothing(shared: Made) -> None:
    kit = opened(shared.kit, identity_of(shared.key)).kit
    away = replace(kit.repositories[0], url=str(shared.site.home / "no disk" / "restic"))
    path = shared.site.home / "away.zip"
    public = (shared.site.home / "us.pub").read_text().strip()
    path.write_bytes(sealed(replace(kit, repositories=(away,)), {"us": Recipient(public)}))

    ran = shared.verify(kit=path)

    assert ("unreachable", False) == (
        ran.json["repositories"][0]["outcome"],
        ran.json["recorded"],
    )
    assert ["far: its address is another today"] == ran.json["stale"]


def test_keys_that_were_deleted_are_put_back_from_the_envelope_without_us(shared: Made) -> None:
    site = shared.site
    (keys,) = {path.parent for path in site.repository.glob("keys/*")}
    for path in keys.iterdir():
        path.unlink()
    assert 0 != site.shell(f"restic -r {site.url} -p {site.secrets}/restic snapshots").code

    ran = site.shell(
        f"python3 -m zipfile -e {shared.kit} out && age -d -i us.key out/us.age > us.zip"
        " && python3 -m zipfile -e us.zip kit && "
        + next(
            line.strip()
            for line in (_text(shared)).splitlines()
            if line.strip().startswith("cp far/config")
        )
        .replace("cp far", "cp kit/far")
        .replace(" far/keys", " kit/far/keys")
    )

    assert 0 == ran.code, ran
    site.restic("snapshots")


def test_the_printed_page_alone_makes_the_kit_again(shared: Made) -> None:
    site, page = shared.site, shared.site.home / "page.pdf"
    printed = site.pra(
        "kit", "print", str(shared.kit), "--identity", str(shared.key), "-o", str(page)
    )
    assert 0 == printed.code, printed
    codes = [
        code.text
        for sheet in pypdfium2.PdfDocument(page)
        for code in zxingcpp.read_barcodes(sheet.render(scale=3).to_pil())
    ]
    (site.home / "codes").write_text("\n".join(codes))
    public = (site.home / "us.pub").read_text().strip()
    again = site.home / "again.zip"

    ran = site.pra("kit", "scan", "codes", "-o", str(again), "--holder", f"me={public}")

    assert 0 == ran.code, ran
    before, after = (opened(path, identity_of(shared.key)).kit for path in (shared.kit, again))
    assert before.kit == after.kit
    (one,), (other,) = before.repositories, after.repositories
    assert (one.url, one.password, dict(one.objects)) == (
        other.url,
        other.password,
        dict(other.objects),
    )
    assert before.recovery == after.recovery
    verified = shared.verify("--identity", str(shared.key), kit=again)
    assert (0, "me") == (verified.code, verified.json["holder"]), verified
    opening = ("--kit", str(again), "--identity", str(shared.key))
    planned = site.pra("drill", "acme", *opening, "--dry-run", "--json")
    assert 0 == planned.code, planned
    assert "open far" == planned.json["plan"][0]["step"]


def _text(made: Made) -> str:
    parts = envelope.opened(made.kit, identity_of(made.key)).parts
    assert json.loads(parts["kit.json"])["site"] == "acme"
    return parts["recovery.txt"].decode()
