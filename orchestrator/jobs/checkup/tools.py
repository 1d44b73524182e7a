"""Programs: restic, what seals a drill, and the sources' own, against what they are to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.diagnosis import Fine
from orchestrator.core.policy.model import SandboxPolicy
from orchestrator.errors import PraError
from orchestrator.jobs.checkup.ground import BOTH, error, warning
from orchestrator.jobs.opening import restic_version
from restore_drills import errors as drills
from restore_drills.host import MIB, Machine

if TYPE_CHECKING:
    from orchestrator.core.diagnosis import Finding
    from orchestrator.jobs.checkup.ground import Ground, Said

PROBE_DISK = 64 * MIB
UNHELD = "none"


def restic(ground: Ground) -> Said:
    """The program that does all the copying."""
    try:
        yield Fine(subject="restic", message=restic_version(ground.processes))
    except PraError as fault:
        yield error(
            fault.code, "restic", str(fault), fault.hint, stops=BOTH, because="there is no restic"
        )


def sandbox(ground: Ground) -> Said:
    """A sandbox of a drill, really made, and destroyed again."""
    required = all(site.sandbox is SandboxPolicy.REQUIRED for site in ground.sites)
    # A run of its own: what ends a sandbox ends every process of its run, other checks' too.
    processes = ground.apart("sandbox")
    machine = Machine(root=ground.app.state / "drills", processes=processes)
    try:
        made = machine.sandbox(processes.run_id, disk_bytes=PROBE_DISK, required=required)
    except drills.Interrupted:
        return
    except (drills.DrillError, OSError) as fault:
        said = drills.of_system(fault) if isinstance(fault, OSError) else fault
        yield _no_sandbox(ground, said)
        return
    mechanism, limits = made.mechanism, made.limits_by
    destroyed, proof = made.destroy()
    if not destroyed:
        yield error("sandbox-left", "sandbox", proof, "Look what holds it, and remove it by hand.")
    if mechanism == UNHELD:
        yield warning(
            "sandbox-open",
            "sandbox",
            "nothing seals a drill here; it would run in the open, as the policy allows",
            "Install bubblewrap and allow user namespaces, or write `sandbox: required`.",
        )
    if loose := [name for name, by in limits.items() if by == UNHELD]:
        yield warning(
            "limits-loose",
            "sandbox",
            f"nothing limits {' and '.join(loose)} of a drill here",
            "Delegate control groups to pra (the systemd unit does), or drill elsewhere.",
        )
    held = ", ".join(f"{name} by {by}" for name, by in limits.items())
    yield Fine(subject="sandbox", message=f"made and destroyed: {mechanism}, limits: {held}")


def _no_sandbox(ground: Ground, fault: drills.DrillError) -> Finding:
    message = str(fault).removeprefix("sandbox: ")
    lacking = "bubblewrap is not installed" if "bwrap: command not found" in message else message
    return ground.no_drill("no-sandbox", "sandbox", message, fault.hint, because=lacking)
