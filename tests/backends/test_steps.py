"""Projection, acceleration and single steps of the NumPy backend against the written ones."""

import numpy as np
import pytest
from random_parts import random_assembly, random_state
from written_model import WrittenModel
from written_steps import WrittenSteps

import molenspin as ms
from molenspin.backends.numpy_integrators import STEPS, NotConvergedError, Stepper
from molenspin.backends.numpy_model import DenseModel
from molenspin.backends.protocol import Settings

SEEDS = range(40)
DT = 0.02


def settings(integrator: str = "rk4", **changes: object) -> Settings:
    return Settings(**{"dt": DT, "step_count": 1, "integrator": ms.Integrator(integrator), **changes})


def stepper(assembly: ms.Assembly, integrator: str = "rk4", **changes: object) -> Stepper:
    return Stepper(DenseModel(assembly.compile()), settings(integrator, **changes))


def conditioned(written: WrittenModel) -> bool:
    """Whether the rows at the start are far from singular, so that both sides find the same solution."""
    jacobian = written.jacobian(written.position)
    return not len(jacobian) or np.linalg.cond(jacobian / written.mass @ jacobian.T) < 1e3


def moving_assembly(seed: int) -> ms.Assembly:
    """A random assembly with up to three constraints."""
    rng = np.random.default_rng(seed)
    while not conditioned(
        WrittenModel(assembly := random_assembly(rng, element_count=4, constraint_count=seed % 4))
    ):
        pass
    return assembly


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_are_the_written_ones(integrator, seed):
    assembly = moving_assembly(seed)
    written = WrittenSteps(WrittenModel(assembly), DT)
    dense = stepper(assembly, integrator)
    time = 0.0
    position, velocity = written.project(written.model.position, written.model.velocity, time)
    state = dense.project(written.model.position, written.model.velocity, time)
    for _ in range(3):
        position, velocity = written.step(integrator)(position, velocity, time)
        state = STEPS[ms.Integrator(integrator)](dense, state, time)
        time += DT
        np.testing.assert_allclose(state.position, position, rtol=0, atol=1e-8)
        np.testing.assert_allclose(state.velocity, velocity, rtol=0, atol=1e-7)
        assert state.residual <= dense.settings.tolerance
        assert dense.counters.newton_iterations == written.iterations
    per_step = {"rk4": 4, "verlet": 2, "euler": 1}[integrator]
    assert dense.counters.force_evaluations == 3 * per_step


@pytest.mark.parametrize("seed", SEEDS)
def test_acceleration_and_reactions_solve_the_whole_system(seed):
    assembly = moving_assembly(seed)
    written, dense = WrittenModel(assembly), stepper(assembly)
    time = 0.3
    state = dense.project(*random_state(np.random.default_rng(seed))[:2], time)
    acceleration, reaction = written.acceleration(state.position, state.velocity, time)
    found = dense.acceleration(state, state.velocity, time)
    scale = 1 + np.abs(acceleration).max() + np.abs(reaction).max(initial=0.0)
    np.testing.assert_allclose(found[0], acceleration, rtol=0, atol=1e-7 * scale)
    np.testing.assert_allclose(found[1], reaction, rtol=0, atol=1e-7 * scale)
    np.testing.assert_array_equal(dense.reaction(state, time), found[1])
    assert dense.counters.force_evaluations == 1


def crank() -> ms.Assembly:
    """A crank whose start is far from its slider: Newton needs several iterations."""
    assembly = ms.Assembly("crank")
    assembly.add_body("crank", inertia=1.0, mass=1.0, angle=1.0, angular_velocity=2.0)
    assembly.add_body("slider", inertia=1.0, mass=3.0, displacement=0.5, velocity=1.0)
    assembly.add(ms.SliderCrank("crank", "slider", 0.8, 1.0))
    return assembly


def projected(tolerance: float = 1e-10, newton_limit: int = 20) -> tuple[Stepper, float, float]:
    """The stepper after the projection of the crank's start, max abs(g) there, and the one it reports."""
    dense = stepper(crank(), tolerance=tolerance, newton_limit=newton_limit)
    written = WrittenModel(crank())
    state = dense.project(written.position, written.velocity, 0.0)
    return dense, float(np.abs(written.residual(state.position, 0.0)).max()), state.residual


