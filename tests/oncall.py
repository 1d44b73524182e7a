"""A client's nights, simulated: the log, the daemon's decisions, S3, a clock, the on-call's ear.

Nothing of ours is replaced: `decide` decides and the fold folds. What happens outside (a backup's
end, a channel's answer) is what the test says.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.core import fold
from orchestrator.core.decide import decide
from orchestrator.core.decide.actions import (
    Page,
    Policies,
    Say,
    StartBackup,
    StartCopy,
    StartDrill,
    StartUpkeep,
    StorePolicy,
)
from orchestrator.core.decide.incidents import resolved
from orchestrator.core.decide.wrong.holding import holding
from orchestrator.core.events import (
    BackedUp,
    BackupFinished,
    Outcome,
    PageFailed,
    PageSent,
    Recorded,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
    service_of,
    type_of,
)
from orchestrator.core.policy.model import Provider
from orchestrator.core.policy.oncall import Rule, Step, Webhook
from orchestrator.core.state import Incident, State
from tests.policies import service, site

if TYPE_CHECKING:
    from orchestrator.core.decide.actions import Action
    from orchestrator.core.decide.wrong.conditions import Held
    from orchestrator.core.events import Event
    from orchestrator.core.policy.model import Service, Site

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TICK = 5 * MINUTE
HOOK = Webhook(url="http://127.0.0.1:1/hook", secret=None)
# A Friday, 18:30 in Paris: the bakery (tue-sat 6 to 13, see tests/policies.py) is closed.
FRIDAY = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)


def step(
    *notify: str,
    after: timedelta = timedelta(0),
    repeat: timedelta | None = None,
    business: bool = False,
) -> Step:
    return Step(notify=notify, after=after, repeat=repeat, business=business)


WAKE = (
    step("chat", "page"),
    step("mail", after=15 * MINUTE),
    step("page", after=30 * MINUTE, repeat=30 * MINUTE),
)
TICKET = (step("mail", business=True),)
RULES = {
    "P1": Rule(chain="wake"),
    "P2": Rule(chain="ticket", hurried="wake"),
    "P3": Rule(chain="ticket"),
    "P4": Rule(chain="ticket"),
}
PROVIDER = Provider(
    name="Example IT",
    language="en",
    timezone="Europe/Paris",
    contact=None,
    channels={"chat": HOOK, "page": HOOK, "mail": HOOK},
    escalation={"wake": WAKE, "ticket": TICKET},
    escalate=RULES,
)


def client(*services: Service, **other: Any) -> Site:  # noqa: ANN401 - any field
    """The bakery, under contract, its till backed up every quarter of an hour."""
    ordinary = services or (service(every=15 * MINUTE),)
    return site(*ordinary, **{"provider": PROVIDER, "escalate": RULES, "drills": (), **other})


@dataclass
class Outside:
    """What the test says of the world: S3, channels, how long a backup takes."""

    failure: dict[str, Any] | None = None  # of every backup, as fields of RunFailed
    deaf: set[str] = field(default_factory=set)  # channels that do not answer
    seconds: float = 60.0
    outcome: Outcome = Outcome.COMPLETE
    stuck: set[str] = field(default_factory=set)  # services whose backups do not end
    stumble: set[str] = field(default_factory=set)  # services whose next backup fails, once


AWAY = {
    "error": "offsite: no answer from s3.example.net within 10 s",
    "remedy": "See whether the line and the endpoint are up.",
    "retryable": True,
    "code": "repository-unreachable",
}
REFUSED = {
    "error": "the database of till refuses the password",
    "remedy": "Put the right one in place.",
    "retryable": False,
    "code": "source-failed",
}
SHUT_OUT = {
    "error": "offsite: the password opens no key of the repository",
    "remedy": "Check the repository's password reference.",
    "retryable": False,
    "code": "repository-refused",
}
VANISHED = {
    "error": "offsite: the repository has vanished",
    "remedy": "Find out who removed it.",
    "retryable": False,
    "code": "repository-absent",
}


class Nights:
    """The daemon at work; `paged` is what the channels took, in order."""

    def __init__(
        self, *sites: Site, now: datetime = FRIDAY, provider: Provider | None = PROVIDER
    ) -> None:
        sites = sites or (client(),)
        self.policies = Policies(
            sites={one.id: one for one in sites},
            provider=provider,
            place="here",
            awake_since=now,
        )
        self.state, self.now, self.outside = State(), now, Outside()
        self.events: list[tuple[datetime, Event]] = []
        self.paged: list[tuple[datetime, str, str, str]] = []
        self._keys: set[tuple[str, str, str, str]] = set()
        self._ends: list[tuple[datetime, RunStarted]] = []
        self._runs = 0

    def append(self, event: Event, key: str | None = None) -> bool:
        kind = event.kind.value if isinstance(event, RunStarted) else type_of(event)
        unique = (event.site, service_of(event), kind, key or "")
        if key is not None and unique in self._keys:
            return False
        self._keys.add(unique)
        seq = self.state.seq + 1
        fold.apply(
            self.state,
            Recorded(
                seq=seq, id=f"id-{seq}", at=self.now, event=event, cause=None, prevhash="", hash=""
            ),
        )
        self.events.append((self.now, event))
        return True

    def run(self, span: timedelta) -> None:
        """Let time pass: decisions are carried out at once, backups end when they should."""
        end = self.now + span
        while True:
            wake = self._settle()
            ahead = [at for at, _ in self._ends] + [self.now + TICK, *([wake] if wake else [])]
            self.now = max(min(ahead), self.now)
            if self.now >= end:
                self.now = end
                return
            for at, started in [one for one in self._ends if one[0] <= self.now]:
                self._ends.remove((at, started))
                self._end(started)

    def ran(
        self,
        name: str = "till",
        *,
        failure: dict[str, Any] | None = None,
        outcome: Outcome = Outcome.COMPLETE,
        ends: bool = True,
    ) -> None:
        """Have a backup run now, whatever is due; decide nothing."""
        self._runs += 1
        begun = RunStarted(
            run=f"run-{self._runs}",
            kind=RunKind.BACKUP,
            site=next(iter(self.policies.sites)),
            service=name,
            repository="offsite",
            boot_id="boot",
        )
        self.append(begun)
        if ends:
            self.now += timedelta(seconds=self.outside.seconds)
            self.outside.failure, self.outside.outcome = failure, outcome
            self._end(begun)

    def holding(self) -> dict[str, Held]:
        """What holds now, by service/condition; nothing is remembered from before."""
        held = holding(self.state, deepcopy(self.policies), self.now)
        return {one.key.partition("/")[2]: one for one in held}

    def run_until_opened(self) -> Incident:
        """Let time pass, a day at most, until an incident is open; return it."""
        for _ in range(24 * 60):
            self.run(MINUTE)
            for one in self.incidents():
                if one.resolved_at is None:
                    return one
        raise AssertionError("a day without an incident")

    def sleep(self, span: timedelta) -> None:
        """Switch the machine off: what ran is dead, nobody watches."""
        for _, begun in self._ends:
            names = {"run": begun.run, "site": begun.site, "service": begun.service}
            self.append(RunInterrupted(kind=begun.kind, **names, swept=0, note="found dead"))
        self._ends.clear()
        self.now += span
        self.policies = replace(self.policies, awake_since=self.now)

    def close(self, incident: str) -> None:
        """Have a person say that it is over."""
        one = self.state.incidents[incident]
        end = resolved(one, by="Zoe", note="")
        self.append(end.event, end.key)

    def incidents(self, word: str = "") -> list[Incident]:
        return [i for i in self.state.incidents.values() if i.condition.startswith(word)]

    def opened(self) -> list[str]:
        """The conditions of all the incidents that ever were, in order."""
        return [e.condition for _, e in self.events if type_of(e) == "incident.opened"]  # type: ignore[union-attr] # just asked

    def said(self, kind: str) -> list[Event]:
        return [event for _, event in self.events if type_of(event) == kind]

    def _settle(self) -> datetime | None:
        for _ in range(50):
            decision = decide(self.state, self.policies, self.now)
            for action in decision.actions:
                self._do(action)
            if not decision.actions:
                wake = decision.wake_at
                assert wake is None or wake > self.now, "asked to be woken in the past"
                return wake
        raise AssertionError(f"decisions without an end: {decision.actions}")

    def _do(self, action: Action) -> None:
        match action:
            case Say():
                assert self.append(action.event, action.key), f"said twice: {action}"
            case Page():
                self._send(action)
            case StartBackup():
                self._runs += 1
                run = f"run-{self._runs}"
                event = RunStarted(
                    run=run,
                    kind=RunKind.BACKUP,
                    site=action.site,
                    service=action.service,
                    repository="offsite",
                    boot_id="boot",
                    slot=action.slot,
                )
                assert self.append(event, action.key), f"started twice: {action}"
                if action.service not in self.outside.stuck:
                    self._ends.append((self.now + timedelta(seconds=self.outside.seconds), event))
            case StartDrill() | StartCopy() | StartUpkeep() | StorePolicy():
                raise AssertionError(f"nothing but backups was expected: {action}")

    def _send(self, page: Page) -> None:
        incident = self.state.incidents[page.incident]
        names = {
            "incident": page.incident,
            "site": incident.site,
            "service": incident.service,
            "page": page.page,
            "channel": page.channel,
        }
        if page.channel in self.outside.deaf:
            self.append(PageFailed(**names, error="connection refused"))
            return
        self.append(PageSent(**names, receipt="202"), f"{page.incident}/{page.page}@{page.channel}")
        self.paged.append((self.now, page.incident, page.page, page.channel))

    def _end(self, started: RunStarted) -> None:
        names: dict[str, Any] = {
            "run": started.run,
            "site": started.site,
            "service": started.service,
        }
        failure = self.outside.failure
        if started.service in self.outside.stumble:
            self.outside.stumble.remove(started.service)
            failure = AWAY
        if failure is not None:
            self.append(RunFailed(kind=RunKind.BACKUP, **names, **failure))
            return
        complete = self.outside.outcome is Outcome.COMPLETE
        at = self.now - timedelta(seconds=self.outside.seconds)
        self.append(
            BackupFinished(
                **names,
                outcome=self.outside.outcome,
                repository="offsite",
                snapshots=(
                    BackedUp(source=started.service, id=started.run, tree="t", data_time=at),
                ),
                usable_at=self.now if complete else None,
                files_new=1,
                files_changed=0,
                data_added_bytes=1,
                seconds=self.outside.seconds,
                skipped=(),
                error=None if complete else "some files could not be read",
            )
        )

    def reload(self, *sites: Site) -> None:
        """Take other policies, as a daemon does that was told to."""
        found = {one.id: one for one in sites}
        self.policies = replace(self.policies, sites=found, awake_since=self.now)
