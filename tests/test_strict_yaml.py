import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from molenspin.errors import InvalidValueError
from molenspin.strict_yaml import dump_yaml, parse_yaml, read_yaml

# PyYAML writes the rare line breaks of Unicode in a way that no reader gives back.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=12)


@given(PLAIN)
def test_what_was_written_is_read_back(data: object):
    assert parse_yaml(dump_yaml(data), "text") == data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        (".5", 0.5),
        ("-2.", -2.0),
        ("+5", 5),
        ("-0", 0),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("-.INF", -math.inf),
        ("On", True),
        ("NO", False),
        ("yEs", "yEs"),
        ("Null", None),
        ("~", None),
        ("'1'", "1"),
        ('"~"', "~"),
        ("|\n 1", "1"),
        ("# nothing", None),
        ("a:\tb", {"a": "b"}),
        ("[1, [a: 2], {}]", [1, [{"a": 2}], {}]),
        ("1: x\n'1': y", {1: "x", "1": "y"}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_scalars_mean_what_users_mean(text: str, value: object):
    found = parse_yaml(text, "text")
    assert found == value
    assert type(found) is type(value)


def test_nan_is_a_number():
    assert math.isnan(parse_yaml(".NaN", "text"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x 1\nb: *x", "line 2: not valid YAML: aliases"),
        ("a: !!str 1", "line 1: not valid YAML: tags"),
        ("a: ! 1", "line 1: not valid YAML: tags"),
        ("a: 1\na: 2", "line 2: not valid YAML: the key 'a' stands twice"),
        ("? [a]\n: 1", "line 1: not valid YAML: found unhashable key: a list or a mapping"),
        ("? {a: 1}\n: 1", "line 1: not valid YAML: found unhashable key: a list or a mapping"),
        ("a: 1\n---\nb: 2", "line 2: not valid YAML: but found another document"),
        ("[" * 5000, "nested too deeply"),
        ("1" * 5000, "not valid YAML: Exceeds the limit"),
        ("\ud800", "not valid YAML: surrogates"),
        ("a: \0", "not valid YAML"),
    ],
)
def test_the_rest_is_refused_with_its_line(text: str, problem: str):
    with pytest.raises(InvalidValueError, match=r"^text") as caught:
        parse_yaml(text, "text")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_takes_minutes_is_refused(tmp_path: Path):
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(24_000_000)
    with pytest.raises(InvalidValueError, match=r"large.yaml has 22\.9 MiB, more than the 16 MiB"):
        read_yaml(path)
    with pytest.raises(InvalidValueError, match="more than the 4 MiB"):
        read_yaml(path, size_limit=4 * 2**20)
