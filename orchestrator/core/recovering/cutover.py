"""The way back to work: the exact commands that put what was recovered in its place. Pure.

Every line is for a shell: a command whose arguments are quoted, or a remark after `#`. Nothing that
is there is overwritten: it is moved aside under a name that ends in the recovery's run.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from orchestrator.core.policy.model import Files, Postgresql
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orchestrator.core.policy.model import Service, Site

MAINTENANCE = "template1"  # connected to while a database is made; every cluster has it
SYSTEM = "postgres"  # the database that every cluster has already
# The machine itself stays after these: nothing begins anew.
SMALL = frozenset({Scenario.HUMAN_ERROR})

WORDS = {
    "en": {
        "lost": "{service}: not brought back, see above: nothing to put in place",
        "failed": "{service}: A CHECK FAILED ({why}): look at the data before you use it",
        "files": "{service}: its files; what is there now stays beside, its name ends in {aside}",
        "mount": "{service}: {path} is a mount point: mount it before you go on",
        "path": "{service}: what was asked for, over its place; what it replaces gets a ~ name",
        "server": "{service}: the database server at {host} must run and know the user {user};"
        " on a new one: sudo -u postgres createuser --superuser {user}",
        "roles": "roles first: what says `already exists` is as it should be",
        "start": "{service}: start what uses it again",
        "stop": "{service}: end the private server that was started on the recovered data",
        "judge": "{service}: its points are suspected; once the machine it goes back to is clean",
        "backup": "then the first backup, from where the data lives now",
        "anew": "once the policy has the paths and addresses of the rebuilt machine: work goes on",
        "clean": "when the client has accepted it, remove {target}: it is all his data",
    },
    "fr": {
        "lost": "{service} : pas revenu, voir plus haut : rien à remettre en place",
        "failed": "{service} : UN CONTRÔLE A ÉCHOUÉ ({why}) : regardez les données avant usage",
        "files": "{service} : ses fichiers ; l'existant reste à côté, son nom finit par {aside}",
        "mount": "{service} : {path} est un point de montage : montez-le avant de continuer",
        "path": "{service} : l'élément demandé, à sa place ; ce qu'il remplace prend un nom en ~",
        "server": "{service} : le serveur de base de données sur {host} doit tourner et connaître"
        " l'utilisateur {user} ; s'il est neuf : sudo -u postgres createuser --superuser {user}",
        "roles": "d'abord les rôles : `already exists` est normal",
        "start": "{service} : redémarrez ce qui s'en sert",
        "stop": "{service} : arrêtez le serveur privé démarré sur les données reprises",
        "judge": "{service} : ses points sont suspects ; une fois saine la machine qui le reçoit",
        "backup": "puis la première sauvegarde, depuis la machine où vivent les données",
        "anew": "sur une machine reconstruite, la politique mise à jour : le travail reprend",
        "clean": "quand le client a accepté, effacez {target} : ce sont toutes ses données",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """A database that was brought back: its source's name, the dump and the roles."""

    source: str
    dump: str
    roles: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What of a service was brought back; all places are absolute.

    `files` holds the original `paths`, each at its own place below; empty: there are none. `path`
    is what alone was asked for, and `files` then is that itself. `why` says what is wrong with it,
    where a check failed. Not `whole`: nothing of it can be used.
    """

    service: str
    whole: bool
    why: str = ""
    files: str = ""
    paths: tuple[str, ...] = ()
    path: str = ""
    dumps: tuple[Dump, ...] = ()


def commands(  # noqa: PLR0913 - what they speak of
    site: Site,
    backs: Iterable[Back],
    *,
    run: str,
    target: str,
    scenario: Scenario,
    lang: str = "en",
    stops: Iterable[tuple[str, str]] = (),
    attacks: Iterable[tuple[str, str]] = (),
    policy: Iterable[str] = (),
) -> tuple[str, ...]:
    """Return the lines, service by service in the order in which they are to be started.

    `stops`: service, and the command that ends a server which was started on what lies here.
    `attacks`: service, and the open incident of its suspected points; no service: of them all.
    `policy`: what gives a machine without a policy its own.
    """
    say = WORDS[lang]
    lines: list[str] = []
    backs, stops = tuple(backs), tuple(stops)
    aside = f".before-{run}"
    for back in backs:
        lines += _service(site.services[back.service], back, aside, say)
        for stop in (command for service, command in stops if service == back.service):
            lines += [_remark(say["stop"].format(service=back.service)), stop]
    if any(one.whole and not one.path for one in backs):
        lines += policy
        if scenario not in SMALL:  # first: the backup is the first point of the new lineage
            lines.append(_remark(say["anew"]))
            lines.append(_line("pra", "resume", site.id, "--anew", "--note", f"recovered by {run}"))
        here = {one.service for one in backs if one.whole and not one.path}
        for service, incident in attacks:
            if not service or service in here:
                lines.append(_remark(say["judge"].format(service=service or site.id)))
                note = f"recovered by {run}"
                lines.append(_line("pra", "resolve", incident, "--clean", "--note", note))
        lines.append(_remark(say["backup"]))
        lines.append(_line("pra", "backup", site.id))
        lines.append(_remark(say["clean"].format(target=shlex.quote(target))))
    return tuple(lines)


def _service(service: Service, back: Back, aside: str, say: dict[str, str]) -> Iterator[str]:
    if not back.whole:
        yield _remark(say["lost"].format(service=service.id))
        return
    if back.why:
        yield _remark(say["failed"].format(service=service.id, why=back.why))
    if back.path:
        yield _remark(say["path"].format(service=service.id))
        # -T: a folder over a folder, not into it.
        yield _line("cp", "-aT", "--backup=numbered", "--", back.files, back.path)
        return
    if back.files and back.paths:
        yield from _files(service, back, aside, say)
    for dump in back.dumps:
        spec = next((s.spec for s in service.sources if s.name == dump.source), None)
        if isinstance(spec, Postgresql):
            yield from _database(service.id, spec, dump, aside, say)
    yield _remark(say["start"].format(service=service.id))


def _files(service: Service, back: Back, aside: str, say: dict[str, str]) -> Iterator[str]:
    mounts = {s.spec.require_mount for s in service.sources if isinstance(s.spec, Files)}
    yield _remark(say["files"].format(service=service.id, aside=aside))
    for path in back.paths:
        here = f"{back.files}{path}"
        if path in mounts:
            yield _remark(say["mount"].format(service=service.id, path=path))
            yield from _into_mount(here, path, aside)
        else:
            yield _aside(path, aside)
            yield _line("mkdir", "-p", "--", str(PurePosixPath(path).parent))
            yield _line("cp", "-a", "--", here, path)


def _aside(path: str, aside: str) -> str:
    old = path.rstrip("/") or path
    test, move = _line("test", "!", "-e", old), _line("mv", "--", old, f"{old}{aside}")
    return f"{test} || {move}"


def _into_mount(here: str, path: str, aside: str) -> Iterator[str]:
    """A mount point cannot be moved: what it holds can."""
    old = f"{path.rstrip('/')}/{aside}"
    yield (
        _line("mountpoint", "--", path)
        + " && "
        + _line("mkdir", "--", old)
        + " && "
        + _line(
            *("find", path, "-mindepth", "1", "-maxdepth", "1", "!", "-name", aside),
            *("-exec", "mv", "-t", old, "--", "{}", "+"),
        )
    )
    yield _line("cp", "-a", "--", f"{here.rstrip('/')}/.", f"{path.rstrip('/')}/")


def _database(
    service: str, spec: Postgresql, dump: Dump, aside: str, say: dict[str, str]
) -> Iterator[str]:
    at = (f"--host={spec.host}", f"--port={spec.port}", f"--username={spec.user}")
    yield _remark(
        say["server"].format(service=service, host=spec.host, user=shlex.quote(spec.user))
    )
    yield _remark(say["roles"])
    quiet = ("--no-psqlrc", "--quiet", f"--dbname={MAINTENANCE}")
    yield _line("psql", *at, *quiet, f"--file={dump.roles}")
    if spec.database == SYSTEM:  # it cannot be moved aside: every cluster needs it
        more = ("--clean", "--if-exists", "--create", f"--dbname={MAINTENANCE}")
        yield _line("pg_restore", *at, "--exit-on-error", "--no-tablespaces", *more, dump.dump)
        return
    name, old = _literal(spec.database), _literal(aside.lstrip("."))
    ask = (
        # Nobody executes it here, and the names are literals.
        "select format('alter database %I rename to %I', datname, left(datname, 30) || '-' || "  # noqa: S608 - printed
        f"{old}) from pg_database where datname = {name} \\gexec"
    )
    yield (
        _line("printf", "%s\\n", ask) + " | " + _line("psql", *at, *quiet, "--set=ON_ERROR_STOP=1")
    )
    make = ("--create", f"--dbname={MAINTENANCE}")
    yield _line("pg_restore", *at, "--exit-on-error", "--no-tablespaces", *make, dump.dump)


def _literal(text: str) -> str:
    """Return an SQL literal that needs no setting of the server to be read rightly."""
    escape = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escape}'" if "\\" in text else f"'{escape}'"


def _remark(text: str) -> str:
    """Return a remark of one line, whatever a name in it holds."""
    return "# " + " ".join(text.split())


def _line(*words: str) -> str:
    return shlex.join(words)
