from __future__ import annotations

import pytest

from orchestrator.core.policy.fault import Unreadable
from orchestrator.core.policy.read import MOST_NODES, Node, read


def said(text: str) -> str:
    _, faults = read("p.yaml", text)
    return "\n".join(map(str, faults))


def value(node: Node) -> object:
    match node.value:
        case dict():
            return {key: value(child) for key, child in node.value.items()}
        case list():
            return [value(child) for child in node.value]
        case _:
            return node.value


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("a: on", "on"),
        ("a: yes", "yes"),
        ("a: 18:00", "18:00"),
        ("a: 2026-11-02", "2026-11-02"),
        ("a: 012", 12),
        ("a: true", True),
        ("a: 'true'", "true"),
        ("a: 1.5", 1.5),
        ("a: ~", None),
        ("a:", None),
        ("a: |\n  x\n  y\n", "x\ny\n"),
        ("\ufeffa: é", "é"),
        ("%YAML 1.1\n---\na: no", "no"),
        ("a: [1, {b: c}]\n...\n", [1, {"b": "c"}]),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, read_as: object) -> None:
    node, faults = read("p.yaml", text)

    assert [] == faults
    assert node is not None
    assert {"a": read_as} == value(node)


def test_a_node_knows_its_line_and_that_of_its_key() -> None:
    node, _ = read("p.yaml", "a:\n  b:\n    - c\n")

    assert node is not None
    assert isinstance(node.value, dict)
    inner = node.value["a"]
    assert (2, 1) == (inner.line, inner.key_line)


def test_an_alias_is_what_it_stands_for() -> None:
    node, faults = read("p.yaml", "a: &x {b: 1}\nc: *x\n")

    assert [] == faults
    assert node is not None
    assert {"a": {"b": 1}, "c": {"b": 1}} == value(node)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "p.yaml:1: the file is empty (write a policy, or remove the file)"),
        ("# only words\n", "p.yaml:1: the file is empty (write a policy, or remove the file)"),
        ("---\n", "p.yaml:1: the file is empty (write a policy, or remove the file)"),
        ("- a", "p.yaml:1: the file is not a map of keys (begin with `site: name`)"),
        ("a:\n\tb: 1", "p.yaml:2: a tab where YAML wants spaces (indent with spaces)"),
        ("x: 1\na: 1\na: 2", "p.yaml:3: a: this key is already written on line 2"),
        ("s:\n  a: 1\n  a: 2", "p.yaml:3: s.a: this key is already written on line 2"),
        ("a: 1\n---\nb: 2", "p.yaml:2: a second document begins here"),
        ("a: !!python/name:os.system x", "p.yaml:1: YAML tags are not part of the language"),
        ("a:\n  <<: {b: 1}", "p.yaml:2: merge keys are not part of YAML 1.2"),
        ("? [a]\n: b", "p.yaml:1: a key is not plain text"),
        ("a: *x", "p.yaml:1: an alias of an anchor that is not there"),
        ("a: &x [*x]", "p.yaml:1: an alias of an anchor that is not there"),
        ("a: " + "[" * 100, "p.yaml:1: nested too deep (at most 30 levels)"),
        ("a: [", "p.yaml:1: not valid YAML: expected the node content"),
        ("b: 1\na: b: c", "p.yaml:2: not valid YAML: mapping values are not allowed here"),
        ("b: 1\na: \x01", "p.yaml:2: a character that YAML does not allow"),
        ('b: 1\na: "\\U99999999"', "p.yaml:2: a character that YAML does not allow"),
        ('a: "\\ud800"', "p.yaml:1: half a character (a lone surrogate)"),
        ('"\\ud800": é', "p.yaml:1: half a character (a lone surrogate)"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(text: str, fault: str) -> None:
    assert said(text).startswith(fault)
    assert "\n" not in said(text)


def test_a_file_that_was_no_text_says_why() -> None:
    _, [fault] = read("p.yaml", Unreadable(message="not UTF-8 text", remedy="save it", line=7))

    assert "p.yaml:7: not UTF-8 text (save it)" == str(fault)


def test_aliases_of_aliases_do_not_exhaust_the_memory() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for n in range(1, 12):
        bomb += f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n"

    assert f"too many values (at most {MOST_NODES}, aliases written out)" in said(bomb)


@pytest.mark.parametrize("text", ["a: *hunter2", "a: !hunter2 x", "%TAG !hunter2! x\n---\na: 1\nb"])
def test_a_secret_that_looks_like_syntax_is_not_repeated(text: str) -> None:
    assert "hunter2" not in said(text)
