"""What a site's file must fulfil beyond its grammar: references that lead somewhere, no cycle.

The rules read the values that fit, so that these faults are told together with those of the
grammar; they are silent where a fault of the grammar is the likelier cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy.fault import quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from orchestrator.core.policy.conform import Conforming
    from orchestrator.core.policy.fault import Path
    from orchestrator.core.policy.read import Node

Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One site under examination: its values, its tree for the lines, its faults so far."""

    site: Values
    node: Node
    conforming: Conforming

    def map(self, key: str) -> Values:
        """Return a map of the site by name, without the entries that are faulty all over."""
        return {name: value for name, value in self.site.get(key, {}).items() if value is not None}

    def say(self, path: Path, message: str, remedy: str) -> None:
        """Report a fault at the path, or at the nearest key above it that is written."""
        self.conforming.fault(nearest(self.node, path), path, message, remedy)

    def refer(self, path: Path, name: str | None, known: Collection[str], what: str) -> bool:
        """Whether the name is known; if it is not, report it with what was probably meant."""
        if name is None or name in known:
            return name is not None
        near = get_close_matches(name, known, n=1)
        some = f"known: {', '.join(known)}" if known else "none is declared"
        self.say(
            path, f"no {what} is named {quoted(name)}", f"did you mean {near[0]}?" if near else some
        )
        return False


def nearest(node: Node, path: Path) -> Node:
    """Return the node at the path, or the deepest one above it that is there."""
    for key in path:
        value = node.value
        if isinstance(value, dict) and key in value:
            node = value[key]
        elif isinstance(value, list) and key.startswith("["):
            node = value[int(key[1:-1])]
        else:
            break
    return node


def site_rules(ruling: Ruling, *, places: Collection[str], zoned: bool) -> None:
    """Judge what concerns the site as a whole; `zoned`: the provider gives a time zone."""
    equipment = ruling.map("equipment")
    here = ruling.site.get("timezone") or ruling.conforming.touched(("timezone",))
    if not zoned and not here and not ruling.conforming.misspelt((), "timezone"):
        ruling.say((), "timezone is missing", "add timezone:, here or in the provider's file")
    ruling.refer(
        ("recover_on",),
        ruling.site.get("recover_on"),
        [*places, *equipment],
        "place or equipment",
    )
    for i, hours in enumerate(ruling.map("business").get("hours", ())):
        if hours and {"from", "to"} <= hours.keys() and hours["from"] >= hours["to"]:
            ruling.say(
                ("business", "hours", f"[{i}]"),
                "it closes before it opens",
                'end it at "24:00" and go on the next day',
            )


def dependency_rules(ruling: Ruling) -> None:
    """Judge what depends on what."""
    services = ruling.map("services")
    graph: dict[str, list[str]] = {}
    for name, service in services.items():
        needs = service.get("depends_on", ())
        graph[name] = [need for need in needs if need in services]
        for i, need in enumerate(needs):
            path = ("services", name, "depends_on", f"[{i}]")
            ruling.refer(path, need, ruling.site["services"], "service")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]  # graphlib walks from the needed to the needing
        ruling.say(
            ("services", circle[0], "depends_on"),
            f"a cycle: {' needs '.join(circle)}",
            "remove one of the dependencies",
        )
