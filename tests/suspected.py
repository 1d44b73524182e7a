"""A till whose backups become suspected, for the tests of what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.core.events import Outcome, RunKind, Sign, SuspicionEnded
from tests.keeping import Upkept
from tests.oncall import MINUTE

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.events import BackupFinished, RunStarted
    from orchestrator.core.state import ServiceState

REWRITTEN = Sign(word="rewritten", detail="900 of 1,000 files have new content in one backup")
RENAMED = Sign(
    word="renamed",
    detail="900 of 1,000 files came back under their own name with .locked behind it",
)
DECOY = Sign(word="decoy", detail="the decoy /srv/a.doc has another content")
DELETED = Sign(word="deleted", detail="900 of 1,000 files are gone in one backup")
ATTACK = (REWRITTEN, RENAMED)


class Attacked(Upkept):
    """The bakery's till on the nas, copied to the bucket; every event is appended by hand.

    `of`: the service that is spoken of.
    """

    of = "till"

    @property
    def till(self) -> ServiceState:
        """What is known of the till, or whatever is spoken of."""
        return self.state.service("bakery", self.of)

    def _made(self, begun: RunStarted, data: datetime, after: timedelta) -> BackupFinished:
        made = super()._made(begun, data, after)
        now = self.state.service("bakery", begun.service).suspicion
        return replace(made, outcome=Outcome.SUSPECTED, suspect=now.run) if now else made

    def made(
        self,
        outcome: Outcome = Outcome.COMPLETE,
        *signs: Sign,
        data: timedelta = timedelta(0),
        **other: Any,  # noqa: ANN401 - any field
    ) -> BackupFinished:
        """Back the till up; `data` shifts what its clock said."""
        begun, at = self.begin(RunKind.BACKUP, "nas", self.of), self.now + data
        self.now += MINUTE
        made = self._made(begun, at, MINUTE)
        suspect = other.pop("suspect", begun.run if outcome is Outcome.SUSPECTED else "")
        done = replace(made, outcome=outcome, signs=signs, suspect=suspect, **other)
        self.append(done)
        return done

    def attacked(self, **other: Any) -> BackupFinished:  # noqa: ANN401 - any field
        """A point with two signs, or one after it."""
        now = self.till.suspicion
        if now is not None:
            return self.made(Outcome.SUSPECTED, suspect=now.run, **other)
        return self.made(Outcome.SUSPECTED, *ATTACK, **other)

    def judge(self, first: str, *, false_alarm: bool) -> None:
        """A person says what it was."""
        self.append(
            SuspicionEnded(
                incident="3fa94c",
                site="bakery",
                service=self.of,
                first=first,
                false_alarm=false_alarm,
                by="Zoe",
                note="",
            )
        )
