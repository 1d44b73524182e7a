"""How the tests ask an `sql` check about a value, and the judge about a service."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from restore_drills.checks.sql import answer
from restore_drills.judge import Judgement, judge
from restore_drills.model import CheckResult, Expect, Fresh, ServicePlan, SqlCheck
from tests.builders import DATA_TIME, GREEN, PARIS, service

if TYPE_CHECKING:
    from datetime import datetime

    from restore_drills.calendar import Calendar
    from restore_drills.errors import DrillError

MINUTE = timedelta(minutes=1)
TWO_HOURS = timedelta(hours=2)


def asked(  # noqa: PLR0913 - the check, the value, and what they meet
    value: str,
    *,
    expect: Expect | None = None,
    not_below: float | None = None,
    fresh: Fresh | None = None,
    last: float | None = None,
    data_time: datetime = DATA_TIME,
    calendar: Calendar = PARIS,
) -> tuple[bool, str]:
    check = SqlCheck(name="x", query="", expect=expect, not_below=not_below, fresh=fresh)
    return answer(check, value, data_time=data_time, calendar=calendar, last=last)


def judged(  # noqa: PLR0913 - the facts on which a verdict rests
    plan: ServicePlan | None = None,
    checks: tuple[CheckResult, ...] = GREEN,
    *,
    rta: timedelta | None = 2 * MINUTE,
    rpa: timedelta | None = 16 * MINUTE,
    stopped: DrillError | None = None,
    elsewhere: bool = False,
) -> Judgement:
    return judge(
        plan or service(),
        checks=checks,
        rta=rta,
        rpa=rpa,
        stopped=stopped,
        elsewhere=elsewhere,
    )
