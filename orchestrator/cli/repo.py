"""`pra repo`: the hands on a repository; `repo_<verb>.py` is imported when it is called."""

from __future__ import annotations

import importlib

import click

VERBS = {
    "copy": "Copy recovery points to the other repositories now.",
    "unlock": "Remove the locks that dead processes left.",
    "relock": "Extend the Object Lock of every live object that needs it.",
    "retain": "Remove the recovery points that the policy does not keep.",
    "repair": "Repair a damaged repository from the other copy.",
    "restore-keys": "Put back config and keys, which a thief deleted, from the kit.",
    "rotate-key": "Give a repository another password.",
    "revoke": "Take a key away: a kit was lost, or its holder left.",
    "rewind": "Bring a wiped bucket back to what it held at an instant.",
}


class Repo(click.Group):
    """The verbs of `pra repo`, each found by its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs, the harmless ones first."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module."""
        del ctx
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(
            f"orchestrator.cli.repo_{cmd_name.replace('-', '_')}"
        ).command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing one."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.command("repo", cls=Repo)
def command() -> None:
    """Copy, lock, thin out, repair and rewind repositories.

    \b
    Example:  pra repo rewind bakery --at "2026-11-02 18:00" --dry-run
    """
