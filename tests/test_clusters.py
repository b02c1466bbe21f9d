"""Rows that hang together, in clusters of any size and number: all backends solve them alike."""

from itertools import pairwise

import numpy as np
import pytest
from catalogue import BACKENDS

import molenspin as ms


def shafts(shaft_count: int, joint_count: int) -> ms.Assembly:
    """Shafts with a joint between each two bodies, every other one with a helical gear and a crank."""
    assembly = ms.Assembly(f"{shaft_count} shafts of {joint_count} joints")
    for shaft in range(shaft_count):
        names = [f"body {shaft}-{number}" for number in range(joint_count + 1)]
        for number, name in enumerate(names):
            assembly.add(ms.Body(name, inertia=1.0 + 0.1 * number + 0.05 * shaft, mass=3.0))
        for number, (a, b) in enumerate(pairwise(names)):
            assembly.add(ms.UniversalJoint(a, b, 10.0 + 5.0 * number))
        assembly.add(ms.Excitation(names[-1], "spin", mean=20.0, amplitude=5.0 + shaft, frequency=3.0))
        assembly.add(ms.Bearing(names[0], drag=0.2, axial_stiffness=1e3, axial_damping=5.0))
        if shaft % 2:
            wheel, slide = f"wheel{shaft}", f"slide{shaft}"
            assembly.add(ms.Body(wheel, inertia=2.0, mass=5.0), ms.Body(slide, inertia=1.0, mass=2.0))
            assembly.add(ms.Gear(wheel, names[0], teeth=(30, 20), module=5.0, helix_angle=12.0))
            assembly.add(ms.SliderCrank(names[-1], slide, crank=0.2, rod=0.9), ms.Lock(slide, "spin"))
    return assembly


@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "numpy"])
@pytest.mark.parametrize("shaft_count", [1, 2, 4, 5, 9, 17])
@pytest.mark.parametrize("joint_count", [1, 2, 3, 4, 6])
def test_clusters_of_any_size_and_number_agree(backend: str, shaft_count: int, joint_count: int):
    assembly = shafts(shaft_count, joint_count)
    expected, found = (
        assembly.simulate(duration=0.03, dt=1e-3, backend=name, record=["reaction"])
        for name in ("numpy", backend)
    )
    for name in expected.data_vars:
        size = float(np.abs(expected[name]).max())
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-9 * (1 + size))
