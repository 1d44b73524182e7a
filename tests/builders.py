"""Values of a drill for the tests; every argument has an ordinary value.

The ordinary drill: service `till` of `bakery`, one dump, backed up at 12:13 and sealed, drilled at
12:29 (site time), all checks passed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from restore_drills.calendar import Calendar, Hours
from restore_drills.judge import judge, worst
from restore_drills.model import (
    CheckResult,
    Kind,
    LeadBasis,
    Plan,
    Point,
    Report,
    SandboxFacts,
    Scenario,
    Selection,
    ServicePlan,
    ServiceReport,
    Snapshot,
    SourceKind,
    SourcePlan,
    SqlCheck,
    Status,
    Step,
)

DATA_TIME = datetime(2026, 11, 23, 11, 13, tzinfo=UTC)
NOW = DATA_TIME + timedelta(minutes=16)
RUN = "20261123T111300Z-aaaaaa"
PARIS = Calendar(timezone="Europe/Paris")


RTA, RPA = timedelta(seconds=13.2), NOW - DATA_TIME


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def hours(days: str, start: str, end: str) -> Hours:
    """Opening hours on the weekdays `0123`, Monday 0."""
    return Hours(
        days=frozenset(map(int, days)),
        start=datetime.strptime(start, "%H:%M").time(),  # noqa: DTZ007 - a time of the clock
        end=datetime.strptime(end, "%H:%M").time(),  # noqa: DTZ007 - the same
    )


def snapshot(source: str, run: str = RUN, at: datetime = DATA_TIME, **other: Any) -> Snapshot:  # noqa: ANN401 - any field
    tags = ("service=till", f"run={run}", f"source={source}", *other.pop("tags", ()))
    ordinary = Snapshot(
        id=sha256(repr((tags, at)).encode()).hexdigest(),
        tree="beef" * 16,
        time=at,
        host="bakery",
        tags=tags,
        paths=(f"/{source}",),
        original=None,
        bytes=1000,
        files=10,
    )
    return replace(ordinary, **other)


def seal(run: str = RUN, at: datetime = DATA_TIME, outcome: str = "complete") -> Snapshot:
    return snapshot("seal", run, at + seconds(5), tags=(f"outcome={outcome}",))


def sealed(run: str = RUN, at: datetime = DATA_TIME, outcome: str = "complete") -> list[Snapshot]:
    """All snapshots of one run of the till."""
    names = ("till", "till.roles")
    return [*(snapshot(name, run, at) for name in names), seal(run, at, outcome)]


def point(at: datetime = DATA_TIME) -> Point:
    parts = {name: snapshot(name, at=at) for name in ("till", "till.roles")}
    return Point(run=RUN, data_time=at, snapshots=parts, seal=seal(at=at))


def service(**other: Any) -> ServicePlan:  # noqa: ANN401 - any field
    name = other.get("id", "till")
    ordinary = ServicePlan(
        id=name,
        repository="offsite",
        selection=Selection(host="bakery", tags=(f"service={name}",), sealed=True),
        sources=(SourcePlan(name=name, kind=SourceKind.POSTGRESQL_DUMP, database="till"),),
        checks=(SqlCheck(name="orders", query="select 1"),),
        rto=timedelta(hours=4),
        rpo=timedelta(minutes=30),
        lead=timedelta(minutes=40),
        lead_basis=LeadBasis.DECLARED,
        policy_hash="h1",
    )
    return replace(ordinary, **other)


def check(kind: Kind, status: Status = Status.PASS, **other: Any) -> CheckResult:  # noqa: ANN401 - any field
    names = {Kind.SQL: "orders", Kind.CONTENT: "every byte", Kind.SEAL: "seal"}
    ordinary = CheckResult(
        name=names.get(kind, kind.value),
        kind=kind,
        status=status,
        mandatory=True,
        detail="1203 >= 1000",
        seconds=0.01,
    )
    return replace(ordinary, **other)


GREEN = (check(Kind.CONTENT), check(Kind.SEAL), check(Kind.SQL, value=1203.0))


def served(
    plan: ServicePlan | None = None,
    *,
    rta: timedelta | None = RTA,
    rpa: timedelta | None = RPA,
    checks: tuple[CheckResult, ...] = GREEN,
    elsewhere: bool = False,
    **other: Any,  # noqa: ANN401 - any field
) -> ServiceReport:
    """What became of a service, judged as the engine would; no `rta`: it does not answer."""
    plan = plan or service()
    stopped = other.pop("stopped", None)
    judged = judge(plan, checks=checks, rta=rta, rpa=rpa, stopped=stopped, elsewhere=elsewhere)
    ordinary = ServiceReport(
        id=plan.id,
        verdict=judged.verdict,
        objective=judged.objective,
        label=judged.label,
        depth=judged.depth,
        plan=plan,
        point=point(),
        rta=rta,
        rpa=rpa,
        files=1016,
        bytes=316_104_000,
        verified_bytes=316_104_000,
        offsets={"T5": 0.0, "T5a": 0.7, "T6": 9.8, "T7": 10.2, "T8": 13.2},
        steps=(
            Step(name="fetch", began=0.7, seconds=9.1),
            Step(name="check", began=10.2, seconds=3),
        ),
        checks=checks,
        why=judged.why,
    )
    return replace(ordinary, **other)


def sandbox(**other: Any) -> SandboxFacts:  # noqa: ANN401 - any field
    ordinary = SandboxFacts(
        mechanism="bwrap-userns",
        uid=52001,
        network=False,
        limits={"memory": "cgroup2", "pids": "cgroup2", "disk": "watchdog"},
        prep=seconds(0.4),
        destroyed=True,
        proof="workspace absent, no process of the run",
    )
    return replace(ordinary, **other)


def plan(*services: ServicePlan, **other: Any) -> Plan:  # noqa: ANN401 - any field
    ordinary = Plan(
        run="20261123T112900Z-cccccc",
        site="bakery",
        scenario=Scenario.SERVER_FAILURE,
        place="example-host",
        elsewhere=False,
        services=services or (service(),),
        calendar=PARIS,
    )
    chosen = {"point": "at"} if other.get("t0") else {}
    return replace(ordinary, **(chosen | other))


def report(*services: ServiceReport, **other: Any) -> Report:  # noqa: ANN401 - any field
    """A whole drill; the fields of its plan are given by name."""
    services = services or (served(),)
    findings = other.pop("findings", ())
    drilled = plan(*(s.plan for s in services), **other)
    return Report(
        plan=drilled,
        t0=drilled.t0 or NOW,
        started_at=NOW,
        verdict=worst(s.verdict for s in services),
        services=services,
        sandbox=sandbox(),
        tools={"restic": "0.18.0"},
        findings=findings,
        critical_path=tuple(s.id for s in services),
    )
