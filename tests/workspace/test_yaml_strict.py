"""Strict YAML: what is taken as written, where everything stands, and that no input can make the reader fail."""

import sys
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.workspace import yaml_strict
from engine.workspace.nodes import place_of_key, place_of_value
from engine.workspace.yaml_strict import MAX_DEPTH, YamlList, YamlMap, read_yaml


def value_of(written: str) -> object:
    tree, problems = read_yaml(f"key: {written}\n".encode(), "f.yaml")
    assert problems == []
    assert isinstance(tree, YamlMap)
    return tree["key"]


AS_WRITTEN = [
    "no",
    "yes",
    "on",
    "off",
    "No",
    "True",
    "TRUE",
    "Null",
    "~",
    "12:30",
    "010",
    "08",
    "1_000",
    "0x1F",
    "0o17",
    "0b1",
    "1e3",
    "1.50",
    ".5",
    "-0",
    "+5",
    "2026-01-01",
    ".inf",
    "=",
]


@pytest.mark.parametrize("written", [*AS_WRITTEN, "2026-01-01 12:00:00", "12345678901234567890", "١٢"])
def test_surprises_stay_as_they_are_written(written: str) -> None:
    assert value_of(written) == written


@pytest.mark.parametrize(
    ("written", "value"),
    [("0", 0), ("12", 12), ("-5", -5), ("true", True), ("false", False), ("null", None), ("", None)],
)
def test_plain_numbers_and_constants_are_values(written: str, value: object) -> None:
    found = value_of(written)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("written", ["'12'", '"true"', "'null'", "''", "'no'"])
def test_quotes_make_text(written: str) -> None:
    assert value_of(written) == written[1:-1]


def test_keys_are_always_text() -> None:
    tree, problems = read_yaml(b"306870: a\nno: b\ntrue: c\n~: d\nnull: e\n1.50: f\n", "f.yaml")
    assert problems == []
    assert isinstance(tree, YamlMap)
    assert list(tree) == ["306870", "no", "true", "~", "null", "1.50"]


def test_block_text_keeps_its_lines() -> None:
    assert value_of("|\n  one\n  two") == "one\ntwo\n"


def test_a_byte_order_mark_is_accepted() -> None:
    tree, problems = read_yaml(b"\xef\xbb\xbfa: 1\n", "f.yaml")
    assert (tree, problems) == ({"a": 1}, [])


def test_places_are_those_of_the_values() -> None:
    tree, _ = read_yaml("a:\n  - b: é\n    cc:   x\n  - [1, 2]\n".encode(), "f.yaml")
    assert str(place_of_value("f.yaml", tree, ["a", 0, "b"])) == "f.yaml:2:8"
    assert str(place_of_value("f.yaml", tree, ["a", 0, "cc"])) == "f.yaml:3:11"
    assert str(place_of_value("f.yaml", tree, ["a", 1, 1])) == "f.yaml:4:9"
    assert str(place_of_value("f.yaml", tree, ["a", 0, "missing"])) == "f.yaml:2:5"
    assert isinstance(tree, YamlMap)
    items = tree["a"]
    assert isinstance(items, YamlList)
    assert str(place_of_key("f.yaml", items[0], "cc")) == "f.yaml:3:5"


@pytest.mark.parametrize("opening", [b"[", b"{", b"- ", b"? ", b"[{a: "])
def test_deep_nesting_is_a_diagnostic_not_a_crash(opening: bytes) -> None:
    _, problems = read_yaml(opening * (sys.getrecursionlimit() * 10), "f.yaml")
    assert problems
    assert {each.code for each in problems} <= {"yaml-too-deep", "yaml-key", "yaml-syntax"}


def test_nesting_up_to_the_limit_is_read() -> None:
    _, problems = read_yaml(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, "f.yaml")
    assert problems == []


def test_aliases_do_not_explode() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{name}: &{name} [{', '.join(['*' + before] * 9)}]" for before, name in pairwise("abcdefghi")]
    tree, problems = read_yaml("\n".join(lines).encode(), "f.yaml")
    assert {each.code for each in problems} == {"yaml-alias"}
    assert len(str(tree)) < 1000


@pytest.mark.parametrize("content", [b"!!python/object/apply:os.getcwd []\n", b"a: !!binary aGk=\n", b"a: !own x\n"])
def test_tags_are_refused(content: bytes) -> None:
    _, problems = read_yaml(content, "f.yaml")
    assert [each.code for each in problems] == ["yaml-tag"]


CONTENTS = [
    "a: 1\nb: [x, {y: no}]\n",
    "a:\n\t- 1\n",
    "a: &x 1\nb: *x\n",
    "? [a]\n: b\n",
    "a: 1\n---\nb: 2\n",
    "a: 'x\n",
]


@pytest.mark.parametrize("content", CONTENTS)
def test_the_parser_in_pure_python_reads_the_same(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast_tree, fast_problems = read_yaml(content.encode(), "f.yaml")
    monkeypatch.setattr(yaml_strict, "_Parser", yaml.SafeLoader)
    slow_tree, slow_problems = read_yaml(content.encode(), "f.yaml")
    assert slow_tree == fast_tree
    assert [each.code for each in slow_problems] == [each.code for each in fast_problems]


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    tree, problems = read_yaml(content, "f.yaml")
    assert problems or tree is not None or content.strip()
    assert all(each.place is not None and each.place.line >= 1 and each.place.column >= 1 for each in problems)


SYNTAX = ["a", "b", ": ", ":", "- ", "\n", "  ", "\t", "[", "]", "{", "}", ", ", "#", "? ", "---", "...", "%YAML 1.1\n"]
ODDITIES = [
    "&x ",
    "*x",
    "<<",
    "!t ",
    "|",
    ">",
    "'",
    '"',
    "\\",
    "\0",
    "\u2028",
    "\x85",
    "\ufeff",
    "é",
    "\U0001f600",
    "no",
    "0",
]
FRAGMENTS = st.sampled_from(SYNTAX + ODDITIES)


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_no_text_makes_the_reader_fail(content: str) -> None:
    tree, problems = read_yaml(content.encode(), "f.yaml")
    assert problems or not isinstance(tree, YamlMap) or set(tree) == set(tree.marks)
    assert all(each.place is not None and each.place.line >= 1 and each.place.column >= 1 for each in problems)
