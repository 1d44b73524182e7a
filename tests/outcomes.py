"""The outcomes of a drill that are told to people, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from restore_drills.errors import Unreachable
from restore_drills.model import (
    Kind,
    LeadBasis,
    ServiceReport,
    Status,
)
from tests.builders import GREEN, check, report, served, service

MINUTE = timedelta(minutes=1)
WRONG = check(Kind.SQL, Status.FAIL, detail="3 is not >= 1000")
NO_LEAD = service(lead=None, lead_basis=LeadBasis.UNKNOWN)
SHARE = service(id="share", checks=())


def untried(**other: Any) -> ServiceReport:  # noqa: ANN401 - any field
    """What became of a service whose repository did not answer."""
    nothing = {"checks": (), "rta": None, "rpa": None, "bytes": None, "point": None}
    return served(**(nothing | {"stopped": Unreachable("offsite: it does not answer")} | other))


def failed(**other: Any) -> ServiceReport:  # noqa: ANN401 - the same
    """What became of a service that is loaded and wrong."""
    return served(**({"checks": (*GREEN[:2], WRONG), "rta": None, "rpa": None} | other))


PROVEN = report()
UNDECLARED = report(served(NO_LEAD))
LATE = report(served(service(rto=30 * MINUTE), rta=2 * MINUTE))
OLD = report(served(rpa=30 * MINUTE + timedelta(seconds=1)))
BOTH = report(served(service(rto=30 * MINUTE), rta=2 * MINUTE, rpa=31 * MINUTE))
REFUTED = report(failed(), served(SHARE, checks=GREEN[:2]))
INCONCLUSIVE = report(untried())
MIXED = report(failed(), untried(plan=SHARE), served(service(id="shop")))
EVERY = (PROVEN, UNDECLARED, LATE, OLD, BOTH, REFUTED, INCONCLUSIVE, MIXED)
