"""A file that holds a secret, given another content: whole or not at all, its owner kept."""

from __future__ import annotations

from pathlib import Path

from orchestrator.adapters import whole_file
from orchestrator.errors import SecretMissing


def replace_file(path: str, content: bytes) -> None:
    """Write it; who may read it stays who could. Raises SecretMissing where that cannot be."""
    target = Path(path).resolve()
    try:
        whole_file.write(target, content, like=target.stat())
    except OSError as error:
        raise SecretMissing(
            f"{path}: it cannot be written: {error.strerror}",
            hint="Run it as the user who may write there.",
        ) from error
