"""Text from other people's files reaches the terminal without its control characters."""

import io
import sys
import unicodedata
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from molenspin.output.terminal import one_line, visible, visible_output

CONTROLS = {"Cc", "Cs", "Zl", "Zp"}
DIRECTIONS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(st.text(st.characters(categories=[*CONTROLS, "Cf", "L", "P"])))
def test_no_control_character_is_left(text):
    shown = one_line(text)
    shown.encode()  # no lone surrogate either
    assert not [mark for mark in shown if unicodedata.category(mark) in CONTROLS or mark in DIRECTIONS]
    assert visible(text).replace("\n", "\\n").replace("\t", "\\t") == shown


@given(st.text(st.characters(codec="latin-1", categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_is_left_alone(text):
    assert visible(text) == one_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb\x7f", "a\\rb\\x7f"),
        ("gpj\u202e.svg", "gpj\\u202e.svg"),
        ("\udcff", "\\udcff"),
        ("räder ✓ 水車", "räder ✓ 水車"),
    ],
)
def test_hidden_characters_are_shown_as_escapes(text, shown):
    assert visible(text) == shown


def test_everything_printed_in_the_block_is_visible():
    with redirect_stdout(io.StringIO()) as printed:
        with visible_output():
            print("a\x1b[2Jb", end="\n")
            sys.stdout.flush()
        print("\x1b")
    assert printed.getvalue() == "a\\x1b[2Jb\n\x1b\n"
