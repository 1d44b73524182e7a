from __future__ import annotations

import time
from pathlib import Path

from orchestrator.core import policy

POLICIES = Path(__file__).parents[3] / "policies"


def test_two_hundred_sites_are_checked_in_a_moment() -> None:
    """A third of it is reading YAML, which libyaml does; 3 ms for the longest site."""
    example = (POLICIES / "examples" / "atelier.yaml").read_text()
    texts = {"provider.yaml": (POLICIES / "provider.yaml").read_text()}
    texts |= {f"s{n}.yaml": example.replace("site: atelier", f"site: s{n}") for n in range(200)}
    policy.check(dict(list(texts.items())[:2]))  # imports and caches

    began = time.process_time()
    checked = policy.check(texts)
    spent = time.process_time() - began

    assert 200 == len(checked.sites)
    assert spent < 3.0  # 0.5 s on a quiet machine; this one may be slow and shared
