"""Recorded times are the ones that were asked for: multiples of the typed number, each rounded once."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import molenspin as ms
from molenspin.simulation.history import multiples

DECIMALS = st.builds(
    lambda digits, place: Decimal(digits).scaleb(place), st.integers(1, 10**12 - 1), st.integers(-290, 3)
)


@given(typed=DECIMALS, every=st.integers(1, 1000))
def test_multiples_of_a_decimal_are_the_floats_that_a_user_types(typed, every):
    found = multiples(float(typed), 12, every=every)
    assert found.tolist() == [float(Fraction(typed) * number * every) for number in range(12)]


@given(whole=st.integers(1, 1000), parts=st.integers(1, 20_000))
def test_multiples_of_a_quotient_are_rounded_once(whole, parts):
    numbers = [0, 1, 2, 3, parts]
    found = multiples(whole / parts, parts + 4)[numbers]
    assert found.tolist() == [number * whole / parts for number in numbers]


@given(st.floats(1e-12, 1e6), st.integers(2, 50))
def test_multiples_of_any_float_are_within_rounding(interval, count):
    np.testing.assert_allclose(multiples(interval, count), interval * np.arange(count), rtol=4e-16, atol=0)


@pytest.mark.parametrize(("dt", "save_every"), [(0.01, 10), (0.1 / 3, 3)])
def test_a_run_has_the_times_that_were_asked_for(dt, save_every):
    assembly = ms.benchmark_assembly("train", 4)
    run = assembly.simulate(duration=1, dt=dt, save_every=save_every)
    many = assembly.simulate_ensemble({"gear0.inertia": [1, 2]}, duration=1, dt=dt, save_every=save_every)
    for found in (run, many):
        assert found["angle"].sel(time=[0.3, 0.6, 0.7, 1.0]).sizes["time"] == 4
