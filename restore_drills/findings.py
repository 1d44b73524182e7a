"""What a drill tells besides its verdict. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from restore_drills.errors import CannotRun, Damaged
from restore_drills.model import Finding, Severity
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from restore_drills.errors import DrillError
    from restore_drills.host import Shown
    from restore_drills.model import Point, SandboxFacts, ServicePlan, Suspect

WEAKER = ("rlimit", "watchdog")  # than a cgroup: each process apart, or after the fact


def clock(plan: ServicePlan, newest: datetime, now: datetime) -> Finding:
    """A recovery point is dated in the future: some clock is wrong."""
    ahead = duration(newest - now)
    return Finding(
        code="clock-behind",
        severity=Severity.ERROR,
        service=plan.id,
        message=f"the newest recovery point is dated {ahead} in the future: not used",
        remedy="Set the clocks of this machine and of the one that backs up.",
    )


def unusable(plan: ServicePlan, line: str) -> Finding:
    """A newer run left no usable point."""
    return Finding(
        code="newer-point-unusable",
        severity=Severity.WARNING,
        service=plan.id,
        message=f"a newer run gave no usable recovery point: {line}",
        remedy="See `pra history` for what went wrong.",
    )


def suspected(plan: ServicePlan, passed: Sequence[Point], zone: str) -> Finding:
    """Newer points are suspected: none of them is used, however whole it is."""
    first = passed[0].data_time
    many = f"{len(passed)} newer recovery points are" if passed[1:] else "a newer recovery point is"
    return Finding(
        code="suspected-skipped",
        severity=Severity.WARNING,
        service=plan.id,
        message=f"{many} suspected, of {_local(first, zone)} and later: not used",
        remedy="Judge them: `pra incidents` names the incident, `pra incidents resolve ID"
        " --false-alarm` ends it if they are sound.",
    )


def unusual(
    plan: ServicePlan, doubt: Suspect, before: Point | None, usable_at: datetime | None, zone: str
) -> Finding:
    """The point used is of after a change that nobody has judged: it may be what an attack left."""
    other, remedy = "there is no point before it", "Look at what changed before you rely on it"
    if before is not None and usable_at is not None:
        # To the second, and not before it was a point.
        at = (usable_at + timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        other = f"the last point before it is of {_local(before.data_time, zone)}"
        remedy = f"To take that one: --at {at.isoformat(timespec='seconds')}; else look first"
    return Finding(
        code="changed-unusually",
        severity=Severity.WARNING,
        service=plan.id,
        message=f"the point used holds a change that is in doubt, of {_local(doubt.since, zone)}"
        f" ({doubt.why}), and nobody has judged it; {other}",
        remedy=f"{remedy} (`pra incidents`).",
    )


def unmarked(plan: ServicePlan, period: Suspect, zone: str) -> Finding:
    """Somebody with the keys has made suspected points look sound."""
    return Finding(
        code="marks-removed",
        severity=Severity.WARNING,
        service=plan.id,
        message=f"points of {_local(period.since, zone)} and later are sealed as suspected, and"
        " their marks were taken off: somebody has the keys of the repository",
        remedy="Use nothing newer, and change the repository's keys: `pra repo rotate-key`.",
    )


def detected(t0: datetime, undetected: timedelta | None, zone: str) -> list[Finding]:
    """The instant of the disaster is that of the first suspected point, not now."""
    if undetected is None:
        return []
    return [
        Finding(
            code="suspected-since",
            severity=Severity.WARNING,
            message=f"the first suspected point is of {_local(t0, zone)}, {duration(undetected)} "
            "before this run: nothing newer is used, the loss is counted from then",
            remedy="Restore nothing newer; find out what happened on the machine since.",
        )
    ]


def sampled(plan: ServicePlan, path: str) -> Finding:
    """One path came back, and this one."""
    how = "asked for" if plan.path else "chosen by lot"
    return Finding(
        code="one-path",
        severity=Severity.INFO,
        service=plan.id,
        message=f"of its files one path was restored, {how}: {path}",
        remedy="Drill another scenario to prove all of it.",
    )


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} ({zone})"


def no_seal(plan: ServicePlan) -> Finding:
    """An adopted snapshot is a point of its own, without our seal."""
    return Finding(
        code="no-seal",
        severity=Severity.INFO,
        service=plan.id,
        message="adopted snapshots carry no seal: completeness rests on the tool that made them",
        remedy="Ask checks that would notice a missing part.",
    )


def no_lead(plan: ServicePlan) -> Finding:
    """The delay before a recovery is not declared."""
    return Finding(
        code="lead-undeclared",
        severity=Severity.WARNING,
        service=plan.id,
        message="the delay before the restoration is not declared: no time to recover",
        remedy="Declare `lead:` (detect and decide) in the policy.",
    )


def rewound(plan: ServicePlan, view: Shown, zone: str) -> list[Finding]:
    """It was read from versions: through which view, and what is weak about it."""
    as_of = _local(view.as_of, zone)
    read = "" if view.read is None else f"{view.read} of "
    ends = view.least_until and view.least_until.astimezone(ZoneInfo(zone))
    until = f", the first lock ends {ends:%Y-%m-%d %H:%M}" if ends else ""
    found = [
        Finding(
            code="rewound-view",
            severity=Severity.INFO,
            service=plan.id,
            message=f"{plan.repository} was read through its versions as it was at {as_of}, the "
            f"bucket itself was not touched: {read}{view.objects} objects read{until}",
            remedy="To bring the bucket back for good: `pra repo rewind`.",
        )
    ]
    if view.taken:
        found.append(
            Finding(
                code="rewound-taken",
                severity=Severity.WARNING,
                service=plan.id,
                message=f"{plan.repository}: {view.taken} objects were deleted or overwritten "
                f"after {as_of}",
                remedy="See `pra repo rewind SITE --dry-run` for when, and bring it back.",
            )
        )
    if view.lost:
        found.append(
            Finding(
                code="rewound-lost",
                severity=Severity.WARNING,
                service=plan.id,
                message=f"{plan.repository}: {view.lost} objects have no good version left",
                remedy="Verify the repository, and repair it from another copy.",
            )
        )
    if view.liftable:
        found.append(
            Finding(
                code="rewound-governance",
                severity=Severity.WARNING,
                service=plan.id,
                message=f"{view.liftable} of the objects read are locked in governance mode: a key"
                " that may bypass it can delete them for good",
                remedy="Lock in compliance mode, or keep that right from every key in use.",
            )
        )
    return found


def not_kept(view: Shown) -> DrillError | None:
    """Return why what was read does not survive whoever wipes the bucket; None: it does."""
    if view.read is None:
        return CannotRun("nobody can tell whether what was read is locked")
    if view.bare:
        return Damaged(
            f"{view.bare} of {view.read} objects that it needs can be deleted for good by"
            " whoever has the right: not locked",
            hint="Give the bucket Object Lock, say `immutable:` in the policy, and relock it.",
        )
    return None


def sandbox(facts: SandboxFacts, *, keep: bool) -> list[Finding]:
    """Return every way in which the isolation was less than it should be."""
    found = []
    if facts.mechanism == "none":
        found.append(
            Finding(
                code="sandbox-none",
                severity=Severity.ERROR,
                message="the drill ran in the open, as the policy allows (sandbox: best-effort)",
                remedy="Install bubblewrap and allow user namespaces.",
            )
        )
    # The disk has no cgroup: its watchdog is as good as it gets.
    asked = {name: facts.limits.get(name, "none") for name in ("memory", "pids", "disk")}
    none = [name for name, by in asked.items() if by == "none"]
    if none:
        found.append(
            Finding(
                code="sandbox-limits",
                severity=Severity.WARNING,
                message=f"not limited in the sandbox: {', '.join(none)}",
                remedy="Run as root, or delegate a cgroup with memory and pids.",
            )
        )
    weak = [f"{n} by {by}" for n, by in asked.items() if n != "disk" and by in WEAKER]
    if weak:
        found.append(
            Finding(
                code="sandbox-limits-weaker",
                severity=Severity.INFO,
                message=f"limited in the sandbox without a cgroup: {', '.join(weak)}",
                remedy="Run as root, or delegate a cgroup with memory and pids.",
            )
        )
    if not facts.destroyed and not keep:
        found.append(
            Finding(
                code="sandbox-left",
                severity=Severity.ERROR,
                message=f"the sandbox is not gone: {facts.proof}",
                remedy="Run any pra command again: it sweeps what is left.",
            )
        )
    return found
