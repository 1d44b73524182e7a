"""What stands on the printable page of a recovery kit, before it is text or PDF. Pure.

It is read on the worst day, perhaps by somebody who never saw this program: French and English, the
plain `restic` way beside ours, every secret as signs to type and as a code to scan.
"""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.core.kit.contents import ADOPTED, DATABASE, object_payload, payload
from orchestrator.core.kit.fingerprint import fingerprint, material
from orchestrator.core.kit.typed import WIDTH, lines
from orchestrator.reports import kit_times
from orchestrator.reports.words import when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.kit.contents import Kit, KitRepository

SHOWN_SPACE = "\N{MIDDLE DOT}"
BINARY_WIDTH = 60
ADDRESS_WIDTH = 72  # an address is read in words: it may fill the page
PRINTED_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `top`: it begins a page."""

    text: str
    top: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """The same in French and in English."""

    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines to type into a shell."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """A secret or an address to type: lines, each with its check. `note` says how it is written."""

    label: str
    rows: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A code to scan, and what it holds."""

    payload: str
    caption: str


Block = Heading | Words | Commands | Typed | Code


def blocks(kit: Kit) -> Iterator[Block]:
    """Yield the whole page, in its order."""
    yield from _first(kit)
    for number, repository in enumerate(kit.repositories, 1):
        yield from _repository(kit, repository, number)
    yield from _annex(kit)


def foot(kit: Kit) -> str:
    """Return what stands at the foot of every page, before its number."""
    return f"kit {kit.kit} - {kit.site} - {when(kit.at, kit.timezone)}"


def _first(kit: Kit) -> Iterator[Block]:
    names = ", ".join(one.id for one in kit.repositories)
    services = ", ".join(kit.services.values()) or "-"
    yield Heading(f"Kit de reprise / Recovery kit: {kit.name}", top=True)
    yield Words(
        f"CONFIDENTIEL. Ces pages ouvrent toutes les sauvegardes de {kit.name} : gardez-les sous"
        " clé, hors du site. Qui les lit peut lire toutes les données.",
        f"CONFIDENTIAL. These pages open every backup of {kit.name}: keep them locked away, off the"
        " premises. Whoever reads them can read all the data.",
    )
    yield Words(
        f"Kit {kit.kit} du {when(kit.at, kit.timezone)}, remis à : {', '.join(kit.holders) or '-'}."
        f" Copies : {names}. Services : {services}.",
        f"Kit {kit.kit} of {when(kit.at, kit.timezone)}, held by: {', '.join(kit.holders) or '-'}."
        f" Repositories: {names}. Services: {services}.",
    )
    for person in kit.people:
        phone = person.phone or "-"
        fr = "Prestataire" if person.role == "provider" else "Référent chez le client"
        en = "Provider" if person.role == "provider" else "The client's referent"
        yield Words(f"{fr} : {person.name}, {phone}.", f"{en}: {person.name}, {phone}.")
    yield Heading("1. Avant tout / First")
    yield Words(
        "Un virus est peut-être encore là : n'éteignez rien, isolez (débranchez le réseau), ne"
        " restaurez rien sur une machine atteinte. Un vol : prenez une machine neuve ou propre.",
        "A virus may still be there: switch nothing off, isolate (unplug the network), restore"
        " nothing onto a machine that was hit. A burglary: take a new or a clean machine.",
    )
    yield Heading("2. Avec pra / With pra")
    yield Words(
        f"Sur une machine Linux avec pra ({_tool(kit, 'pra')}) et restic ({_tool(kit, 'restic')})."
        " KIT.zip : le fichier de ce kit. PHRASE : un fichier avec votre phrase de passe (sans lui"
        " elle est demandée ; clé age : --identity). /reprise : un dossier neuf. La première"
        " commande essaie tout sans rien garder :",
        f"On a Linux machine with pra ({_tool(kit, 'pra')}) and restic ({_tool(kit, 'restic')})."
        " KIT.zip: this kit's file. PHRASE: a file with your passphrase (without it you are asked;"
        " age key: --identity). /reprise: a new folder. The first command tries everything and"
        " keeps nothing:",
    )
    started = " --start" if any(kind == DATABASE for _, _, kind in kit.sources) else ""
    yield Commands(
        (
            f"pra drill {kit.site} --scenario burglary --kit KIT.zip --passphrase-file PHRASE",
            f"pra recover {kit.site} --kit KIT.zip --passphrase-file PHRASE --to /reprise{started}",
        )
    )
    yield Words(
        "Sans le fichier, la page suffit : lisez-en les codes QR, chacun sur une ligne, dans CODES"
        " ; PHRASE est alors une phrase de passe de votre choix :",
        "Without the file the page will do: scan its QR codes into CODES, one on a line; PHRASE is"
        " then a passphrase of your choice:",
    )
    yield Commands(("pra kit scan CODES -o KIT.zip --holder me=PHRASE",))
    yield from _times(kit)
    yield Heading("3. Sans pra / Without pra")
    yield Words(
        "Tout est du restic ordinaire (restic.net). Pour chaque copie, les pages suivantes donnent"
        " l'adresse, les clés et les commandes exactes. Commencez par une copie « hors site ».",
        "All of it is plain restic (restic.net). For each repository the next pages give the"
        " address, the keys and the exact commands. Begin with one that is offsite.",
    )
    yield Heading("Pour taper / How to type")
    yield Words(
        "Les groupes de quatre ne sont là que pour l'oeil : on n'y tape pas d'espace, mais tout"
        f" trait d'union se tape (clé de reprise). Le signe {SHOWN_SPACE} est une espace. Sous"
        " chaque signe : ^ majuscule, # chiffre. Entre"
        " crochets le contrôle de la ligne, sans les groupes : printf %s 'LIGNE' | sha256sum | cut"
        " -c1-4. Plusieurs lignes n'en font qu'une.",
        "The groups of four are for the eye alone: no space is typed between them, but every hyphen"
        f" is (recovery key). The sign {SHOWN_SPACE} is a space. Under each sign: ^ capital, #"
        " digit. In brackets the check of the line (without the groups): printf %s 'LINE' |"
        " sha256sum | cut -c1-4. Several lines are one word.",
    )
    yield Words(
        "Les codes QR disent la même chose en JSON : url, region, password, access_key, secret_key,"
        " recovery_key (clé de reprise) ; ou un fichier (file, base64).",
        "The QR codes say the same as JSON: url, region, password, access_key, secret_key,"
        " recovery_key; or a file (file, base64).",
    )


