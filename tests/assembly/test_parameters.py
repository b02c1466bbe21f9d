"""What the fields of a component may hold: every kind of number up to its ends, and what messages say."""

from math import inf, nan, nextafter

import numpy as np
import pytest

import molenspin as ms
from molenspin.assembly.body import Axis
from molenspin.assembly.gears import Teeth
from molenspin.assembly.parameters import (
    HelixAngle,
    JointAngle,
    NonNegative,
    Positive,
    Real,
    ShaftAngle,
    Slip,
    check_name,
    check_value,
    nearest,
)

LARGEST, SMALLEST = 1e30, 1 / 1e30


def below(value: float) -> float:
    return nextafter(value, -inf)


def above(value: float) -> float:
    return nextafter(value, inf)


KINDS = {
    "real": (Real, (-LARGEST, -1, 0, SMALLEST**2, LARGEST, 10**30), (below(-LARGEST), above(LARGEST))),
    "positive": (Positive, (SMALLEST, 1, LARGEST), (0, -1, below(SMALLEST), above(LARGEST))),
    "non-negative": (NonNegative, (0, SMALLEST**2, LARGEST), (below(0.0), -1, above(LARGEST))),
    "helix": (HelixAngle, (-80, 0, 80), (below(-80.0), above(80.0))),
    "joint": (JointAngle, (0, 89), (below(0.0), above(89.0))),
    "shaft": (ShaftAngle, (SMALLEST, below(180.0)), (0, 180, below(SMALLEST))),
    "slip": (Slip, (0, 0.99), (below(0.0), above(0.99))),
    "teeth": (Teeth, (1, 2.0, 10**6), (0, 0.5, 1.5, below(2.0), 10**6 + 1)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["number", "numpy number", "array"])
def test_numbers_are_allowed_up_to_their_ends(kind, form):
    """Alone, and as one value of an array whose others are allowed."""
    hint, allowed, refused = KINDS[kind]
    given = {
        "number": float,
        "numpy number": np.float64,
        "array": lambda value: np.array([allowed[1], value]),
    }
    for value in allowed:
        check_value(given[form](value), hint, "field")
    for value in (*refused, nan, inf, -inf):
        with pytest.raises(ms.InvalidValueError, match="field"):
            check_value(given[form](value), hint, "field")


@pytest.mark.parametrize("value", [int(1e30), -int(1e30), 10**29 + 1])
def test_whole_numbers_are_numbers_up_to_the_same_size(value):
    check_value(value, Real, "field")


@pytest.mark.parametrize("value", [int(1e30) + 1, -(10**31), 10**400])
def test_larger_whole_numbers_are_refused(value):
    with pytest.raises(ms.InvalidValueError, match="field must be at most 1e\\+30"):
        check_value(value, Real, "field")


@pytest.mark.parametrize(
    ("hint", "value", "message"),
    [
        (Real, nan, "field must be a finite number, not nan"),
        (Positive, -2, "field must be a finite number above 0, not -2"),
        (NonNegative, -2, "field must be a finite number of at least 0, not -2"),
        (Teeth, 1.5, "field must be a whole number between 1 and 1e+06, not 1.5"),
        (HelixAngle, 81, "field must be between -80 and 80, not 81"),
        (ShaftAngle, 180, "field must be between 0 and 180 (ends excluded), not 180"),
        (Positive, 2e30, "field must be between 1e-30 and 1e+30 in size, not 2e+30"),
        (NonNegative, 2e30, "field must be at most 1e+30 in size, not 2e+30"),
        (Positive, np.array([1.0, 2.0, -3.0]), "field of member 2 must be a finite number above 0, not -3"),
        (Axis, "up", "field must be one of vertical, horizontal, not 'up'"),
        (tuple[Real, Real], (1.0,), "field must hold 2 values, not 1"),
        (tuple[Real, ...], (1.0, nan), "field[1] must be a finite number, not nan"),
        (tuple[tuple[Real, Positive], ...], ((1, 1), (1, 0)), "field[1][1] must be a finite number above 0"),
        (Positive | None, 0, "field must be a finite number above 0, not 0"),
    ],
)
def test_message_says_the_place_the_value_and_what_is_allowed(hint, value, message):
    with pytest.raises(ms.InvalidValueError) as caught:
        check_value(value, hint, "field")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Real, True),
        (Real, "1"),
        (Real, None),
        (Real, 1j),
        (Real, np.array(["1"], dtype=object) + "x"),
        (bool, 1),
        (bool, None),
        (str, 1),
        (int, True),
        (int, 1.0),
        (tuple[Real, ...], 1.0),
        (tuple[Real, ...], "1"),
    ],
)
def test_values_of_another_type_are_refused(hint, value):
    with pytest.raises(ms.InvalidTypeError, match="field must"):
        check_value(value, hint, "field")


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (bool, False),
        (int, 3),
        (str, ""),
        (Axis, "vertical"),
        (Axis, Axis.HORIZONTAL),
        (Positive | None, None),
        (Positive | None, 1),
        (tuple[Real, ...], ()),
        (tuple[Real, Real], [1, 2]),
        (Real, np.int32(3)),
    ],
)
def test_values_of_the_type_are_allowed(hint, value):
    check_value(value, hint, "field")


@pytest.mark.parametrize("name", ["a", "7", "é", "a b-c_d(e)+f,g'h", "a" * 80])
def test_names_are_allowed(name):
    check_name(name, "name")


@pytest.mark.parametrize("name", ["", " a", "-a", "a/b", "a.b", "a\n", "a" * 81])
def test_other_names_are_refused(name):
    with pytest.raises(ms.InvalidValueError, match="is not allowed"):
        check_name(name, "name")


def test_nearest_word_or_all_words_where_they_are_few():
    words = [f"word{number:02}" for number in range(40)]
    assert nearest("inertai", ["mass", "inertia"]) == "; did you mean 'inertia'?"
    assert nearest("zzz", ["mass", "inertia"]) == "; known are inertia, mass"
    assert nearest("zzz", words) == f"; known are {', '.join(words)}"
    assert nearest("zzz", [*words, "word40"]) == ""
