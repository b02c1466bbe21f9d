import numpy as np
import pytest

from molenspin.errors import InvalidValueError
from molenspin.sweep.condition import parse_condition

VALUES = {"dt": 0.001, "integrator": "rk4", "sails.wind_speed": np.array([1.0, 5.0, 9.0])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dt <= 0.002", True),
        ("integrator in ['verlet', 'euler']", False),
        ("integrator == 'rk4' and sails.wind_speed > 4", [False, True, True]),
        ("not (2 < sails.wind_speed < 6)", [True, False, True]),
        ("sails.wind_speed * 2 - 1 >= 9 or dt > 1", [False, True, True]),
        ("sails.wind_speed / dt > 4000", [False, True, True]),
        ("sails.wind_speed not in (1, 9)", [False, True, False]),
        ("-dt < 0", True),
    ],
)
def test_conditions(text, expected):
    assert parse_condition(text, "where").holds(VALUES).tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').system('true')", "is not allowed here"),
        ("(lambda: 1)() == 1", "is not allowed here"),
        ("2 ** 9 ** 9 > dt", "is not allowed here"),
        ("[x for x in (1, 2)] == 1", "is not allowed here"),
        ("sails.__class__ == 1", "unknown name"),
        ("sails.wind_sped > 1", 'did you mean "sails.wind_speed"'),
        ("dt is 3", "use =="),
        ("dt", "not a condition"),
        ("dt <", "not an expression"),
        ("integrator < 3", "cannot be evaluated"),
        ("1 / 0 > dt", "cannot be evaluated"),
        ("(" * 5000 + "dt" + ")" * 5000, "not an expression"),
    ],
)
def test_everything_else_is_refused(text, message):
    with pytest.raises(InvalidValueError, match=message):
        parse_condition(text, "sweep[0].where").holds(VALUES)
