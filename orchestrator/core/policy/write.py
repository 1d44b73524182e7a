"""Plain values as YAML 1.2 text."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML


def as_yaml(values: dict[str, Any]) -> str:
    """Write maps, lists, texts and numbers as a policy file that reads back the same."""
    yaml = YAML(pure=True)
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.allow_unicode = True
    stream = StringIO()
    yaml.dump(values, stream)
    return stream.getvalue()
