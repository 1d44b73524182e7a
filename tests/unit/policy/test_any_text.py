from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core import policy
from orchestrator.core.policy.language import PROVIDER, SITE

EXAMPLES = Path(__file__).parents[3] / "policies" / "examples"
SEEDS = [path.read_text() for path in sorted(EXAMPLES.glob("*.yaml"))]
WORDS = st.sampled_from(
    [
        *("site", "services", "source", "files", "password", "checks", "objectives", "rto", "to"),
        *("webhook", "smtp", "notify", "escalate", "P1", "else", "cron", "every", "name", "url"),
        *("copy_to", "immutable", "offline", "limits", "windows", "retention", "last", "verify"),
        *("tiers", "defaults", "provider", "a", "{site}", "on", "18:00", "4h", "95%", ">= 1"),
    ]
)
SCALARS = WORDS | st.integers() | st.booleans() | st.none() | st.floats() | st.text(max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda t: st.lists(t, max_size=3) | st.dictionaries(WORDS, t, max_size=4),
    max_leaves=20,
)

QUIET = settings(deadline=None, max_examples=60)  # the first example pays for imports


def judge(text: str) -> None:
    """Whatever the file holds, the answer is a site or faults, never an exception."""
    for files in ({"x.yaml": text}, {"provider.yaml": text, "x.yaml": SEEDS[0]}):
        checked = policy.check(files)
        assert checked.sites or checked.errors
        assert all("\n" not in str(fault) for fault in checked.errors)


@QUIET
@given(st.text())
def test_any_text_gives_faults(text: str) -> None:
    judge(text)


@QUIET
@given(st.text(alphabet="ab:{}[]\"'&*!|>%@`#-, \n\t0~\\?<"))
def test_anything_like_yaml_gives_faults(text: str) -> None:
    judge(text)


@QUIET
@given(st.dictionaries(WORDS, TREES, min_size=1, max_size=5))
def test_any_tree_gives_faults(tree: dict[str, object]) -> None:
    judge(policy.as_yaml(tree))


@QUIET
@given(st.sampled_from(SEEDS), st.data())
def test_any_damage_to_a_policy_is_told_or_harmless(seed: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(begin, min(len(seed), begin + 40)))
    policy.check({"x.yaml": seed[:begin] + data.draw(st.text(max_size=6)) + seed[end:]})


@QUIET
@given(st.dictionaries(st.sampled_from(sorted(SITE.fields)), TREES), st.data())
def test_any_value_of_any_key_gives_faults(tree: dict[str, object], data: st.DataObject) -> None:
    tree["site"] = data.draw(st.sampled_from(["x", 7, None]))
    policy.check({"x.yaml": policy.as_yaml(tree)})


@QUIET
@given(st.dictionaries(st.sampled_from(sorted(PROVIDER.fields)), TREES))
def test_any_value_of_any_key_of_the_provider_gives_faults(tree: dict[str, object]) -> None:
    tree.setdefault("provider", {"name": "P", "timezone": "UTC"})
    judged = policy.check({"provider.yaml": policy.as_yaml(tree), "x.yaml": SEEDS[0]})
    assert judged.provider is not None or judged.errors
