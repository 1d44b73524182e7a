"""What a drill or a recovery from a kit alone says beside its answer. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from restore_drills.model import Finding

WORDS = {
    "refuted": "REFUTED: nothing comes back from this kit.",
    "inconclusive": "INCONCLUSIVE: it could not be tried, and proves nothing.",
}


def text(document: Mapping[str, Any], said: str, added: Iterable[Finding], proof: str) -> str:
    """Return what the child said, and below it what this machine adds.

    `said` is empty where it did not come as far as a child.
    """
    blocks = [said] if said else []
    lines = [_line(one) for one in added]
    if lines and said:
        lines.insert(0, "What the log of this machine knows, and a kit does not:")
    blocks.append("\n".join(lines))
    if not said:
        blocks.append(WORDS.get(str(document["verdict"]), str(document["verdict"])))
    bare = document["bare"]
    used = bare["policy"]
    where = f", policy from {used['repository']}" if used else ""
    blocks.append(f"From kit {bare['kit']}, opened by {bare['holder']}{where}; {proof}.")
    return "\n\n".join(block for block in blocks if block)


def _line(one: Finding) -> str:
    who = f"{one.service}: " if one.service else ""
    return f"{one.severity}: {who}{one.message}\n  {one.remedy}"
