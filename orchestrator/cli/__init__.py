"""`pra`: one file per verb, imported only when it is called, so that help is instant.

This package is the only place that prints. Global options are accepted before and after the verb.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from orchestrator import __version__
from orchestrator.cli import ground
from orchestrator.cli.common import UNKNOWN, Settings, report_error, report_unknown
from orchestrator.errors import Interrupted, Misused, PraError
from restore_drills import errors as drills

# Verb: its line of help, so that `pra --help` imports no verb. The module is named like it.
VERBS = {
    "init": "Write a commented policy for a new site.",
    "policy": "Check, show and describe the policy files.",
    "backup": "Back up a site now.",
    "drill": "Restore for real into a sealed sandbox, check, measure, destroy.",
    "recover": "Bring a site back, for real, and keep it.",
    "daemon": "Back up and drill on schedule, watch, page; for years.",
    "verify": "Read the packs of the repositories, and name what is damaged.",
    "repo": "Copy, lock, thin out, repair and rewind repositories.",
    "snapshots": "The recovery points: where they are, what they hold.",
    "find": "Which versions of a file there are, and how to get one back.",
    "grants": "The least rights to paste: S3 policies, the SQL role.",
    "doctor": "What works on this machine, what does not, and what to do.",
    "status": "Promised against proven, per service and scenario.",
    "history": "What was done.",
    "events": "The event log.",
    "incidents": "What a human must deal with.",
    "show": "The whole story of an incident, and what to do now.",
    "ack": "You have it: nobody further is called.",
    "note": "Write something down about an incident.",
    "decide": "It is decided to recover: what, and who says so.",
    "accept": "The client's user says that the service works again.",
    "mark": "When something of an incident was, as a person knows it.",
    "resolve": "It is over: close an incident by hand.",
    "open": "Open an incident that a person reported.",
    "expect": "Announce a large change, such as an import of photos.",
    "pause": "Hands off a site: nothing is backed up, removed or drilled by itself.",
    "resume": "Work goes on at a paused site; --anew: on a rebuilt machine.",
    "channel": "Who is called, and whether a call arrives.",
    "kit": "The offline recovery kit: made, verified, printed.",
    "evidence": "Drills made elsewhere, signed there; this machine's key.",
    "demo": "A whole site on this machine, with real components.",
}
ENDS = (
    PraError,
    drills.DrillError,
    click.ClickException,
    click.exceptions.Abort,
    KeyboardInterrupt,
    OSError,
)
GLOBAL_FLAGS = ("--json", "--quiet", "--verbose", "--version")
GLOBAL_VALUES = ("--policies", "--state", "--lang")


class Verbs(click.Group):
    """The verbs of `pra`, each found by its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which a newcomer needs them."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module."""
        del ctx
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f"orchestrator.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say what was probably meant when the verb is unknown."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], VERBS, n=1)
            meant = f" (did you mean {near[0]}?)" if near else " (see `pra --help`)"
            ctx.fail(f"no such command: {args[0]}{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing one."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _default_state() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/pra")
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "pra"


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pra")
@click.option(
    "--policies",
    type=click.Path(path_type=Path),
    envvar="PRA_POLICIES",
    default=Path("policies"),
    show_default="./policies, or PRA_POLICIES",
    help="Folder of the policy files.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    envvar="PRA_STATE",
    default=_default_state,
    show_default="/var/lib/pra for root, or PRA_STATE",
    help="Folder of the event log and of drills under way.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--quiet", is_flag=True, help="Only the result.")
@click.option("--verbose", is_flag=True, help="Every detail of every step.")
@click.option(
    "--lang",
    type=click.Choice(["en", "fr"]),
    envvar="PRA_LANG",
    default="en",
    show_default=True,
    help="Language of a drill's answer.",
)
@click.pass_context
def cli(ctx: click.Context, /, **options: object) -> None:
    """Do we come back, when, and what is lost? Answered with proof.

    pra backs a site up with restic and proves by real restore drills that it comes back in time.

    \b
    Start:  pra demo
            pra init bakery && pra policy check && pra backup bakery && pra drill bakery
    """
    ctx.obj = Settings.model(options)


def hoist(argv: list[str]) -> list[str]:
    """Move global options before the verb; nothing after a lone `--` is touched."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        name = word.partition("=")[0]
        if word == "--":
            rest += ["--", *words]
        elif word in GLOBAL_FLAGS or (name in GLOBAL_VALUES and "=" in word):
            front.append(word)
        elif word in GLOBAL_VALUES:
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            rest.append(word)
    return front + rest


def main() -> None:
    """Run `pra` with this process's arguments and exit with its code."""
    ground.prepare()
    argv = hoist(sys.argv[1:])
    as_json, monitored = "--json" in argv, "--nagios" in argv
    try:
        code = cli.main(args=argv, prog_name="pra", standalone_mode=False)
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = Misused.exit_code
    except BrokenPipeError:  # the reader of our output left
        code = UNKNOWN if monitored else 1
    except ENDS as error:
        ours = _ours(error)
        code = report_unknown(ours) if monitored else report_error(ours, as_json=as_json)
    except Exception as error:
        if not monitored:
            raise
        code = report_unknown(error)  # to a monitor, 1 and 2 would say something of the backups
    ground.flush()
    sys.exit(code if isinstance(code, int) else 0)


def _ours(error: BaseException) -> PraError:
    """Return what ended a verb as one of our errors, so that nobody meets a traceback."""
    match error:
        case PraError():
            return error
        case click.ClickException():
            context = getattr(error, "ctx", None)
            verb = next((word for word in sys.argv[1:] if word in VERBS), "")  # click forgot it
            of = context.command_path if context else f"pra {verb}".rstrip()
            hint = f"See `{of} --help`."
            return Misused(error.format_message(), hint=hint)
        case drills.DrillError() if not isinstance(error, drills.Interrupted):
            return PraError(str(error), hint=error.hint)
        case OSError():
            said = drills.of_system(error)
            return PraError(str(said), hint=said.hint)
        case _:
            return Interrupted("interrupted")