def _times(kit: Kit) -> Iterator[Block]:
    """Say how long it takes, as drills measured it; nothing where no service is known."""
    if not kit.services:
        return
    yield Heading("Combien de temps / How long")
    yield Words(
        "De la commande `pra recover` au service qui répond, dans l'ordre du retour, tel que mesuré"
        " en exercice. Une autre machine, une autre ligne, plus de données : un autre temps.",
        "From the command `pra recover` until the service answers, in the order in which they come"
        " back, as drills measured it. Another machine or line, or more data: another time.",
    )
    for fr, en in zip(kit_times.lines(kit, "fr"), kit_times.lines(kit, "en"), strict=True):
        yield Words(fr, en)


def _repository(kit: Kit, one: KitRepository, number: int) -> Iterator[Block]:
    where_fr = "hors site" if one.location == "offsite" else "sur place"
    yield Heading(f"3.{number} {one.id} ({where_fr} / {one.location})", top=True)
    facts = [f"restic id {one.restic[:12]}"] if one.restic else []
    facts += [word for word in (one.country, one.equipment, one.lock) if word]
    facts += ["append-only"] if one.append_only else []
    facts += ["offline"] if one.offline else []
    print_ = fingerprint(kit.kit, opens(one))[:PRINTED_DIGITS]
    stated = "; ".join([*facts, print_])
    yield Words(f"Empreinte et faits : {stated}.", f"Fingerprint and facts: {stated}.")
    yield typed("Adresse / Address (RESTIC_REPOSITORY)", one.url, ADDRESS_WIDTH)
    if one.s3 is not None:
        yield typed("Clé d'accès / Access key (AWS_ACCESS_KEY_ID)", one.s3.access_key)
        yield typed("Clé secrète / Secret key (AWS_SECRET_ACCESS_KEY)", one.s3.secret_key)
        yield typed("Région / Region (AWS_DEFAULT_REGION)", one.region or "us-east-1")
    yield typed("Mot de passe / Password (RESTIC_PASSWORD)", one.password)
    if one.recovery_key:
        yield typed("Clé de reprise / Recovery key (RESTIC_PASSWORD)", kit.recovery)
        yield Words(
            "La clé de reprise ouvre la copie comme le mot de passe, même quand celui-ci a changé"
            " depuis.",
            "The recovery key opens the repository as the password does, even where that one was"
            " changed since.",
        )
    yield Code(payload(kit, one), f"{one.id}: adresse et clés / address and keys")
    yield Heading(f"Restaurer depuis {one.id} / Restore from {one.id}")
    yield Commands(tuple(commands(kit, one)))


