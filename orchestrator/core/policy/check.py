"""All policy files at once: sites that can be used, and every fault of those that cannot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial, reduce
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy import build
from orchestrator.core.policy.conform import Conforming
from orchestrator.core.policy.fault import PROVIDER_FILE, Fault, Unreadable, dotted
from orchestrator.core.policy.language import PROVIDER, SITE
from orchestrator.core.policy.lints import lints
from orchestrator.core.policy.merge import merge, substitute
from orchestrator.core.policy.read import Node, read
from orchestrator.core.policy.rules import Ruling, dependency_rules, nearest, site_rules
from orchestrator.core.policy.rules_drills import drill_rules, manual_rules
from orchestrator.core.policy.rules_oncall import called_rules, known_chains, provider_rules
from orchestrator.core.policy.rules_repository import repository_rules
from orchestrator.core.policy.rules_service import service_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from orchestrator.core.policy.model import Provider, Site

SAMPLE = "example"  # stands for a site's id while the provider's file is checked by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the files say. A site is here only when neither its file nor the provider's has a fault.

    Sites keep the order of the files; faults are in the order of files and lines.
    """

    sites: Mapping[str, Site]
    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    provider: Provider | None = None  # None: its file has a fault, or there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """The provider's file: what all sites stand on.

    `known`: it could be read so far that what it does not say, it does not say; otherwise a site
    is judged by itself, and nothing is missing in it.
    """

    faults: tuple[Fault, ...] = ()
    known: bool = True
    provider: Provider | None = None
    places: tuple[str, ...] = ()
    chains: Collection[str] | None = ()  # None: they cannot be told
    tiers: Mapping[str, Node] = field(default_factory=dict)
    defaults: Node | None = None


def check(texts: Mapping[str, str | Unreadable]) -> Checked:
    """Read and judge the files, by name; the one called provider.yaml holds what all share."""
    shared = _Shared()
    for file, text in texts.items():
        if PurePath(file).name == PROVIDER_FILE:
            shared = _read_shared(file, text)
    nodes = {f: read(f, t) for f, t in texts.items() if PurePath(f).name != PROVIDER_FILE}
    owners: dict[str, str] = {}
    for file, (node, _) in nodes.items():
        # Who is named like the site owns its name, wherever he stands in the order.
        if node is not None and _said(node) == PurePath(file).stem:
            owners.setdefault(PurePath(file).stem, file)
    errors = set(shared.faults)
    warnings: set[Fault] = set()
    sites: dict[str, Site] = {}
    for file, (node, faults) in nodes.items():
        errors |= set(faults)
        if node is None:
            continue
        judged = _judge(file, node, shared, owners)
        errors |= set(judged.errors)
        warnings |= set(judged.warnings)
        if not faults:
            sites |= judged.sites
    return Checked(
        sites=sites,
        errors=tuple(sorted(errors)),
        warnings=tuple(sorted(warnings)),
        provider=shared.provider,
    )


def _read_shared(file: str, text: str | Unreadable) -> _Shared:
    node, faults = read(file, text)
    if node is None:
        return _Shared(faults=tuple(faults), known=False)
    conforming = Conforming(complete=True)
    values = _provider_values(conforming, node)
    ruling = Ruling(site=values, node=node, conforming=conforming)
    provider_rules(ruling)
    faults += conforming.faults
    entries = _entries(node)
    return _Shared(
        faults=tuple(faults),
        known=not any(len(path) == 1 for path in conforming.meant),
        provider=None if faults else build.provider(values, _called(values)),
        places=tuple(values.get("places", ())),
        chains=known_chains(ruling),
        tiers=_entries(entries.get("tiers")),
        defaults=entries.get("defaults"),
    )


def _provider_values(conforming: Conforming, node: Node) -> dict[str, Any]:
    """Check the file by itself: of a tier and the defaults, nothing need be complete."""
    layers = ("tiers", "defaults")
    own = {key: child for key, child in _entries(node).items() if key not in layers}
    values: dict[str, Any] = conforming.value(PROVIDER, replace(node, value=own))
    conforming.complete = False
    for key in layers:
        if key in _entries(node):
            layer = substitute(_entries(node)[key], SAMPLE)
            values[key] = conforming.value(PROVIDER.fields[key].shape, layer, (key,)) or {}
    return values


def _called(values: dict[str, Any]) -> dict[str, Any]:
    """Return who is called by the defaults, over their tier: for what concerns no one site."""
    defaults: dict[str, Any] = values.get("defaults", {})
    tier: dict[str, Any] = values.get("tiers", {}).get(defaults.get("tier"), {})
    return {**tier.get("escalate", {}), **defaults.get("escalate", {})}


def _entries(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _said(node: Node, key: str = "site") -> str:
    """Return what a text at the top of the file says, or ""."""
    child = _entries(node).get(key)
    return child.value if child is not None and isinstance(child.value, str) else ""


def _layered(node: Node, site: str, shared: _Shared) -> Node:
    """Lay the site over its tier over the defaults."""
    layers = [node]
    defaults = shared.defaults
    tier = _said(node, "tier") or (_said(defaults, "tier") if defaults else "")
    layers += [substitute(n, site) for n in (shared.tiers.get(tier), defaults) if n is not None]
    return reduce(partial(merge, SITE), layers)


def _judge(file: str, node: Node, shared: _Shared, owners: Mapping[str, str]) -> Checked:
    tree = _layered(node, _said(node) or PurePath(file).stem, shared) if shared.known else node
    conforming = Conforming(complete=shared.known)
    values: dict[str, Any] = conforming.value(SITE, tree)
    ruling = Ruling(site=values, node=tree, conforming=conforming)
    _named(ruling, file, owners)
    if shared.known:
        ruling.refer(("tier",), values.get("tier"), shared.tiers, "tier")
        site_rules(ruling, places=shared.places, zoned=bool(shared.provider or shared.faults))
        repository_rules(ruling)
        drill_rules(ruling, places=shared.places)
        manual_rules(ruling)
        called_rules(ruling, values.get("escalate", {}), shared.chains)
        dependency_rules(ruling)
        service_rules(ruling)
    if conforming.faults or shared.faults:
        # What is wrong in the provider's own file has been told there, once.
        told = {(fault.file, fault.line, fault.message) for fault in shared.faults}
        own = [f for f in conforming.faults if (f.file, f.line, f.message) not in told]
        return Checked(sites={}, errors=tuple(own), warnings=())
    site = build.site(values, provider=shared.provider, places=shared.places)
    warnings = []
    for path, message, remedy in lints(site):
        at = nearest(tree, path)
        warnings.append(
            Fault(file=at.file, line=at.key_line, path=dotted(path), message=message, remedy=remedy)
        )
    return Checked(sites={site.id: site}, errors=(), warnings=tuple(warnings))


def _named(ruling: Ruling, file: str, owners: Mapping[str, str]) -> None:
    """A site is called like its file, and no two files are of one site."""
    name, stem = ruling.site.get("site"), PurePath(file).stem
    if name is None:
        return
    owner = owners.get(name, file)
    if owner != file:
        remedy = f"write {stem}, the file's name" if stem != name else "remove one of the two"
        ruling.say(("site",), f"{owner} is this site's file already", remedy)
    elif name != stem:
        ruling.say(
            ("site",), f"the file is named {stem}", f"write site: {stem}, or rename the file"
        )
