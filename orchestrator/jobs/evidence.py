"""Evidence between machines: a drill's document is signed here, or made elsewhere and let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.adapters import signing
from orchestrator.core.canonical import canonical, parse
from orchestrator.core.events import DrillFinished, EvidenceImported, RunKind, RunStarted
from orchestrator.core.evidence import Here, judge, text_of, with_signature
from orchestrator.errors import EvidenceRefused, PraError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.app import App
    from orchestrator.core.evidence import Asked, Evidence
    from orchestrator.core.policy.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A drill that is on the log; `new`: it was not before."""

    evidence: Evidence
    site: Site
    new: bool


def signer(
    state: Path, unsigned: Callable[[PraError], None]
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what signs documents with this machine's key, made at first use.

    It never raises: hours of restoring have their answer all the same. Where it cannot sign,
    `unsigned` is told why and the document is as it was.
    """

    def sign(document: dict[str, Any]) -> dict[str, Any]:
        try:
            key = signing.own(state)
            return with_signature(document, key.public, key.sign(canonical(document)))
        except PraError as error:
            unsigned(error)
        except ValueError as error:
            unsigned(PraError(f"the drill's document has no form that can be signed: {error}"))
        return document

    return sign


def let_in(app: App, content: bytes, asked: Asked) -> Imported:
    """Append what another machine drilled, once. Raises Misused, EvidenceRefused, PolicyInvalid."""
    document = parse(content, asked.source)
    name = str(document.get("site"))
    if any(fault.concerns(name) for fault in app.checked.errors):
        app.site(name)  # says what is wrong with the policy that it must be held against
    mine = signing.known(app.state)
    site = app.checked.sites.get(name)
    here = Here(
        site=site,
        keys=app.known().keys,
        own=text_of(mine.public) if mine else "",
        now=app.clock(),
    )
    evidence = judge(document, here, signing.verify, asked)
    if site is None:
        raise ValueError(name)  # a judge lets nothing in that is of no site
    if _is_there(app, evidence, asked.source):
        return Imported(evidence=evidence, site=site, new=False)
    new = app.log.append(evidence.event, slot=evidence.run) is not None
    return Imported(evidence=evidence, site=site, new=new)


def _is_there(app: App, evidence: Evidence, source: str) -> bool:
    """Tell whether the log has this drill. Raises EvidenceRefused when it has it otherwise."""
    there = False
    for recorded in app.log.of_run(evidence.run):
        match recorded.event:
            case DrillFinished(document=known) | EvidenceImported(document=known):
                if canonical(known) != canonical(evidence.document):
                    raise EvidenceRefused(
                        f"{source}: the log has another answer of drill {evidence.run}",
                        hint="A drill has one answer: find out which machine says two.",
                    )
                there = True
            case RunStarted(kind=RunKind.BACKUP):
                raise EvidenceRefused(
                    f"{source}: its run {evidence.run} is a backup of this machine",
                    hint="Find out where the document was made.",
                )
            case _:  # how else a drill went that the log lost the answer of
                pass
    return there