def commands(kit: Kit, one: KitRepository) -> Iterator[str]:
    """Yield the plain `restic` way from an empty machine to data, for one repository."""
    yield f"export RESTIC_REPOSITORY={shlex.quote(one.url)}"
    yield "export RESTIC_PASSWORD='...'   # mot de passe ou clé de reprise / or the recovery key"
    if one.s3 is not None:
        yield f"export AWS_ACCESS_KEY_ID={shlex.quote(one.s3.access_key)}"
        yield "export AWS_SECRET_ACCESS_KEY='...'"
        yield f"export AWS_DEFAULT_REGION={one.region or 'us-east-1'}"
    host = f"--host {shlex.quote(kit.site)}"
    for service in kit.services:
        sources = [(source, kind) for name, source, kind in kit.sources if name == service]
        yield f"# {service}: point entier = avec sceau / a whole point has a seal"
        for at, (source, kind) in enumerate(sources):
            into = f"--target /reprise/{service}"
            if kind == ADOPTED:
                yield f"restic restore latest --host {shlex.quote(source)} {into}"
                continue
            if at == 0:
                tags = f"--tag service={service},source=seal,outcome=complete"
                yield f"restic snapshots {host} {tags}"
                yield "RUN=...   # run= du point choisi / of the chosen point"
            yield from _source(host, service, source, kind)
    yield "# La règle du site / the site's policy"
    yield f"restic restore latest {host} --tag pra-policy --target /reprise/policy"


def _source(host: str, service: str, source: str, kind: str) -> Iterator[str]:
    target = f"/reprise/{service}"
    names = [f"{source}.roles", source] if kind == DATABASE else [source]
    for name in names:
        tags = f"service={service},source={name},run=$RUN"
        yield f"restic restore latest {host} --tag {tags} --target {target}"
    if kind == DATABASE:
        yield f"psql -d postgres -f {target}/{source}.roles.sql"
        yield f"pg_restore --create --dbname postgres {target}/{source}.dump"


def _annex(kit: Kit) -> Iterator[Block]:
    kept = [one for one in kit.repositories if one.objects]
    if not kept:
        return
    yield Heading("Annexe : config et keys / Annex: config and keys", top=True)
    yield Words(
        "Seulement si restic dit « wrong password or no key found » ou « no repository » alors que"
        " l'adresse est bonne : quelqu'un a effacé ces petits fichiers. Remettez-les à leur place"
        " (ils sont aussi dans l'enveloppe, dossier du même nom) :",
        'Only where restic says "wrong password or no key found" or "no repository" though the'
        " address is right: somebody deleted these small files. Put them back in their place (they"
        " are in the envelope too, in the folder of the same name):",
    )
    for one in kept:
        yield Commands(
            (
                f"pra repo restore-keys {kit.site} {one.id} --kit KIT.zip --passphrase-file PHRASE",
                "# ou, sans pra / or, without pra:",
                *_putting_back(one),
            )
        )
    for one in kept:
        for path, content in one.objects.items():
            yield Heading(f"{one.id}/{path}")
            yield Code(object_payload(kit, one, path), f"{one.id}/{path}")
            text = base64.b64encode(content).decode("ascii")
            yield Typed(
                f"{one.id}/{path}: base64 ({len(content)} bytes): base64 -d > {path}",
                tuple(lines(text, BINARY_WIDTH)),
            )


def _putting_back(one: KitRepository) -> Iterator[str]:
    if one.s3 is None:
        place = shlex.quote(one.url.removeprefix("local:"))
        yield f"cp {one.id}/config {place}/config; cp {one.id}/keys/* {place}/keys/"
        return
    scheme, _, rest = one.url.removeprefix("s3:").rpartition("://")
    host, _, path = rest.strip("/").partition("/")
    endpoint = f"{scheme or 'https'}://{host}"
    yield f"aws --endpoint-url {endpoint} s3 cp {one.id}/config s3://{path}/config"
    yield f"aws --endpoint-url {endpoint} s3 cp --recursive {one.id}/keys s3://{path}/keys"


def typed(label: str, secret: str, width: int = WIDTH) -> Typed:
    """Return a secret to type; what no page can show is in hexadecimal, and says so."""
    try:
        printable = secret.encode("latin-1").decode("latin-1").isprintable()
    except UnicodeEncodeError:
        printable = False
    if printable and SHOWN_SPACE not in secret:
        return Typed(label, tuple(lines(secret, width)))
    return Typed(label, tuple(lines(secret.encode().hex())), "UTF-8, hex: xxd -r -p")


def opens(one: KitRepository) -> bytes:
    """Return what a repository's fingerprint is made of."""
    keys = (one.s3.access_key.encode(), one.s3.secret_key.encode()) if one.s3 else None
    return material(one.url, one.region, one.password.encode(), keys)


def _tool(kit: Kit, name: str) -> str:
    return kit.tools.get(name) or "?"
