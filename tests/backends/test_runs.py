"""Whole runs of the NumPy backend: what is recorded, how a run ends, where and because of whom."""

from time import perf_counter

import numpy as np
import pytest
from written_model import WrittenModel

import molenspin as ms
from molenspin.assembly.compile import compile_ensemble
from molenspin.backends.numpy_dense import NumpyBackend
from molenspin.backends.protocol import Execution, History, Outcome, Settings
from molenspin.integrators import Integrator
from molenspin.simulation.history import allocate_history


def run(compiled, **changes: object) -> tuple[History, Outcome]:
    settings = Settings(**{"dt": 1.0, "step_count": 12, "integrator": Integrator.EULER, **changes})
    history = allocate_history(compiled, settings, reaction=True)
    for name in ("angle", "displacement", "angular_velocity", "velocity", "reaction"):
        getattr(history, name)[...] = 7.0
    return history, NumpyBackend().run(compiled, settings, Execution(), history)


def accelerated(*torques: float) -> ms.Assembly:
    """Unit rotors, each under a constant torque: with dt = 1, omega = torque k after k steps of Euler."""
    assembly = ms.Assembly("accelerated")
    for number, torque in enumerate(torques):
        assembly.add_body(f"rotor{number}", inertia=1.0, mass=1.0)
        assembly.add(ms.Excitation(f"rotor{number}", "spin", mean=torque))
    return assembly


@pytest.mark.parametrize("save_every", [1, 3, 4, 5])
def test_states_are_recorded_at_every_so_many_steps(save_every):
    assembly = accelerated(2.0, 3.0)
    assembly.add(ms.Excitation("rotor1", "axial", mean=5.0))
    history, outcome = run(assembly.compile(), save_every=save_every)
    step = np.arange(0, 13, save_every)
    for body, spin, axial in ((0, 2.0, 0.0), (1, 3.0, 5.0)):
        np.testing.assert_array_equal(history.angular_velocity[0, body], spin * step)
        np.testing.assert_array_equal(history.angle[0, body], spin * step * (step + 1) / 2)
        np.testing.assert_array_equal(history.velocity[0, body], axial * step)
        np.testing.assert_array_equal(history.displacement[0, body], axial * step * (step + 1) / 2)
    assert outcome.status.tolist() == [ms.CaseStatus.OK]
    assert (outcome.stop_step.tolist(), outcome.stop_index.tolist()) == ([12], [-1])
    assert outcome.stop_residual.tolist() == outcome.max_residual.tolist() == [0.0]
    assert outcome.force_evaluations.tolist() == [12]
    assert outcome.newton_iterations.tolist() == [0]


def test_elapsed_time_is_a_part_of_the_callers():
    start = perf_counter()
    _, outcome = run(accelerated(1.0).compile())
    assert 0.0 < outcome.elapsed < perf_counter() - start


@pytest.mark.parametrize("save_every", [1, 2, 3, 5, 7])
def test_a_run_away_state_names_its_step_and_body_and_blanks_what_follows(save_every):
    """With dt = 2 and torque T, theta = 2 T k (k + 1): 1.2e7 k (k + 1) passes 1e8 in step 3 (8 + 4 k^2)."""
    history, outcome = run(accelerated(1.0, 6e6, 3e6).compile(), dt=2.0, save_every=save_every)
    step = next(k for k in range(1, 13) if 2 * 6e6 * k * (k + 1) >= 1e8)
    assert outcome.status.tolist() == [ms.CaseStatus.DIVERGED]
    assert (outcome.stop_step.tolist(), outcome.stop_index.tolist()) == ([step], [1])
    steps = np.arange(0, 13, save_every)
    for name in ("angle", "displacement", "angular_velocity", "velocity"):
        np.testing.assert_array_equal(np.isnan(getattr(history, name)[0, 0]), steps >= step, err_msg=name)


