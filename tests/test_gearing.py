"""Bodies that are geared rigidly together share one coordinate in the compiled core: nobody can tell."""

import numpy as np
import pytest
import xarray as xr

import molenspin as ms
from molenspin.integrators import Integrator


def geared_assembly(*, excited: bool = True) -> ms.Assembly:
    """A bevel gear, a belt and a coupling in a row: one degree of freedom, every element on the followers."""
    assembly = ms.Assembly("geared", gravity=9.81)
    for number, name in enumerate("abcde"):
        assembly.add_body(name, inertia=1.0 + number, mass=2.0, angle=0.1 * number, angular_velocity=0.5)
    assembly.add(ms.BevelGear("a", "b", teeth=(20, 31)))
    assembly.add(ms.Belt("c", "b", radii=(0.3, 0.2), slip=0.02, crossed=True))
    assembly.add(ms.Coupling("c", "d"))
    assembly.add(
        ms.Bearing("a", drag=0.3, coulomb=2.0, slip_speed=0.2, axial_stiffness=3e3, axial_damping=5.0)
    )
    assembly.add(ms.Load("d", viscous=0.4, quadratic=0.3, coulomb=1.5, slip_speed=0.3))
    assembly.add(ms.Unbalance("c", moment=3.0, angle=0.4))
    assembly.add(ms.ElasticShaft("d", "e", stiffness=400.0, damping=2.0, twist=0.05))
    assembly.add(ms.ElasticShaft("b", "d", stiffness=30.0, damping=0.5))
    assembly.add(
        ms.ElasticMesh("b", "e", radius_a=0.2, radius_b=0.1, stiffness=5e3, damping=10.0, backlash=0.01)
    )
    if excited:
        assembly.add(ms.Excitation("b", dof="spin", mean=4.0, amplitude=7.0, frequency=1.3, phase=0.2))
        assembly.add(
            ms.Sail(
                "d",
                radius=2.0,
                wind_speed=5.0,
                torque_coefficient=0.08,
                runaway_ratio=3.0,
                gusts=[(0.2, 0.7, 0.1)],
            )
        )
    return assembly


def simulate(assembly: ms.Assembly, backend: str, integrator: Integrator, **options: object) -> xr.Dataset:
    return assembly.simulate(duration=0.5, dt=1e-3, integrator=integrator, backend=backend, **options)


@pytest.mark.parametrize("integrator", Integrator)
@pytest.mark.parametrize("excited", [True, False])
def test_sharing_a_coordinate_changes_nothing(integrator, excited):
    assembly = geared_assembly(excited=excited)
    shared = simulate(assembly, "rust", integrator)
    apart = simulate(assembly, "rust", integrator, record=("reaction",))
    baseline = simulate(assembly, "numpy", integrator)
    for name in ("angle", "displacement", "angular_velocity", "velocity"):
        np.testing.assert_allclose(shared[name], apart[name], rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(shared[name], baseline[name], rtol=1e-9, atol=1e-9)
    assert 0.0 < float(shared.max_residual) < 1e-12


def test_each_member_has_its_own_inertia():
    assembly = geared_assembly()
    inertia = np.linspace(0.5, 3.0, 11)
    members = assembly.simulate_ensemble(
        {"c.inertia": inertia}, duration=0.2, dt=1e-3, integrator="rk4", backend="rust"
    )
    for member in (0, 10):
        alone = assembly.replacing({"c": {"inertia": inertia[member]}}).simulate(
            duration=0.2, dt=1e-3, integrator="rk4", backend="rust"
        )
        np.testing.assert_allclose(members.angle.isel(member=member), alone.angle, rtol=1e-12, atol=1e-12)
