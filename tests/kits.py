"""A recovery kit as a value, for the tests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orchestrator.core.kit import typed
from orchestrator.core.kit.contents import Keys, Kit, KitRepository, Person

KEY = json.dumps({"kdf": "scrypt", "N": 32768, "salt": "A" * 88, "data": "B" * 180}).encode()
NAME = hashlib.sha256(KEY).hexdigest()
OBJECTS = {"config": bytes(range(155)), f"keys/{NAME}": KEY}
RECOVERY = typed.recovery_key(bytes(range(20)))


def repository(**other: Any) -> KitRepository:  # noqa: ANN401 - any field
    ordinary = KitRepository(
        id="offsite",
        url="s3:https://s3.example.net/bakery/restic",
        location="offsite",
        password="correct horse battery staple",
        restic="ab" * 32,
        region="fr-par",
        s3=Keys(access_key="SCW0123456789", secret_key="1111-2222-3333"),
        recovery_key="cc" * 32,
        objects=OBJECTS,
    )
    return replace(ordinary, **other)


def kit(**other: Any) -> Kit:  # noqa: ANN401 - any field
    ordinary = Kit(
        kit="20261123T223000Z-abcdef",
        site="bakery",
        name="Boulangerie Martin",
        at=datetime(2026, 11, 23, 22, 30, tzinfo=UTC),
        language="fr",
        timezone="Europe/Paris",
        holders=("us", "martin"),
        repositories=(
            repository(),
            repository(id="nas", url="/mnt/nas/restic", location="onsite", s3=None, region=None),
        ),
        recovery=RECOVERY,
        people=(Person(role="provider", name="Exemple", phone="+33 0 00 00 00 00"),),
        services={"till": "Caisse", "share": "Fichiers"},
        sources=(("till", "till", "database"), ("share", "documents", "files")),
        tools={"restic": "0.18.0", "pra": "1"},
    )
    return replace(ordinary, **other)
