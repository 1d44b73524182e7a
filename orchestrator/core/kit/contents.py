"""What a recovery kit holds: values, and the files of an envelope that say them.

Files of an envelope: `kit.json` (schema 1), `recovery.txt` and `recovery.pdf` for people, and of
each repository `<repository>/config` and `<repository>/keys/<id>` as restic keeps them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from orchestrator.core.kit.times import Took
from orchestrator.core.policy.model import Location
from orchestrator.errors import KitDamaged

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 1
MAIN = "kit.json"
FILES, DATABASE, ADOPTED = SOURCES = ("files", "database", "adopted")
TEXT, PDF = "recovery.txt", "recovery.pdf"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
OBJECT = re.compile(r"config|keys/[0-9a-f]{64}")
MALFORMED = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
HINT = "Take the other holder's envelope, or another copy of the file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of a bucket."""

    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KitRepository:
    """All that opens one repository. `restic` is the repository's own id.

    `recovery_key` is the id of the restic key that the kit's recovery key opens; empty where the
    kit has none. `objects`: `config` and `keys/<id>` to the bytes that restic keeps there; empty
    where its back end gives them to nobody. `lock` says how long its objects are locked.
    """

    id: str
    url: str
    location: str
    password: str = field(repr=False)
    restic: str
    region: str | None = None
    s3: Keys | None = None
    equipment: str | None = None
    country: str | None = None
    lock: str = ""
    append_only: bool = False
    offline: bool = False
    recovery_key: str = ""
    objects: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to call."""

    role: str  # provider or referent
    name: str
    phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """A recovery kit, opened. `recovery` opens every repository that has a `recovery_key`.

    `services` are the names of what comes back, by id, in that order; `times` what drills measured
    of them before it was made. `tools` are versions by name. An adopted source is named by its
    host.
    """

    kit: str
    site: str
    name: str
    at: datetime
    language: str
    timezone: str
    holders: tuple[str, ...]
    repositories: tuple[KitRepository, ...]
    recovery: str = field(repr=False)
    people: tuple[Person, ...] = ()
    services: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[tuple[str, str, str], ...] = ()  # service, source, and one of SOURCES
    tools: Mapping[str, str] = field(default_factory=dict)
    times: tuple[Took, ...] = ()

    def repository(self, name: str) -> KitRepository | None:
        """Return a repository by its name."""
        return next((one for one in self.repositories if one.id == name), None)


def files(kit: Kit, printed: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of an envelope; `printed` are those for people, by name."""
    parts = dict(printed)
    for repository in kit.repositories:
        parts |= {f"{repository.id}/{name}": data for name, data in repository.objects.items()}
    body = {
        "schema": SCHEMA,
        **_body(kit),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(parts.items())},
    }
    main = json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"
    return {MAIN: main, **dict(sorted(parts.items()))}


def read(parts: Mapping[str, bytes]) -> Kit:
    """Return the kit that an envelope's files say; every file is compared with its hash.

    Raises KitDamaged.
    """
    try:
        body = json.loads(parts[MAIN])
        if body["schema"] != SCHEMA:
            raise KitDamaged(
                f"the kit has schema {body['schema']}, this pra reads {SCHEMA}",
                hint="Open it with the version of pra that made it: its README names it.",
            )
        _whole(parts, body["files"])
        return _kit(body, parts)
    except MALFORMED as error:
        raise KitDamaged(
            f"the kit cannot be read: {MAIN}: {type(error).__name__}", hint=HINT
        ) from error


def _whole(parts: Mapping[str, bytes], expected: Mapping[str, str]) -> None:
    for name, digest in expected.items():
        content = parts.get(name)
        if content is None:
            raise KitDamaged(f"the kit is not whole: {name} is missing", hint=HINT)
        if hashlib.sha256(content).hexdigest() != digest:
            raise KitDamaged(f"the kit is damaged: {name} is not what was written", hint=HINT)


def _body(kit: Kit) -> dict[str, Any]:
    return {
        "kit": kit.kit,
        "site": kit.site,
        "name": kit.name,
        "at": kit.at.isoformat(),
        "language": kit.language,
        "timezone": kit.timezone,
        "holders": list(kit.holders),
        "recovery_key": kit.recovery,
        "people": [{"role": p.role, "name": p.name, "phone": p.phone} for p in kit.people],
        "services": dict(kit.services),
        "sources": [list(one) for one in kit.sources],
        "tools": dict(kit.tools),
        "times": [one.plain() for one in kit.times],
        "repositories": [_repository(one) for one in kit.repositories],
    }


def _repository(one: KitRepository) -> dict[str, Any]:
    return {
        "id": one.id,
        "url": one.url,
        "location": one.location,
        "password": one.password,
        "restic_id": one.restic,
        "region": one.region,
        "s3": one.s3 and {"access_key": one.s3.access_key, "secret_key": one.s3.secret_key},
        "equipment": one.equipment,
        "country": one.country,
        "lock": one.lock,
        "append_only": one.append_only,
        "offline": one.offline,
        "recovery_key_id": one.recovery_key,
        "objects": sorted(one.objects),
    }