def test_newton_stops_at_the_tolerance_and_not_before():
    """Each tolerance is met with the iterations that it needs; one reached exactly is met."""
    counts, residuals = [], []
    for tolerance in (1.0, 1e-2, 1e-10):
        dense, residual, reported = projected(tolerance)
        assert residual <= tolerance
        assert reported == pytest.approx(residual, rel=1e-12, abs=1e-16)
        counts.append(dense.counters.newton_iterations)
        residuals.append(reported)
    assert counts == sorted(set(counts))
    exact = projected(residuals[1])[0].counters.newton_iterations
    assert exact == counts[1]


def test_newton_may_take_as_many_iterations_as_allowed_and_no_more():
    needed = projected()[0].counters.newton_iterations
    assert needed >= 2
    assert projected(newton_limit=needed)[0].counters.newton_iterations == needed
    with pytest.raises(NotConvergedError) as caught:
        projected(newton_limit=needed - 1)
    before = caught.value.residual
    assert 1e-10 < np.abs(before).max() < 1e-2


@pytest.mark.parametrize("needed_less", [0, 1])
def test_a_verlet_step_has_the_same_limit(needed_less):
    free = stepper(crank(), "verlet", dt=0.2)
    written = WrittenModel(crank())
    start = free.project(written.position, written.velocity, 0.0)
    before = free.counters.newton_iterations
    STEPS[ms.Integrator.VERLET](free, start, 0.0)
    needed = free.counters.newton_iterations - before
    assert needed >= 2
    limited = stepper(crank(), "verlet", dt=0.2, newton_limit=needed - needed_less)
    if needed_less:
        with pytest.raises(NotConvergedError):
            STEPS[ms.Integrator.VERLET](limited, start, 0.0)
    else:
        STEPS[ms.Integrator.VERLET](limited, start, 0.0)
        assert limited.counters.newton_iterations == needed


@pytest.mark.parametrize("name", ["rk4", "verlet"])
def test_a_state_that_is_not_finite_stops_newton_at_once(name):
    dense = stepper(crank(), name)
    written = WrittenModel(crank())
    start = dense.project(written.position, written.velocity, 0.0)
    before = dense.counters.newton_iterations
    start.velocity = np.full(4, np.nan)
    with pytest.raises(NotConvergedError):
        STEPS[ms.Integrator(name)](dense, start, 0.0)
    assert dense.counters.newton_iterations == before


def test_verlet_takes_away_what_newton_leaves():
    """At a loose tolerance, one more correction with the old matrix takes most of the rest away."""
    dense = stepper(crank(), "verlet", dt=0.01, tolerance=1e-3)
    written = WrittenModel(crank())
    tight = stepper(crank(), "verlet", dt=0.01)
    start = tight.project(written.position, written.velocity, 0.0)
    state = STEPS[ms.Integrator.VERLET](dense, start, 0.0)
    left = np.abs(written.residual(state.position, 0.01)).max()
    assert 1e-6 < state.residual <= 1e-3
    assert left < 0.1 * state.residual


def test_projection_changes_a_state_as_little_as_possible():
    """The change of position and velocity is along M^-1 G^T: nearest in the metric of the masses."""
    assembly = ms.Assembly("linear")
    for name, size in zip("abc", (1.0, 2.0, 5.0), strict=True):
        assembly.add_body(name, inertia=size, mass=3.0 * size)
    assembly.add(ms.Gear("a", "b", (20, 40), 100.0, helix_angle=20.0), ms.Drive("c", 3.0, angle=0.5))
    dense, written = stepper(assembly), WrittenModel(assembly)
    position, velocity, time = np.arange(1.0, 7.0), np.arange(6.0, 0.0, -1.0), 2.0
    state = dense.project(position, velocity, time)
    assert dense.counters.newton_iterations == 1
    tangent = np.linalg.svd(written.jacobian(position))[2][2:]
    np.testing.assert_allclose(tangent @ (written.mass * (state.position - position)), 0.0, atol=1e-12)
    np.testing.assert_allclose(tangent @ (written.mass * (state.velocity - velocity)), 0.0, atol=1e-12)
    np.testing.assert_allclose([state.position[4], state.velocity[4]], [6.5, 3.0], rtol=1e-14)
