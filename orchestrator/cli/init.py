"""`pra init`: a commented policy for a new site, from flags or from questions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.errors import Misused, PolicyInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.draft import Answers


@click.command("init")
@click.argument("site")
@click.option("--name", help="As people call the client; default: SITE.")
@click.option("--timezone", help="Default: the provider's, else this machine's.")
@click.option(
    "--repository", metavar="URL", help="As restic writes it: s3:https://host/bucket/x, /path."
)
@click.option("--password-file", metavar="PATH", help="File that holds the repository's password.")
@click.option("--password-env", metavar="NAME", help="The same, as an environment variable.")
@click.option(
    "--s3",
    nargs=2,
    metavar="REF REF",
    help="Access key and secret key of the bucket: env:NAME, file:/path or credential:NAME.",
)
@click.option(
    "--location",
    type=click.Choice(["onsite", "offsite"]),
    help="Of the repository; default: offsite, and onsite for a path.",
)
@click.option("--path", "paths", multiple=True, metavar="PATH", help="A folder to save.")
@click.option("--database", "databases", multiple=True, help="A PostgreSQL database to save.")
@click.option("--db-host", default="127.0.0.1", show_default=True)
@click.option("--db-port", default=5432, show_default=True, type=click.IntRange(1, 65535))
@click.option("--db-user", default="postgres", show_default=True)
@click.option("--db-password-file", metavar="PATH", help="Default: peer, trust or PGPASSFILE.")
@click.option("--rto", default="1d", show_default=True, help="Until it answers again.")
@click.option("--rpo", default="1d", show_default=True, help="How much work may be lost.")
@click.pass_obj
def command(settings: Settings, /, site: str, **flags: Any) -> int:  # noqa: ANN401 - click's options
    """Write a commented policy for a new site; an existing file is never touched.

    What the flags leave open is asked on a terminal. What is written passes `pra policy check`.

    \b
    Example:  pra init bakery --repository s3:https://s3.example.net/bakery
                  --s3 env:BAKERY_KEY file:/run/secrets/bakery-s3
                  --password-file /run/secrets/bakery-restic --path /srv/files --database till
    """
    from orchestrator.adapters import policies
    from orchestrator.core import policy

    path = settings.policies / f"{site}.yaml"
    # The rest of the folder is read for the provider's file alone.
    texts = {k: v for k, v in policies.read(settings.policies, [path]).items() if k != str(path)}
    shared = policy.check(texts)
    if shared.errors:
        raise PolicyInvalid("\n".join(map(str, shared.errors)))
    if path.exists():
        raise Misused(f"{path}: it is there already", hint="Edit it; nothing was changed.")
    answers = _answers(site, flags, zoned=bool(texts))
    try:
        text = policy.draft(answers)
    except ValueError as error:
        raise Misused(f"{site}: {error}") from error
    checked = policy.check({**texts, str(path): text})
    if checked.errors:
        said = "\n".join(f"{f.path}: {f.message} ({f.remedy})" for f in checked.errors)
        raise Misused(f"{site}: what was said makes no valid policy\n{said}")
    policies.write_new(path, text)
    if settings.json:
        settings.emit({"site": site, "file": str(path)})
    if shared.provider is None or not shared.provider.escalation:
        settings.note(
            f"Nobody is called yet when something breaks: write channels: and escalation: into "
            f"{settings.policies / policy.PROVIDER_FILE}, and escalate: into {path.name}."
        )
    settings.note(f"Next: read it, then `pra policy check` and `pra backup {site}`.")
    if not settings.json:
        settings.say(str(path))
    return 0


def _answers(site: str, flags: Mapping[str, Any], *, zoned: bool) -> Answers:
    from orchestrator.core.policy.draft import Answers, Database

    url = flags["repository"] or _ask("--repository", "Repository (s3:https://… or a path)")
    password = _password(flags, site)
    s3 = flags["s3"]
    if url.startswith("s3:") and not s3:
        s3 = (
            _ask("--s3", "Bucket's access key is in", f"file:/run/secrets/{site}-s3-access"),
            _ask("--s3", "Bucket's secret key is in", f"file:/run/secrets/{site}-s3-secret"),
        )
    paths, databases = flags["paths"], flags["databases"]
    if not paths and not databases:
        paths = tuple(_ask("--path or --database", "Folders to save (spaces between)", "").split())
        databases = tuple(_ask("--database", "Databases to save (spaces between)", "").split())
        if not paths and not databases:
            raise Misused(f"{site}: nothing to save", hint="Give --path or --database.")
    secret = flags["db_password_file"]
    return Answers(
        site=site,
        name=flags["name"] or site,
        timezone=flags["timezone"] or (None if zoned else _machine_zone()),
        url=url,
        password=password,
        s3=s3 or None,
        offsite=(flags["location"] or ("onsite" if url.startswith("/") else "offsite"))
        == "offsite",
        paths=paths,
        databases=tuple(
            Database(
                name=name,
                host=flags["db_host"],
                port=flags["db_port"],
                user=flags["db_user"],
                password=f"file:{secret}" if secret else None,
            )
            for name in databases
        ),
        rto=flags["rto"],
        rpo=flags["rpo"],
    )


def _password(flags: Mapping[str, Any], site: str) -> str:
    if flags["password_file"]:
        return f"file:{flags['password_file']}"
    if flags["password_env"]:
        return f"env:{flags['password_env']}"
    return "file:" + _ask(
        "--password-file", "File of the repository's password", f"/run/secrets/{site}-restic"
    )


def _ask(flag: str, question: str, default: str | None = None) -> str:
    if not sys.stdin.isatty():
        raise Misused(f"{flag} is missing", hint="Give it, or run on a terminal to be asked.")
    return str(click.prompt(question, default=default, show_default=bool(default), err=True))


def _machine_zone() -> str:
    link = str(Path("/etc/localtime").resolve())
    return link.partition("/zoneinfo/")[2] or "UTC"
