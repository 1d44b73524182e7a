"""The description of the policy language: the site's file and the provider's. Every key, once."""

from __future__ import annotations

from orchestrator.core.policy import values
from orchestrator.core.policy.holidays import country
from orchestrator.core.policy.language_drills import BUDGET, DRILLS, MANUAL, PROOF_VALID_FOR
from orchestrator.core.policy.language_oncall import CHAIN, CHANNEL, ESCALATE, SLA
from orchestrator.core.policy.language_repository import REPOSITORY, RETENTION, VERIFY
from orchestrator.core.policy.language_service import SERVICE
from orchestrator.core.policy.shape import Choice, Fields, ListOf, MapOf, Text, Whole
from orchestrator.core.policy.words import (
    COUNTRY,
    DAY,
    DURATION,
    HOURS,
    ID,
    LANGUAGE,
    LINE,
    PERCENT,
    SCENARIO,
    ZONE,
    keys,
    may,
    need,
)

SITE_ID = r"[a-z0-9][a-z0-9-]{0,62}"

EQUIPMENT = Fields(
    fields={
        "kind": need(LINE, "server, nas, ..."),
        "bought": may(DAY),
        "warranty_until": may(DAY),
        "replace": may(
            Fields(
                fields={"delay": may(DURATION, "Until another one is there.")},
                later=keys("price"),
            )
        ),
    }
)
BUSINESS = Fields(
    fields={
        "employees": may(Whole(least=1, most=1_000_000)),
        "hours": may(ListOf(item=Fields(fields=HOURS))),
        "holidays": may(
            Text(
                what="a country with known holidays",
                pattern=r"[A-Z]{2}(-.+)?",
                read=country,
                write="write FR, or FR-57 with a subdivision",
            )
        ),
        "closed": may(
            ListOf(
                item=Text(
                    what="a range of dates",
                    pattern=values.SPAN,
                    read=values.span,
                    write="write 2026-08-03..2026-08-23",
                )
            )
        ),
    },
    later=keys("downtime_cost"),
)
PERSON = {"name": need(LINE), "phone": may(LINE)}

SITE_FIELDS = {
    "site": need(
        Text(what="a site's name", pattern=SITE_ID, write="lower case, digits and -"),
        "The file's name, without .yaml.",
    ),
    "name": may(LINE, "As people call the client."),
    "tier": may(ID, "A contract level of the provider's file."),
    "language": may(LANGUAGE, "Of the site's report."),
    "timezone": may(ZONE),
    "business": may(BUSINESS),
    "referent": may(
        Fields(fields={**PERSON, "travel": may(DURATION)}), "Whom to call at the client's."
    ),
    "equipment": may(MapOf(item=EQUIPMENT, key=ID)),
    "recover_on": may(ID, "A place or an equipment."),
    "lead": may(
        MapOf(item=Fields(fields={"detect": may(DURATION), "decide": may(DURATION)}), key=SCENARIO),
        "Delays before a recovery starts, per scenario.",
    ),
    "outside": may(
        ListOf(
            item=Fields(fields={"name": need(LINE), "accepted_by": need(LINE), "on": need(DAY)})
        ),
        "What is accepted as not protected, by whom, since when.",
    ),
    "repositories": may(MapOf(item=REPOSITORY, key=ID)),
    "services": need(MapOf(item=SERVICE, key=ID, least=1)),
    "sandbox": may(Choice(words=("required", "best-effort")), "Default required."),
    "coverage_floor": may(PERCENT, "Below it no site number is given. Default 50%."),
    "drills": may(DRILLS, "Default: what keeps the proofs alive. An empty list: never."),
    "manual": may(MANUAL, "What a person does by hand in a recovery; it counts for the lead."),
    "proof_valid_for": may(PROOF_VALID_FOR, "How long a drill counts. Default 35d."),
    "budget": may(BUDGET),
    "escalate": may(ESCALATE, "The chain of each criticality; without one, nobody is called."),
    "sla": may(SLA, "What the contract says of each criticality."),
    "retention": may(
        RETENTION, "How many recovery points are kept, in restic's words. Without it: all."
    ),
    "verify": may(VERIFY, "How often what is stored is read again. Without it: never."),
}
SITE_LATER = keys("availability", "maintenance")
SITE = Fields(fields=SITE_FIELDS, later=SITE_LATER)


def _without(*words: str) -> Fields:
    kept = {name: field for name, field in SITE_FIELDS.items() if name not in words}
    return Fields(fields=kept, later=SITE_LATER)


PROVIDER = Fields(
    fields={
        "provider": need(
            Fields(
                fields={
                    "name": need(LINE),
                    "language": may(LANGUAGE),
                    "timezone": need(ZONE),
                    "contact": may(Fields(fields=PERSON)),
                }
            )
        ),
        "channels": may(MapOf(item=CHANNEL, key=ID), "How somebody is told."),
        "escalation": may(
            MapOf(item=CHAIN, key=ID), "Who is told, in which order, until somebody has it."
        ),
        "places": may(
            MapOf(item=Fields(fields={"country": may(COUNTRY)}), key=ID),
            "Where a recovery can happen, other than on a site's equipment.",
        ),
        "tiers": may(
            MapOf(item=_without("site", "tier"), key=ID), "Contract levels, chosen by name."
        ),
        "defaults": may(_without("site"), "A site's content, merged under every site."),
    },
)
