"""`pra policy`: check, show and describe the policy files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.policy import Checked, Fault

PROVIDER = "provider"  # no site has this name: its file is the provider's


@click.group("policy")
def command() -> None:
    """Check, show and describe the policy files.

    One YAML 1.2 file per site, and provider.yaml for what all sites share.

    \b
    Example:  pra policy check
    """


@command.command("check", short_help="Say every fault of the policy files at once.")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.pass_obj
def check(settings: Settings, files: tuple[Path, ...]) -> int:
    """Say every fault of the policy files at once, with its line and what to do.

    Without FILE, the whole folder. With FILE, these sites alone, over the provider.yaml beside
    them, else the one of the folder. Warnings alone exit 0, errors 2.

    \b
    Example:  pra policy check
              pra policy check policies/bakery.yaml --json
    """
    from dataclasses import replace

    from orchestrator.adapters import policies
    from orchestrator.core import policy

    checked = policy.check(policies.read(settings.policies, files or None))
    if settings.json:
        settings.emit(
            {"errors": _documents(checked.errors), "warnings": _documents(checked.warnings)}
        )
    warnings = [replace(f, message=f"warning: {f.message}") for f in checked.warnings]
    for fault in sorted((*checked.errors, *(() if settings.quiet else warnings))):
        click.echo(str(fault), err=True)
    settings.say(_closing(checked))
    return 2 if checked.errors else 0


def _documents(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    return [
        {
            "file": fault.file,
            "line": fault.line,
            "path": fault.path,
            "message": fault.message,
            "remedy": fault.remedy,
        }
        for fault in faults
    ]


def _closing(checked: Checked) -> str:
    services = sum(len(site.services) for site in checked.sites.values())
    what = f"{_count(len(checked.sites), 'site')}, {_count(services, 'service')}"
    usable = " usable" if checked.errors else ""
    errors, warnings = len(checked.errors), len(checked.warnings)
    return f"{what}{usable}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'s' if number > 1 else ''}"


@command.command("show", short_help="Print a site, or the provider, as it is understood.")
@click.argument("site", metavar="SITE|provider")
@click.pass_obj
def show(settings: Settings, site: str) -> int:
    """Print a site as it is understood: defaults and tier merged, secrets as references.

    For `provider`, its channels and chains.

    \b
    Example:  pra policy show bakery
              pra policy show provider
    """
    from orchestrator.app import App
    from orchestrator.core import policy

    app = App(policies_dir=settings.policies, state=settings.state)
    resolved = _provider(app) if site == PROVIDER else policy.plain(app.site(site))
    if settings.json:
        settings.emit(resolved)
    else:
        settings.say(policy.as_yaml(resolved).rstrip())
    return 0


def _provider(app: App) -> dict[str, Any]:
    from orchestrator.core import policy
    from orchestrator.errors import Misused, PolicyInvalid

    if app.checked.provider is not None:
        return policy.plain_provider(app.checked.provider)
    if faults := [f for f in app.checked.errors if f.concerns(PROVIDER)]:
        raise PolicyInvalid("\n".join(map(str, faults)))
    raise Misused(
        f"{app.policies_dir}: there is no {policy.PROVIDER_FILE}",
        hint="Write one: policies/README.md says what stands in it.",
    )


@command.command("schema")
@click.pass_obj
def schema(settings: Settings) -> int:
    """Print the JSON Schema of a policy file, for editors.

    \b
    Example:  pra policy schema > policies/schema.json
    """
    import json

    from orchestrator.core import policy

    del settings
    click.echo(json.dumps(policy.schema(), indent=1, ensure_ascii=False))
    return 0
