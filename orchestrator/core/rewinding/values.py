"""What a rewind did or would do, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.core.events import RewindFinished
    from orchestrator.core.rewinding.choice import Burst, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What becomes of the objects of one kind: numbers of them, and then bytes.

    `read` to hash it, `copied` by the storage, `held` by what is there in the end.
    """

    restored: int
    whole: int
    aside: int
    lost: int
    read: int
    copied: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewound:
    """What was brought back, or would be. `lost_keys` are the first few of the lost objects.

    `configs` is how many different versions of the config there were to choose from; `bursts` are
    the greatest sprees of deletion and overwriting that the versions tell of, oldest first.
    """

    versions: int
    kinds: Mapping[Kind, Tally]
    lost_keys: tuple[str, ...]
    configs: int
    bursts: tuple[Burst, ...]

    def total(self, name: str) -> int:
        """Return one number of the tallies, all kinds together."""
        return sum(getattr(tally, name) for tally in self.kinds.values())

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is left of what was there at the instant: then nothing was done."""
        return not any(self.total(name) for name in ("restored", "whole", "lost"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewinding:
    """A rewind that has ended: what the log has, what the bucket told, why it is not sound."""

    event: RewindFinished
    bucket: Rewound
    fault: str = ""
    remedy: str = ""
