"""What puts a policy that was found beside the points to work on a bare machine. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy.model import Repository, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.policy.model import Provider, Site

WORDS = {
    "en": {
        "policy": "this machine has no policy: the one that was found is kept beside the data; in"
        " your shell and wherever `pra` runs from now on (move it first to where it shall stay)",
        "secrets": "provide each secret where that policy looks for it, before you go on:",
        "kit": "{what}, {reference}: the kit's page has it, under {repository}",
        "new": "{what}, {reference}: in no kit, set a new one",
    },
    "fr": {
        "policy": "cette machine n'a pas de politique : celle qui a été trouvée est gardée avec les"
        " données ; dans ce shell, et partout où `pra` tournera (déplacez-la d'abord où elle"
        " restera)",
        "secrets": "fournissez chaque secret là où cette politique le cherche, avant la suite :",
        "kit": "{what}, {reference} : la page du kit l'a, sous {repository}",
        "new": "{what}, {reference} : dans aucun kit, choisissez-en un nouveau",
    },
}


def lines(site: Site, provider: Provider | None, folder: str, lang: str) -> tuple[str, ...]:
    """Return commands and remarks; `site` is as its policy was written, `folder` where it lies."""
    say = WORDS[lang]
    told = [f"# {say['policy']}", shlex.join(["export", f"PRA_POLICIES={folder}"])]
    wanted = list(dict.fromkeys(_secrets(site, provider, say)))
    if wanted:
        told += [f"# {say['secrets']}", *(f"#   {' '.join(one.split())}" for one in wanted)]
    return (*told, "pra policy check")


def _secrets(site: Site, provider: Provider | None, say: Mapping[str, str]) -> Iterator[str]:
    for repository in site.repositories.values():
        for path, secret in _found(repository):
            what = " ".join((repository.id, *path))
            yield say["kit"].format(
                what=what, reference=_reference(secret), repository=repository.id
            )
    for path, secret in (*_found(site), *_found(provider)):
        what = " ".join(word for word in path if word != "spec")
        yield say["new"].format(what=what, reference=_reference(secret))


def _found(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Secret]]:  # noqa: ANN401 - whatever a policy is made of
    """Yield the references to secrets below a value, each with the words that lead there."""
    match value:
        case Secret():
            yield path, value
        case Repository() if path:
            return  # told by itself
        case Mapping():
            for name, one in value.items():
                yield from _found(one, (*path, str(name)))
        case tuple():
            for one in value:
                named = getattr(one, "name", None)
                yield from _found(one, (*path, named) if isinstance(named, str) else path)
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from _found(getattr(value, field.name), (*path, field.name))
        case _:
            pass


def _reference(secret: Secret) -> str:
    return f"{{{secret.kind}: {' '.join(secret.value)}}}"
