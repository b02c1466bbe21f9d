"""Cost over error: interpolation, refusal, floors, choice; on timings made by hand."""

import numpy as np
import pytest
from made_results import ENVIRONMENT, made_record, made_timing

import molenspin as ms
from molenspin.analysis.choice import cheapest_setting
from molenspin.analysis.work_precision import Curve, CurveKey, Point, speedup_at_error, work_precision
from molenspin.timing.records import TimingResults, Verdict
from molenspin.timing.statistics import MINIMUM_SAMPLES

KEY = CurveKey(
    machine="here", assembly="mill", body_count=4, member_count=1, content="mill of 4", microseconds=2_000_000
)


def curve(
    backend, seconds_per_step, *, integrator=ms.Integrator.RK4, noise=0.0, count=8, scale=1.0, steps=None
):
    """A curve that follows the integrator's order exactly: 2 s simulated, error = scale * dt^order."""
    rng = np.random.default_rng(0)
    points = [
        Point(
            dt=dt,
            error=scale * dt**integrator.order,
            wall=tuple(2.0 / dt * seconds_per_step * np.exp(noise * rng.normal(size=count))),
        )
        for dt in (steps or (0.01, 0.005, 0.0025))
    ]
    return Curve(key=KEY, backend=backend, integrator=integrator, points=tuple(points))


def test_interpolates_a_power_law_exactly():
    law = curve("rust", 1e-6)
    assert law.at_error(0.007**4)[0] == pytest.approx(2.0 / 0.007 * 1e-6)


@pytest.mark.parametrize("error", [0.0101**4, 0.0024**4])
def test_does_not_extrapolate(error):
    with pytest.raises(ms.InvalidValueError, match=r"rust rk4: measured at errors from 3\.9e-11 to 1\.0e-08"):
        curve("rust", 1e-6).at_error(error)


def test_steps_at_the_rounding_floor_do_not_make_the_curve():
    law = curve("rust", 1e-6)
    stuck = Point(dt=0.001, error=law.points[-1].error * 2, wall=(1.0,) * 8)
    floored = Curve(key=KEY, backend="rust", integrator=law.integrator, points=(*law.points, stuck))
    assert floored.front() == law.front()


def test_speedup_at_equal_error_has_an_interval_that_covers():
    estimate = speedup_at_error(curve("rust", 1e-6, noise=0.05), curve("numpy", 5e-5, noise=0.05), 0.007**4)
    assert estimate.interval.low < 50.0 < estimate.interval.high
    assert estimate.interval.high / estimate.interval.low < 1.3


def test_too_few_samples_give_no_interval():
    few = MINIMUM_SAMPLES - 1
    estimate = speedup_at_error(curve("rust", 1e-6, count=few), curve("numpy", 5e-5), 0.007**4)
    assert estimate.interval is None
    assert estimate.value == pytest.approx(50.0)


def test_cheapest_setting_weighs_order_against_cost_per_step():
    verlet = curve("rust", 2.5e-7, integrator=ms.Integrator.VERLET, steps=(0.01, 0.001, 0.0001))
    curves = [curve("numpy", 5e-5), curve("rust", 1e-6), verlet]
    rough = cheapest_setting(curves, 1e-4)
    assert (rough.curve.label, rough.point.dt) == ("rust verlet", 0.01)
    fine = cheapest_setting(curves, 1e-9)
    assert (fine.curve.label, fine.point.dt) == ("rust rk4", 0.005)
    assert (fine.baseline.label, fine.speedup.value) == ("numpy rk4", pytest.approx(50.0))
    assert cheapest_setting(curves, 1e-12) is None


def test_a_backend_without_the_baseline_has_no_speedup():
    assert cheapest_setting([curve("rust", 1e-6)], 1e-9).speedup is None


def test_curves_come_from_timings_that_are_right():
    right = made_timing(sizes=[4], integrators=[ms.Integrator.RK4], steps=(0.002, 0.001)).records
    wrong = made_record("torch", 4, ms.Integrator.RK4, 0.002, verdict=Verdict.WRONG)
    results = TimingResults(environments=(ENVIRONMENT,), records=(*right, wrong))
    curves = work_precision(results)
    assert [item.label for item in curves] == ["numpy rk4", "rust rk4"]
    assert sorted(point.dt for point in curves[0].points) == [0.001, 0.002]
    better = work_precision(results, {(right[0].case, "numpy"): 0.5})
    assert max(point.error for point in better[0].points) == 0.5


def test_an_error_that_is_not_surely_small_enough_is_not_taken():
    sure = Point(dt=0.001, error=1e-7, wall=(1.0,) * 8)
    doubtful = Point(dt=0.002, error=9e-7, wall=(0.5,) * 8, uncertainty=2e-7)
    found = Curve(key=KEY, backend="rust", integrator=ms.Integrator.RK4, points=(sure, doubtful))
    assert found.cheapest(1e-6) == sure
