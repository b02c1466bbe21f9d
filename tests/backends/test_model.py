"""The dense model away from the constraints, and at places that random states miss."""

import numpy as np
import pytest
from random_parts import random_assembly, random_state
from written_model import WrittenModel

import molenspin as ms
from molenspin.backends.numpy_model import DenseModel


@pytest.mark.parametrize("seed", range(20))
def test_all_parts_at_once_give_the_written_forces_and_rows(seed):
    rng = np.random.default_rng(seed)
    assembly = random_assembly(rng, element_count=8, constraint_count=4)
    written, dense = WrittenModel(assembly), DenseModel(assembly.compile())
    position, velocity, time = random_state(rng)
    pairs = dense.pairs(position)
    found = (dense.residual(position, pairs, time), dense.gamma(pairs, velocity))
    np.testing.assert_allclose(found[0], written.residual(position, time), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[1], written.gamma(position, velocity, time), rtol=1e-8, atol=1e-7)
    np.testing.assert_allclose(dense.jacobian(pairs), written.jacobian(position), rtol=1e-12, atol=1e-12)
    force = written.force(position, velocity, time)
    np.testing.assert_allclose(dense.force(position, velocity, time), force, rtol=1e-12, atol=1e-12)


def test_teeth_at_the_edge_of_the_backlash_touch():
    """At exactly half the backlash there is no spring force yet, but the damping of the contact acts."""
    assembly = ms.Assembly("edge")
    for name in "ab":
        assembly.add_body(name, inertia=1.0, mass=1.0)
    assembly.add(ms.ElasticMesh("a", "b", 1.0, 1.0, stiffness=8.0, damping=2.0, backlash=0.5))
    dense = DenseModel(assembly.compile())
    velocity = np.array([3.0, 0.0, 0.0, 0.0])
    for side, expected in ((0.25, -6.0), (-0.25, -6.0), (0.2499, 0.0), (-0.2499, 0.0)):
        force = dense.force(np.array([side, 0.0, 0.0, 0.0]), velocity, 0.0)
        np.testing.assert_allclose(force, [expected, 0.0, expected, 0.0], rtol=1e-15)
