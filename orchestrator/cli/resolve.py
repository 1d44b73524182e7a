"""`pra resolve`: it is over, says a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.state import Incident


@click.command("resolve", short_help="It is over: close an incident by hand.")
@click.argument("incident")
@click.option("--note", metavar="TEXT", default="", help="What it was.")
@click.option("--by", metavar="NAME", help="Who closes it; default who is logged in.")
@click.option("--clean", is_flag=True, help="An attack, and the machine is clean again.")
@click.option("--false-alarm", is_flag=True, help="It was ordinary work all the while.")
@click.pass_obj
def command(  # noqa: PLR0913 - its options
    settings: Settings, incident: str, note: str, by: str | None, *, clean: bool, false_alarm: bool
) -> int:
    """Close an incident. One whose cause is still there is opened again when it happens again.

    To close a retention that was held back is to let the next one remove as many points as that one
    would have.

    Of suspected backups you must say which it was. --clean: what is suspected stays so, and what is
    backed up from now on is trusted again. --false-alarm: the points were sound all the while, and
    count again. Where a change was merely unusual, --false-alarm is what closing it means.

    \b
    Example:  pra resolve 3fa94c --note "the password had been changed"
              pra resolve 3fa94c --clean --note "reinstalled, passwords changed" --by "M. Durand"
              pra resolve 3fa94c --false-alarm --note "the photo import of the wedding"
    """
    from orchestrator.cli import oncall, verdict
    from orchestrator.core.decide.incidents import resolved
    from orchestrator.reports.words import when

    app = oncall.opened(settings)
    one = oncall.found(app, incident)
    said, still = False, False
    word = verdict.asked(one, clean=clean, false_alarm=false_alarm)
    judged = None
    if one.resolved_at is None:
        if word is not None:
            judged = verdict.judged(app, one, word, by=oncall.who(by), note=" ".join(note.split()))
        still = _still_holds(app, one)
        end = resolved(one, by=oncall.who(by), note=" ".join(note.split()))
        said = app.log.append(end.event, slot=end.key) is not None
        one = oncall.found(app, one.id)  # another may have been quicker
    if settings.json:
        from orchestrator.reports.incidents import document

        settings.emit(
            {
                "incident": document(one),
                "already": not said,
                "still_holds": still,
                "permits_points": _permitted(app, one) if said else None,
                "verdict": word.value if word is not None and said else None,
            }
        )
    elif said:
        settings.say(f"{one.id}: resolved by {one.resolved_by}")
        for line in verdict.told(app, one, judged) if judged is not None else ():
            settings.say(f"  {line}")
        permitted = _permitted(app, one)
        if permitted is not None:
            where = one.condition.removeprefix("retention-held-")
            settings.say(f"  The next retention in {where} may remove {permitted} points.")
        elif still:
            settings.say(f"  Its cause is still there: {_again(one)}.")
    elif one.resolved_at is not None:
        whom = f" by {one.resolved_by}" if one.resolved_by else ""
        at = when(one.resolved_at, oncall.zone_of(app)(one.site))
        settings.say(f"{one.id}: resolved already{whom} at {at}")
    return 0


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
