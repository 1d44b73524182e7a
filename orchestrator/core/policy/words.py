"""The scalars that the grammar is made of, and the three ways in which a key is described."""

from __future__ import annotations

from orchestrator.core.policy import sizes, values
from orchestrator.core.policy.address import REPOSITORY, repository
from orchestrator.core.policy.shape import (
    IDENTIFIER,
    IDENTIFIER_WRITE,
    Choice,
    Field,
    Reference,
    Shape,
    Text,
)
from restore_drills.model import Scenario

LINE = Text()
ID = Text(what="a name", pattern=IDENTIFIER, write=IDENTIFIER_WRITE)
DURATION = Text(
    what="a duration",
    pattern=values.DURATION,
    read=values.duration,
    write="write 90s, 15m, 4h or 1d",
)
LASTING = Text(
    what="a duration",
    pattern=values.DURATION,
    read=values.lasting,
    write="write 90s, 15m, 4h or 1d",
)
SPELL = Text(
    what="a duration",
    pattern=values.DURATION,
    read=values.spell,
    write="write 12h, 30d or 8w",
)
CRON = Text(
    what="a cron expression",
    pattern=r"\S+( +\S+){4}",
    read=values.schedule,
    write='write five fields: "0 3 * * *" is every night at 3',
)
RATE = Text(what="a rate", pattern=sizes.RATE, read=sizes.rate, write="write 20Mbit/s or 2MiB/s")
ROOM = Text(what="a size", pattern=sizes.SIZE, read=sizes.room, write="write 500MiB or 2GB")
PERCENT = Text(what="a percentage", pattern=values.PERCENT, read=values.percent, write="write 95%")
DAY = Text(what="a date", pattern=values.DATE, read=values.day, write="write 2026-11 or 2026-11-02")
PATH = Text(what="an absolute path", pattern=r"/.*", write="begin with /")
HOST = Text(
    what="a host name, an address or a socket's folder",
    pattern=r"[A-Za-z0-9._:/-]+",
    write="write a name, an address or /run/postgresql",
    quote=False,
)
DATABASE = Text(
    what="the name of a database",
    pattern=r"[^\s=:/@-][^\s=:/@]*",
    write="write the bare name, no connection string",
    quote=False,
)
URL = Text(
    what="a repository's address",
    pattern=r"(/|s3:|sftp:|rest:)\S.*",
    read=repository,
    write=REPOSITORY,
    quote=False,
)
LANGUAGE = Choice(words=("fr", "en"))
ZONE = Text(what="a time zone", pattern=r"\S+", read=values.zone, write="write Europe/Paris")
COUNTRY = Text(what="a country", pattern=r"[A-Z]{2}", write="two capitals, such as FR")
SCENARIO = Choice(words=tuple(Scenario))
CRITICALITY = Choice(words=("P1", "P2", "P3", "P4"))
CLOCK = Choice(words=("always", "business"))
SECRET = Reference()


def keys(*words: str) -> frozenset[str]:
    """Name the keys of features that are not built yet."""
    return frozenset(words)


def need(shape: Shape, doc: str = "") -> Field:
    """Describe a key that must be there."""
    return Field(shape=shape, doc=doc, required=True)


def may(shape: Shape, doc: str = "") -> Field:
    """Describe a key that may be left out."""
    return Field(shape=shape, doc=doc)


HOURS = {
    "days": need(
        Text(
            what="a set of days",
            pattern=values.DAYS,
            read=values.days,
            write="write mon-fri or sat",
        )
    ),
    **{
        name: need(
            Text(
                what="a time of day",
                pattern=values.TIME,
                read=values.clock,
                write='write "08:30", in quotes',
            )
        )
        for name in ("from", "to")
    },
}
