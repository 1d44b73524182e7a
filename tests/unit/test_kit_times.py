"""How long services take to answer: which drill is believed, and how a kit's page says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orchestrator.core.kit import contents
from orchestrator.core.kit.times import Took, best, measured
from orchestrator.core.recovering.order import coming_back
from orchestrator.reports import kit_text
from orchestrator.reports.bare import plan_document, plan_text
from orchestrator.reports.kit_times import beside, compared, lines
from tests import kits
from tests.copied import check

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
TOOK = Took(
    service="till",
    seconds=140.2,
    at=AT,
    scenario="burglary",
    place="essai",
    repository="offsite",
    bare=True,
    drilled=2,
    size=1_500_000,
)


def drill(day: int, seconds: float | None, **other: Any) -> dict[str, Any]:  # noqa: ANN401
    service = {"id": "till", "rta_s": seconds, "repository": "offsite", "bytes": 1, "path": None}
    ordinary = {
        "started_at": f"2026-11-{day:02}T03:00:00Z",
        "scenario": "burglary",
        "place": "here",
        "exploratory": False,
        "services": [service],
    }
    return {**ordinary, **other}


def told(*documents: dict[str, Any]) -> float:
    (took,) = measured(documents)
    return took.seconds


def test_a_burglary_from_the_kit_tells_more_than_a_newer_one_without_it() -> None:
    from_kit = drill(1, 10.0, bare={"kit": "k1"})
    burgled, failed = drill(2, 20.0), drill(3, 30.0, scenario="server-failure")

    assert (10.0, 20.0) == (told(from_kit, burgled, failed), told(burgled, failed))
    assert 30.0 == told(failed)


def test_of_equals_the_newest_is_believed_whatever_it_proved() -> None:
    assert 20.0 == told(drill(2, 20.0), drill(1, 10.0))


def test_what_did_not_answer_or_was_a_path_or_somebody_s_choice_tells_nothing() -> None:
    path = drill(4, 1.0)
    path["services"][0]["path"] = "/srv/a"

    found = measured(
        [
            drill(1, None),
            drill(2, 1.0, scenario="human-error"),
            drill(3, 1.0, exploratory=True),
            path,
        ]
    )

    assert () == found


def test_a_kit_keeps_its_times_and_one_of_before_them_has_none() -> None:
    kit = kits.kit(times=(TOOK,))
    parts = contents.files(kit, {})

    assert (TOOK,) == contents.read(parts).times
    before = {**parts, "kit.json": parts["kit.json"].replace(b'"times"', b'"before"')}
    assert () == contents.read(before).times


def test_what_the_log_knows_is_said_instead_where_it_tells_more() -> None:
    newer = replace(TOOK, at=AT.replace(day=21), seconds=9.0)
    worse = replace(TOOK, at=AT.replace(day=22), seconds=1.0, bare=False)

    assert (newer,) == best([TOOK, newer, worse])


def test_the_page_says_what_was_measured_where_and_when_in_both_languages() -> None:
    page = " ".join(kit_text.text(kits.kit(times=(TOOK,))).split())

    assert (
        "1. Caisse : 3 min après le départ, cambriolage, 1,5 Mo"
        " (mesuré avec le kit seul, 2026-11-20 sur essai, copie offsite)."
    ) in page
    assert "1. Caisse: 3 min after the start, burglary, 1.5 MB (measured from the kit" in page
    assert "2. Fichiers : jamais mesuré, personne ne sait combien de temps." in page
    assert "2. Fichiers: never measured, nobody knows how long." in page
    assert "pra recover bakery --kit KIT.zip --passphrase-file PHRASE --to /reprise --start" in page


def test_a_time_from_what_is_stolen_too_or_of_a_service_alone_is_not_flattered() -> None:
    near = replace(TOOK, scenario="server-failure", repository="nas", bare=False, drilled=1)

    said = next(iter(lines(kits.kit(times=(near,)), "en")))

    assert "measured without the kit" in said
    assert "if it goes with the walls, it takes longer" in said
    assert "brought back only 1 services of 2" in said


def test_services_are_named_in_the_order_in_which_they_come_back() -> None:
    site = check().sites["acme"]
    first, *others = site.services.values()
    needed = replace(
        site,
        services={
            first.id: replace(first, depends_on=("last",)),
            **{one.id: one for one in others},
            "last": replace(first, id="last", name="Last", depends_on=()),
        },
    )

    found = list(coming_back(needed))

    assert found.index("last") < found.index(first.id)


def test_the_time_that_it_took_stands_beside_the_time_that_was_expected() -> None:
    document = {"services": [{"id": "till", "rta_s": 100.0}, {"id": "share", "rta_s": None}]}

    rows = beside((TOOK,), document)

    assert [
        "till: answered 2 min after the start (expected: 3 min)",
        "share: did not answer (never measured, nobody knows how long)",
    ] == list(compared(rows, "en"))
    assert "till : a répondu 2 min après le départ (attendu : 3 min)" == next(compared(rows, "fr"))


def test_a_plan_of_nothing_says_so() -> None:
    assert "Nothing can be planned from this kit." == plan_text((), (), (), "en")
    assert {"plan", "times", "findings"} == plan_document((), (TOOK,), ()).keys()
