"""Who is called: chains that exist, channels that exist, mail that goes out safely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.policy.address import is_loopback
from orchestrator.core.policy.build_oncall import ELSE, tls_of
from orchestrator.core.policy.language_oncall import HURRIED

if TYPE_CHECKING:
    from collections.abc import Collection

    from orchestrator.core.policy.fault import Path
    from orchestrator.core.policy.rules import Ruling, Values


def provider_rules(ruling: Ruling) -> None:
    """Judge the provider's file: its channels, its chains, and who is called by its layers."""
    for name, channel in ruling.map("channels").items():
        mail: Path = ("channels", name, "smtp")
        if "smtp" in channel and not ruling.conforming.touched(mail):
            _mail(ruling, channel["smtp"], mail)
    channels = _names(ruling, "channels")
    if channels is not None:
        for name, steps in ruling.map("escalation").items():
            for i, step in enumerate(steps):
                for j, channel in enumerate((step or {}).get("notify", ())):
                    at = ("escalation", name, f"[{i}]", "notify", f"[{j}]")
                    ruling.refer(at, channel, channels, "channel")
    layers: dict[Path, Values | None] = {("defaults",): ruling.site.get("defaults")}
    layers |= {("tiers", name): tier for name, tier in ruling.map("tiers").items()}
    chains = known_chains(ruling)
    for path, layer in layers.items():
        called_rules(ruling, (layer or {}).get("escalate", {}), chains, path)


def known_chains(ruling: Ruling) -> Collection[str] | None:
    """Return the names of the provider's chains; None where they cannot be told."""
    return _names(ruling, "escalation")


def _names(ruling: Ruling, key: str) -> Collection[str] | None:
    lost = key not in ruling.site and ruling.conforming.touched((key,))
    if lost or ruling.conforming.misspelt((), key):
        return None
    names: Collection[str] = ruling.site.get(key, {})
    return names


def _mail(ruling: Ruling, mail: Values, path: Path) -> None:
    for one, other in (("user", "password"), ("password", "user")):
        if one in mail and other not in mail:
            ruling.say(path, f"{one} without {other}", f"add {other}:, or remove {one}:")
    if "password" in mail and tls_of(mail) == "none" and not is_loopback(mail["host"]):
        ruling.say(
            (*path, "tls"), "the password would go out in the clear", "write starttls or tls"
        )


def called_rules(
    ruling: Ruling, escalate: Values, chains: Collection[str] | None, path: Path = ()
) -> None:
    """Judge which chain each criticality takes."""
    for word, rule in escalate.items():
        here = (*path, "escalate", word)
        if rule is None or chains is None or ruling.conforming.touched(here):
            continue
        if isinstance(rule, str):
            ruling.refer(here, rule, chains, "escalation chain")
            continue
        hurried = rule.keys() - {ELSE}
        if len(rule) != 2 or len(hurried) != 1 or any(rule[k] != HURRIED for k in hurried):  # noqa: PLR2004 - this one or that one
            ruling.say(
                here,
                "this does not choose between two chains",
                f"write {{wake: {HURRIED}, else: ticket}}, with chains of yours",
            )
            continue
        [name] = hurried
        ruling.refer((*here, name), name, chains, "escalation chain")
        ruling.refer((*here, ELSE), rule[ELSE], chains, "escalation chain")
