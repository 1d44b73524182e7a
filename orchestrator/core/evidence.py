"""Whether a drill that another machine made and signed is unaltered, for us, and to be let in."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.core import drilled, evidence_shape
from orchestrator.core.canonical import EXPORT, SIGNATURE, canonical
from orchestrator.core.codec import instant
from orchestrator.core.events import EvidenceImported
from orchestrator.errors import EvidenceRefused, Misused, StateUnusable
from restore_drills.judge import worst
from restore_drills.model import Label, Scenario, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from orchestrator.core.drilled import Drilled
    from orchestrator.core.policy.model import Site

    # Whether a signature of these bytes is the key's: (public key, bytes, signature).
    Verify = Callable[[bytes, bytes, bytes], bool]

ALGORITHM = "ed25519"
KEY_BYTES = 32
SIGNATURE_BYTES = 64
FINGERPRINT_HEX = 16
FINGERPRINT = re.compile(r"(ed25519:)?([0-9a-f]{4}-?){4}", re.IGNORECASE)
AHEAD = timedelta(minutes=10)  # what two clocks may be apart
TELLS = ("run", "site", "services", "verdict")  # no other document of ours has all of these


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What the machine knows on which the evidence arrives. Keys are base64.

    `keys`: by place, those that were let in before. `own`: its own, empty where it has none.
    """

    site: Site | None  # the document's, where we have it
    keys: Mapping[str, str]
    own: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asks for: `source` is what he calls the document.

    `trust`: the fingerprint that he vouches for. `again`: the command that would ask once more.
    """

    source: str
    trust: str | None = None
    again: str = "pra evidence import FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A drill that may be let in. `key` is the signer's, base64.

    `replaced` is the fingerprint of the key that this one takes the place of; else empty. The
    services in `older` were drilled under another policy than today's, those in `unknown` are not
    in it.
    """

    document: dict[str, Any]
    run: str
    site: str
    scenario: Scenario
    place: str
    started_at: datetime
    verdict: Verdict
    label: Label
    exploratory: bool
    services: tuple[Drilled, ...]
    key: str
    replaced: str
    older: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def event(self) -> EvidenceImported:
        """What the log shall hold; its slot is the run."""
        return EvidenceImported(
            run=self.run,
            site=self.site,
            verdict=self.verdict,
            document=self.document,
            place=self.place,
            key=self.key,
        )


def fingerprint(public: bytes) -> str:
    """Return what two people can compare by telephone: `ed25519:7f3a-9c21-04bd-e6f8`."""
    digest = hashlib.sha256(public).hexdigest()[:FINGERPRINT_HEX]
    return f"{ALGORITHM}:{'-'.join(digest[i : i + 4] for i in range(0, FINGERPRINT_HEX, 4))}"


def fingerprint_of(key: str) -> str:
    """Return the fingerprint of a key that is written in base64."""
    return fingerprint(base64.b64decode(key))


def read_fingerprint(text: str) -> str:
    """Return a fingerprint that somebody typed as `fingerprint` writes it. Raises Misused."""
    compact = "".join(text.split())
    if FINGERPRINT.fullmatch(compact) is None:
        raise Misused(
            f"{text!r}: not a fingerprint",
            hint="Write it as `pra evidence key` prints it: ed25519:7f3a-9c21-04bd-e6f8.",
        )
    digits = compact.lower().removeprefix(f"{ALGORITHM}:").replace("-", "")
    return f"{ALGORITHM}:{'-'.join(digits[i : i + 4] for i in range(0, FINGERPRINT_HEX, 4))}"


def text_of(key: bytes) -> str:
    """Return a key as the documents and the log write it."""
    return base64.b64encode(key).decode()


def with_signature(document: Mapping[str, Any], public: bytes, signature: bytes) -> dict[str, Any]:
    """Return the document with the signature of `canonical(document)` in it."""
    said = {
        "algorithm": ALGORITHM,
        "public_key": text_of(public),
        "value": text_of(signature),
    }
    return {**document, SIGNATURE: said}


