"""The dense model at places that random states miss."""

import numpy as np

import molenspin as ms
from molenspin.backends.numpy_model import DenseModel


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
