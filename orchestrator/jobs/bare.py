"""A drill or a recovery from a kit alone: a child `pra` in an empty home, and its answer.

The child gets no environment but PATH, HOME and LANG, no policy but the one found beside the
points, no log, no cache, no secret but the kit's. What it says is this run's answer.
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from os import defpath, environ
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from orchestrator import __version__
from orchestrator.core import bare, policy
from orchestrator.core.events import (
    BackupFinished,
    CopyFinished,
    DrillFinished,
    RecoverFinished,
    RunKind,
)
from orchestrator.core.policy.fault import PROVIDER_FILE
from orchestrator.core.policy.plain import plain
from orchestrator.core.policy.write import as_yaml
from orchestrator.errors import Misused, PraError, StateUnusable
from orchestrator.jobs import bare_policy
from orchestrator.jobs.bare_home import Home
from orchestrator.jobs.begun import STOPPED, begin
from orchestrator.jobs.kit import opened
from orchestrator.jobs.kit_times import expected, timed
from orchestrator.jobs.opening import restic_version
from orchestrator.log import Log, is_absent, new_run_id
from orchestrator.reports.kit_times import beside
from restore_drills.model import Finding, Scenario, Severity, Step, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from orchestrator.adapters.envelope import Secret
    from orchestrator.app import App
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.bare_policy import Found
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.kit import Holding

ENTRY = ("-I", "-m", "orchestrator.cli")
LONGEST = timedelta(days=14)
GRACE = timedelta(seconds=120)  # its restics remove their locks, its sandbox is destroyed
KEPT_TEXT = 4 << 20
SAID = (DrillFinished, RecoverFinished)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asks; `words` are the further ones of the child's verb. `target`: kept there.

    `opening` are the words that open the kit, as they were given; `services` none: all. `began` is
    on the monotonic clock, `at` by the wall: when the command started.
    """

    kind: RunKind
    site: str
    kit: Path
    secret: Secret = field(repr=False)
    holder: str | None
    scenario: Scenario
    place: str
    words: tuple[str, ...]
    began: float
    at: datetime
    target: str = ""
    incident: str = ""
    opening: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    lang: str = "en"

    @property
    def is_whole(self) -> bool:
        """Whether services come back whole: of one file no drill says how long it takes."""
        path = any(word.startswith("--path=") for word in self.words)
        return self.scenario is not Scenario.HUMAN_ERROR and not path


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came out: as the log has it, what the child printed, what this machine adds."""

    document: dict[str, Any]
    text: str
    added: tuple[Finding, ...]
    proof: str
    code: int
    unlogged: PraError | None = None


def carried_out(
    app: App,
    asked: Asked,
    said: Callable[[str], None],
    sign: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document,
) -> Answer:
    """Open the kit, have the child do it, and write its answer on this machine's log.

    `said` is told how it goes. Must be called in the main thread. Raises KitRefused, KitDamaged,
    Misused for another site's kit, PraError, Interrupted.
    """
    holding = held(app, asked)
    kit_s = time.monotonic() - asked.began
    begun = begin(
        app.log,
        app.state,
        run=new_run_id(asked.at),
        kind=asked.kind,
        site=asked.site,
        service="",
        repository=" ".join(one.id for one in holding.kit.repositories),
        scenario=asked.scenario,
        incident=asked.incident,
    )
    if begun is None:
        raise ValueError(asked.site)  # a run without a slot is always begun
    with begun:
        work = _Work(app, asked, holding, begun, said, kit_s)
        with Home(app.state, begun.run) as home:
            answer = work.in_home(home)
            gone = home.destroy(keeps=asked.kind is RunKind.RECOVER)
        document = {**answer.document, "bare": work.told(home.proof, answer, gone=gone)}
        if not gone:
            document["findings"] = [*document["findings"], bare.finding(_left(home))]
        signed = sign(document)
        unlogged = None
        try:
            begun.end(_ended(asked, begun.run, signed))
        except StateUnusable as error:
            unlogged = error
    return replace(answer, document=signed, proof=home.proof, unlogged=unlogged)


def held(app: App, asked: Asked) -> Holding:
    """Open the kit, with all that is known here of the times. Raises KitRefused, Misused."""
    holding = opened(asked.kit, asked.secret, holder=asked.holder)
    if holding.kit.site != asked.site:
        raise Misused(
            f"{asked.kit}: this is the kit of {holding.kit.site}, not of {asked.site}",
            hint=f"Say `pra {asked.kind} {holding.kit.site} --kit ...`, or give the other kit.",
        )
    known = timed(app, holding.kit) if asked.is_whole else replace(holding.kit, times=())
    return replace(holding, kit=known)


class _Work:
    """One run from a kit."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands on
        self,
        app: App,
        asked: Asked,
        holding: Holding,
        begun: Begun,
        said: Callable[[str], None],
        kit_s: float,
    ) -> None:
        self._app = app
        self._asked = asked
        self._kit = holding.kit
        self._holder = holding.holder
        self._begun = begun
        self._said = said
        self._kit_s = kit_s
        self._found: Found | None = None

    def told(self, proof: str, answer: Answer, *, gone: bool) -> dict[str, Any]:
        """Return what the document says of the kit, the policy and the home."""
        used = self._found.policy if self._found else None
        return {
            "kit": self._kit.kit,
            "kit_at": self._kit.at.isoformat().replace("+00:00", "Z"),
            "holder": self._holder,
            "policy": used
            and {
                "repository": used.repository,
                "digest": used.digest,
                "stored_at": used.at.isoformat().replace("+00:00", "Z"),
            },
            "times": beside(self._kit.times, answer.document) if self._asked.is_whole else [],
            "home_destroyed": gone,
            "proof": proof,
        }

    def in_home(self, home: Home) -> Answer:
        """Find the policy, furnish the home, run the child."""
        secrets = home.secrets(self._kit)
        real = self._asked.kind is RunKind.RECOVER
        names = bare.left(self._kit, self._asked.scenario, real=real)
        if not names:
            return self._unopened(Verdict.REFUTED, [bare.nothing_left(self._kit.site)])
        self._said(f"kit {self._kit.kit} opened: looking into {', '.join(names)}")
        found = self._found = bare_policy.find(
            self._kit, names, home, secrets, self._begun.processes, self._app.clock()
        )
        if found.policy is None:
            return self._unopened(Verdict.INCONCLUSIVE, found.findings)
        at = found.policy.at.astimezone(ZoneInfo(self._kit.timezone))
        self._said(f"policy of {at:%Y-%m-%d %H:%M} found in {found.policy.repository}")
        checked = policy.check(found.policy.files)
        site = checked.sites.get(self._kit.site)
        if site is None:
            found.findings.append(
                bare.unreadable(found.policy.repository, [str(one) for one in checked.errors])
            )
            return self._unopened(Verdict.INCONCLUSIVE, found.findings)
        before = (*found.findings, *bare.differences(site, self._kit), *bare.unknown(site))
        self._furnish(home, site, found, before)
        if self._asked.is_whole:
            for line in expected(self._kit, site, self._asked.services, self._asked.lang):
                self._said(line)
        return self._child(home, site)

    def _furnish(self, home: Home, site: Site, found: Found, findings: Sequence[Finding]) -> None:
        assert found.policy is not None  # noqa: S101 - the caller looked
        if (shared := found.policy.files.get(PROVIDER_FILE)) is not None:
            (home.policies / PROVIDER_FILE).write_text(shared, encoding="utf-8")
        fitted = bare.fitted(site, self._kit, found.files, found.shut)
        (home.policies / f"{site.id}.yaml").write_text(as_yaml(plain(fitted)), encoding="utf-8")
        handed = bare.Handed(
            run=self._begun.run,
            kit=self._kit.kit,
            began=self._asked.began,
            kit_s=self._kit_s,
            findings=(bare.used(self._kit, self._holder), *findings),
            opening=self._asked.opening,
            policy=found.policy.files,
            expected_s=self._expected(site),
        )
        home.handed.write_text(json.dumps(handed.plain()), encoding="utf-8")

    def _expected(self, site: Site) -> float | None:
        """Return when drills say that the last service answers, where all were measured."""
        took = {one.service: one.seconds for one in self._kit.times}
        asked = self._asked.services or [s for s in self._kit.services if s in site.services]
        return max((took[s] for s in asked), default=None) if set(asked) <= took.keys() else None

    def _child(self, home: Home, site: Site) -> Answer:
        asked, last = self._asked, [""]

        def heard(line: bytes) -> None:
            text = self._with_kit(line.decode(errors="replace").rstrip())
            if text.startswith("pra: "):
                last[0] = text.removeprefix("pra: ")
            self._said(text)

        argv = [sys.executable, *ENTRY, str(asked.kind), asked.site, *asked.words]
        argv += [f"--scenario={asked.scenario}", f"--place={asked.place}"]
        argv += [f"--bare={home.handed}", f"--policies={home.policies}", f"--state={home.state}"]
        env = {
            "PATH": environ.get("PATH", defpath),
            "HOME": str(home.path),
            "LANG": "C.UTF-8",
        }
        processes = self._begun.processes
        with processes.start(
            argv, env=env, cwd=home.path, on_stderr=heard, keep=KEPT_TEXT
        ) as child:
            try:
                ended = child.finish(LONGEST, grace=GRACE)
            except KeyboardInterrupt:
                processes.cancel(STOPPED)
                child.stop(STOPPED, GRACE)
                raise
        document = self._document(home)
        if document is None:
            raise PraError(
                f"{asked.site}: the {asked.kind} in the empty home gave no answer (code"
                f" {ended.code}): {last[0] or 'it said nothing'}",
                hint="What it said stands above; try again with --verbose.",
            )
        added = tuple(self._missed(site, document))
        document["findings"] = [*document["findings"], *map(bare.finding, added)]
        text = self._with_kit(ended.stdout.decode(errors="replace").rstrip("\n"))
        return Answer(document=document, text=text, added=added, proof="", code=ended.code)

    def _with_kit(self, text: str) -> str:
        """Say the commands that the child gives as they must be said here: with the kit."""
        said = f"pra {self._asked.kind} {self._asked.site}"
        full = f"{said} {shlex.join(self._asked.opening)}"
        lines = (one if " --kit=" in one else one.replace(said, full) for one in text.split("\n"))
        return "\n".join(lines)

    def _document(self, home: Home) -> dict[str, Any] | None:
        """Return the child's answer, from its own log."""
        if is_absent(home.state):
            return None
        log = Log.open(home.state, clock=self._app.clock)
        try:
            told = [r.event for r in log.read(site=self._asked.site, types=SAID)]
        finally:
            log.close()
        documents = [e.document for e in told if isinstance(e, SAID)]
        return dict(documents[-1]) if documents else None

    def _missed(self, site: Site, document: Mapping[str, Any]) -> list[Finding]:
        """Say what this machine's log knows better, where it has one."""
        known = self._app.known().sites.get(site.id)
        if known is None:
            return []
        pinned: dict[str, str] = {}
        for recorded in self._app.recorded(site.id, types=(BackupFinished, CopyFinished)):
            if isinstance(event := recorded.event, BackupFinished | CopyFinished):
                pinned.update({s.id: s.tree for s in event.snapshots})
        return list(bare.missed(known, pinned, document, self._asked.scenario))

    def _unopened(self, verdict: Verdict, findings: Sequence[Finding]) -> Answer:
        took = time.monotonic() - self._asked.began
        try:
            tools = {"restic": restic_version(self._begun.processes), "pra": __version__}
        except PraError:
            tools = {"pra": __version__}
        every = (bare.used(self._kit, self._holder), *findings)
        document = bare.unopened(
            self._kit,
            run=self._begun.run,
            scenario=self._asked.scenario,
            place=self._asked.place,
            started_at=self._asked.at,
            verdict=verdict,
            before=(Step(name="kit", began=0.0, seconds=took),),
            findings=every,
            tools=tools,
        )
        code = 3 if verdict is Verdict.REFUTED else 4
        return Answer(document=document, text="", added=every, proof="", code=code)


def _ended(asked: Asked, run: str, document: dict[str, Any]) -> DrillFinished | RecoverFinished:
    verdict = str(document["verdict"])
    if not asked.target:
        return DrillFinished(run=run, site=asked.site, verdict=verdict, document=document)
    return RecoverFinished(
        run=run,
        site=asked.site,
        verdict=verdict,
        target=asked.target,
        incident=asked.incident,
        document=document,
    )


def _left(home: Home) -> Finding:
    return Finding(
        code="home-left",
        severity=Severity.ERROR,
        message=f"the empty home is not gone: {home.proof}: {home.path}",
        remedy="Run any pra command again: it sweeps what is left.",
    )