def judge(document: dict[str, Any], here: Here, verify: Verify, asked: Asked) -> Evidence:
    """Return what may enter the log.

    Raises Misused for what is no drill's document, EvidenceRefused for one that is not let in;
    both name its source.
    """
    source = asked.source
    if missing := [name for name in TELLS if name not in document]:
        raise Misused(f"{source}: not a drill's document: {missing[0]}: missing", hint=EXPORT)
    if document.get("schema") != 1 or isinstance(document["schema"], bool):
        raise EvidenceRefused(
            f"{source}: its schema is {document.get('schema')!r:.40}, and this pra reads 1",
            hint="Use the same version of pra on both machines.",
        )
    public = _signer(document, verify, source)
    services = _services(document, source)
    site = here.site
    if site is None:
        raise EvidenceRefused(
            f"{source}: a drill of {document['site']}, which is no site here",
            hint="Import it where the policy of that site is.",
        )
    _made_before(document, here.now, source)
    key, replaced = _trusted(document["place"], public, here, asked)
    hashes = {s.id: s.policy_hash for s in site.services.values()}
    return Evidence(
        document=document,
        run=document["run"],
        site=document["site"],
        scenario=Scenario(document["scenario"]),
        place=document["place"],
        started_at=instant(document["started_at"]),
        verdict=Verdict(document["verdict"]),
        label=Label(document["label"]),
        exploratory=bool(document.get("exploratory", False)),
        services=services,
        key=key,
        replaced=replaced,
        older=tuple(
            s.service for s in services if hashes.get(s.service, s.policy_hash) != s.policy_hash
        ),
        unknown=tuple(s.service for s in services if s.service not in hashes),
    )


def _signer(document: Mapping[str, Any], verify: Verify, source: str) -> bytes:
    """Return the public key under whose signature the document stands unaltered."""
    said = document.get(SIGNATURE)
    if said is None:
        raise EvidenceRefused(
            f"{source}: it is not signed",
            hint="`pra drill --json` signs; where it could not, it said why on that machine.",
        )
    if not isinstance(said, dict) or said.get("algorithm") != ALGORITHM:
        raise EvidenceRefused(
            f"{source}: its signature is not of the kind {ALGORITHM}", hint=EXPORT
        )
    public = _bytes(said.get("public_key"), KEY_BYTES)
    value = _bytes(said.get("value"), SIGNATURE_BYTES)
    if public is None or value is None:
        raise EvidenceRefused(f"{source}: its signature is mutilated", hint=EXPORT)
    if not verify(public, canonical(document), value):
        raise EvidenceRefused(
            f"{source}: it was altered after {fingerprint(public)} signed it", hint=EXPORT
        )
    return public


def _bytes(text: object, length: int) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        found = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return found if len(found) == length else None


def _services(document: Mapping[str, Any], source: str) -> tuple[Drilled, ...]:
    try:
        evidence_shape.check(document)
        said = drilled.read(document)
        names = [one.service for one in said]
        if len(set(names)) < len(names):
            raise ValueError("services: one of them stands twice")  # noqa: TRY301 - one answer
        if document["verdict"] != worst(one.verdict for one in said):
            raise ValueError("verdict: not the worst of its services'")  # noqa: TRY301 - the same
    except (ValueError, StateUnusable) as error:
        raise Misused(f"{source}: not a drill's document: {error}", hint=EXPORT) from error
    return said


def _made_before(document: Mapping[str, Any], now: datetime, source: str) -> None:
    ahead = instant(document["started_at"]) - now
    if ahead > AHEAD:
        raise EvidenceRefused(
            f"{source}: it began at {document['started_at']}, "
            f"{ahead // timedelta(minutes=1)} min in the future",
            hint=f"Set the clock right, here or on {document['place']}, and drill again.",
        )


def _trusted(place: str, public: bytes, here: Here, asked: Asked) -> tuple[str, str]:
    """Return the key, and the fingerprint of the one that it replaces. Raises EvidenceRefused."""
    key, signer = text_of(public), fingerprint(public)
    pinned = here.keys.get(place)
    if asked.trust is not None and asked.trust != signer:
        raise EvidenceRefused(
            f"{asked.source}: it is signed with {signer}, not with {asked.trust}",
            hint=f"Compare with `pra evidence key` on {place}; let nothing in that differs.",
        )
    known = fingerprint_of(pinned) if pinned else ""
    if key == pinned or (pinned is None and key == here.own):
        return key, ""
    if asked.trust is not None:
        return key, known
    compare = (
        f"run `pra evidence key` on {place}, and only if it says the same:\n"
        f"  {asked.again} --trust {signer}"
    )
    if pinned is None:
        raise EvidenceRefused(
            f"{asked.source}: signed with {signer}, and no key of {place} is known here yet",
            hint=compare[0].upper() + compare[1:],
        )
    raise EvidenceRefused(
        f"{asked.source}: it says that it comes from {place}, whose key is {known}, "
        f"but it is signed with {signer}",
        hint=f"Suspect it. If {place} has a new key: {compare}",
    )
