"""Verdicts on trajectories made by hand."""

from dataclasses import replace

import numpy as np
import pytest
from timing_fakes import outcome

from molenspin.backends.protocol import History
from molenspin.status import CaseStatus
from molenspin.timing import Verdict
from molenspin.timing.physics import Computed, angle_error, final_position, forget, judge, relative_difference

TOLERANCE = 1e-10
TRUSTED = "numpy"


def computed(*, residual=(0.0, 0.0), status=CaseStatus.OK, dtype="float64", **changes):
    """Two members of two bodies at three times; `variable=(index, value)` changes one number."""
    variables = {}
    for scale, name in enumerate(("angle", "displacement", "angular_velocity", "velocity"), start=1):
        array = scale * np.arange(1.0, 13.0).reshape(2, 2, 3)  # the largest is 12, 24, 36, 48
        if name in changes:
            index, value = changes[name]
            array[index] = value
        variables[name] = array
    report = replace(
        outcome(2, status, 0.1),
        max_residual=np.array(residual),
        newton_iterations=np.array([3, 4]),
        force_evaluations=np.array([10, 20]),
    )
    return Computed(history=History(**variables, reaction=None), outcome=report, dtype=dtype)


def verdict(run, *, trusted=None):
    runs = {TRUSTED: trusted or computed(), "rust": run}
    return judge(runs, trusted=TRUSTED, tolerance=TOLERANCE)["rust"]


@pytest.mark.parametrize(
    ("variable", "largest"), [("angle", 12), ("displacement", 24), ("angular_velocity", 36), ("velocity", 48)]
)
def test_differences_are_relative_to_the_largest_value_of_their_variable(variable, largest):
    index = (1, 0, 1)
    right = getattr(computed().history, variable)[index]
    run = computed(**{variable: (index, right + 0.6)})
    assert relative_difference(run.history, computed().history) == pytest.approx(0.6 / largest)
    assert verdict(run).verdict is Verdict.WRONG
    close = computed(**{variable: (index, right + 0.5e-6 * largest)})
    assert verdict(close).verdict is Verdict.OK
    assert verdict(close).difference == pytest.approx(0.5e-6)


@pytest.mark.parametrize(
    ("dtype", "relative", "expected"),
    [
        ("float64", 0.9e-6, Verdict.OK),
        ("float64", 1.1e-6, Verdict.WRONG),
        ("float32", 0.9e-2, Verdict.OK),
        ("float32", 1.1e-2, Verdict.WRONG),
    ],
)
def test_each_precision_is_allowed_its_rounding(dtype, relative, expected):
    assert verdict(computed(dtype=dtype, angle=((0, 0, 0), 1 + 12 * relative))).verdict is expected


def test_values_that_stay_tiny_are_compared_absolutely():
    history, nothing = computed().history, np.zeros((2, 2, 3))
    still = replace(history, displacement=nothing)
    trembling = replace(history, displacement=nothing + 2e-12)
    assert relative_difference(trembling, still) == pytest.approx(2e-3)


@pytest.mark.parametrize(
    ("residual", "dtype", "expected"),
    [
        ((10 * TOLERANCE, 0.0), "float64", Verdict.OK),
        ((0.0, 1.1e-9), "float64", Verdict.WRONG),
        ((0.0, 1.1e-9), "float32", Verdict.OK),
    ],
)
def test_constraints_hold_to_ten_tolerances_in_full_precision(residual, dtype, expected):
    judged = verdict(computed(residual=residual, dtype=dtype))
    assert judged.verdict is expected
    assert judged.max_residual == max(residual)


def test_work_is_summed_over_members():
    judged = verdict(computed())
    assert (judged.newton_iterations, judged.force_evaluations, judged.tolerance) == (7, 30, 1e-6)


@pytest.mark.parametrize("variable", ["angle", "displacement", "angular_velocity", "velocity"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_states_that_are_not_finite_fail(variable, value):
    judged = verdict(computed(**{variable: ((1, 1, 2), value)}))
    assert (judged.verdict, judged.reason) == (Verdict.FAILED, "left states that are not finite")
    assert judged.difference == np.inf


def test_the_first_that_finished_stands_in_for_the_trusted_one():
    bad = computed(status=CaseStatus.DIVERGED)
    runs = {TRUSTED: bad, "rust": computed(), "torch": computed(angle=((0, 0, 0), 2.0))}
    judged = judge(runs, trusted=TRUSTED, tolerance=TOLERANCE)
    assert {label: item.against for label, item in judged.items()} == dict.fromkeys(runs, "rust")
    assert [item.verdict for item in judged.values()] == [Verdict.FAILED, Verdict.OK, Verdict.WRONG]
    (alone,) = judge({TRUSTED: bad}, trusted=TRUSTED, tolerance=TOLERANCE).values()
    assert (alone.against, alone.reason, alone.difference) == ("", "diverged", np.inf)


def test_the_trusted_one_is_believed_wherever_it_stands():
    runs = {"rust": computed(angle=((0, 0, 0), 2.0)), TRUSTED: computed()}
    judged = judge(runs, trusted=TRUSTED, tolerance=TOLERANCE)
    assert [item.verdict for item in judged.values()] == [Verdict.WRONG, Verdict.OK]


def test_final_positions_are_those_of_the_first_member_body_by_body():
    assert final_position(computed().history) == (3.0, 6.0, 6.0, 12.0)
    assert verdict(computed()).final_position == (3.0, 6.0, 6.0, 12.0)


def test_error_of_the_angles_is_the_largest_and_infinite_where_one_is_missing():
    history = computed(angle=((1, 0, 2), 9.25)).history
    assert angle_error(history, computed().history.angle) == pytest.approx(0.25)
    assert angle_error(computed(angle=((1, 0, 2), np.nan)).history, computed().history.angle) == np.inf


def test_nothing_of_an_earlier_run_is_left():
    history = computed().history
    forget(history)
    assert np.isnan([history.angle, history.displacement, history.angular_velocity, history.velocity]).all()