def _kit(body: Mapping[str, Any], parts: Mapping[str, bytes]) -> Kit:
    return Kit(
        kit=str(body["kit"]),
        site=_name(body["site"]),
        name=str(body["name"]),
        at=datetime.fromisoformat(body["at"]),
        language=str(body["language"]),
        timezone=ZoneInfo(body["timezone"]).key,
        holders=tuple(map(_name, body["holders"])),
        recovery=str(body["recovery_key"]),
        people=tuple(Person(**person) for person in body["people"]),
        services={str(name): str(title) for name, title in body["services"].items()},
        sources=tuple((_name(one), str(of), str(kind)) for one, of, kind in body["sources"]),
        tools={str(name): str(value) for name, value in body["tools"].items()},
        times=tuple(map(Took.read, body.get("times", ()))),
        repositories=tuple(_read_repository(one, parts) for one in body["repositories"]),
    )


def _read_repository(one: Mapping[str, Any], parts: Mapping[str, bytes]) -> KitRepository:
    name = _name(one["id"])
    if not all(OBJECT.fullmatch(path) for path in one["objects"]):
        raise KitDamaged(f"the kit names a file of {name} that restic does not have", hint=HINT)
    return KitRepository(
        id=name,
        url=str(one["url"]),
        location=Location(one["location"]).value,
        password=str(one["password"]),
        restic=str(one["restic_id"]),
        region=one["region"],
        s3=Keys(**one["s3"]) if one["s3"] else None,
        equipment=one["equipment"],
        country=one["country"],
        lock=str(one["lock"]),
        append_only=bool(one["append_only"]),
        offline=bool(one["offline"]),
        recovery_key=str(one["recovery_key_id"]),
        objects={path: parts[f"{name}/{path}"] for path in one["objects"]},
    )


def _name(word: object) -> str:
    """Return a name that is safe as a file's."""
    if not isinstance(word, str) or NAME.fullmatch(word) is None:
        raise KitDamaged("the kit has a name that no policy allows", hint=HINT)
    return word


def payload(kit: Kit, repository: KitRepository) -> str:
    """Return what the QR code of a repository says: one JSON object, of short keys."""
    said = {
        "pra": SCHEMA,
        "kit": kit.kit,
        "site": kit.site,
        "repository": repository.id,
        "url": repository.url,
        "region": repository.region,
        "password": repository.password,
        "access_key": repository.s3 and repository.s3.access_key,
        "secret_key": repository.s3 and repository.s3.secret_key,
        "recovery_key": kit.recovery if repository.recovery_key else None,
    }
    kept = {key: value for key, value in said.items() if value is not None}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=True)


def object_payload(kit: Kit, repository: KitRepository, path: str) -> str:
    """Return what the QR code of a file of restic's says: where it belongs, and its bytes."""
    said = {
        "pra": SCHEMA,
        "kit": kit.kit,
        "repository": repository.id,
        "file": path,
        "base64": base64.b64encode(repository.objects[path]).decode("ascii"),
    }
    return json.dumps(said, separators=(",", ":"))


def scanned(payloads: tuple[str, ...], at: datetime) -> Kit:
    """Return the kit that the QR codes of its printed page say. Raises KitDamaged."""
    said = [_said(line) for line in dict.fromkeys(payloads)]
    accesses = [one for one in said if "file" not in one]
    objects = [one for one in said if "file" in one]
    if not accesses:
        raise KitDamaged(
            "none of these lines is the code of a repository",
            hint="Scan the code beside each repository's address, one line each.",
        )
    kits = {one["kit"] for one in (*accesses, *objects)}
    if len(kits) != 1:
        raise KitDamaged(
            f"these codes are of several kits: {', '.join(sorted(kits))}",
            hint="Scan the pages of one kit alone; its id is at the foot of each.",
        )
    return Kit(
        kit=kits.pop(),
        site=_name(accesses[0]["site"]),
        name=accesses[0]["site"],
        at=at,
        language="en",
        timezone="UTC",
        holders=(),
        recovery=next((one["recovery_key"] for one in accesses if "recovery_key" in one), ""),
        repositories=tuple(_scanned(one, objects) for one in accesses),
    )


def _said(line: str) -> dict[str, str]:
    try:
        said = json.loads(line)
        if said["pra"] != SCHEMA or not isinstance(said["kit"], str):
            raise ValueError(line)  # noqa: TRY301 - one reading of a line
        _name(said["repository"])
        said = {k: v for k, v in said.items() if isinstance(v, str)}
        if "file" not in said:
            _name(said["site"])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise KitDamaged(
            "a line is no code of a kit's page, or is cut short", hint="Scan it again."
        ) from error
    texts: dict[str, str] = said
    return texts


def _scanned(one: Mapping[str, str], objects: list[dict[str, str]]) -> KitRepository:
    mine = [said for said in objects if said["repository"] == one["repository"]]
    try:
        contents = {said["file"]: base64.b64decode(said["base64"], validate=True) for said in mine}
        return KitRepository(
            id=one["repository"],
            url=one["url"],
            location="offsite",
            password=one["password"],
            restic="",
            region=one.get("region"),
            s3=Keys(access_key=one["access_key"], secret_key=one["secret_key"])
            if "access_key" in one
            else None,
            recovery_key="" if "recovery_key" not in one else "scanned",
            objects={path: data for path, data in contents.items() if OBJECT.fullmatch(path)},
        )
    except (KeyError, binascii.Error) as error:
        raise KitDamaged(
            f"the code of {one['repository']} lacks something: {error}", hint="Scan it again."
        ) from error
