"""`pra resolve`: it is over, says a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.cli.verdict import Word
    from orchestrator.core.events import SuspicionEnded
    from orchestrator.core.state import Incident


@click.command("resolve", short_help="It is over: close an incident by hand.")
@click.argument("incident")
@click.option("--note", metavar="TEXT", default="", help="What it was.")
@click.option("--by", metavar="NAME", help="Who closes it; default who is logged in.")
@click.option("--clean", is_flag=True, help="An attack, and the data is back.")
@click.option("--false-alarm", is_flag=True, help="It was ordinary work all the while.")
@click.option("--all", "every", is_flag=True, help="And every other suspicion of its site.")
@click.pass_obj
def command(settings: Settings, /, incident: str, **options: Any) -> int:  # noqa: ANN401 - options
    """Close an incident. One whose cause is still there is opened again when it happens again.

    To close a retention that was held back is to let the next one remove as many points as that one
    would have.

    Of suspected backups you must say which it was. --clean: what is suspected stays so, and what is
    backed up from now on is trusted again. Say it when the data is back: the next backup is
    compared with the last clean point, and what is still there is suspected again. --false-alarm:
    the points were sound all the while, and count again. Each service has its own incident; --all
    says the same of all that are suspected at the site. Where a change was merely unusual,
    --false-alarm is what closing it means.

    \b
    Example:  pra resolve 3fa94c --note "the password had been changed"
              pra resolve 3fa94c --clean --note "reinstalled, passwords changed" --by "M. Durand"
              pra resolve 3fa94c --false-alarm --all --note "the photo import of the wedding"
    """
    from orchestrator.cli import oncall, verdict

    app = oncall.opened(settings)
    one = oncall.found(app, incident)
    word = verdict.asked(one, clean=options["clean"], false_alarm=options["false_alarm"])
    alike = verdict.others(app, one)
    if options["every"] and word is None:
        raise Misused(
            f"{one.id}: --all is for suspicions, and nothing is suspected in it",
            hint="Close incidents one by one.",
        )
    closing = _Closing(app, word, by=oncall.who(options["by"]), note=options["note"])
    done = closing.close(one)
    also = [closing.close(other) for other in alike] if options["every"] else []
    left = [] if options["every"] else alike
    if settings.json:
        from orchestrator.reports.incidents import document

        settings.emit(
            {
                "incident": document(done.incident),
                "already": not done.said,
                "still_holds": done.still,
                "permits_points": _permitted(app, done.incident) if done.said else None,
                "verdict": word.value if word is not None and done.said else None,
                "also_resolved": [other.incident.id for other in also if other.said],
                "also_suspected": [other.id for other in left],
                "still_open": _open(app, done) if word is not verdict.Word.FALSE_ALARM else [],
            }
        )
    else:
        for line in _told(app, done, *also):
            settings.say(line)
        for line in _open(app, done) if word is not verdict.Word.FALSE_ALARM else ():
            settings.say(f"  {line}")
        verb = f"--{word.value}" if word is not None else ""
        for other in left:
            same = f"`pra resolve {other.id} {verb}`"
            settings.say(f"  {other.service} is suspected too: {same} says the same of it.")
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Closed:
    """An incident as it is now; `said`: by us. `still`: its cause is there yet."""

    incident: Incident
    said: bool
    still: bool
    judged: SuspicionEnded | None = None


class _Closing:
    """Closes incidents in the same words."""

    def __init__(self, app: App, word: Word | None, *, by: str, note: str) -> None:
        self._app, self._word = app, word
        self._by, self._note = by, " ".join(note.split())

    def close(self, one: Incident) -> _Closed:
        """Close one, unless it is closed already."""
        from orchestrator.cli import oncall, verdict
        from orchestrator.core.decide.incidents import resolved

        if one.resolved_at is not None:
            return _Closed(incident=one, said=False, still=False)
        app, judged = self._app, None
        if self._word is not None:
            judged = verdict.judged(app, one, self._word, by=self._by, note=self._note)
        still = _still_holds(app, one)
        end = resolved(one, by=self._by, note=self._note)
        said = app.log.append(end.event, slot=end.key) is not None
        # The watch may have seen what was judged before this end was written.
        said = said or judged is not None
        one = oncall.found(app, one.id)  # another may have been quicker
        return _Closed(incident=one, said=said, still=still, judged=judged)


def _open(app: App, closed: _Closed) -> list[str]:
    """Say what of a disaster is not over by its clock, where a recovery was begun."""
    from orchestrator.cli import oncall
    from orchestrator.reports.clock import still_open

    known = oncall.clock_of(app, closed.incident)
    begun = {"T4", "T5", "T8"} & known.instants.keys()
    return still_open(known, closed.incident.id) if begun else []


def _told(app: App, *closed: _Closed) -> Iterator[str]:
    for one in closed:
        yield from _ended(app, one)


def _ended(app: App, closed: _Closed) -> Iterator[str]:
    from orchestrator.cli import oncall, verdict
    from orchestrator.reports.words import when

    one = closed.incident
    if closed.said:
        yield f"{one.id}: resolved by {one.resolved_by}"
        for line in verdict.told(app, one, closed.judged) if closed.judged is not None else ():
            yield f"  {line}"
        permitted = _permitted(app, one)
        if permitted is not None:
            where = one.condition.removeprefix("retention-held-")
            yield f"  The next retention in {where} may remove {permitted} points."
        elif closed.still:
            yield f"  Its cause is still there: {_again(one)}."
    elif one.resolved_at is not None:
        whom = f" by {one.resolved_by}" if one.resolved_by else ""
        at = when(one.resolved_at, oncall.zone_of(app)(one.site))
        yield f"{one.id}: resolved already{whom} at {at}"


def _still_holds(app: App, incident: Incident) -> bool:
    from orchestrator.cli import oncall
    from orchestrator.core.decide.wrong.holding import holding

    held = holding(app.known(), oncall.policies_of(app), app.clock())
    return any(one.key == incident.key for one in held)


def _permitted(app: App, incident: Incident) -> int | None:
    """Return how many points this lets the next retention remove; None: it is about no such."""
    from orchestrator.core.decide.wrong.conditions import Condition, stem
    from orchestrator.core.decide.wrong.withheld import AHEAD

    condition, repository = stem(incident.condition)
    if condition is not Condition.RETENTION_HELD:
        return None
    last = app.known().repository(incident.site, repository).retained
    if last is None or not last.held or AHEAD in last.held:
        return None  # what is dated in the future holds it back whatever a person says
    return last.removable


def _again(incident: Incident) -> str:
    from orchestrator.core.decide.wrong.conditions import Condition, stem

    match stem(incident.condition)[0]:
        case (
            Condition.REPOSITORY_UNREACHABLE
            | Condition.BACKUP_FAILED
            | Condition.BACKUP_PARTIAL
            | Condition.BACKUP_OVERDUE
            | Condition.REPOSITORY_LOST
            | Condition.REPOSITORY_REFUSED
            | Condition.COPY_FAILED
            | Condition.VERIFY_FAILED
            | Condition.RETAIN_FAILED
            | Condition.DRILL_REFUTED
            | Condition.DRILL_FAILED
        ):
            return "it is opened again when the next run fails"
        case Condition.REPOSITORY_DAMAGED:
            return "it is opened again when the next verification finds damage"
        case Condition.REPOSITORY_FOREIGN | Condition.RETENTION_HELD:
            return "it is opened again when the next retention is held back by it"
        case Condition.LOCK_WEAK:
            return "it is opened again when the next relocking finds it so"
        case Condition.RPO_OUT_OF_REACH:
            return "it is opened again when the policy changes and does not mend it"
        case _:
            return "it is opened again when it ends and comes back"
