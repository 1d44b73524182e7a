"""The JSON Schema of a policy file, for editors: the same description that the check reads.

References between keys and what spans two files stay with the check.
"""

from __future__ import annotations

from typing import Any, assert_never

from orchestrator.core.policy.language import PROVIDER, SITE
from orchestrator.core.policy.shape import (
    TEXT,
    Choice,
    Either,
    Field,
    Fields,
    Flag,
    ListOf,
    MapOf,
    Reference,
    Shape,
    Text,
    Whole,
)

Schema = dict[str, Any]

REFERENCE: Schema = {
    "description": "A reference to a secret, never the secret.",
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "env": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
        "file": {"type": "string", "pattern": "^/"},
        "credential": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
        "command": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
    },
}


def schema() -> Schema:
    """Return the schema of a site's file, and of the provider's, which has no `site`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pra policy",
        "if": {"required": ["provider"]},
        "then": {"$ref": "#/$defs/provider-file"},
        "else": {"$ref": "#/$defs/site-file"},
        "$defs": {
            "secret": REFERENCE,
            **{key: _described(field, whole=False) for key, field in SITE.fields.items()},
            "site-file": {**_shape(SITE, whole=False), "required": ["site"]},
            "provider-file": _shape(PROVIDER, whole=False),
        },
    }


def _shape(  # noqa: PLR0911 - a closed set, one entry for each of it
    shape: Shape, *, whole: bool
) -> Schema:
    """Describe a shape. `whole`: no other layer adds to it, so that nothing may be missing."""
    match shape:
        case Text():
            pattern = {} if shape.pattern == TEXT else {"pattern": f"^(?:{shape.pattern})$"}
            return {"type": "string", "minLength": 1, **pattern}
        case Whole():
            return {"type": "integer", "minimum": shape.least, "maximum": shape.most}
        case Flag():
            return {"type": "boolean"}
        case Choice():
            return {"enum": list(shape.words)}
        case Reference():
            return {"$ref": "#/$defs/secret"}
        case ListOf():
            items = _shape(shape.item, whole=True)
            return {"type": "array", "minItems": shape.least, "items": items}
        case MapOf():
            return {
                "type": "object",
                "minProperties": shape.least,
                "propertyNames": _shape(shape.key, whole=whole),
                "additionalProperties": _shape(shape.item, whole=whole),
            }
        case Fields():
            return _fields(shape, whole=whole)
        case Either():
            return {"anyOf": [_shape(shape.text, whole=whole), _shape(shape.fields, whole=whole)]}
    assert_never(shape)


def _fields(shape: Fields, *, whole: bool) -> Schema:
    described: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            key: _once(name, shape.fields[name], whole=whole) for key, name in shape.names.items()
        },
    }
    if whole:
        described["required"] = [k for k, f in shape.fields.items() if f.required]
        described["allOf"] = [
            {word: [{"required": [key]} for key in group]}
            for word, groups in (("oneOf", shape.one_of), ("anyOf", shape.some_of))
            for group in groups
        ]
    return {key: value for key, value in described.items() if value != []}


def _once(name: str, field: Field, *, whole: bool) -> Schema:
    """Refer to a key of a site's file, which a tier and the defaults have as well."""
    if SITE.fields.get(name) is field:
        return {"$ref": f"#/$defs/{name}"}
    return _described(field, whole=whole)


def _described(field: Field, *, whole: bool) -> Schema:
    words = {"description": field.doc} if field.doc else {}
    return {**words, **_shape(field.shape, whole=whole)}
