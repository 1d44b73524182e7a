"""The secrets of a kit's holders, as a user gives them: a file, a public key, or the keyboard."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrator.adapters.envelope import Lock, Secret

PUBLIC = "age1"
TERMINAL = Path("/dev/tty")
LEAST = 2


def opening(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options with which a kit is opened."""
    for option in (
        click.option("--identity", type=click.Path(path_type=Path), help="File of an age key."),
        click.option(
            "--passphrase-file", type=click.Path(path_type=Path), help="File of a passphrase."
        ),
        click.option("--holder", metavar="NAME", help="Whose envelope; else whichever opens."),
    ):
        function = option(function)
    return function


def secret(options: Mapping[str, object]) -> tuple[str | None, Secret]:
    """Return the holder and the secret that open a kit; a passphrase is asked for on a terminal."""
    from orchestrator.adapters.envelope import Passphrase
    from orchestrator.jobs import kit

    holder = cast("str | None", options["holder"])
    phrase = cast("Path | None", options["passphrase_file"])
    identity = cast("Path | None", options["identity"])
    if phrase is not None and identity is not None:
        raise Misused(
            "--passphrase-file and --identity: an envelope opens with one of them",
            hint="Give the one that the holder has.",
        )
    if phrase is not None:
        return holder, kit.passphrase_of(phrase)
    if identity is not None:
        return holder, kit.identity_of(identity)
    if not sys.stdin.isatty():
        raise Misused(
            "no secret to open the kit with",
            hint="Give --passphrase-file FILE or --identity FILE, or call it on a terminal.",
        )
    return holder, Passphrase(click.prompt("Passphrase", hide_input=True, err=True))


@dataclass(frozen=True, slots=True)
class Given:
    """The holders of a kit that is made; `generated` are passphrases that were made for them."""

    locks: Mapping[str, Lock]
    warnings: tuple[str, ...]
    generated: Mapping[str, str] = field(default_factory=dict, repr=False)

    def show(self) -> None:
        """Show what was made, once, on the terminal alone: not on a stream that may be kept."""
        if self.generated:
            with TERMINAL.open("w", encoding="utf-8") as terminal:
                for name, text in self.generated.items():
                    terminal.write(f"passphrase of {name}, shown once: {text}\n")


def holders(named: object, generate: object, *, least: int = LEAST) -> Given:
    """Return the holders; asks for them on a terminal where none is named. Raises Misused."""
    from orchestrator.core.kit.typed import weakness

    words = cast("tuple[str, ...]", named)
    made_for = cast("tuple[str, ...]", generate)
    asked = not words and not made_for
    locks = _asked(least) if asked else dict(_of(word) for word in words)
    generated = _generated(made_for, locks)
    if len(locks) < least or (not asked and len(words) + len(made_for) != len(locks)):
        raise Misused(
            f"a kit has {least} holders or more, each named once: there are {len(locks)}",
            hint="Give --holder twice: your own, and the client's, who may outlive you.",
        )
    warnings = []
    for name, lock in locks.items():
        text = getattr(lock, "text", "")
        why = "" if text.startswith(PUBLIC) or name in generated else weakness(text)
        if why:
            warnings.append(f"the passphrase of {name} is weak: {why}")
    texts = [getattr(lock, "text", "") for lock in locks.values()]
    if len(set(texts)) < len(texts):
        warnings.append("two holders have the same secret: one who leaves cannot be told apart")
    return Given(locks, tuple(warnings), generated)


def _of(word: str) -> tuple[str, Lock]:
    from orchestrator.adapters.envelope import Recipient
    from orchestrator.core.kit.contents import NAME
    from orchestrator.jobs.kit import passphrase_of

    name, given, value = word.partition("=")
    if not given or not value or NAME.fullmatch(name) is None:
        raise Misused(
            f"--holder {name}: not NAME=FILE and not NAME=age1...",
            hint="A name has letters, digits, dots and hyphens; a passphrase stands in a file,"
            " never on the command line.",
        )
    if value.startswith(PUBLIC) and not Path(value).exists():
        return name, Recipient(value)
    return name, passphrase_of(Path(value))


def _asked(least: int) -> dict[str, Lock]:
    from orchestrator.adapters.envelope import Passphrase
    from orchestrator.core.kit.contents import NAME

    if not sys.stdin.isatty():
        raise Misused(
            "nobody is named who may open the kit",
            hint="Give --holder NAME=FILE for each, or call it on a terminal.",
        )
    found: dict[str, Lock] = {}
    for default in ("provider", "client")[:least]:
        name = click.prompt("Holder", default=default, err=True)
        if NAME.fullmatch(name) is None:
            raise Misused(f"{name}: not a name", hint="Use letters, digits, dots and hyphens.")
        found[name] = Passphrase(
            click.prompt(
                f"Passphrase of {name}", hide_input=True, confirmation_prompt=True, err=True
            )
        )
    return found


def _generated(names: tuple[str, ...], locks: dict[str, Lock]) -> dict[str, str]:
    """Make a passphrase for each; they are of no use where nobody could see them."""
    import secrets

    from orchestrator.adapters.envelope import Passphrase
    from orchestrator.core.kit.contents import NAME
    from orchestrator.core.kit.typed import passphrase

    if not names:
        return {}
    try:
        with TERMINAL.open("w", encoding="utf-8"):
            pass
    except OSError as error:
        raise Misused(
            "--generate: there is no terminal to show a passphrase on",
            hint="Write passphrases into files, and give --holder NAME=FILE.",
        ) from error
    made = {name: passphrase(secrets.randbelow) for name in names}
    for name, text in made.items():
        if NAME.fullmatch(name) is None or name in locks:
            raise Misused(f"--generate {name}: not a name, or a holder already", hint="Name one.")
        locks[name] = Passphrase(text)
    return made
