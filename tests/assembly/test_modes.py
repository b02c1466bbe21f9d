"""Linear modes: known cases, random assemblies against a whole eigenproblem, the stable step."""

from math import inf, pi, sqrt

import numpy as np
import pytest
from random_parts import random_assembly
from scipy import linalg
from written_model import TINY, WrittenModel

import molenspin as ms
from molenspin.assembly.compile import CompiledAssembly
from molenspin.assembly.modes import linear_model, natural_frequencies, stable_step

SEEDS = range(30)


def two_rotors(*parts: object) -> CompiledAssembly:
    """Rotors with J = 2 and 3 [kg m^2], m = 5 and 7 [kg], at rest."""
    assembly = ms.Assembly("two")
    assembly.add_body("a", inertia=2.0, mass=5.0)
    assembly.add_body("b", inertia=3.0, mass=7.0)
    assembly.add(*parts)
    return assembly.compile()


SHAFT = ms.ElasticShaft("a", "b", 600.0, 4.0)
AXIAL = ms.ElasticShaft("a", "b", 0.0, 0.0, axial_stiffness=350.0, axial_damping=30.0)
GEAR = ms.Gear("a", "b", (20, 40), 100.0)

CASES = {
    "free": ((), []),
    "shaft": ((SHAFT,), [sqrt(600 * (1 / 2 + 1 / 3))]),
    "axial": ((AXIAL,), [sqrt(350 * (1 / 5 + 1 / 7))]),
    "shafts in parallel": ((SHAFT, SHAFT, SHAFT), [sqrt(3 * 600 * (1 / 2 + 1 / 3))]),
    "bearings": (
        (ms.Bearing("a", axial_stiffness=45.0), ms.Bearing("b", axial_stiffness=28.0)),
        [2.0, 3.0],
    ),
    "pendulum": ((ms.Unbalance("a", 18.0),), [3.0]),
    "leaning pendulum": ((ms.Unbalance("a", 36.0, angle=pi / 3),), [3.0]),
    "pendulum upside down": ((ms.Unbalance("a", 18.0, angle=pi),), []),
    "mesh": ((ms.ElasticMesh("a", "b", 1.0, 3.0, 10.0, 1.0),), [sqrt(10 * (1 / 2 + 9 / 3))]),
    "gear and shaft": ((SHAFT, GEAR), [sqrt(600 * 1.5**2 / (2 + 3 / 4))]),
    "gear and pendulum": ((ms.Unbalance("b", 30.0), GEAR), [sqrt(30 / 4 / (2 + 3 / 4))]),
}


@pytest.mark.parametrize("case", CASES)
def test_frequencies_of_two_rotors(case):
    parts, expected = CASES[case]
    compiled = two_rotors(*parts)
    found = natural_frequencies(compiled)
    count = 4 - compiled.constraint_count
    padded = np.zeros(count)
    padded[count - len(expected) :] = expected
    np.testing.assert_allclose(2 * pi * found, padded, rtol=1e-9, atol=1e-6)
    undamped = linear_model(compiled)
    if expected and undamped.damping.nnz == 0:
        assert stable_step(compiled, ms.Integrator.VERLET) == pytest.approx(2 / max(expected))


def rest(assembly: ms.Assembly) -> ms.Assembly:
    """The assembly with its bodies at rest, its gusts and backlash gone: as the linear model takes it."""
    changes = {body.name: {"angular_velocity": 0.0, "velocity": 0.0} for body in assembly.bodies}
    for part in assembly.elements:
        if isinstance(part, ms.Sail):
            changes[part.name] = {"gusts": ()}
        elif isinstance(part, ms.ElasticMesh):
            changes[part.name] = {"backlash": 0.0}
    return assembly.replacing(changes)


def slopes(written: WrittenModel) -> tuple[np.ndarray, np.ndarray]:
    """-df/dq and -df/dv at the start."""
    steps = 1j * TINY * np.eye(len(written.mass))
    position, velocity = written.position, written.velocity
    stiffness = [written.force(position + step, velocity, 0.0).imag / TINY for step in steps]
    damping = [written.force(position, velocity + step, 0.0).imag / TINY for step in steps]
    return -np.transpose(stiffness), -np.transpose(damping)


