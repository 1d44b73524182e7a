"""A holder left: the recovery keys of his kits are taken away, and what else he knew is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.events import KeyRotated, KitExported
from orchestrator.core.kit.fingerprint import key_of
from orchestrator.core.kit.keyed import Left
from orchestrator.errors import Misused
from orchestrator.jobs import keys
from orchestrator.jobs.kit_today import others
from orchestrator.log import new_run_id
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.app import App
    from orchestrator.core.policy.model import Site


def revoke_holder(  # noqa: PLR0913 - what a caller may choose
    app: App, site: Site, holder: str, *, by: str, reason: str, tell: Callable[[str], None]
) -> Left:
    """Revoke what every kit of a holder brought. Raises Misused for one who never had a kit."""
    kits, gone = _kits(app, site, holder)
    processes = Processes(new_run_id(app.clock()))
    changed, opens = [], []
    today = {kit.kit: others(site, kit.kit, kit.keys, processes) or () for kit in kits}
    for name in site.repositories:
        mine = {key_of(kit.keys[name]) for kit in kits if name in kit.keys} - {"", *gone}
        there = {key.id for key in keys.listed(app, site, name)} if mine else set()
        if mine & there:
            tell(f"{name}: taking {len(mine & there)} recovery keys away")
            ids = tuple(sorted(mine & there))
            changed.append(keys.revoke(app, site, name, ids, by=by, reason=reason))
        if any(name in kit.keys and name not in today[kit.kit] for kit in kits):
            opens.append(name)
    buckets = [n for n, one in site.repositories.items() if one.s3 and n in opens]
    return Left(changed=tuple(changed), opens=tuple(opens), buckets=tuple(buckets))


def _kits(app: App, site: Site, holder: str) -> tuple[list[KitExported], set[str]]:
    found, gone, names = [], set(), set()
    for recorded in app.recorded(site.id, types=(KitExported, KeyRotated)):
        match recorded.event:
            case KitExported() as event:
                names |= {*event.holders}
                found += [event] if holder in event.holders else []
            case KeyRotated() as event:
                gone |= {*event.revoked}
            case _:
                pass
    if not found:
        raise Misused(
            f"{site.id}: {holder} holds no kit (holders: {', '.join(sorted(names)) or 'none'})",
            hint="Name one of them, or a key by its id.",
        )
    return found, gone
