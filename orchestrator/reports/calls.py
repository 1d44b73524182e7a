"""Pages that no incident makes: the test of a channel, and the log that is lost. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.errors import StateUnusable
from orchestrator.reports.message import Message
from orchestrator.reports.page_line import Line, clean, cut
from orchestrator.reports.page_words import WORDS, language

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.policy.model import Provider
    from orchestrator.errors import PraError

LONGEST_ERROR = 45  # the whole of it stands in the body
CALLS = {
    "en": {
        "test": "test of channel {name}",
        "nothing": "Nothing is broken",
        "test-body": (
            "This is a test of the channel {name}, asked for by hand on {place}.\n"
            "Nothing is broken, and nothing is to be done: pages arrive here."
        ),
        "lost": "log unusable",
        "stopped": "No backup, no drill meanwhile",
        "fault": "fault of pra",
        "undone": "Something is left undone meanwhile",
        "fault-body": (
            "The daemon on {place} met a fault of its own, and left something undone: a backup, a"
            " drill, or a page.\n\n{error}\n{hint}\n\nIt tries again twice a minute; until it"
            " works you are told once an hour."
        ),
        "lost-body": (
            "The daemon on {place} cannot use its event log, so it starts nothing: no backup, no"
            " drill, and no other page.\n\n{error}\n{hint}\n\nIt goes on by itself when the log"
            " can be used again; until then you are told once an hour."
        ),
    },
    "fr": {
        "test": "essai du canal {name}",
        "nothing": "Rien n'est en panne",
        "test-body": (
            "Ceci est un essai du canal {name}, demandé à la main sur {place}.\n"
            "Rien n'est en panne, il n'y a rien à faire : les appels arrivent ici."
        ),
        "lost": "journal inutilisable",
        "stopped": "Ni sauvegarde ni exercice d'ici là",
        "fault": "défaut de pra",
        "undone": "Quelque chose n'est pas fait d'ici là",
        "fault-body": (
            "Le démon sur {place} a rencontré un défaut qui lui est propre, et a laissé quelque"
            " chose en plan : une sauvegarde, un exercice ou un appel.\n\n{error}\n{hint}\n\nIl"
            " réessaie deux fois par minute ; d'ici là, un appel par heure."
        ),
        "lost-body": (
            "Le démon sur {place} ne peut utiliser son journal, et n'entreprend rien : ni"
            " sauvegarde, ni exercice, ni autre appel.\n\n{error}\n{hint}\n\nIl reprend de"
            " lui-même dès que le journal est utilisable ; d'ici là, un appel par heure."
        ),
    },
}


def channel_test(  # noqa: PLR0913 - who asks for it, where, of what
    provider: Provider, name: str, *, site: str, place: str, call: str, now: datetime
) -> Message:
    """Return a page that says it is a test; `call` makes its id."""
    lang = language(provider)
    words = CALLS[lang]
    line = Line(
        criticality="TEST",
        who=provider.name,
        ended="",
        what=words["test"].format(name=name),
        services=(),
        promise=words["nothing"],
        command=f"pra channel test {name}",
        colon=WORDS[lang]["is"],
    )
    return Message(
        id=f"test/{call}",
        type="pra.channel.tested",
        site=site,
        subject=name,
        time=now,
        urgent=False,
        first_line=line.fitted(),
        body=words["test-body"].format(name=name, place=place),
        data={"channel": name, "site": site or None, "place": place},
    )


def cried(
    provider: Provider, error: PraError, *, criticality: str, place: str, now: datetime
) -> Message:
    """Return a page that says that the log cannot be used; the same one for an hour.

    Of any other error it says that it is a fault of ours.
    """
    lang = language(provider)
    words = CALLS[lang]
    said = clean(str(error))
    is_log = isinstance(error, StateUnusable)
    subject, what, undone, body = (
        ("log", "lost", "stopped", "lost-body")
        if is_log
        else ("daemon", "fault", "undone", "fault-body")
    )
    line = Line(
        criticality=criticality,
        who=place,
        ended="",
        what=f"{words[what]}{WORDS[lang]['is']}{cut(said, LONGEST_ERROR)}",
        services=(),
        promise=words[undone],
        command="pra doctor",
        colon=WORDS[lang]["is"],
    )
    return Message(
        id=f"{place}/{subject}/{now:%Y%m%dT%H}",
        type=f"pra.{subject}.failed",
        site="",
        subject=subject,
        time=now,
        urgent=True,
        first_line=line.fitted(),
        body=words[body].format(place=place, error=said, hint=error.hint).strip(),
        data={
            "dedup_key": f"{place}//{'log-unusable' if is_log else 'daemon-faulty'}",
            "criticality": criticality,
            "place": place,
            "summary": said,
            "remedy": error.hint or None,
            "first_command": "pra doctor",
        },
    )
