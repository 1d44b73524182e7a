"""The page of a suspicion: what was seen, what to leave alone, and what is still clean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import Outcome
from orchestrator.core.status import site_status
from orchestrator.reports.page import message
from orchestrator.reports.page_line import MOST
from orchestrator.reports.status_remarks import remarks
from tests.keeping import LOCK, bakery, bucket
from tests.oncall import DAY, HOUR, MINUTE, PROVIDER
from tests.suspected import ATTACK, REWRITTEN, Attacked

if TYPE_CHECKING:
    from orchestrator.reports.message import Message

SITE = bakery(far=bucket(immutable=LOCK))
FIRST = {
    "en": "P1 Bakery: attack suspected on Till. Restore nothing onto this machine, do not switch"
    " off, isolate. ",
    "fr": "P1 Bakery : attaque soupçonnée sur Till. Ne rien restaurer sur cette machine, ne pas"
    " éteindre, isoler. ",
}


def attacked() -> Attacked:
    """A clean point that is copied to a locked bucket; then an attack."""
    night = Attacked(SITE)
    night.made()
    night.copied()
    night.relocked()
    night.now += HOUR
    night.attacked()
    night.run(MINUTE)
    return night


def page(night: Attacked, lang: str = "en", name: str = "wake.0") -> Message:
    (one,) = night.incidents()
    provider = replace(PROVIDER, language=lang)
    return message(night.state, one, name, site=SITE, provider=provider, now=night.now)


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_first_line_says_what_to_leave_alone(lang: str) -> None:
    said = page(attacked(), lang)

    assert len(said.first_line) <= MOST
    assert said.first_line.startswith(FIRST[lang])
    assert said.urgent


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            (
                *(sign.detail for sign in ATTACK),
                "Restore nothing onto this machine.",
                "files rewritten: 900 of 1,000",
                "immutable, verified Fri",
            ),
        ),
        (
            "fr",
            (
                "Ne rien restaurer sur cette machine.",
                "fichiers réécrits : 900 fichiers sur 1\u00a0000 ont un contenu",
                "immuable, vérifié le",
            ),
        ),
    ],
)
def test_the_page_has_the_numbers_and_where_the_last_clean_point_is(
    lang: str, words: tuple[str, ...]
) -> None:
    night = attacked()
    clean = night.till.complete
    body = page(night, lang).body

    assert clean is not None
    for said in (*words, clean.run, "offsite", "nas"):
        assert said in body
    (one,) = night.incidents()
    for command in (
        "pra snapshots bakery till",
        "pra drill bakery till --scenario ransomware",
        f"pra resolve {one.id} --clean",
        f"pra resolve {one.id} --false-alarm",
    ):
        assert command in body


def test_whoever_could_delete_the_clean_point_is_named() -> None:
    night = attacked()
    night.relocked(None, "data/4f can be deleted")
    body = page(night).body

    assert "it is in nas; whoever has its keys can delete it" in body
    assert "the policy says immutable, and it is not: data/4f can be deleted" in body


def test_an_unusual_change_names_the_point_before_it() -> None:
    night = Attacked(SITE)
    before = night.made()
    night.now += DAY
    night.made(Outcome.COMPLETE, REWRITTEN)
    night.run(MINUTE)
    said = page(night, name="ticket.0")

    assert "unusual change in Till. Nothing old is removed meanwhile" in said.first_line
    assert before.run in said.body
    assert "--false-alarm" not in said.body


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_where_the_point_before_is_the_place_that_nobody_can_empty_comes_first(lang: str) -> None:
    night = Attacked(SITE)
    night.made()
    night.copied()
    night.relocked()
    night.now += DAY
    night.made(Outcome.COMPLETE, REWRITTEN)
    night.copied()
    night.run(MINUTE)
    said = page(night, lang, name="ticket.0").body

    assert said.index("offsite") < said.index("nas ;" if lang == "fr" else "nas;")


def test_the_end_of_a_false_alarm_names_no_point_before_it() -> None:
    night = Attacked(SITE)
    night.made()
    night.now += DAY
    unusual = night.made(Outcome.COMPLETE, REWRITTEN)
    night.run(MINUTE)
    (one,) = night.incidents()
    night.judge(unusual.run, false_alarm=True)
    night.close(one.id)
    said = page(night, name="end").body

    assert "Before it" not in said
    assert "a false alarm, its points count again; the newest is of" in said


def test_its_end_tells_whose_word_it_was() -> None:
    night = attacked()
    (one,) = night.incidents()
    night.judge(one.evidence, false_alarm=False)
    night.close(one.id)
    said = page(night, name="end")

    assert "RESOLVED" in said.first_line
    assert "Restore nothing" not in said.body
    assert REWRITTEN.detail in said.body


def test_the_status_says_since_when_and_which_point_is_clean() -> None:
    night = attacked()
    clean, seen = night.till.complete, site_status(night.state, SITE, night.now)
    lines = list(remarks(seen, seen.services[0], DAY, night.now))

    assert clean is not None
    (line,) = (line for line in lines if "till: SUSPECTED since" in line)
    assert "restore nothing" in line
    assert line.endswith(f"see `pra show {night.incidents()[0].id}`.")
    nobody = replace(seen, incidents=())
    told = remarks(nobody, nobody.services[0], DAY, night.now)
    (line,) = (line for line in told if "till: SUSPECTED since" in line)
    assert line.endswith("see `pra snapshots bakery till`.")
    assert any("the last clean point" in line and clean.run in line for line in lines)
    assert not any("run `pra backup" in line for line in lines)
