"""Observed orders: of known laws, near the rounding floor, and of the integrators on every smooth family."""

import numpy as np
import pytest

import molenspin as ms
from molenspin.analysis.norms import error_norms
from molenspin.analysis.order import observed_order
from molenspin.analysis.reference import reference_solution

STEPS = np.array([0.016, 0.008, 0.004, 0.002, 0.001])


def test_of_an_exact_law():
    found = observed_order(STEPS, 3.0 * STEPS**4, floor=0.0)
    assert found.order == pytest.approx(4.0)
    assert found.standard_error == pytest.approx(0.0, abs=1e-9)
    assert len(found.steps) == 5


def test_coarse_steps_and_rounding_do_not_count():
    errors = 1e3 * STEPS**4
    errors[0] = 10.0  # far from asymptotic
    errors[4] = 0.9 * errors[3]  # stagnates
    found = observed_order(STEPS, errors, floor=0.0)
    assert found.order == pytest.approx(4.0)
    assert found.steps == (0.002, 0.004, 0.008)


def test_says_why_there_is_none():
    assert observed_order(STEPS, np.full(5, 1e-13), floor=1e-13).note == "at the rounding floor"
    wild = observed_order(STEPS, [1.0, 1e-1, 1e-5, 1e-6, 1e-9], floor=0.0)
    assert wild.order is None
    assert "asymptotic" in wild.note
    alone = observed_order(STEPS, [1e-3, *[np.nan] * 4], floor=1e-13)
    assert (alone.order, str(alone)) == (None, "-")


@pytest.mark.parametrize("family", ["mill", "train", "rig"])
def test_of_every_integrator(family, integrator):
    assembly = ms.benchmark_assembly(family, 4)
    steps = [0.01, 0.005, 0.0025]
    solution = reference_solution(assembly, np.arange(6) * 0.02)
    errors = [
        float(
            error_norms(
                assembly.simulate(
                    duration=0.1, dt=dt, integrator=integrator, backend="numpy", save_every=round(0.02 / dt)
                ),
                solution,
            )["angle"].sel(norm="max")
        )
        for dt in steps
    ]
    found = observed_order(steps, errors, floor=solution["angle"].attrs["uncertainty"])
    assert found.order == pytest.approx(ms.Integrator(integrator).order, abs=0.25)
