"""The bakery's till: a database of some 170,000 rows, and the sales that go on."""

from __future__ import annotations

from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.demo.servers import PostgresServer

DATABASE = "caisse"
TABLES = ("products", "customers", "orders", "order_lines", "stock_movements")
# Reads everything, writes nothing: what a backup needs.
READER = "pra"

# Orders of the last minutes come in at any hour, so those outside the shop's are made online.
SALES = """
SET timezone = 'Europe/Paris';
WITH made AS (
    INSERT INTO orders (customer, channel, created_at)
    SELECT 1 + n % 450, 'en ligne',
        '{since}'::timestamptz + n * ('{until}'::timestamptz - '{since}'::timestamptz) / {orders}
    FROM generate_series(1, {orders}) AS n
    RETURNING id
)
INSERT INTO order_lines (order_id, line, product, quantity, price)
SELECT made.id, products.id, products.id, 1 + made.id % 3, price
FROM made JOIN products ON products.id <= 1 + made.id % 4;

UPDATE orders SET total = (
    SELECT sum(quantity * price) FROM order_lines WHERE order_id = orders.id
) WHERE created_at > '{since}';

INSERT INTO stock_movements (product, moved_at, quantity, reason)
SELECT id, '{until}', -3, 'invendus donnés à l''association' FROM products WHERE id % 5 = 0;

UPDATE products SET price = price + 0.05 WHERE name = 'Baguette Tradition';
"""


def create(server: PostgresServer, now: datetime) -> int:
    """Make the database with its roles, its newest order of `now`; return its rows."""
    server.create(DATABASE)
    tables = resources.files(__package__).joinpath("bakery.sql").read_text(encoding="utf-8")
    server.sql(DATABASE, f"SET demo.now = '{now.isoformat()}';\n{tables}")
    sell(server, since=now - timedelta(hours=2), until=now)
    return rows(server)


def sell(server: PostgresServer, *, since: datetime, until: datetime, orders: int = 24) -> int:
    """Add orders evenly up to `until`, with what goes with them; return how many rows came."""
    before = rows(server)
    times = {"since": since.isoformat(), "until": until.isoformat()}
    server.sql(DATABASE, SALES.format(**times, orders=orders))
    return rows(server) - before


def rows(server: PostgresServer) -> int:
    """Count the rows of all tables."""
    counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)  # noqa: S608 - our own names
    return int(server.sql(DATABASE, f"SELECT {counts}"))
