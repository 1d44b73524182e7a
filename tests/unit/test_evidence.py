"""What of another machine's drills is let in, what is refused, and what is said of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.canonical import parse
from orchestrator.core.codec import timestamp
from orchestrator.core.evidence import fingerprint, fingerprint_of, read_fingerprint
from orchestrator.core.fold import fold
from orchestrator.errors import EvidenceRefused, Misused
from restore_drills.errors import Unreachable
from restore_drills.model import Label, Scenario, Verdict
from tests.builders import NOW, seconds, served, service
from tests.evidence import PLACE, Machine, drill, here, judged
from tests.records import drilled, recorded

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject, SearchStrategy

    from restore_drills.model import ServiceReport

SLOW = seconds(5 * 3600)
GONE = Unreachable("offsite does not answer", hint="Look.")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The provider's machine, where drills are made."""
    return Machine.at(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with another key."""
    return Machine.at(tmp_path_factory.mktemp("stranger"))


def test_a_signed_drill_of_a_known_place_is_let_in_with_its_place(machine: Machine) -> None:
    document = machine.drill()

    evidence = judged(document, here(machine))

    assert (PLACE, Verdict.PROVEN, Label.MEASURED, NOW) == (
        evidence.place,
        evidence.verdict,
        evidence.label,
        evidence.started_at,
    )
    assert ((), (), "", False) == (
        evidence.older,
        evidence.unknown,
        evidence.replaced,
        evidence.exploratory,
    )
    assert (document, PLACE, machine.public) == (
        evidence.event.document,
        evidence.event.place,
        evidence.event.key,
    )


@pytest.mark.parametrize(
    "services",
    [
        (served(rta=SLOW),),
        (served(rta=None, checks=(), stopped=GONE, point=None, rpa=None, files=None, bytes=None),),
        (served(), served(service(id="share"), elsewhere=True)),
    ],
)
def test_every_document_that_a_drill_prints_is_read(
    machine: Machine, services: tuple[ServiceReport, ...]
) -> None:
    evidence = judged(machine.drill(*services), here(machine))

    assert [one.id for one in services] == [one.service for one in evidence.services]


def test_what_a_later_version_adds_is_let_through(machine: Machine) -> None:
    assert PLACE == judged(machine.drill(weather="fine"), here(machine)).place


def alter(document: dict[str, Any], *path: str | int, to: object) -> dict[str, Any]:
    """The document with one member changed."""
    altered: Any = json.loads(json.dumps(document))
    inner = altered
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    found: dict[str, Any] = altered
    return found


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("place",), "elsewhere", "altered"),
        (("verdict",), "refuted", "altered"),
        (("services", 0, "rta_s"), 1.0, "altered"),
        (("services", 0, "checks", 0, "status"), "skip", "altered"),
        (("added",), None, "altered"),
        (("schema",), 2, "schema is 2"),
        (("schema",), True, "schema is True"),
        (("signature",), None, "not signed"),
        (("signature",), "x", "not of the kind ed25519"),
        (("signature", "algorithm"), "none", "not of the kind ed25519"),
        (("signature", "public_key"), "AAAA", "mutilated"),
        (("signature", "public_key"), 7, "mutilated"),
        (("signature", "value"), "not base64!", "mutilated"),
        (("signature", "value"), "A" * 86 + "==", "altered"),
        (("signature", "public_key"), "/" * 43 + "=", "altered"),
    ],
)
def test_one_member_altered_after_it_was_signed_and_it_is_refused(
    machine: Machine, path: tuple[str | int, ...], value: object, told: str
) -> None:
    with pytest.raises(EvidenceRefused, match=f"drill.json: .*{told}"):
        judged(alter(machine.drill(), *path, to=value), here(machine))


def test_the_key_of_somebody_else_put_under_a_signature_is_an_alteration(
    machine: Machine, stranger: Machine
) -> None:
    altered = alter(machine.drill(), "signature", "public_key", to=stranger.public)

    with pytest.raises(EvidenceRefused, match="altered"):
        judged(altered, here(stranger))


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("place",), "", "place: missing"),
        (("place",), None, "place: None is not a name"),
        (("place",), "a\x1b[2J", r"place: 'a\\x1b\[2J' is not a name"),
        (("place",), "x" * 300, "place: 'xxx.*… is not a name"),
        (("run",), "../../etc", "is not the name of a run"),
        (("scenario",), "flood", "scenario: 'flood' is not one of human-error, server-failure"),
        (("started_at",), "2026-11-23T11:29:00", "not a time with its zone"),
        (("started_at",), "0001-01-01T00:00:00+14:00", "not a time with its zone"),
        (("services",), [], "services: .* not a list with something in it"),
        (("services",), {}, "services: .* not a list"),
        (("services", 0), 3, "services.0: 3 is not an object"),
        (("services", 0, "depth"), 9, "services.0.depth: 9 is not a depth from 0 to 4"),
        (("services", 0, "depth"), 1.5, "is not a count"),
        (("services", 0, "rta_s"), -1, "rta_s: -1 is not a duration"),
        (("services", 0, "rta_s"), 1e300, r"rta_s: 1e\+300 is not a duration"),
        (("services", 0, "rta_s"), True, "rta_s: True is not a number"),
        (("services", 0, "rta_s"), "soon", "rta_s: 'soon' is not a number"),
        (("services", 0, "checks", 2, "value"), 10**400, "not a number of this size"),
        (("services", 0, "checks", 0, "mandatory"), 1, "not true or false"),
        (("services", 0, "id"), "a b", "not a name of a service"),
        (("services", 0, "label"), "certain", "label: 'certain' is not one of"),
        (("services", 0, "why"), "because", "why: 'because' is not a list"),
        (("services", 0, "instants"), [], "instants: .* is not an object"),
        (("verdict",), "refuted", "not the worst of its services"),
        (("exploratory",), "no", "not true or false"),
        (("tools", "restic"), 18, "tools.'restic': 18 is not text"),
    ],
)
def test_a_signed_document_that_no_drill_prints_is_refused_by_its_member(
    machine: Machine, path: tuple[str | int, ...], value: object, told: str
) -> None:
    document = machine.signed(alter(drill(), *path, to=value))

    with pytest.raises(Misused, match=f"drill.json: not a drill's document: .*{told}"):
        judged(document, here(machine))


@pytest.mark.parametrize("absent", ["run", "site", "services", "place", "started_at", "findings"])
def test_a_document_that_lacks_a_member_is_refused_by_its_name(
    machine: Machine, absent: str
) -> None:
    said = {name: value for name, value in drill().items() if name != absent}

    with pytest.raises(Misused, match=f"not a drill's document: {absent}: missing"):
        judged(machine.signed(said), here(machine))


def test_one_service_cannot_stand_twice(machine: Machine) -> None:
    with pytest.raises(Misused, match="one of them stands twice"):
        judged(machine.drill(served(), served()), here(machine))


def test_a_drill_of_a_site_that_is_not_here_is_refused(machine: Machine) -> None:
    with pytest.raises(EvidenceRefused, match="a drill of bakery, which is no site here"):
        judged(machine.drill(), here(machine, site=None))


def test_two_clocks_may_be_ten_minutes_apart_and_no_more(machine: Machine) -> None:
    ten = NOW - timedelta(minutes=10)

    assert NOW == judged(machine.drill(), here(machine, now=ten)).started_at
    with pytest.raises(EvidenceRefused, match="10 min in the future") as refused:
        judged(machine.drill(), here(machine, now=ten - timedelta(seconds=1)))
    assert f"here or on {PLACE}" in refused.value.hint


def test_the_first_drill_of_a_place_needs_somebody_who_vouches_for_its_key(
    machine: Machine,
) -> None:
    mark = fingerprint_of(machine.public)

    with pytest.raises(EvidenceRefused, match="no key of provider-dc is known here") as refused:
        judged(machine.drill(), here(None))

    assert mark in str(refused.value)
    assert refused.value.hint.endswith(f"pra evidence import drill.json --trust {mark}")
    evidence = judged(machine.drill(), here(None), mark)
    assert (machine.public, "") == (evidence.key, evidence.replaced)


def test_this_machine_vouches_for_its_own_key(machine: Machine) -> None:
    assert machine.public == judged(machine.drill(), here(None, own=machine.public)).key


def test_another_key_for_a_known_place_is_suspect_until_somebody_vouches_for_it(
    machine: Machine, stranger: Machine
) -> None:
    old, new = fingerprint_of(machine.public), fingerprint_of(stranger.public)

    with pytest.raises(EvidenceRefused, match=f"whose key is {old}, but .* {new}") as refused:
        judged(stranger.drill(), here(machine, own=stranger.public))

    assert refused.value.hint.startswith("Suspect it.")
    evidence = judged(stranger.drill(), here(machine), new)
    assert (stranger.public, old) == (evidence.key, evidence.replaced)


def test_who_vouches_for_one_key_does_not_let_another_one_in(
    machine: Machine, stranger: Machine
) -> None:
    for known in (None, machine):
        with pytest.raises(EvidenceRefused, match="not with ed25519:"):
            judged(machine.drill(), here(known), fingerprint_of(stranger.public))


def test_the_key_of_one_place_says_nothing_for_another(machine: Machine) -> None:
    with pytest.raises(EvidenceRefused, match="no key of the-office is known"):
        judged(machine.drill(place="the-office"), here(machine))


def test_an_older_policy_and_a_service_of_the_past_are_let_in_and_named(machine: Machine) -> None:
    services = (served(service(policy_hash="of last year")), served(service(id="fax")))

    evidence = judged(machine.drill(*services), here(machine))

    assert (("till",), ("fax",)) == (evidence.older, evidence.unknown)


def test_a_fingerprint_is_read_as_people_type_it() -> None:
    written = fingerprint(bytes(32))

    assert "ed25519:6668-7aad-f862-bd77" == written
    for typed in (written.upper(), " 66687AADF862BD77 ", "6668 7aad f862 bd77", written):
        assert written == read_fingerprint(typed)
    for typed in ("", "ed25519:6668", "6668-7aad-f862-bd7g", "rsa:66687aadf862bd77"):
        with pytest.raises(Misused, match="not a fingerprint"):
            read_fingerprint(typed)


def late(run: str, at: timedelta, machine: Machine, **members: object) -> Any:  # noqa: ANN401 - an event
    document = machine.drill(run=run, started_at=timestamp(NOW + at), **members)
    return judged(document, here(machine)).event


def test_a_drill_that_comes_late_takes_no_newer_drills_place(machine: Machine) -> None:
    here_now = drilled("here", NOW, verdict="refuted")
    before = late("before", -timedelta(hours=1), machine)
    after = late("after", timedelta(minutes=5), machine)

    state = fold(recorded(here_now, before))
    proofs = state.proofs("bakery", "till", Scenario.SERVER_FAILURE)
    assert proofs.drilled
    assert proofs.answered
    assert proofs.proven
    assert ("here", "here", "before") == (
        proofs.drilled.run,
        proofs.answered.run,
        proofs.proven.run,
    )

    proofs = fold(recorded(here_now, after, before)).proofs(
        "bakery", "till", Scenario.SERVER_FAILURE
    )
    assert proofs.answered
    assert proofs.proven
    assert ("after", "after", PLACE) == (
        proofs.answered.run,
        proofs.proven.run,
        proofs.proven.place,
    )


def test_what_was_let_in_makes_its_key_known(machine: Machine, stranger: Machine) -> None:
    first = late("one", timedelta(), machine)
    document = stranger.drill(run="two")
    second = judged(document, here(machine), fingerprint_of(stranger.public)).event

    assert {PLACE: machine.public} == fold(recorded(first)).keys
    assert {PLACE: stranger.public} == fold(recorded(first, second)).keys


VALUES: SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["proven", "refuted", "measured", "2026-11-23T11:29:00Z", "till", "", "9" * 9]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_whatever_a_known_machine_signs_is_let_in_whole_or_refused_before_the_log(
    machine: Machine, data: DataObject
) -> None:
    document = drill(served(), served(service(id="share"), rta=SLOW))
    for _ in range(data.draw(st.integers(1, 3))):
        inner: Any = document
        while True:
            keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            key = data.draw(st.sampled_from(keys))
            if isinstance(inner[key], (dict, list)) and inner[key] and data.draw(st.booleans()):
                inner = inner[key]
            else:
                break
        if data.draw(st.booleans()):
            inner[key] = data.draw(VALUES)
        else:
            del inner[key]

    arrived = parse(json.dumps(machine.signed(document)).encode(), "drill.json")
    try:
        evidence = judged(arrived, here(machine, own=machine.public))
    except (Misused, EvidenceRefused):
        return
    state = fold(recorded(evidence.event))
    assert {evidence.place: machine.public} == state.keys
