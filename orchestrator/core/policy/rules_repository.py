"""What a repository must fulfil: locks where there are any, windows that open, something kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.policy.values import MIDNIGHT

if TYPE_CHECKING:
    from orchestrator.core.policy.fault import Path
    from orchestrator.core.policy.rules import Ruling, Values


def repository_rules(ruling: Ruling) -> None:
    """Judge each repository, and what is kept in all of them."""
    equipment = ruling.map("equipment")
    for name, repository in ruling.map("repositories").items():
        path = ("repositories", name)
        ruling.refer((*path, "equipment"), repository.get("equipment"), equipment, "equipment")
        on_s3 = repository.get("url", "s3:").startswith("s3:")
        if "s3" in repository and not on_s3:
            ruling.say((*path, "s3"), "keys of a bucket, but the url is not one", "remove s3:")
        _protected(ruling, repository, path, on_s3=on_s3)
        _windows(ruling, repository.get("limits", {}), (*path, "limits"))
    kept = ruling.site.get("retention")
    sound = not ruling.conforming.touched(("retention",))
    if kept and sound and not any(kept.values()):
        ruling.say(
            ("retention",),
            "every count is 0: no recovery point would be kept",
            "write one above 0; to keep all, remove retention:",
        )


def _protected(ruling: Ruling, repository: Values, path: Path, *, on_s3: bool) -> None:
    if "immutable" in repository and "offline" in repository:
        ruling.say((*path, "offline"), "what is unplugged has no Object Lock", "keep one of them")
    elif "immutable" in repository and not on_s3:
        ruling.say(
            (*path, "immutable"),
            "Object Lock is of S3, and the url is not one",
            "remove it; elsewhere append_only: or offline: protect",
        )
    elif "offline" in repository and on_s3 and "url" in repository:
        ruling.say((*path, "offline"), "nobody unplugs a bucket", "remove it; S3 has immutable:")


def _windows(ruling: Ruling, limits: Values, path: Path) -> None:
    for i, window in enumerate(limits.get("windows", ())):
        here = (*path, "windows", f"[{i}]")
        if not window or not {"from", "to"} <= window.keys():
            continue
        if window["from"] == window["to"]:
            ruling.say(
                here,
                "it shuts when it opens",
                'write from: "00:00", to: "24:00" for a whole day',
            )
        elif window["from"] == MIDNIGHT:
            ruling.say(
                (*here, "from"), "24:00 is the end of a day", 'write "00:00", on the next day'
            )
