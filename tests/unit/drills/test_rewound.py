"""What a drill says of a bucket that it read through its versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from restore_drills.errors import CannotRun, Damaged
from restore_drills.findings import not_kept, rewound
from restore_drills.host import Shown
from tests import builders

AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
ZONE = "Europe/Paris"
VIEW = Shown(as_of=AT, objects=18, lost=0, taken=0, read=14, bare=0, liftable=0, least_until=None)


def codes(view: Shown) -> list[str]:
    return [finding.code for finding in rewound(builders.service(), view, ZONE)]


def test_a_view_says_what_was_read_and_until_when_it_is_locked() -> None:
    (finding,) = rewound(builders.service(), replace(VIEW, least_until=AT), ZONE)

    assert "as it was at 2026-11-02 04:00:00 (Europe/Paris)" in finding.message
    assert "14 of 18 objects read, the first lock ends 2026-11-02 04:00" in finding.message
    assert not_kept(VIEW) is None


def test_each_weakness_is_a_finding_of_its_own() -> None:
    weak = replace(VIEW, taken=3, lost=2, liftable=1)

    assert ["rewound-view"] == codes(VIEW)
    assert ["rewound-view", "rewound-taken", "rewound-lost", "rewound-governance"] == codes(weak)


def test_what_our_keys_can_delete_for_good_does_not_survive() -> None:
    no = not_kept(replace(VIEW, bare=3))

    assert isinstance(no, Damaged)
    assert str(no).startswith("3 of 14 objects that it needs can be deleted for good")


def test_what_nobody_knows_proves_nothing() -> None:
    assert isinstance(not_kept(replace(VIEW, read=None)), CannotRun)
    (found,) = rewound(builders.service(), replace(VIEW, read=None), ZONE)
    assert "18 objects read" in found.message
