from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.daemon.promises import FOLDER, Promises
from orchestrator.errors import PolicyInvalid
from tests.watched import Watched

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Watched:
    made = Watched(tmp_path)
    made.write()
    return made


def spoil(site: Watched, name: str = "acme.yaml") -> str:
    path = site.policies / name
    sound = path.read_text()
    path.write_text(sound + "nonsense: true\n")
    return sound


def test_a_broken_file_leaves_the_last_sound_version_in_force_until_it_is_mended(
    site: Watched,
) -> None:
    promises = Promises(site.policies, "here")
    promises.read()
    before = promises.current.sites["acme"]
    sound = spoil(site)

    promises.read()
    assert before is promises.current.sites["acme"]
    assert ["acme"] == list(promises.broken)
    assert "acme.yaml" in promises.broken["acme"]

    (site.policies / "acme.yaml").write_text(sound.replace("Acme SARL", "Acme & Co"))
    promises.read()
    assert ("Acme & Co", {}) == (promises.current.sites["acme"].name, promises.broken)


def test_a_broken_provider_s_file_leaves_everything_in_force(site: Watched) -> None:
    promises = Promises(site.policies, "here")
    promises.read()
    before = promises.current
    spoil(site, "provider.yaml")

    promises.read()

    assert before == promises.current
    assert [FOLDER] == list(promises.broken)


def test_one_broken_site_does_not_keep_the_others_from_being_watched(site: Watched) -> None:
    text = (site.policies / "acme.yaml").read_text().replace("site: acme", "site: bakery")
    (site.policies / "bakery.yaml").write_text(text)
    spoil(site)

    promises = Promises(site.policies, "here")
    promises.read()

    assert (["bakery"], ["acme"]) == (list(promises.current.sites), list(promises.broken))


def test_a_site_whose_file_is_removed_is_watched_no_more_but_the_last_one_stays(
    site: Watched,
) -> None:
    path = site.policies / "acme.yaml"
    other = site.policies / "bakery.yaml"
    other.write_text(path.read_text().replace("site: acme", "site: bakery"))
    promises = Promises(site.policies, "here")
    promises.read()

    other.unlink()
    promises.read()
    assert ["acme"] == list(promises.current.sites)

    path.unlink()
    promises.read()
    assert ["acme"] == list(promises.current.sites), "an empty folder is a mistake, not an order"
    assert [FOLDER] == list(promises.broken)


def test_where_nothing_is_sound_it_starts_only_if_somebody_can_be_called(site: Watched) -> None:
    spoil(site)
    promises = Promises(site.policies, "here")
    promises.read()
    assert ({}, ["acme"]) == (dict(promises.current.sites), list(promises.broken))

    (site.policies / "provider.yaml").unlink()
    with pytest.raises(PolicyInvalid, match=r"acme\.yaml"):
        Promises(site.policies, "here").read()
