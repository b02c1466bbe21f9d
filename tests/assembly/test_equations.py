"""The compiled tables against `docs/model.md`: forces, equations, Jacobian and curvature of every part."""

import numpy as np
import pytest
from random_parts import random_assembly, random_state
from written_model import EQUATIONS, FORCES, WrittenModel

import molenspin as ms
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS
from molenspin.assembly.compile import jacobian_rows
from molenspin.backends.numpy_model import DenseModel

SEEDS = range(12)


def models(kind: type, seed: int) -> tuple[WrittenModel, DenseModel, np.random.Generator]:
    """Both models of a random assembly that has at least one part of that kind."""
    rng = np.random.default_rng(seed)
    assembly = random_assembly(rng, kind, element_count=seed % 4, constraint_count=seed % 3)
    return WrittenModel(assembly), DenseModel(assembly.compile()), rng


def test_every_part_has_a_written_formula():
    assert (set(FORCES), set(EQUATIONS)) == (set(ELEMENTS), set(CONSTRAINTS))


@pytest.mark.parametrize("kind", ELEMENTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_force_and_mass_are_the_written_ones(kind, seed):
    written, dense, rng = models(kind, seed)
    for _ in range(3):
        state = random_state(rng)
        np.testing.assert_allclose(dense.force(*state), written.force(*state), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dense.inverse_mass * written.mass, 1.0, rtol=1e-15)


@pytest.mark.parametrize("kind", CONSTRAINTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_rows_and_their_derivatives_are_the_written_ones(kind, seed):
    written, dense, rng = models(kind, seed)
    position, velocity, time = random_state(rng)
    pairs = dense.pairs(position)
    jacobian = dense.jacobian(pairs)
    expected = {
        "g": (dense.residual(position, pairs, time), written.residual(position, time)),
        "G": (jacobian, written.jacobian(position)),
        "dg/dt": (jacobian @ velocity - dense.rate, written.rate(position, velocity, time)),
        "gamma": (dense.gamma(pairs, velocity), written.gamma(position, velocity, time)),
    }
    for name, (found, derived) in expected.items():
        tolerance = 1e-8 if name == "gamma" else 1e-12
        np.testing.assert_allclose(found, derived, rtol=tolerance, atol=10 * tolerance, err_msg=name)


@pytest.mark.parametrize("kind", CONSTRAINTS)
def test_rows_at_the_start_are_the_jacobian_there(kind):
    written, dense, _ = models(kind, seed=5)
    rows = np.zeros((len(dense.rate), len(written.mass)))
    for number, row in enumerate(jacobian_rows(dense.compiled)):
        rows[number, list(row)] = list(row.values())
    np.testing.assert_allclose(rows, written.jacobian(written.position), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(dense.compiled.initial_position, written.position)
    np.testing.assert_array_equal(dense.compiled.initial_velocity, written.velocity)


def test_gravity_adds_to_what_already_acts_on_the_axis():
    assembly = ms.Assembly("hanging", gravity=9.81)
    assembly.add_body("a", inertia=2.0, mass=3.0)
    assembly.add_body("b", inertia=5.0, mass=7.0, axis="horizontal")
    assembly.add(*(ms.Excitation(body, "axial", mean=1.5) for body in "ab"))
    np.testing.assert_allclose(assembly.compile().constant_force, [0, 1.5 - 3 * 9.81, 0, 1.5], rtol=1e-15)
