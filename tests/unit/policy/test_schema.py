"""The JSON Schema says what the check says, as far as a schema can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from orchestrator.core import policy

POLICIES = Path(__file__).parents[3] / "policies"
FILES = [POLICIES / "provider.yaml", *sorted((POLICIES / "examples").glob("*.yaml"))]
VALIDATOR = Draft202012Validator(policy.schema())


def read(text: str) -> Any:  # noqa: ANN401 - whatever the file holds
    return YAML(typ="safe", pure=True).load(text)


def test_the_published_schema_is_of_this_version() -> None:
    """Refresh it with `pra policy schema > policies/schema.json`."""
    assert policy.schema() == json.loads((POLICIES / "schema.json").read_text())


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(policy.schema())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_our_own_files_fit(path: Path) -> None:
    data = json.loads(json.dumps(read(path.read_text()), default=str))

    assert [] == [error.message for error in VALIDATOR.iter_errors(data)]


@pytest.mark.parametrize(
    "text",
    [
        "site: Acme",
        "name: no site",
        "site: a\nservces: {}",
        "site: a\nmaintenance: []",
        "site: a\nservices: {x: {source: {files: {paths: []}}}}",
        "site: a\nservices: {x: {objectives: {rto: 2 hours}}}",
        "site: a\nservices: {x: {checks: [{sql: select 1}]}}",
        "site: a\nservices: {x: {checks: [{name: c, sql: select 1, command: [ls]}]}}",
        "site: a\nservices: {x: {depth: 7}}",
        "site: a\nrepositories: {r: {password: hunter2}}",
        "site: a\nrepositories: {r: {password: {env: A, file: /b}}}",
        "site: a\nlead: {fire: {}}",
        "site: a\ndrills: [{name: x}]",
        "site: a\ndrills: [{name: x, cron: '0 3 * *'}]",
        "site: a\ndrills: [{name: x, cron: 0 3 * * sun, scenario: fire}]",
        "site: a\ndrills: [{name: x, cron: 0 3 * * sun, point: random-within-a-month}]",
        "site: a\nescalate: {P5: wake}",
        "site: a\nescalate: {P1: [wake]}",
        "site: a\nproof_valid_for: {fire: 3d}",
        "site: a\nbudget: {egress: 50GB/month}",
        "site: a\nmanual: [{name: x, owner: y, allow: 1h, services: []}]",
        "site: a\nrepositories: {r: {limits: {upload: fast}}}",
        "provider: {name: P}\nchannels: {c: {smtp: {to: a@b.example}}}",
        "provider: {name: P}\nchannels: {c: {pagerduty: {}}}",
        "provider: {name: P}\nescalation: {c: []}",
        "provider: {name: P}\ntiers: {gold: {retention: {hourly: -1}}}",
        "site: a\nretention: {last: many}",
        "site: a\nretention: {fortnightly: 3}",
        "site: a\nverify: {read_all_within: monthly}",
        "site: a\nrepositories: {r: {immutable: true}}",
        "site: a\nrepositories: {r: {immutable: {mode: strict}}}",
        "site: a\nrepositories: {r: {append_only: 1}}",
        "site: a\nrepositories: {r: {offline: {rotation: weekly}}}",
        "site: a\nrepositories: {r: {limits: {windows: [{days: mon, from: '08:00', to: '9:00'}]}}}",
        "site: a\nrepositories: {r: {limits: {windows: [{days: mon, from: 08:00, to: 09:00}]}}}",
        "site: a\nservices: {x: {backup: {copy_to: far}}}",
    ],
)
def test_what_the_check_refuses_the_schema_refuses(text: str) -> None:
    assert policy.check({"a.yaml": text}).errors
    assert list(VALIDATOR.iter_errors(read(text)))


def test_the_french_words_are_in_the_schema() -> None:
    text = "site: a\nservices: {x: {objectives: {dmia: 4h, pdma: 1h}}}"

    assert [] == list(VALIDATOR.iter_errors(read(text)))
