"""A drill: open the repositories, choose the recovery points, prove every service, destroy.

`run` is the whole engine's one door. It knows restic only through `Restore`, the machine only
through `Host`, and returns a value; it prints nothing and writes no log.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from restore_drills import choosing, one_path, points
from restore_drills import findings as say
from restore_drills.engines import postgresql
from restore_drills.errors import (
    CannotRun,
    CommandMissing,
    DrillError,
    Interrupted,
    NoSandbox,
    NoSpace,
    of_system,
)
from restore_drills.judge import worst
from restore_drills.keeping import Aim, unanswered
from restore_drills.model import Report, SandboxFacts
from restore_drills.service import Proof, Setting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restore_drills.host import Host, Restore
    from restore_drills.keeping import Keeper
    from restore_drills.model import Plan, Step
    from restore_drills.sandbox import Sandbox

MIB = 1 << 20
RESERVE = 256 * MIB  # of the disk, never to be used by a drill
AT_ONCE = 2  # services worked on together: the link and a small server's cores are shared
T = TypeVar("T")


def run(  # noqa: PLR0913 - the drill, its two doors, and what the caller may choose
    plan: Plan,
    restore: Restore,
    host: Host,
    *,
    tools: dict[str, str],
    tell: Callable[[str, Step], None] = lambda _service, _step: None,
    majors: dict[int, Path] | None = None,
    keep: bool = False,
    keeper: Keeper | None = None,
) -> Report:
    """Carry out a drill and return what came out; the sandbox is gone when this returns.

    With a `keeper` it is a recovery: nothing is removed. Raises Interrupted (after cleaning up);
    every other trouble is a verdict.
    """
    sandbox, no_sandbox = _sandbox(plan, host)
    findings = list(plan.findings)
    facts: SandboxFacts | None = None
    try:
        # What was done before it could begin is a part of the recovery: T5 is when that began.
        before = sum(step.seconds for step in plan.before)
        started_at = host.now() - timedelta(seconds=before)
        t5 = host.monotonic() - before
        opened = _open(plan, restore, host, t5)
        found = choosing.look(plan, opened, restore)
        disaster = choosing.disaster(plan, started_at, found)
        t0 = disaster.t0
        findings += say.detected(t0, disaster.undetected, plan.calendar.timezone)
        setting = Setting(
            plan=plan,
            restore=restore,
            host=host,
            disaster=disaster,
            t5=t5,
            majors=postgresql.installed() if majors is None else majors,
            tell=tell,
        )
        proofs = [
            Proof(setting=setting, plan=service, steps=list(plan.before))
            for service in plan.services
        ]
        for proof in proofs:
            proof.offsets["T5"] = 0.0
            if proof.plan.lead is None:
                proof.findings.append(say.no_lead(proof.plan))
            proof.stopped = no_sandbox or choosing.choose(proof, opened, found)
        short = _space(proofs, host, plan.space)
        for proof in proofs:
            proof.stopped = proof.stopped or short
            if proof.stopped is None and sandbox is not None:
                try:
                    proof.room = sandbox.room(proof.plan.id)
                except OSError as error:
                    proof.stopped = of_system(error)
        if keeper is not None:
            aims = (
                Aim(plan=p.plan, point=p.point, stopped=p.stopped, passed_over=p.passed_over)
                for p in proofs
            )
            keeper.chosen(t0, tuple(aims))
        _prove(proofs, host, keeper)
        _look_back(proofs, restore, plan.calendar.timezone)
    finally:
        if sandbox is not None:
            destroyed, words = sandbox.destroy(keep=keep or keeper is not None)
            facts = SandboxFacts(
                mechanism=sandbox.mechanism,
                uid=sandbox.uid,
                network=sandbox.mechanism == "none",
                limits=sandbox.limits_by,
                prep=sandbox.prep,
                destroyed=destroyed,
                proof=words,
            )
            findings += say.sandbox(facts, keep=keep or keeper is not None)
    services = tuple(proof.report() for proof in proofs)
    findings += [finding for service in services for finding in service.findings]
    return Report(
        plan=plan,
        t0=t0,
        started_at=started_at,
        verdict=worst(s.verdict for s in services),
        services=services,
        sandbox=facts,
        tools={**tools, **{k: v for proof in proofs for k, v in proof.tools.items()}},
        findings=tuple(findings),
        critical_path=_critical_path(proofs),
        undetected=disaster.undetected,
        kept={p.plan.id: str(p.room.tree.parent) for p in proofs if keep and p.room is not None},
    )


def _sandbox(plan: Plan, host: Host) -> tuple[Sandbox | None, DrillError | None]:
    """Make the sandbox before the clock starts: a real recovery does not need it."""
    try:
        room = max(host.free_bytes() - RESERVE, 64 * MIB)
        room = min(room, plan.space or room)
        return host.sandbox(plan.run, disk_bytes=room, required=plan.sealed_only), None
    except (NoSandbox, CommandMissing) as error:
        return None, error
    except OSError as error:
        return None, of_system(error)


def _open(plan: Plan, restore: Restore, host: Host, t5: float) -> choosing.Opened:
    """Open every repository of the plan at once: its listing and the instant, or the error."""
    names = sorted({s.repository for s in plan.services if s.repository is not None})
    opened: choosing.Opened = {}
    with ThreadPoolExecutor(max(len(names), 1)) as pool:
        futures = {name: pool.submit(restore.open, name) for name in names}
        for name, future in futures.items():
            error = _wait(future, host)
            if isinstance(error, Interrupted):
                raise error
            opened[name] = error or (future.result(), host.monotonic() - t5)
    return opened


def _space(proofs: list[Proof], host: Host, allowed: int | None) -> NoSpace | None:
    """Check that the disk holds all that is to be restored, before a byte is fetched.

    `allowed` is what the policy gives to a drill, in bytes.
    """
    needed = sum(
        points.space(proof.plan, one_path.sized(proof.plan, proof.point.snapshots))
        for proof in proofs
        if proof.point is not None and proof.stopped is None
    )
    if allowed is not None and needed > allowed:
        return NoSpace(
            f"the drill needs {-(-needed // MIB)} MiB of disk, the policy allows {allowed // MIB}"
            " MiB",
            hint="Raise the policy's drill_space, or drill fewer services at a time.",
        )
    free = host.free_bytes()
    if needed == 0 or needed + RESERVE <= free:
        return None
    return NoSpace(
        f"{(needed + RESERVE) // MIB} MiB of disk are needed, {free // MIB} MiB are free",
        hint="Free space, or take a larger disk (--state of a drill, --to of a recovery).",
    )


def _prove(proofs: list[Proof], host: Host, keeper: Keeper | None) -> None:
    """Prove the services in `depends_on` order, independent ones in parallel."""
    slots = threading.Semaphore(AT_ONCE)
    by_id = {proof.plan.id: proof for proof in proofs}
    done: dict[str, Future[None]] = {proof.plan.id: Future() for proof in proofs}

    def work(proof: Proof) -> None:
        for needed in proof.plan.depends_on:
            if needed not in by_id:
                continue
            wait_for([done[needed]])
            _lean(proof, by_id[needed], keeper)
        if proof.stopped is None:
            with slots:
                proof.carry_out()

    def finish(proof: Proof) -> None:
        try:
            work(proof)
            if keeper is not None:
                keeper.done(proof.report(), proof.room)
        finally:
            _settle(done[proof.plan.id])

    # A thread each: waiting for another service must not hold the thread it needs.
    with ThreadPoolExecutor(max(len(proofs), 1)) as pool:
        try:
            _waited([pool.submit(finish, proof) for proof in proofs], host)
        except KeyboardInterrupt:  # while they were begun: the pool waits for those that were
            host.processes.cancel("interrupted")
            for one in done.values():
                _settle(one)
            raise


def _waited(futures: list[Future[None]], host: Host) -> None:
    for future in futures:
        error = _wait(future, host)
        if error is not None:
            raise error


def _settle(done: Future[None]) -> None:
    with suppress(InvalidStateError):
        done.set_result(None)


def _lean(proof: Proof, needed: Proof, keeper: Keeper | None) -> None:
    """Have a service know how the one fared that it depends on."""
    if needed.answered or proof.stopped is not None:
        return
    if keeper is None:
        proof.stopped = CannotRun(f"{needed.plan.id}, on which it depends, does not answer")
    else:  # the client wants his data back all the same
        proof.findings.append(unanswered(proof.plan, needed.plan.id))


def _look_back(proofs: list[Proof], restore: Restore, zone: str) -> None:
    """Ask of what was read from versions whether whoever wipes the bucket leaves it."""
    names = {p.plan.repository for p in proofs if p.plan.rewound and p.plan.repository}
    views = {name: restore.shown(name) for name in sorted(names)}
    for proof in proofs:
        view = views.get(proof.plan.repository or "") if proof.plan.rewound else None
        if view is None:
            continue
        proof.findings += say.rewound(proof.plan, view, zone)
        if proof.stopped is None:
            proof.stopped = say.not_kept(view)


def _wait(future: Future[T], host: Host) -> DrillError | None:
    """Wait for a worker; an interruption cancels every process of the run first."""
    try:
        wait_for([future])
    except KeyboardInterrupt:
        host.processes.cancel("interrupted")
        wait_for([future])
        raise
    error = future.exception()
    if isinstance(error, OSError):
        return of_system(error)
    if error is None or isinstance(error, DrillError):
        return error
    raise error


def _critical_path(proofs: list[Proof]) -> tuple[str, ...]:
    """Return the chain of services that decided when the last one answered."""
    ends = {p.plan.id: p.offsets["T8"] for p in proofs if p.answered}
    if len(ends) < len(proofs) or not ends:
        return ()
    needs = {p.plan.id: p.plan.depends_on for p in proofs}
    path = [max(ends, key=lambda name: ends[name])]
    while before := [name for name in needs[path[0]] if name in ends]:
        path.insert(0, max(before, key=lambda name: ends[name]))
    return tuple(path)
