"""The description of a repository, what protects it, and what is kept and read again in it."""

from __future__ import annotations

from orchestrator.core.policy.shape import Choice, Fields, Flag, ListOf, MapOf, Text, Whole
from orchestrator.core.policy.words import (
    COUNTRY,
    HOURS,
    ID,
    LINE,
    RATE,
    SECRET,
    SPELL,
    URL,
    may,
    need,
)

KEPT = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
MOST_KEPT = 100_000  # of each kind

WINDOW = Fields(
    fields={
        **HOURS,
        "upload": may(RATE, "Default: as outside of the windows."),
        "download": may(RATE, "The same."),
    },
    some_of=(("upload", "download"),),
)
LIMITS = Fields(
    fields={
        "upload": may(RATE),
        "download": may(RATE),
        "windows": may(
            ListOf(item=WINDOW),
            "Other limits at some times of day; the first that is open holds.",
        ),
    },
    some_of=(("upload", "download", "windows"),),
)
IMMUTABLE = Fields(
    fields={
        "mode": need(
            Choice(words=("compliance", "governance")),
            "Who may delete earlier: nobody, or whoever has the right to bypass.",
        ),
        "for": need(SPELL, "No object in use ever has less than half of it left."),
    }
)
REPOSITORY = Fields(
    fields={
        "url": need(URL, "As restic writes it."),
        "password": need(SECRET),
        "s3": may(
            Fields(
                fields={
                    "access_key": need(SECRET),
                    "secret_key": need(SECRET),
                    "region": may(Text(pattern=r"[A-Za-z0-9-]+", quote=False)),
                }
            )
        ),
        "location": need(Choice(words=("onsite", "offsite")), "Seen from the site."),
        "equipment": may(ID, "The machine that it is on."),
        "country": may(COUNTRY),
        "certified": may(MapOf(item=LINE, key=ID, least=1), "As its host declares: hds: ..."),
        "limits": may(LIMITS, "The share of the line that restic may take."),
        "immutable": may(IMMUTABLE, "Object Lock: relocked in time, and verified."),
        "append_only": may(Flag(), "Its server lets nobody delete: declared."),
        "offline": may(
            Fields(fields={"rotation": need(SPELL, "It is back after so long.")}),
            "Unplugged between its turns: declared.",
        ),
    },
)
RETENTION = Fields(
    fields={word: may(Whole(least=0, most=MOST_KEPT)) for word in KEPT}, some_of=(KEPT,)
)
VERIFY = Fields(
    fields={"read_all_within": need(SPELL, "Every pack of every repository is read so often.")}
)
