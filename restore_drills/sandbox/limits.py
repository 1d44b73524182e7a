"""How much a sandbox may take, and the resource limits that the kernel holds per process or uid."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
SHM_SHARE = 4  # parallel queries keep their hash tables in /dev/shm: 64 MiB is soon too little
SHM_LEAST = 64 * MIB
TMP_BYTES = 64 * MIB
RUN_BYTES = 8 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """For all rooms of a sandbox together; `disk_bytes` is what its commands may write."""

    memory_bytes: int
    pids: int
    disk_bytes: int

    @property
    def shm_bytes(self) -> int:
        """Size of /dev/shm; it counts as memory where a cgroup holds the limit."""
        return max(SHM_LEAST, self.memory_bytes // SHM_SHARE)


def rlimits(limits: Limits, *, memory: bool, pids: bool) -> list[str]:
    """Return the options of `prlimit`; `memory`: no cgroup holds it.

    Not RLIMIT_AS: PostgreSQL and every garbage collector map far more than they use. RLIMIT_DATA
    counts private writable memory only; at twice the limit it leaves the watchdog, which can say
    why a command ended, time to be first, and stops what is quicker than the watchdog.
    """
    options = [f"--fsize={limits.disk_bytes}:{limits.disk_bytes}", "--core=0:0"]
    if pids:
        options.append(f"--nproc={limits.pids}:{limits.pids}")
    if memory:
        bytes_ = 2 * limits.memory_bytes + SHM_LEAST
        options.append(f"--data={bytes_}:{bytes_}")
    return options


def words(size: int) -> str:
    """Return a size for a person."""
    return f"{size / MIB:.0f} MiB" if size < 10 * 1024 * MIB else f"{size / MIB / 1024:.0f} GiB"