@pytest.mark.parametrize(("speed", "status"), [(9.9e7, ms.CaseStatus.OK), (1e8, ms.CaseStatus.DIVERGED)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_velocity_of_1e8_has_run_away(speed, status, sign):
    assembly = ms.Assembly("fast")
    assembly.add_body("rotor", inertia=1.0, mass=1.0, velocity=sign * speed)
    _, outcome = run(assembly.compile(), dt=1e-3, step_count=1)
    assert outcome.status.tolist() == [status]


def test_a_state_that_is_no_number_has_run_away():
    assembly = ms.Assembly("burst")
    assembly.add_body("burst", inertia=1.0, mass=1.0, angular_velocity=1e30)
    assembly.add(ms.Load("burst", quadratic=1e30))
    _, outcome = run(assembly.compile(), integrator=Integrator.RK4)
    assert outcome.status.tolist() == [ms.CaseStatus.DIVERGED]
    assert (outcome.stop_step.tolist(), outcome.stop_index.tolist()) == ([1], [0])


def jammed(*, speed: float = -1.0) -> ms.Assembly:
    """A lead screw that drives a slider beyond what its crank reaches: -2 r = -1.2 m."""
    assembly = ms.Assembly("jammed")
    for name in ("idle", "screw", "slider", "crank"):
        assembly.add_body(name, inertia=1.0, mass=1.0)
    assembly = assembly.replacing({"crank": {"angle": 1.5}})
    assembly.add(
        ms.Lock("idle", "spin", name="idle_lock"),
        ms.Drive("screw", speed, name="motor", angle=-0.3),
        ms.LeadScrew("screw", "slider", 2 * np.pi, name="thread"),
        ms.SliderCrank("crank", "slider", 0.6, 1.0, name="pitman"),
    )
    return assembly


@pytest.mark.parametrize("save_every", [1, 4])
def test_a_jam_names_its_step_constraint_and_residual_and_blanks_what_follows(save_every):
    """The way ends at -1.2 m, 0.9 m beyond the start at -0.3 m."""
    compiled = jammed().compile()
    history, outcome = run(compiled, dt=0.125, save_every=save_every, step_count=16)
    assert outcome.status.tolist() == [ms.CaseStatus.NOT_CONVERGED]
    assert outcome.stop_step.tolist() == [8]
    assert compiled.constraint_names[outcome.stop_index[0]] == "pitman"
    assert 1e-10 < outcome.stop_residual[0] < 1.0
    steps = np.arange(0, 17, save_every)
    for name in ("angle", "displacement", "angular_velocity", "velocity", "reaction"):
        np.testing.assert_array_equal(np.isnan(getattr(history, name)[0, 0]), steps >= 8, err_msg=name)


def test_an_impossible_start_is_step_0_and_leaves_no_sample():
    compiled = jammed().replacing({"motor": {"angle": -3.0}}).compile()
    history, outcome = run(compiled)
    assert outcome.status.tolist() == [ms.CaseStatus.NOT_CONVERGED]
    assert outcome.stop_step.tolist() == [0]
    assert np.isnan(history.angle).all()


def test_each_member_is_a_run_of_its_own():
    assembly = jammed()
    ensemble = compile_ensemble(assembly, {"motor.speed": [-0.5, -1.0, -0.4]})
    history, outcome = run(ensemble, dt=0.125, step_count=10)
    for member, speed in enumerate((-0.5, -1.0, -0.4)):
        alone, single = run(jammed(speed=speed).compile(), dt=0.125, step_count=10)
        np.testing.assert_array_equal(history.angle[member], alone.angle[0])
        np.testing.assert_array_equal(history.reaction[member], alone.reaction[0])
        for name in ("status", "stop_step", "stop_index", "stop_residual", "max_residual"):
            assert getattr(outcome, name)[member] == getattr(single, name)[0], name
        for name in ("newton_iterations", "force_evaluations"):
            assert getattr(outcome, name)[member] == getattr(single, name)[0], name
    assert outcome.status.tolist() == [ms.CaseStatus.OK, ms.CaseStatus.NOT_CONVERGED, ms.CaseStatus.OK]


def test_largest_residual_is_over_the_start_and_every_step():
    """At a loose tolerance what is left differs from step to step; the recorded states show it again."""
    compiled = jammed(speed=-0.5).compile()
    written = WrittenModel(jammed(speed=-0.5))
    for tolerance in (1e-2, 1e-4, 1e-10):
        history, outcome = run(compiled, dt=0.125, step_count=10, tolerance=tolerance)
        positions = np.stack([history.angle[0], history.displacement[0]], axis=-1)
        left = [np.abs(written.residual(positions[:, k].ravel(), 0.125 * k)).max() for k in range(11)]
        assert outcome.max_residual[0] == pytest.approx(max(left), rel=1e-9, abs=1e-15)
        assert 0.0 < outcome.max_residual[0] <= tolerance


@pytest.mark.parametrize("integrator", Integrator)
def test_recorded_reactions_solve_the_whole_system_at_their_time(integrator):
    assembly = jammed(speed=-0.5)
    assembly.add(
        ms.Excitation("idle", "spin", mean=2.0, amplitude=3.0, frequency=0.5),
        ms.Excitation("crank", "spin", amplitude=3.0, frequency=0.7),
    )
    history, _ = run(assembly.compile(), dt=0.05, step_count=20, save_every=4, integrator=integrator)
    written = WrittenModel(assembly)
    for sample in range(6):
        position = np.stack([history.angle[0], history.displacement[0]], axis=-1)[:, sample].ravel()
        velocity = np.stack([history.angular_velocity[0], history.velocity[0]], axis=-1)[:, sample].ravel()
        expected = written.acceleration(position, velocity, 0.2 * sample)[1]
        np.testing.assert_allclose(history.reaction[0, :, sample], expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    ("execution", "allowed"),
    [
        (Execution(), True),
        (Execution(device="cpu", threads=3), True),
        (Execution(device="cuda"), False),
        (Execution(dtype="float32"), False),
        (Execution(device="cuda", dtype="float32"), False),
    ],
)
def test_only_float64_on_the_cpu_is_computed(execution, allowed):
    compiled = accelerated(1.0).compile()
    settings = Settings(dt=1.0, step_count=1, integrator=Integrator.EULER)
    history = allocate_history(compiled, settings, reaction=False)
    if allowed:
        NumpyBackend().run(compiled, settings, execution, history)
        return
    with pytest.raises(ms.InvalidValueError, match=f"not in {execution.dtype} on {execution.device}"):
        NumpyBackend().run(compiled, settings, execution, history)
