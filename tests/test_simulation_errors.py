"""Runs that cannot succeed: each error names the place and what to try, on every backend."""

import numpy as np
import pytest

import molenspin as ms


def test_instability_names_body_time_and_a_stable_step(backend):
    assembly = ms.benchmark_assembly("rig", 8)
    with pytest.raises(ms.InstabilityError, match=r"ran away in step .* use a smaller dt") as caught:
        assembly.simulate(duration=10, dt=0.1, backend=backend)
    error = caught.value
    assert error.body in {body.name for body in assembly.bodies}
    assert error.time == pytest.approx((error.step - 1) * 0.1)
    assembly.simulate(duration=200 * error.stable_dt, dt=error.stable_dt, backend=backend)


def test_an_impossible_start_names_the_constraint(backend):
    assembly = ms.Assembly("impossible")
    assembly.add_body("crank", inertia=1.0, mass=1.0)
    assembly.add_body("saw", inertia=1.0, mass=1.0)
    assembly.add(
        ms.SliderCrank("crank", "saw", 0.3, 1.0, name="pitman"),
        ms.Lock("saw", "axial", value=-5.0, name="clamp"),
        ms.Bearing("crank", drag=1.0),
    )
    assembly = assembly.replacing({"crank": {"angle": 0.5}})
    with pytest.raises(ms.ConvergenceError, match="Newton did not converge in the initial state") as caught:
        assembly.simulate(duration=1, dt=1e-2, backend=backend)
    assert caught.value.step == 0
    assert caught.value.constraint == "pitman"
    assert caught.value.residual > caught.value.tolerance


def test_a_failing_member_is_a_result_and_leaves_the_others_alone(backend):
    assembly = ms.benchmark_assembly("rig", 4)
    stiffness = "elastic_shaft_rotor2_rotor3.stiffness"
    settings = {"duration": 0.2, "dt": 1e-3, "backend": backend, "save_every": 50}
    run = assembly.simulate_ensemble({stiffness: [1500.0, 1e9, 1400.0]}, **settings)
    assert run["status"].to_numpy().tolist() == [ms.CaseStatus.OK, ms.CaseStatus.DIVERGED, ms.CaseStatus.OK]
    assert "ran away" in str(run["message"].to_numpy()[1])
    alone = assembly.simulate_ensemble({stiffness: [1500.0, 1400.0]}, **settings)
    for name in ("angle", "velocity"):
        np.testing.assert_array_equal(run[name].isel(member=[0, 2]), alone[name])
        assert np.isnan(run[name].isel(member=1, time=-1)).all()
        assert np.isfinite(run[name].isel(member=1, time=0)).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dt": -1e-3}, "dt must be a finite number above 0"),
        ({"dt": "1e-3"}, "dt must be a number"),
        ({"duration": float("nan")}, "duration must be a finite number"),
        ({"duration": 0.1234567}, "whole number of steps.*nearest: 0.123 s"),
        ({"dt": 1e-15}, "too many"),
        ({"integrator": "rk5"}, "did you mean 'rk4'"),
        ({"backend": "rustt"}, "did you mean 'rust'"),
        ({"save_every": 0}, "save_every must be at least 1"),
        ({"save_every": 2.5}, "save_every must be a whole number"),
        ({"record": ["reactions"]}, "did you mean 'reaction'"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"backend": "numpy", "device": "cuda"}, "use backend torch"),
        ({"tolerance": 0}, "tolerance must be"),
    ],
)
def test_bad_arguments_are_refused(changes, message):
    arguments = {"duration": 0.1, "dt": 1e-3, "backend": "numpy", **changes}
    with pytest.raises(ms.MolenspinError, match=message):
        ms.benchmark_assembly("rig", 4).simulate(**arguments)
