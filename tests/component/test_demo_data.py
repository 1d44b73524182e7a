from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.demo import bakery, files

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.demo.servers import PostgresServer

NOW = datetime.now(UTC)
# The shop is closed then; one order more, so that the answer is the same on a Monday.
ON_MONDAYS = """
select distinct channel from (
    select * from orders
    union all values (0, 0, 0, channel 'en ligne', timestamptz '2026-11-23 12:00', 0)
) as sales where extract(isodow from created_at at time zone 'Europe/Paris') = 1
"""


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_the_till_has_a_year_of_sales_up_to_now_and_goes_on(postgres: PostgresServer) -> None:
    made = bakery.create(postgres, NOW)
    newest = "select max(created_at) from orders"
    assert made >= 100_000
    assert "t" == postgres.sql("caisse", f"select ({newest}) = '{NOW.isoformat()}'")
    assert "t" == postgres.sql(
        "caisse", "select min(created_at) < now() - '1 year'::interval from orders"
    )
    assert "en ligne" == postgres.sql("caisse", ON_MONDAYS)

    later = NOW + timedelta(minutes=5)
    came = bakery.sell(postgres, since=NOW, until=later)

    assert made + came == bakery.rows(postgres)
    assert "t" == postgres.sql("caisse", f"select ({newest}) = '{later.isoformat()}'")
    assert "0" == postgres.sql("caisse", "select count(*) from orders where total = 0")


def test_the_share_is_the_same_for_everybody_and_holds_what_offices_hold(tmp_path: Path) -> None:
    count, size = files.create(tmp_path / "one", NOW)
    files.create(tmp_path / "two", NOW)

    made = contents(tmp_path / "one")
    assert made == contents(tmp_path / "two")
    assert len(made) == count
    assert 1_900 < count < 2_100
    assert 60_000_000 < size < 120_000_000
    assert b"" == made["À LIRE.txt"]
    assert made[files.LEDGER].startswith(b"PK")
    assert (tmp_path / "one/compta/en cours").is_symlink()
    assert max(len(name) for name in made) > 150


def test_an_hour_of_office_work_adds_changes_renames_and_deletes(tmp_path: Path) -> None:
    files.create(tmp_path, NOW)
    before = contents(tmp_path)

    touched = files.change(tmp_path, NOW)

    after = contents(tmp_path)
    added = after.keys() - before.keys()
    gone = before.keys() - after.keys()
    changed = [name for name in before.keys() & after.keys() if before[name] != after[name]]
    assert (16, 2, 10) == (len(added), len(gone), len(changed))
    assert len(added) + len(gone) + len(changed) == touched + 1  # a renamed one is in both
