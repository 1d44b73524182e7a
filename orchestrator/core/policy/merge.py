"""Layers into one tree: the site over its tier over the provider's defaults.

Maps merge; lists and scalars replace. A reference to a secret and a choice between keys (`source`
or `sources`, `files` or `postgresql`) are replaced too: two halves of them mean nothing.
"""

from __future__ import annotations

from orchestrator.core.policy.read import Node, Scalar
from orchestrator.core.policy.shape import Either, Fields, MapOf, Shape

PLACEHOLDER = "{site}"


def merge(shape: Shape, over: Node, under: Node) -> Node:
    """Lay one tree over another; every value keeps the file and line where it stands."""
    if not isinstance(over.value, dict) or not isinstance(under.value, dict):
        return over
    match shape:
        case Fields():
            kept = _not_displaced(shape, over.value, under.value)
            shapes = {key: shape.fields[name].shape for key, name in shape.names.items()}
            return _laid(over, over.value, kept, shapes)
        case MapOf():
            return _laid(over, over.value, under.value, dict.fromkeys(over.value, shape.item))
        case Either(fields=Fields() as fields):
            return merge(fields, over, under)
        case _:
            return over


def _laid(
    at: Node, over: dict[str, Node], under: dict[str, Node], shapes: dict[str, Shape]
) -> Node:
    merged = {
        key: merge(shapes[key], over[key], node)
        if key in over and key in shapes
        else over.get(key, node)
        for key, node in under.items()
    }
    merged |= {key: node for key, node in over.items() if key not in under}
    return Node(merged, at.file, at.line, at.key_line)


def _not_displaced(shape: Fields, over: dict[str, Node], under: dict[str, Node]) -> dict[str, Node]:
    """Drop from the lower layer what the upper one says in another word or instead."""
    said = {shape.names.get(key, key): key for key in over}
    gone: set[str] = set()
    for group in shape.one_of:
        if any(name in said for name in group):
            gone |= set(group) - said.keys()
    return {
        key: node
        for key, node in under.items()
        if (name := shape.names.get(key, key)) not in gone and said.get(name, key) == key
    }


def substitute(node: Node, site: str) -> Node:
    """Write the site's id for `{site}` in every text of a layer; keys stay."""
    match node.value:
        case str() if PLACEHOLDER in node.value:
            value: Scalar | list[Node] | dict[str, Node] = node.value.replace(PLACEHOLDER, site)
        case list():
            value = [substitute(child, site) for child in node.value]
        case dict():
            value = {key: substitute(child, site) for key, child in node.value.items()}
        case _:
            return node
    return Node(value, node.file, node.line, node.key_line)
