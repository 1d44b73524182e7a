"""`pra kit`: the offline recovery kit, made for two holders, verified, printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.kit_secrets import opening

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings

FILE = click.Path(path_type=Path)


@click.group("kit")
def command() -> None:
    """The offline recovery kit: all that opens the repositories, for the day when nothing is left.

    One file with an envelope for each holder (you and the client). It goes stale only when a key
    or an address changes: the policy itself lies in every repository.

    \b
    Example:  pra kit export bakery -o bakery-kit.zip --holder provider=P --holder client=C
              pra kit verify bakery-kit.zip --holder client --passphrase-file C
    """


@command.command("export", short_help="Write the kit of a site.")
@click.argument("site")
@click.option("-o", "--output", type=FILE, required=True, help="The file to write.")
@click.option(
    "--holder",
    "holders",
    multiple=True,
    metavar="NAME=FILE|age1...",
    help="Who can open it: with the passphrase in FILE, or with the key of this public key of age.",
)
@click.option(
    "--generate",
    multiple=True,
    metavar="NAME",
    help="A holder for whom a passphrase is made, shown once on the terminal.",
)
@click.option("--no-recovery-key", is_flag=True, help="Add no key of the kit's own.")
@click.option("--by", metavar="NAME", help="Who makes it; default who is logged in.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.pass_obj
def export(settings: Settings, /, site: str, output: Path, **options: object) -> int:
    """Write the recovery kit of SITE: addresses, keys, restic's config and keys, instructions.

    It holds the passwords of today and a recovery key of its own, added to every repository, so
    that a password that is changed later does not lock its holders out (another key makes restic
    up to a second slower to open). Without --holder, names and passphrases are asked for. Give
    each holder a copy, and have each verify it.

    \b
    Exit code: 0 written, 1 a repository cannot be opened, 2 an argument does not fit.
    Examples:  pra kit export bakery -o kit.zip --holder us=/root/p --holder martin=age1qy...
               pra kit export bakery -o kit.zip --holder us=/root/p --generate martin
    """
    from orchestrator.app import App
    from orchestrator.cli import kit_secrets, oncall
    from orchestrator.jobs.kit_export import export as exported
    from orchestrator.reports import kit as report

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    given = kit_secrets.holders(options["holders"], options["generate"])
    for warning in given.warnings:
        settings.note(f"warning: {warning}")
    made = exported(
        app,
        found,
        output,
        given.locks,
        by=oncall.who(str(options["by"]) if options["by"] else None),
        over=bool(options["force"]),
        own_key=not options["no_recovery_key"],
        tell=settings.note,
    )
    given.show()
    if settings.json:
        document = report.exported_document(made.kit, str(output), made.remarks, given.warnings)
        settings.emit(document)
    settings.say(
        report.exported_text(made.kit, str(output), made.remarks, made.replaces, made.old_keys)
    )
    return 0


@command.command("verify", short_help="Open it as a holder would, and all that it names.")
@click.argument("file", type=FILE)
@opening
@click.option("--by", metavar="NAME", help="Who opens it; default who is logged in.")
@click.pass_obj
def verify(settings: Settings, /, file: Path, **options: object) -> int:
    """Open FILE with a holder's secret, compare every part, and open every repository with it.

    It is recorded for that holder: a kit that a holder never opened, or not for 400 days, is an
    incident. Without --passphrase-file or --identity the passphrase is asked for.

    \b
    Exit code: 0 it would do; 3 stale, damaged or it opens no more;
    4 not every offsite repository was reached; 1 the secret opens no envelope.
    Examples:  pra kit verify kit.zip --holder martin --passphrase-file /root/martin
               pra kit verify kit.zip --identity key.txt
    """
    from orchestrator.app import App
    from orchestrator.cli import kit_secrets, oncall
    from orchestrator.jobs.kit_verify import verify as verified
    from orchestrator.reports import kit as report

    app = App(policies_dir=settings.policies, state=settings.state)
    holder, secret = kit_secrets.secret(options)
    by = oncall.who(str(options["by"]) if options["by"] else None)
    found = verified(app, file, secret, holder, by=by, tell=settings.note)
    if settings.json:
        settings.emit(report.verified_document(found))
    settings.say(report.verified_text(found))
    return report.exit_code(found)


@command.command("print", short_help="Write its printable page as PDF.")
@click.argument("file", type=FILE)
@opening
@click.option("-o", "--output", type=FILE, required=True, help="The PDF to write.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.pass_obj
def print_(settings: Settings, /, file: Path, output: Path, **options: object) -> int:
    """Write the page of FILE as PDF: print it, lock it away, then remove the PDF.

    It holds every secret in the open. It says how long each service took to answer in the newest
    drill, as the log of this machine has it, else as the kit: print it again after a drill.

    \b
    Example:  pra kit print kit.zip --holder us --passphrase-file /root/p -o page.pdf
    """
    from orchestrator.adapters import envelope
    from orchestrator.app import App
    from orchestrator.cli import kit_secrets
    from orchestrator.jobs.kit import opened
    from orchestrator.jobs.kit_times import timed
    from orchestrator.reports.kit_pdf import pdf

    holder, secret = kit_secrets.secret(options)
    found = opened(file, secret, holder=holder)
    kit = timed(App(policies_dir=settings.policies, state=settings.state), found.kit)
    envelope.write(output, pdf(kit), over=bool(options["force"]))
    if settings.json:
        settings.emit({"kit": found.kit.kit, "site": found.kit.site, "pdf": str(output)})
    settings.say(f"{output}: written, with every secret in the open: print it, then remove it")
    return 0


@command.command("scan", short_help="Make a kit again from the codes of its printed page.")
@click.argument("codes", type=click.File("r"))
@click.option("-o", "--output", type=FILE, required=True, help="The kit to write.")
@click.option("--holder", "holders", multiple=True, metavar="NAME=FILE|age1...", help="As above.")
@click.option("--generate", multiple=True, metavar="NAME", help="As `pra kit export`.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.pass_obj
def scan(settings: Settings, /, output: Path, **options: object) -> int:
    """Make a kit again from CODES: what a scanner read off its page, a line each; `-` is the input.

    A scanner types each code and presses Enter: scan the codes beside the addresses, and those of
    the annex if they are needed, then Ctrl-D.

    \b
    Example:  pra kit scan - -o kit.zip --holder me=/root/p
    """
    from orchestrator.adapters import envelope
    from orchestrator.app import wall_clock
    from orchestrator.cli import kit_secrets
    from orchestrator.core.kit.contents import scanned
    from orchestrator.jobs.kit_export import sealed
    from orchestrator.reports import kit as report

    given = kit_secrets.holders(options["holders"], options["generate"], least=1)
    lines = options["codes"].read().splitlines()  # type: ignore[attr-defined]  # click's own file
    kit = scanned(tuple(line for line in lines if line.strip()), wall_clock())
    envelope.write(output, sealed(kit, given.locks), over=bool(options["force"]))
    given.show()
    if settings.json:
        settings.emit(report.exported_document(kit, str(output), (), given.warnings))
    names = ", ".join(one.id for one in kit.repositories)
    settings.say(f"{output}: {kit.site}, kit {kit.kit}, from its page: {names}")
    return 0
