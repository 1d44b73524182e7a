"""What a child says: lines of JSON on its standard output."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

_speaking = threading.Lock()


def say(said: dict[str, Any]) -> None:
    """Write one line; operations may call it from several threads."""
    with _speaking:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
