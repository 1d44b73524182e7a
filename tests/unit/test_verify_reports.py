"""What a verification, a repair and an unlocking say, to people and to programs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from orchestrator.core.events import Damage, Hurt, RepairFinished, VerifyFinished
from orchestrator.errors import RepositoryUnreachable
from orchestrator.reports import repair, unlock, verify

NOW = datetime(2026, 11, 23, 11, 2, tzinfo=UTC)
PARIS = "Europe/Paris"
TILL = Hurt(service="till", run="r1", data_time=NOW)
OLDER = replace(TILL, run="r0", data_time=NOW - timedelta(days=1))
PACK = Damage(kind="data", id="ab" * 32, fault="it is not there", points=(OLDER, TILL))
SOUND = VerifyFinished(
    run="v1",
    site="acme",
    repository="far",
    part=3,
    parts=24,
    sound=True,
    damage=(),
    packs=7,
    read_bytes=1_400_000_000,
    seconds=61.0,
)
BROKEN = replace(SOUND, sound=False, damage=(PACK,))
ROW = verify.Row(repository="far", part=3, parts=24, run="v1", finished=SOUND, remote=True)
HURT = replace(ROW, finished=BROKEN, elsewhere=MappingProxyType({"r1": ("near",)}))
AWAY = replace(
    ROW,
    finished=None,
    error=RepositoryUnreachable("far: it does not answer", hint="Check the network."),
)


def page(row: verify.Row) -> list[str]:
    return verify.text("acme", row, timezone=PARIS).splitlines()


def test_a_sound_part_says_what_was_read_and_what_it_cost() -> None:
    assert ["far: sound; part 3 of 24, 7 packs, 1.4 GB of egress read in 61 s"] == page(ROW)
    assert 0 == verify.exit_code([ROW])


def test_damage_names_the_points_and_where_else_they_are_and_the_way_out() -> None:
    lines = page(HURT)

    assert "far: DAMAGED" in lines[0]
    assert "  pack abababababababab: it is not there" == lines[1]
    assert "  hurt: till, point of 2026-11-23 12:02 (run r1); also in near" == lines[2]
    assert "  hurt: till, point of 2026-11-22 12:02 (run r0); NOWHERE ELSE" == lines[3]
    assert "  Repair it: pra repo repair acme --repository far --dry-run" == lines[4]


def test_what_cannot_be_opened_is_not_sent_to_a_repair_from_inside() -> None:
    shut = replace(BROKEN, damage=(replace(PACK, kind="config", id="", fault="it is gone"),))

    text = verify.text("acme", replace(HURT, finished=shut), timezone=PARIS)

    assert "pra repo rewind acme" in text
    assert "pra repo repair" not in text


def test_damage_outweighs_what_could_not_be_read() -> None:
    assert 3 == verify.exit_code([ROW, AWAY, HURT])
    assert 1 == verify.exit_code([ROW, AWAY])
    assert ["far: NOT VERIFIED: it does not answer", "  Check the network."] == page(AWAY)


def test_a_program_is_told_the_same() -> None:
    one, other = verify.document("acme", [HURT, AWAY])["repositories"]

    assert (False, 7, 1_400_000_000) == (one["sound"], one["packs"], one["read_bytes"])
    assert {"service": "till", "run": "r1", "data_time": "2026-11-23T11:02:00Z"} == {
        key: value for key, value in one["damage"][0]["points"][1].items() if key != "also_in"
    }
    assert ["near"] == one["damage"][0]["points"][1]["also_in"]
    assert (None, None) == (other["sound"], other["packs"])
    assert "repository-unreachable" == other["error"]["code"]


def test_many_points_and_much_damage_are_counted_and_not_listed() -> None:
    points = tuple(replace(TILL, run=f"r{n}") for n in range(30))
    many = replace(BROKEN, damage=tuple(replace(PACK, points=points) for _ in range(30)))

    lines = page(replace(HURT, finished=many))

    assert "  and 22 more damaged things" in lines
    assert "  and 22 older points" in lines


def test_a_repair_says_what_is_whole_again_and_what_is_lost() -> None:
    ended = RepairFinished(
        run="p1",
        site="acme",
        repository="far",
        origin="near",
        sound=False,
        healed=(TILL,),
        lost=(OLDER,),
        fetched_bytes=2_000,
        seconds=3.0,
    )

    lines = repair.text(ended, timezone=PARIS).splitlines()

    assert "far: STILL DAMAGED; 3 s, 2 kB fetched from near" == lines[0]
    assert "  healed: till, point of 2026-11-23 12:02 (run r1)" == lines[1]
    assert "  LOST here: till, point of 2026-11-22 12:02 (run r0)" == lines[2]
    assert "A person decides" in " ".join(lines)
    assert ["r0"] == [one["run"] for one in repair.document(ended)["lost"]]


def test_a_plan_is_numbered_and_says_who_is_in_the_way() -> None:
    plan = repair.Plan(
        repository="far",
        origin="near",
        faults=(("data", PACK.id, PACK.fault),),
        salvage=(),
        index=True,
        healed=(TILL,),
        lost=(OLDER,),
        locks=("root@nas, process 7",),
    )

    text = repair.plan_text(plan, timezone=PARIS)

    assert "be refused while somebody works there: root@nas, process 7" in text
    assert "  1. make the index tell what is there" in text
    assert "  2. copy 1 recovery point back from near" in text
    assert "would be LOST here: till" in text
    assert "far: sound, nothing to repair" == repair.plan_text(
        replace(plan, faults=()), timezone=PARIS
    )


def test_living_locks_are_shown_with_who_and_since_when() -> None:
    held = unlock.Held(host="nas", user="root", pid=7, since=NOW, exclusive=True)
    row = unlock.Row(repository="far", removed=1, living=(held,))

    text = unlock.text(row, timezone=PARIS, now=NOW + timedelta(minutes=2))

    assert "far: 1 stale lock removed, 1 in use" in text
    assert "root@nas, process 7: exclusive, nobody else may work" in text
    assert (3, 0) == (unlock.exit_code([row]), unlock.exit_code([replace(row, living=())]))
    assert 7 == unlock.document("acme", [row])["repositories"][0]["locks"][0]["pid"]
