"""`python -m orchestrator.cli`: `pra` where its entry point may not be found."""

from __future__ import annotations

from orchestrator.cli import main

main()
