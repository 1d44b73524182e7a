"""A paused site says so, wherever somebody looks."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.core.events import SitePaused, SiteResumed
from orchestrator.reports import nagios, pausing, status
from tests.records import backed_up, drilled, log_restored
from tests.statuses import LATER, page, seen, service, site

PAUSED = SitePaused(site="bakery", by="Zoe", reason="burgled\nlast night", incident="3fa94c")
OFTEN = site(service(every=timedelta(minutes=15)))


def test_the_page_says_who_paused_it_and_what_ends_it_and_asks_for_no_backup() -> None:
    text = page(seen(backed_up("r1"), PAUSED, of=OFTEN))

    assert "  PAUSED since 2026-11-23 12:02 by Zoe: burgled last night (incident 3fa94c)" in text
    assert "till: last usable recovery point 2 h ago, paused;" in text
    assert "a failure now loses 2 h, promised 30 min: run `pra resume bakery`." in text
    assert "LATE" not in text
    assert "pra backup" not in text


def test_once_it_goes_on_nothing_is_said_of_it() -> None:
    resumed = SiteResumed(site="bakery", by="Zoe", note="", anew=False)
    found = seen(backed_up("r1"), PAUSED, resumed, of=OFTEN)

    assert "PAUSED" not in page(found)
    assert status.document(found, LATER)["sites"][0]["paused"] is None


def test_the_document_says_the_same() -> None:
    (one,) = status.document(seen(backed_up("r1"), PAUSED, of=OFTEN), LATER)["sites"]

    assert {
        "since": "2026-11-23T11:02:55Z",
        "by": "Zoe",
        "reason": "burgled\nlast night",
        "incident": "3fa94c",
    } == {**one["paused"], "since": one["paused"]["since"][:19] + "Z"}
    assert one["services"][0]["next_due"] is None
    assert pausing.document(None) is None


def test_a_monitor_is_warned_of_the_pause_and_not_alarmed_by_what_gets_old() -> None:
    code, text = nagios.report(seen(backed_up("r1"), drilled("d1"), PAUSED, daemon=7), LATER)

    assert 1 == code, text
    assert "WARNING: paused since 2026-11-23 12:02 by Zoe: burgled last night" in text
    assert "WARNING: till: a failure now loses 2 h, promised 30 min" in text


def test_the_pause_of_one_site_is_nobody_elses() -> None:
    other = SitePaused(site="butcher", by="Zoe", reason="a visit")

    assert "PAUSED" not in page(seen(backed_up("r1"), other, log_restored(), of=OFTEN))