@pytest.mark.parametrize("seed", SEEDS)
def test_linear_model_is_the_derivative_of_the_written_forces(seed):
    assembly = random_assembly(np.random.default_rng(seed), element_count=5)
    written, model = WrittenModel(rest(assembly)), linear_model(rest(assembly).compile())
    stiffness, damping = slopes(written)
    np.testing.assert_allclose(model.stiffness.toarray(), stiffness, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(model.damping.toarray(), damping, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(model.jacobian.toarray(), written.jacobian(written.position), atol=1e-12)
    np.testing.assert_array_equal(model.mass, written.mass)
    with_play = linear_model(assembly.compile())
    np.testing.assert_array_equal(with_play.stiffness.toarray(), model.stiffness.toarray())


def test_quadratic_loads_damp_by_their_speed_at_the_start():
    for speed in (-3.0, 3.0):
        assembly = ms.Assembly("fan")
        assembly.add_body("fan", inertia=2.0, mass=1.0, angular_velocity=speed)
        assembly.add(ms.Load("fan", quadratic=0.5, viscous=1.0))
        compiled = assembly.compile()
        np.testing.assert_allclose(linear_model(compiled).damping.toarray(), np.diag([4.0, 0.0]))
        assert stable_step(compiled, ms.Integrator.EULER) == pytest.approx(2 / (4.0 / 2.0))


@pytest.mark.parametrize("seed", SEEDS)
def test_frequencies_and_steps_solve_the_whole_eigenproblem(seed):
    """[K, G^T; G, 0] x = omega^2 [M, 0; 0, 0] x has the tangential modes as its finite eigenvalues."""
    assembly = rest(random_assembly(np.random.default_rng(seed), element_count=5, constraint_count=seed % 4))
    written, compiled = WrittenModel(assembly), assembly.compile()
    stiffness, damping = (finite_eigenvalues(written, matrix) for matrix in slopes(written))
    expected = np.sqrt(np.clip(stiffness, 0.0, None)) / (2 * pi)
    np.testing.assert_allclose(natural_frequencies(compiled), expected, rtol=1e-6, atol=1e-5)
    fastest = max(2 * pi * expected[-1], damping[-1])
    for integrator in ms.Integrator:
        limit = integrator.stability_limit / fastest if fastest > 1e-5 else inf
        assert stable_step(compiled, integrator) == pytest.approx(limit, rel=1e-6)


def finite_eigenvalues(written: WrittenModel, matrix: np.ndarray) -> np.ndarray:
    jacobian = written.jacobian(written.position)
    rows = len(jacobian)
    left = np.block([[matrix, jacobian.T], [jacobian, np.zeros((rows, rows))]])
    right = linalg.block_diag(np.diag(written.mass), np.zeros((rows, rows)))
    values = linalg.eigvals(left, right)
    values = values[np.argsort(abs(values))][: len(matrix) - rows]
    return np.sort(values.real)


@pytest.mark.parametrize(
    ("parts", "fastest"),
    [
        ((), 0.0),
        ((GEAR,), 0.0),
        ((ms.Bearing("a", drag=8.0),), 4.0),
        ((ms.Bearing("a", coulomb=8.0, slip_speed=0.5),), 8.0),
        ((SHAFT, ms.Bearing("b", axial_damping=7e3)), 1e3),
        ((SHAFT, ms.Bearing("b", axial_damping=7.0)), sqrt(500.0)),
        ((ms.Sail("a", 2.0, 3.0, 0.1, 4.0, air_density=1.0),), 0.5 * pi * 8 * 0.1 * 3 * (2 / 4) / 2),
    ],
)
def test_stable_step_is_the_limit_over_the_fastest_rate(parts, fastest, integrator):
    step = stable_step(two_rotors(*parts), ms.Integrator(integrator))
    limit = {"rk4": 2.828, "verlet": 2.0, "euler": 2.0}[integrator]
    assert step == (pytest.approx(limit / fastest) if fastest else inf)


def test_undamped_shafts_stay_bounded_just_below_the_stable_step_and_not_above(integrator):
    compiled = ms.benchmark_assembly("shafting", 4)
    step = stable_step(compiled.compile(), ms.Integrator(integrator))
    run = compiled.simulate(
        duration=300 * 0.99 * step, dt=0.99 * step, integrator=integrator, backend="numpy"
    )
    assert float(abs(run["angular_velocity"]).max()) < 10.0
    with pytest.raises(ms.InstabilityError):
        compiled.simulate(duration=300 * 1.02 * step, dt=1.02 * step, integrator=integrator, backend="numpy")


@pytest.mark.parametrize("family", ["shafting", "train", "rig"])
@pytest.mark.parametrize("size", [32, 36])
def test_stable_step_of_many_bodies_is_that_of_the_fastest_mode(family, size):
    """Around the size where the eigenvalue is computed iteratively."""
    compiled = ms.benchmark_assembly(family, size).compile()
    fastest = 2 * pi * natural_frequencies(compiled)[-1]
    assert stable_step(compiled, ms.Integrator.VERLET) == pytest.approx(2 / fastest, rel=1e-3)
