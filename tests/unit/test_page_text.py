"""What a page says, to whom, in which language; its first line above all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.core.policy.model import Promise
from orchestrator.core.state import Incident, Note, State
from orchestrator.errors import RepositoryAbsent
from orchestrator.reports.page import message
from orchestrator.reports.page_body import FIRST_AID
from orchestrator.reports.page_line import MOST, Line
from orchestrator.reports.page_words import WHAT, WORDS
from tests.oncall import AWAY, DAY, FRIDAY, HOUR, MINUTE, PROVIDER, Nights, client
from tests.policies import PAYROLL, service, source
from tests.records import drilled

if TYPE_CHECKING:
    from orchestrator.reports.message import Message

NOW = FRIDAY + 10 * MINUTE
FRENCH = replace(PROVIDER, language="fr")
VANISHED = {"error": "vanished", "remedy": "Mount it.", "retryable": False}
CLIENT = client(
    replace(service("till", every=HOUR), name="Till and stock"),
    service("share", every=HOUR, objectives={None: Promise(rto=DAY, rpo=4 * HOUR)}),
    name="Bakery Martin",
)


def incident(**other: Any) -> Incident:  # noqa: ANN401 - any field
    ordinary = Incident(
        id="3fa94c",
        site="bakery",
        service="till",
        condition="backup-failed",
        criticality="P1",
        summary="the backup of till failed: offsite: wrong password",
        remedy="Put the right one in place.",
        evidence="r1",
        chain="wake",
        chain_since=FRIDAY,
        opened_at=FRIDAY,
        predicted_breach_at=FRIDAY + HOUR,
    )
    return replace(ordinary, **other)


def page(
    one: Incident,
    name: str = "wake.0",
    *,
    state: State | None = None,
    **other: Any,  # noqa: ANN401 - whom and when
) -> Message:
    given = {"site": CLIENT, "provider": PROVIDER, "now": NOW, **other}
    return message(state or State(), one, name, **given)


def test_the_first_line_says_who_what_which_promise_when_and_the_first_command() -> None:
    assert (
        "P1 Bakery Martin: backup of Till and stock fails. RPO breaks Fri 2026-11-20 19:30. "
        "pra show 3fa94c"
    ) == page(incident()).first_line


def test_a_french_provider_reads_french() -> None:
    assert (
        "P1 Bakery Martin : sauvegarde de Till and stock en échec. "
        "RPO tenu jusqu'au ven 20/11 19:30. pra show 3fa94c"
    ) == page(incident(), provider=FRENCH).first_line


def test_a_promise_that_is_broken_is_said_to_be() -> None:
    late = page(incident(), now=FRIDAY + 2 * HOUR).first_line

    assert "RPO broken since Fri 2026-11-20 19:30" in late


def test_a_promise_of_which_nothing_is_known_is_not_made_up() -> None:
    one = incident(predicted_breach_at=None)

    assert ". No usable point at all. " in page(one).first_line
    nights = Nights(CLIENT)
    nights.ran("till")
    assert ". No breach foreseen. " in page(one, state=nights.state).first_line
    no = incident(predicted_breach_at=None, service="", condition="drill-refuted-server-failure")
    assert ". Promise not proven. " in page(no).first_line


def test_what_a_person_reported_says_who_and_until_when_the_service_should_be_back() -> None:
    one = incident(
        condition="reported",
        summary="no orders",
        predicted_breach_at=None,
        reported_by="Mrs Martin",
        reported_at=FRIDAY - HOUR,
    )

    assert (
        "P1 Bakery Martin: reported by Mrs Martin: no orders. RTO of 4 h ends "
        "Fri 2026-11-20 21:30. pra show 3fa94c"
    ) == page(one).first_line
    assert "Reported       by Mrs Martin, Fri 2026-11-20 17:30" in page(one).body.splitlines()
    assert page(replace(one, service="")).first_line.endswith("no orders. pra show 3fa94c")


def test_an_unreachable_repository_names_the_services_that_it_keeps_from_their_backup() -> None:
    nights = Nights(CLIENT)
    for name in ("till", "till", "share"):
        nights.ran(name, failure=AWAY)
    one = incident(service="", condition="repository-unreachable-offsite")

    said = page(one, state=nights.state)
    assert "no backup, offsite unreachable (Till and stock, Share)" in said.first_line
    assert "Share: back within 24 h" in said.body.replace("1 d", "24 h")


@pytest.mark.parametrize("lang", list(WORDS))
@pytest.mark.parametrize("condition", list(Condition))
@pytest.mark.parametrize("name", ["wake.0", "end"])
def test_every_condition_has_its_words_in_every_language(
    lang: str, condition: Condition, name: str
) -> None:
    word = f"{condition}-{PARTS[condition]}" if condition in PARTS else condition.value
    over = FRIDAY + HOUR if name == "end" else None
    said = page(
        incident(condition=word, resolved_at=over),
        name,
        provider=replace(PROVIDER, language=lang),
    )

    assert len(said.first_line) <= MOST
    assert "{" not in said.first_line + said.body
    assert "pra show 3fa94c" in said.body


OF_REPOSITORY = {
    Condition.REPOSITORY_UNREACHABLE,
    Condition.REPOSITORY_LOST,
    Condition.REPOSITORY_REFUSED,
    Condition.REPOSITORY_DAMAGED,
    Condition.REPOSITORY_FOREIGN,
    Condition.COPY_FAILED,
    Condition.COPY_LAGS,
    Condition.VERIFY_FAILED,
    Condition.VERIFY_OVERDUE,
    Condition.LOCK_WEAK,
    Condition.RETAIN_FAILED,
    Condition.RETENTION_HELD,
}
PARTS = {
    Condition.DRILL_REFUTED: "server-failure",
    Condition.PROOF_EXPIRED: "server-failure",
    **dict.fromkeys(OF_REPOSITORY, "offsite"),
}


def test_the_languages_say_the_same_things() -> None:
    assert WORDS["en"].keys() == WORDS["fr"].keys()
    assert WHAT["en"].keys() == WHAT["fr"].keys() == FIRST_AID.keys() == {*Condition, None}


def test_an_unknown_language_and_a_missing_provider_read_english() -> None:
    polish = replace(PROVIDER, language="pl")

    assert "fails" in page(incident(), provider=polish).first_line
    assert "fails" in page(incident(), provider=None).first_line


@given(
    who=st.text(max_size=300),
    what=st.text(max_size=300),
    services=st.lists(st.text(max_size=80), max_size=30).map(tuple),
    ended=st.sampled_from(["", "RESOLVED after 3 d 6 h"]),
)
def test_a_first_line_always_fits_on_one_line_and_keeps_promise_and_command(
    who: str, what: str, services: tuple[str, ...], ended: str
) -> None:
    line = Line(
        criticality="P1",
        who=who,
        ended=ended,
        what=what,
        services=services,
        promise="RPO broken since Fri 2026-11-20 19:30",
        command="pra show 3fa94c",
    ).fitted()

    assert len(line) <= MOST
    assert line.endswith(" RPO broken since Fri 2026-11-20 19:30. pra show 3fa94c")
    assert line.isprintable()


def test_long_names_give_way_before_what_is_broken() -> None:
    long = replace(CLIENT, name="Boulangerie Pâtisserie Martin et Fils, Maison fondée en 1898 SARL")

    line = page(incident(), site=long).first_line
    assert "backup of Till and stock fails" in line
    assert "…" in line
    assert len(line) <= MOST


def test_what_is_broken_gives_way_only_when_the_names_have() -> None:
    one = incident(condition="reported", summary="the orders of " + 20 * "Monday, ", service="")

    line = page(one).first_line
    assert line.startswith("P1 Bakery Martin: the orders of Monday, ")
    assert line.endswith("… RPO breaks Fri 2026-11-20 19:30. pra show 3fa94c")
    assert MOST - 2 <= len(line) <= MOST


def test_a_line_break_in_a_summary_does_not_break_the_line() -> None:
    one = incident(condition="reported", summary="no\r\nBcc: everybody@example.net", service="")

    assert "no Bcc: everybody@example.net" in page(one).first_line


def test_the_body_says_what_happened_what_is_promised_what_is_good_and_what_to_do() -> None:
    nights = Nights(CLIENT)
    nights.ran("till")
    nights.append(drilled("d1", FRIDAY - DAY))

    body = page(incident(), state=nights.state).body
    for line in (
        "P1 Bakery Martin: backup of Till and stock fails",
        "What happened  the backup of till failed: offsite: wrong password",
        "Remedy         Put the right one in place.",
        "Since          Fri 2026-11-20 18:30, for 10 min",
        "Breach         RPO breaks Fri 2026-11-20 19:30",
        "Promised       Till and stock: back within 4 h, at most 30 min lost",
        (
            "Still good     Till and stock: last usable point, data of Fri 2026-11-20 18:30"
            " (10 min old)"
        ),
        (
            "               Till and stock: recovery proven on Thu 2026-11-19 18:30 on example-host"
            " (server-failure)"
        ),
        "  pra show 3fa94c         the whole story",
        "  pra history bakery",
        "  pra backup bakery till",
        "  pra ack 3fa94c          you have it: nobody further is called",
        "Times are those of Europe/Paris.",
    ):
        assert line in body.splitlines(), line


def test_an_incident_whose_cause_has_become_another_one_says_so_with_the_remedy_of_today() -> None:
    nights = Nights(CLIENT)
    nights.ran("till", failure=VANISHED)
    told = page(incident(), state=nights.state)
    body = told.body

    assert {"error": "vanished", "remedy": "Mount it."} == told.data["latest"]
    assert None is page(incident()).data["latest"]
    assert "What happened  the backup of till failed: offsite: wrong password" in body.splitlines()
    assert "Latest         Fri 2026-11-20 18:30: vanished" in body.splitlines()
    assert "Remedy         Mount it." in body.splitlines()
    assert "Put the right one in place." not in body
    french = page(incident(), state=nights.state, provider=FRENCH).body
    assert "Depuis lors  le ven 20/11 18:30 : vanished" in french
    same = page(incident(summary="the backup of till failed: vanished"), state=nights.state).body
    assert ("Latest" in same, "Put the right" in same) == (False, True)


def test_a_point_in_a_repository_that_does_not_open_is_not_called_good() -> None:
    nights = Nights(CLIENT)
    nights.ran("till")
    nights.ran("till", failure={**VANISHED, "code": RepositoryAbsent("x").code})
    body, french = (
        page(incident(), state=nights.state, provider=whose).body for whose in (PROVIDER, FRENCH)
    )

    assert "data of Fri 2026-11-20 18:30 (10 min old), if offsite opens again\n" in body
    assert "(il y a 10 min), si offsite s'ouvre à nouveau\n" in french


def test_a_point_to_which_the_last_drill_said_no_is_not_called_usable() -> None:
    nights = Nights(CLIENT)
    nights.ran("till")
    nights.append(drilled("d1", FRIDAY, verdict="refuted"))
    body, french = (
        page(incident(), state=nights.state, provider=whose).body for whose in (PROVIDER, FRENCH)
    )

    assert "last sealed point, data of Fri 2026-11-20 18:30 (10 min old), but the last" in body
    assert "mais le dernier exercice a dit non\n" in french
    assert "last usable point" not in body


def test_a_service_that_others_back_up_has_no_point_of_ours() -> None:
    site = client(service("pay", source(PAYROLL, name="pay")))
    body = page(incident(service="pay", remedy=""), site=site).body

    assert "usable point" not in body
    assert "Remedy" not in body


def test_a_proof_that_expired_names_the_services_whose_it_was() -> None:
    nights = Nights(CLIENT)
    nights.append(drilled("d1", FRIDAY - 40 * DAY))
    nights.append(drilled("d2", FRIDAY - DAY, id="share"))
    one = incident(service="", condition="proof-expired-server-failure", predicted_breach_at=None)

    line = page(one, state=nights.state).first_line
    assert "proof for server-failure has expired (Till and stock). Promise not proven" in line


def test_a_drill_that_said_no_names_the_services_that_it_refuted() -> None:
    nights = Nights(CLIENT)
    nights.append(drilled("d1", FRIDAY, id="share", verdict="refuted"))
    one = incident(service="", condition="drill-refuted-server-failure", predicted_breach_at=None)

    assert "drill server-failure refuted (Share)." in page(one, state=nights.state).first_line


def test_the_end_says_how_long_it_took_and_asks_for_nothing() -> None:
    one = incident(
        resolved_at=FRIDAY + 2 * HOUR,
        resolved_by="",
        resolution="a usable recovery point was made",
        acknowledged_at=FRIDAY + HOUR,
        acknowledged_by="Zoe",
        notes=(Note(at=FRIDAY + HOUR, by="Zoe", text="router restarted"),),
    )
    said = page(one, "end", now=FRIDAY + 3 * HOUR)

    assert (
        "P1 Bakery Martin: RESOLVED after 2 h, backup of Till and stock fails. pra show 3fa94c"
    ) == said.first_line
    assert ("pra.incident.resolved", FRIDAY + 2 * HOUR, False) == (
        said.type,
        said.time,
        said.urgent,
    )
    assert "pra ack" not in said.body
    assert "router restarted" in said.body
    assert "Resolved       Fri 2026-11-20 20:30: a usable recovery point was made" in said.body
    french = page(one, "end", provider=FRENCH).body
    assert "ven 20/11 20:30 : un point utilisable a été fait" in french
    other = replace(one, resolution="now it is backup-partial", resolved_by="")
    assert "20:30 : devenu backup-partial" in page(other, "end", provider=FRENCH).body
    assert "Lasted         2 h, Fri 2026-11-20 18:30 to Fri 2026-11-20 20:30" in said.body
    assert "Durée           2 h, du ven 20/11 18:30 au ven 20/11 20:30" in french
    assert ("Remedy" in said.body, "Remède" in french) == (False, False)
    by_hand = page(replace(one, resolved_by="Zoe", resolution=""), "end").body
    assert "Resolved       by Zoe, Fri 2026-11-20 20:30" in by_hand.splitlines()


def test_a_page_sent_twice_is_the_same_page_and_all_pages_share_the_key() -> None:
    first, again = page(incident()), page(incident(), now=NOW + HOUR)

    assert "3fa94c/wake.0" == first.id == again.id
    assert "3fa94c/wake.2.1" == page(incident(), "wake.2.1").id
    assert "bakery/till/backup-failed" == first.data["dedup_key"]
    assert {
        "incident": "3fa94c",
        "page": "wake.0",
        "condition": "backup-failed",
        "criticality": "P1",
        "site": "bakery",
        "service": "till",
        "opened_at": "2026-11-20T17:30:00.000000Z",
        "predicted_breach_at": "2026-11-20T18:30:00.000000Z",
        "first_command": "pra show 3fa94c",
    }.items() <= first.data.items()


def test_a_page_that_waits_for_business_hours_is_not_urgent() -> None:
    assert page(incident()).urgent
    assert not page(incident(chain="ticket"), "ticket.0").urgent
    assert page(incident(chain="gone"), "gone.0").urgent


def test_the_machine_itself_has_a_page_without_a_site() -> None:
    one = incident(site="", service="", condition="disk-short", predicted_breach_at=None)
    said = page(one, site=None, provider=FRENCH)

    assert "P1 la machine de pra : disque presque plein. Aucun dépassement prévu." in (
        said.first_line
    )
    assert "  pra doctor" in said.body.splitlines()
    assert "Heures locales : Europe/Paris." in said.body


def test_a_site_whose_policy_cannot_be_read_is_told_by_its_id() -> None:
    line = page(incident(), site=None, provider=None).first_line

    assert line.startswith("P1 bakery: backup of till fails. RPO breaks Fri 2026-11-20 18:30.")
