"""The description of who is called: channels, chains, and what the contract promises."""

from __future__ import annotations

from orchestrator.core.policy import address
from orchestrator.core.policy.shape import Choice, Either, Fields, ListOf, MapOf, Text, Whole
from orchestrator.core.policy.words import (
    CLOCK,
    CRITICALITY,
    DURATION,
    ID,
    LASTING,
    LINE,
    PATH,
    SECRET,
    keys,
    may,
    need,
)

HURRIED = "if-breach-before-opening"

ADDRESS = Text(
    what="a mail address", pattern=r"[^\s@<>,;]+@[^\s@<>,;]+", write="write somebody@example.net"
)
WEBHOOK = Fields(
    fields={
        "url": need(
            Text(
                what="a web address",
                pattern=r"https?://\S+",
                read=address.web,
                write="write https://host/path",
                quote=False,
            ),
            "{site} in it is the site's name.",
        ),
        "secret": may(SECRET, "Signs what is sent (HMAC-SHA-256)."),
    }
)
SMTP = Fields(
    fields={
        "host": need(
            Text(
                what="a mail server",
                pattern=r"[A-Za-z0-9._:-]+",
                write="write its name or address",
                quote=False,
            )
        ),
        "port": may(
            Whole(least=1, most=65535), "Default 25; 465 with tls: tls, else 587 with a user."
        ),
        "from": need(ADDRESS),
        "to": need(ListOf(item=ADDRESS, least=1)),
        "tls": may(
            Choice(words=("starttls", "tls", "none")), "Default starttls; none on this machine."
        ),
        "user": may(LINE),
        "password": may(SECRET),
        "ca": may(PATH, "A file of certificates to trust instead of the system's."),
    }
)
CHANNEL = Fields(
    fields={
        "webhook": may(WEBHOOK, "CloudEvents by POST."),
        "smtp": may(SMTP, "Mail."),
    },
    later=keys("pagerduty", "apprise", "healthchecks"),
    one_of=(("webhook", "smtp"),),
)
CHAIN = ListOf(
    item=Fields(
        fields={
            "notify": need(ListOf(item=ID, least=1), "Channels."),
            "after": may(DURATION, "Since it began. Default 0m."),
            "repeat": may(LASTING, "Again and again, until somebody has it."),
            "hours": may(CLOCK, "business: not before the site opens."),
        }
    ),
    least=1,
)
ESCALATE = MapOf(
    item=Either(text=ID, fields=MapOf(item=ID, key=ID)),
    key=CRITICALITY,
)
SLA = MapOf(
    item=Fields(
        fields={
            "response": need(LASTING, "Until somebody has it."),
            "resolution": need(LASTING, "Until the service is back."),
            "clock": may(CLOCK, "Default always."),
        }
    ),
    key=CRITICALITY,
)
