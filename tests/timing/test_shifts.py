"""Shifts between two sessions, and t intervals of them, against results computed by hand."""

from dataclasses import replace
from math import exp, expm1, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from molenspin.timing.samples import Samples
from molenspin.timing.session_spread import Shift, shift_between, tell, visit_medians

NORMAL, T_OF_8, T_OF_5 = 1.959964, 2.306004, 2.570582
"""97.5% quantiles of the normal distribution, and of Student's with 8 and with 5 degrees of freedom."""


def quantile_of_2(confidence: float) -> float:
    """Student's with 2 degrees of freedom has a closed form: |t| stays below this with that probability."""
    return confidence * sqrt(2 / (1 - confidence**2))


def visits(*logs: float, kernel: tuple[float, ...] = ()) -> Samples:
    """Three runs in each visit, whose medians have these logs; seconds of the kernel by visit."""
    wall = [factor * exp(value) for value in logs for factor in (0.5, 1.0, 3.0)]
    return Samples(
        first_call=1.0,
        wall=tuple(wall),
        visits=tuple(number for number in range(len(logs)) for _ in range(3)),
        calibration=tuple(seconds for seconds in kernel for _ in range(3)),
    )


def between(first: Samples, second: Samples, *, same_machine: bool = True, same_code: bool = False) -> Shift:
    return shift_between(first, second, backend="rust", is_same_machine=same_machine, is_same_code=same_code)


def shift(value: float, *, variance: float = 0.0, freedom: int = 0, **others: object) -> Shift:
    given = {"backend": "rust", "value": value, "variance": variance, "freedom": freedom, "weight": 1.0}
    return Shift(**(given | others))


def half_width(interval) -> float:
    return log(interval.high / interval.low) / 2


def test_a_shift_is_the_difference_of_the_visits_means():
    found = between(visits(0.0, 0.2, 0.7), visits(0.5, 0.9))
    assert found.value == pytest.approx(0.7 - 0.3)
    assert found.variance == pytest.approx((0.09 + 0.01 + 0.16 + 0.04 + 0.04) / 3)
    assert found.freedom == 3
    assert found.weight == pytest.approx(1 / 3 + 1 / 2)


def test_one_visit_a_side_says_nothing_of_the_spread():
    one, other = (replace(visits(value), visits=()) for value in (0.1, 0.4))
    found = between(one, other)
    assert (found.value, found.variance, found.freedom, found.weight) == (pytest.approx(0.3), 0.0, 0, 2.0)
    assert visit_medians(one) == pytest.approx([exp(0.1)])


@pytest.mark.parametrize(
    ("kernels", "same_machine", "expected"),
    [
        (((1.0, 2.0), (2.0, 4.0)), True, 0.5 - log(2)),
        (((1.0, 2.0), (2.0, 4.0)), False, 0.5),
        (((1.0, 2.0), ()), True, 0.5),
        (((), (2.0, 4.0)), True, 0.5),
        (((1.0, 0.0), (2.0, 4.0)), True, 0.5),
    ],
)
def test_shifts_are_in_units_of_the_kernel_where_one_machine_timed_it(kernels, same_machine, expected):
    first, second = visits(0.0, 1.0, kernel=kernels[0]), visits(0.5, 1.5, kernel=kernels[1])
    assert between(first, second, same_machine=same_machine).value == pytest.approx(expected)


@pytest.mark.parametrize(("same_machine", "same_code"), [(True, True), (True, False), (False, True)])
def test_code_of_another_machine_is_not_the_same(same_machine, same_code):
    found = between(visits(0.0), visits(0.0), same_machine=same_machine, same_code=same_code)
    assert found.is_same_code is (same_machine and same_code)


logs = st.lists(st.floats(-2, 2), min_size=1, max_size=4)


@given(logs, logs)
def test_a_shift_back_is_the_negative(first, second):
    forth, back = between(visits(*first), visits(*second)), between(visits(*second), visits(*first))
    assert back.value == pytest.approx(-forth.value)
    assert (back.variance, back.weight) == (pytest.approx(forth.variance), pytest.approx(forth.weight))


def test_nothing_is_told_of_no_shifts():
    assert tell([]) == []


def test_one_shift_has_students_interval():
    error = sqrt(0.09 * 0.75)
    (told,) = tell([shift(0.4, variance=0.09, freedom=2, weight=0.75)])
    t = 0.4 / error
    assert told.p_value == pytest.approx(1 - t / sqrt(2 + t**2))
    reach = quantile_of_2(0.95) * error
    assert (told.interval.low, told.interval.high) == pytest.approx((exp(0.4 - reach), exp(0.4 + reach)))
    assert told.resolves == pytest.approx(expm1(reach))


def test_several_shifts_are_corrected_for_their_number():
    """Two backends, p = 0.01 and 0.04: by Benjamini and Hochberg 0.02 and 0.04."""
    shifts = [
        shift(sign * 0.1 * quantile_of_2(1 - p), variance=0.01, freedom=2, backend=name)
        for name, p, sign in (("rust", 0.01, -1), ("numpy", 0.04, 1))
    ]
    told = tell(shifts)
    assert [item.p_value for item in told] == pytest.approx([0.02, 0.04])
    assert [item.resolves for item in told] == pytest.approx([expm1(quantile_of_2(0.975) * 0.1)] * 2)
    assert [half_width(item.interval) for item in told] == pytest.approx([quantile_of_2(0.95) * 0.1] * 2)


def test_cases_of_a_backend_pool_their_spread_and_a_restless_one_keeps_its_own():
    shifts = [
        shift(0.0, variance=0.04, freedom=2, weight=0.5),
        shift(0.0, variance=0.01, freedom=6, weight=2.0),
        shift(0.0, variance=9.0, freedom=2, backend="numpy"),
    ]
    restless, calm, other = tell(shifts)
    assert half_width(restless.interval) == pytest.approx(T_OF_8 * sqrt(0.04 * 0.5))
    assert half_width(calm.interval) == pytest.approx(T_OF_8 * sqrt((2 * 0.04 + 6 * 0.01) / 8 * 2.0))
    assert half_width(other.interval) == pytest.approx(quantile_of_2(0.95) * 3)


def test_without_visits_a_spread_of_4_percent_is_assumed():
    (told,) = tell([shift(0.1, weight=2.0)])
    assert half_width(told.interval) == pytest.approx(NORMAL * 0.04 * sqrt(2))


def test_five_pairs_of_the_same_code_say_what_sessions_differ_by():
    same = [shift(value, is_same_code=True) for value in (0.1, -0.2, 0.2, -0.4, 0.5)]
    changed = shift(0.3, backend="numpy")
    *_, told = tell([*same, changed])
    assert half_width(told.interval) == pytest.approx(T_OF_5 * sqrt(0.5 / 5))
    *_, alone = tell([*same[1:], changed])
    assert half_width(alone.interval) == pytest.approx(NORMAL * 0.04)


def test_the_larger_of_the_spreads_counts():
    same = [shift(0.01 * sign, is_same_code=True, variance=0.04, freedom=1) for sign in (1, -1) * 3]
    assert {round(half_width(told.interval), 6) for told in tell(same)} == {round(2.446912 * 0.2, 6)}


def test_spreads_of_nothing_leave_a_millionth():
    (told,) = tell([shift(0.0, freedom=2)])
    assert half_width(told.interval) == pytest.approx(quantile_of_2(0.95) * 1e-6)
    assert np.isfinite(told.p_value)
