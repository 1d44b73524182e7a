"""The description of a service: its sources, its promises, its checks. Every key, once."""

from __future__ import annotations

from orchestrator.core.policy import sizes, values
from orchestrator.core.policy.shape import (
    TEXT,
    Choice,
    Either,
    Field,
    Fields,
    Flag,
    ListOf,
    MapOf,
    Text,
    Whole,
)
from orchestrator.core.policy.words import (
    CLOCK,
    CRITICALITY,
    CRON,
    DATABASE,
    HOST,
    ID,
    LASTING,
    LINE,
    PATH,
    PERCENT,
    SCENARIO,
    SECRET,
    keys,
    may,
    need,
)

FILES = Fields(
    fields={
        "paths": need(ListOf(item=PATH, least=1), "The folders to save."),
        "exclude": may(ListOf(item=LINE), "Patterns of what to leave out."),
        "exclude_caches": may(Flag(), "Leave out folders marked by CACHEDIR.TAG."),
        "one_file_system": may(Flag(), "Do not cross into other file systems."),
        "require_mount": may(PATH, "Fail when nothing is mounted there."),
        "tolerate_unreadable": may(
            Fields(
                fields={
                    "patterns": need(ListOf(item=LINE, least=1)),
                    "at_most": need(Whole(least=1, most=1_000_000)),
                }
            ),
            "Files that may be unreadable without making the point partial.",
        ),
        "decoy": may(PATH, "A file of it that nobody touches: a change is a sign of an attack."),
    },
    later=keys("set", "data_time"),
)
POSTGRESQL = Fields(
    fields={
        "host": may(HOST, "Default 127.0.0.1; or the folder of the socket."),
        "port": may(Whole(least=1, most=65535), "Default 5432."),
        "user": need(LINE, "The SQL role that reads everything."),
        "password": may(SECRET, "Without it, peer, trust or PGPASSFILE hold."),
        "database": need(DATABASE),
        "method": may(Choice(words=("dump",), later=keys("physical", "pitr"))),
    }
)
ADOPTED = Fields(
    fields={
        "repository": need(ID, "The repository that holds the snapshots."),
        "host": need(LINE, "The host name that the snapshots carry."),
        "tags": may(
            ListOf(item=Text(what="a tag", pattern=r"[^\s,][^,]*", write="no comma in it")),
            "Tags that every snapshot carries.",
        ),
    }
)
EXTERNAL = Fields(
    fields={
        "tool": need(LINE, "Who or what saves it."),
        "ping": may(LINE, "The signal by which it reports."),
        "max_age": may(LASTING, "How old its last sign of life may be."),
    }
)
SOURCE = Fields(
    fields={
        "files": may(FILES, "A tree of files."),
        "postgresql": may(POSTGRESQL, "A database, dumped."),
        "adopted": may(ADOPTED, "Snapshots that another restic makes; we prove them."),
        "external": may(EXTERNAL, "Somebody else answers for it: declared, not proven."),
        "equipment": may(ID, "The machine that carries it."),
    },
    later=keys("mariadb", "sqlite", "system", "compose", "command", "data_time", "set"),
    one_of=(("files", "postgresql", "adopted", "external"),),
)

OBJECTIVE = {
    "rto": Field(
        shape=LASTING,
        doc="Longest time from the disaster until the service answers.",
        required=True,
        synonyms=("dmia",),
    ),
    "rpo": Field(
        shape=LASTING,
        doc="How old the recovered data may be.",
        required=True,
        synonyms=("pdma", "prd"),
    ),
}
OVERRIDE = {
    name: Field(shape=field.shape, doc=field.doc, synonyms=field.synonyms)
    for name, field in OBJECTIVE.items()
}
OBJECTIVES = Fields(
    fields={
        **OBJECTIVE,
        "scenarios": may(
            MapOf(item=Fields(fields=OVERRIDE, some_of=(("rto", "rpo"),)), key=SCENARIO),
            "What is promised otherwise; the base holds for the rest.",
        ),
    }
)
CHECK = Fields(
    fields={
        "name": need(LINE),
        "sql": may(Text(pattern=TEXT), "One query; its first column of the first row is judged."),
        "expect": may(
            Text(
                what="a comparison",
                pattern=values.EXPECT,
                read=values.expect,
                write='write ">= 1000", "= 0" or "matches ^FR"',
            )
        ),
        "not_below": may(PERCENT, "Of what the last proof saw."),
        "fresh": may(
            Either(
                text=LASTING,
                fields=Fields(
                    fields={
                        "within": need(LASTING),
                        "clock": may(CLOCK),
                    }
                ),
            ),
            "The value is a time, at most this old at the data time.",
        ),
        "source": may(ID, "Which database, where the service has several."),
        "files": may(
            Fields(
                fields={
                    "at_least": may(Whole(least=1, most=10**12), "So many regular files."),
                    "at_least_size": may(
                        Text(
                            what="a size",
                            pattern=sizes.SIZE,
                            read=sizes.size,
                            write="write 500MiB or 2GB",
                        )
                    ),
                    "newest_within": may(LASTING, "Of the data time."),
                },
                some_of=(("at_least", "at_least_size", "newest_within"),),
            )
        ),
        "command": may(
            ListOf(item=Text(pattern=TEXT), least=1),
            "Run in the sandbox, in the restored tree; 0 passes.",
        ),
        "optional": may(Flag(), "Advisory: a failure is a finding, not a no."),
    },
    later=keys("http", "tcp", "compare"),
    one_of=(("sql", "files", "command"),),
)
SERVICE = Fields(
    fields={
        "name": may(LINE, "As people call it."),
        "criticality": may(CRITICALITY, "Default P3."),
        "source": may(SOURCE, "Where its data lives."),
        "sources": may(MapOf(item=SOURCE, key=ID, least=1), "The same, several, each named."),
        "depends_on": may(ListOf(item=ID), "Services that must answer first."),
        "objectives": may(OBJECTIVES, "What is promised."),
        "backup": may(
            Fields(
                fields={
                    "to": may(ID, "The repository; by default the only one."),
                    "copy_to": may(ListOf(item=ID), "Repositories that get every point after it."),
                    "every": may(LASTING, "So often, at a minute of its own."),
                    "cron": may(CRON, "At these local times; both may stand together."),
                },
                later=keys("on"),
            )
        ),
        "checks": may(ListOf(item=CHECK), "Questions put to the restored service."),
        "depth": may(
            Whole(least=1, most=2, later=frozenset({3, 4})), "The least that a drill must reach."
        ),
    },
    later=keys("priority", "start"),
    one_of=(("source", "sources"),),
)
