"""A receiver of webhooks that is waited for, as the provider's on-call would."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.channels import Receiver


class Pager(Receiver):
    """Reads what it takes."""

    def documents(self) -> list[dict[str, Any]]:
        """Return the CloudEvents in the order in which they came."""
        return [json.loads(request.body) for request in self.received]

    def opened(self) -> list[dict[str, Any]]:
        """Return the data of those that tell of an incident."""
        return [d["data"] for d in self.documents() if d["type"] == "pra.incident.opened"]

    def wait_for(self, count: int, within: float = 60.0) -> list[dict[str, Any]]:
        """Wait until so many have come; returns what there is."""
        until = time.monotonic() + within
        while len(self.received) < count and time.monotonic() < until:
            time.sleep(0.02)
        return self.documents()
