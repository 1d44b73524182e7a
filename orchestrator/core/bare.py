"""A site as a recovery kit alone gives it back, and what such a machine cannot have known. Pure.

Addresses and keys are the kit's; all else is of the policy that was found beside the points.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy.model import (
    Location,
    Postgresql,
    Repository,
    S3Access,
    Secret,
)
from restore_drills.calendar import Calendar
from restore_drills.document import document
from restore_drills.model import (
    Finding,
    Plan,
    Report,
    Scenario,
    Severity,
    SqlCheck,
    Verdict,
)
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from orchestrator.core.kit.contents import Kit, KitRepository
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import SiteState
    from restore_drills.model import Step

NOWHERE = Secret(kind="file", value=("/nonexistent/not-in-the-kit",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What the machine that opened the kit tells the bare one: whose run it is, what was done.

    `began` is on the monotonic clock, which all processes of a machine share; `kit_s` is how long
    the kit took to open. `opening` are the words that open the kit, for the command that goes on.
    `policy` are the files of the policy that was found, as they were written. `expected_s` is when
    drills say that the last service answers, in seconds after `began`.
    """

    run: str
    kit: str
    began: float
    kit_s: float
    findings: tuple[Finding, ...] = ()
    opening: tuple[str, ...] = ()
    policy: Mapping[str, str] = field(default_factory=dict)
    expected_s: float | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "run": self.run,
            "kit": self.kit,
            "began": self.began,
            "kit_s": self.kit_s,
            "findings": [finding(one) for one in self.findings],
            "opening": list(self.opening),
            "policy": dict(self.policy),
            "expected_s": self.expected_s,
        }

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Handed:
        """Return what `plain` said."""
        return cls(
            run=str(said["run"]),
            kit=str(said["kit"]),
            began=float(said["began"]),
            kit_s=float(said["kit_s"]),
            opening=tuple(map(str, said["opening"])),
            policy={str(name): str(text) for name, text in said["policy"].items()},
            expected_s=said["expected_s"],
            findings=tuple(
                Finding(**{**one, "severity": Severity(one["severity"])})
                for one in said["findings"]
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where the secrets of one repository lie on the bare machine."""

    password: str
    access_key: str = ""
    secret_key: str = ""


def finding(one: Finding) -> dict[str, Any]:
    """Return a finding as the drill's document has it."""
    return {
        "code": one.code,
        "severity": str(one.severity),
        "service": one.service,
        "message": one.message,
        "remedy": one.remedy,
    }


def repository(held: KitRepository, files: Files) -> Repository:
    """Return a repository as the kit knows it."""
    return Repository(
        id=held.id,
        url=held.url,
        password=_file(files.password),
        s3=_access(held, files),
        location=Location(held.location),
        equipment=held.equipment,
        country=held.country,
    )


def fitted(
    site: Site, kit: Kit, files: Mapping[str, Files], shut: frozenset[str] = frozenset()
) -> Site:
    """Return the site with the kit's addresses and keys.

    What the kit lacks, or did not open while another did (`shut`), is as good as gone with the
    house, and no service has a copy there: else a drill would wait before a closed door, and pass
    by an open one.
    """
    repositories: dict[str, Repository] = {}
    for name, spec in site.repositories.items():
        held = kit.repository(name)
        if held is None or name not in files or name in shut:
            s3 = spec.s3 and S3Access(access_key=NOWHERE, secret_key=NOWHERE, region=spec.s3.region)
            repositories[name] = replace(
                spec, password=NOWHERE, s3=s3, location=Location.ONSITE, equipment=None
            )
        else:
            mine = files[name]
            repositories[name] = replace(
                spec, url=held.url, password=_file(mine.password), s3=_access(held, mine)
            )
    lost = {name for name in site.repositories if name in shut or kit.repository(name) is None}
    services = {one.id: _elsewhere(one, lost) for one in site.services.values()}
    return replace(site, repositories=repositories, services=services)


def _elsewhere(service: Service, lost: Collection[str]) -> Service:
    """Return a service with its copies in what is not lost; unchanged where nothing is left."""
    homes = [name for name in (service.backup_to, *service.copy_to) if name and name not in lost]
    if not homes:
        return service
    return replace(service, backup_to=homes[0], copy_to=tuple(homes[1:]))


def left(kit: Kit, scenario: Scenario, *, real: bool = False) -> list[str]:
    """Return the repositories that the scenario leaves, as the kit knows them.

    `real`: a recovery, which asks them all where none is left by the kit's words.
    """
    everything = scenario is not Scenario.BURGLARY
    names = [one.id for one in kit.repositories if everything or one.location == Location.OFFSITE]
    return names or [one.id for one in kit.repositories if real]


def differences(site: Site, kit: Kit) -> Iterator[Finding]:
    """Yield in what the kit and the policy beside the points disagree."""
    for name, spec in site.repositories.items():
        held = kit.repository(name)
        if held is None and spec.location is Location.OFFSITE:
            yield Finding(
                code="kit-lacks-repository",
                severity=Severity.WARNING,
                message=f"the kit has no key of {name}, which the policy names: not used",
                remedy=f"Write a new kit, `pra kit export {site.id} -o FILE`, and hand it out.",
            )
        elif held is not None and held.url.rstrip("/") != spec.url.rstrip("/"):
            yield Finding(
                code="kit-address-differs",
                severity=Severity.WARNING,
                message=f"{name}: the kit has another address than the policy; the kit's is used",
                remedy=f"Write a new kit, `pra kit export {site.id} -o FILE`, if it has moved.",
            )


def unknown(site: Site) -> Iterator[Finding]:
    """Yield what the policy asks for and a machine with a kit alone cannot know or have."""
    for service in site.services.values():
        compared = [c for c in service.checks if isinstance(c, SqlCheck) and c.not_below]
        for check in compared:
            yield Finding(
                code="last-value-unknown",
                severity=Severity.WARNING,
                service=service.id,
                message=f"{check.name}: nothing to compare with, the last proof's value is on the"
                " log alone, which is gone with the machine",
                remedy='Give the check a number of its own as well: `expect: ">= ..."`.',
            )
        secrets = [
            s.spec.password
            for s in service.sources
            if isinstance(s.spec, Postgresql) and s.spec.password is not None
        ]
        for secret in secrets:
            words = " ".join(secret.value)
            yield Finding(
                code="secret-not-in-kit",
                severity=Severity.INFO,
                service=service.id,
                message=f"the database's own password, {{{secret.kind}: {words}}}, is in no kit:"
                " the data comes back without it",
                remedy="Set a new one before the service goes back to work.",
            )


def missed(
    known: SiteState, pinned: Mapping[str, str], said: Mapping[str, Any], scenario: Scenario
) -> Iterator[Finding]:
    """Yield where the log of this machine knows better than what a kit alone gave, and it matters.

    `pinned`: snapshot id to the tree that the log has of it; `said` is the drill's document.
    """
    lead = known.leads.get(scenario)
    if lead is not None and said.get("lead_basis") != "observed":
        yield Finding(
            code="lead-not-in-kit",
            severity=Severity.INFO,
            message=f"an incident here really took {_span(lead)} until a recovery began: the log"
            " alone knows, and the time to recover rests on what the policy declares",
            remedy="Declare `lead:` as it really was.",
        )
    codes = {(one.get("code"), one.get("service")) for one in said.get("findings", ())}
    for service in said.get("services", ()):
        name = str(service["id"])
        yield from _altered(name, service, pinned)
        mine = known.services.get(name)
        if mine is None:
            continue
        cleared = any(one.cleared for one in mine.suspicions)
        if cleared and ("suspected-skipped", name) in codes:
            yield Finding(
                code="acquittal-not-in-kit",
                severity=Severity.WARNING,
                service=name,
                message="points were passed over as suspected that a person has judged sound: the"
                " log alone knows",
                remedy="Make a backup after the judgement: it is complete, and a kit finds it.",
            )


def _altered(name: str, service: Mapping[str, Any], pinned: Mapping[str, str]) -> Iterator[Finding]:
    for snapshot in service.get("snapshots", ()):
        for one in filter(None, (snapshot.get("original"), snapshot.get("id"))):
            tree = pinned.get(one)
            if tree is not None and tree != snapshot.get("tree"):
                yield Finding(
                    code="pinned-not-in-kit",
                    severity=Severity.ERROR,
                    service=name,
                    message=f"{snapshot['source']}: the log pinned another tree of snapshot"
                    f" {one[:8]}: it was rewritten, and a kit alone cannot tell",
                    remedy="Find out who rewrote it; verify the repository.",
                )


def used(kit: Kit, holder: str) -> Finding:
    """Say that a kit alone was used."""
    return Finding(
        code="from-kit",
        severity=Severity.INFO,
        message=f"carried out in an empty home, from the kit {kit.kit} of {kit.at:%Y-%m-%d} alone"
        f" (opened by {holder})",
        remedy="Nothing of this machine was used: no policy, no log, no cache, no secret.",
    )


def nothing_left(site: str) -> Finding:
    """Say that the kit names nothing that a burglary leaves."""
    return Finding(
        code="no-copy-survives",
        severity=Severity.ERROR,
        message="no copy survives: the kit names no repository off site",
        remedy=f"Copy {site} off site (`backup: {{copy_to: [...]}}`), and write a new kit.",
    )


def unreadable(repository: str, faults: Sequence[str]) -> Finding:
    """Say that the policy beside the points is of no use to this version."""
    return Finding(
        code="policy-unreadable",
        severity=Severity.ERROR,
        message=f"{repository}: the policy there is not one for this version of pra: {faults[0]}"
        if faults
        else f"{repository}: the policy there names no such site",
        remedy="Use the version of pra that the kit names.",
    )


def unopened(  # noqa: PLR0913 - a report of its own
    kit: Kit,
    *,
    run: str,
    scenario: Scenario,
    place: str,
    started_at: datetime,
    verdict: Verdict,
    before: Sequence[Step],
    findings: Sequence[Finding],
    tools: Mapping[str, str],
) -> dict[str, Any]:
    """Return the document of a drill that did not come as far as a service."""
    plan = Plan(
        run=run,
        site=kit.site,
        scenario=scenario,
        place=place,
        elsewhere=False,
        services=(),
        calendar=Calendar(timezone=kit.timezone),
        before=tuple(before),
    )
    report = Report(
        plan=plan,
        t0=started_at,
        started_at=started_at,
        verdict=verdict,
        services=(),
        sandbox=None,
        tools=dict(tools),
        findings=tuple(findings),
        critical_path=(),
    )
    return document(report)


def _file(path: str) -> Secret:
    return Secret(kind="file", value=(path,))


def _access(held: KitRepository, files: Files) -> S3Access | None:
    if held.s3 is None:
        return None
    return S3Access(
        access_key=_file(files.access_key),
        secret_key=_file(files.secret_key),
        region=held.region,
    )


def _span(seconds: float) -> str:
    return duration(timedelta(seconds=seconds))
