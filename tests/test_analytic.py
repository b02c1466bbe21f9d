"""Cases with a known solution: each element and constraint kind on every backend, and the observed orders."""

from collections.abc import Callable
from math import cos, exp, pi, radians, sin, sqrt, tan, tanh

import numpy as np
import pytest

import molenspin as ms
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS

Case = tuple[ms.Assembly, Callable[[float], float]]


def rotor(**start: float) -> ms.Assembly:
    assembly = ms.Assembly("case")
    assembly.add_body("rotor", inertia=2.0, mass=5.0, **start)
    return assembly


def pair(**start: float) -> ms.Assembly:
    assembly = rotor(**start)
    assembly.add_body("other", inertia=3.0, mass=4.0)
    return assembly


def shaft() -> Case:
    assembly = pair(angular_velocity=1.0)
    assembly.add(ms.ElasticShaft("rotor", "other", 600.0, 0.0))
    omega = sqrt(600.0 * (1 / 2.0 + 1 / 3.0))
    return assembly, lambda t: 0.4 * t + 0.6 * sin(omega * t) / omega


def bearing() -> Case:
    assembly = rotor(angular_velocity=1.0)
    assembly.add(ms.Bearing("rotor", drag=0.5))
    return assembly, lambda t: 4.0 * (1 - exp(-t / 4))


def load() -> Case:
    assembly = rotor(angular_velocity=3.0)
    assembly.add(ms.Load("rotor", quadratic=0.5))
    return assembly, lambda t: 4.0 * np.log1p(0.75 * t)


def excitation() -> Case:
    assembly = rotor()
    assembly.add(ms.Excitation("rotor", "spin", mean=2.0, amplitude=4.0, frequency=1.0))
    omega = 2 * pi
    return assembly, lambda t: 0.5 * t**2 + 2.0 / omega * (t - sin(omega * t) / omega)


def sail() -> Case:
    assembly = rotor()
    assembly.add(
        ms.Sail(
            "rotor", radius=1.0, wind_speed=2.0, torque_coefficient=0.5, runaway_ratio=2.0, air_density=1.0
        )
    )
    rate, limit = 0.25 * pi, 4.0  # torque = pi - (pi / 4) omega, inertia 2
    return assembly, lambda t: limit * (t - (1 - exp(-rate * t / 2)) / (rate / 2))


def unbalance() -> Case:
    assembly = rotor(angle=1e-4)
    assembly.add(ms.Unbalance("rotor", moment=200.0))
    return assembly, lambda t: 1e-4 * cos(10.0 * t)


def mesh() -> Case:
    assembly = pair(angular_velocity=1.0)
    assembly.add(ms.ElasticMesh("rotor", "other", 0.5, 0.2, stiffness=900.0, damping=0.0))
    inverse = 0.5**2 / 2.0 + 0.2**2 / 3.0
    omega, share = sqrt(900.0 * inverse), 0.5**2 / 2.0 / inverse
    return assembly, lambda t: (1 - share) * t + share * sin(omega * t) / omega


def driven(constraint: ms.Assembly, ratio: float) -> Case:
    constraint.add(ms.Excitation("rotor", "spin", mean=6.0))
    return constraint, lambda t: 0.5 * 6.0 / (2.0 + 3.0 * ratio**2) * t**2


def gear() -> Case:
    assembly = pair()
    assembly.add(ms.Gear("rotor", "other", (20, 40), 2.0))
    return driven(assembly, -0.5)


def helical_gear() -> Case:
    assembly = pair()
    assembly.add(
        ms.Gear("rotor", "other", (20, 40), 100.0, helix_angle=20.0),
        ms.Lock("rotor", "axial"),
        ms.Excitation("rotor", "spin", mean=6.0),
    )
    row = np.array([1.0, 2.0, -tan(radians(20))])
    inverse = np.array([1 / 2.0, 1 / 3.0, 1 / 4.0])
    acceleration = 3.0 * (1 - row[0] ** 2 * inverse[0] / (row**2 * inverse).sum())
    return assembly, lambda t: 0.5 * acceleration * t**2


def bevel_gear() -> Case:
    assembly = pair()
    assembly.add(ms.BevelGear("rotor", "other", (59, 33)))
    return driven(assembly, -59 / 33)


def belt() -> Case:
    assembly = pair()
    assembly.add(ms.Belt("rotor", "other", radii=(0.3, 0.1), slip=0.02, crossed=True))
    return driven(assembly, -3 * 0.98)


def coupling() -> Case:
    assembly = pair()
    assembly.add(ms.Coupling("rotor", "other"))
    return driven(assembly, 1.0)


def lock() -> Case:
    assembly = rotor()
    assembly.add(ms.Lock("rotor", "spin", value=0.7), ms.Excitation("rotor", "spin", mean=6.0))
    return assembly, lambda _t: 0.7


def drive() -> Case:
    assembly = rotor()
    assembly.add(ms.Drive("rotor", 9.0, angle=0.2), ms.Excitation("rotor", "spin", mean=6.0))
    return assembly, lambda t: 0.2 + 9.0 * t


def lead_screw() -> Case:
    assembly = pair()
    lead = 2 * pi * 0.5
    assembly.add(ms.LeadScrew("rotor", "other", lead), ms.Excitation("rotor", "spin", mean=6.0))
    return assembly, lambda t: 0.5 * 6.0 / (2.0 + 4.0 * 0.25) * t**2


def planetary() -> Case:
    assembly = pair()
    assembly.add_body("carrier", inertia=1.0, mass=1.0)
    assembly.add(ms.Planetary("rotor", "other", "carrier", (20, 60)), ms.Lock("other", "spin"))
    assembly.add(ms.Excitation("rotor", "spin", mean=6.0))
    return assembly, lambda t: 0.5 * 6.0 / (2.0 + 1.0 / 16) * t**2


def universal_joint() -> Case:
    assembly = pair()
    assembly.add(ms.UniversalJoint("other", "rotor", 30.0), ms.Drive("other", 2.0))
    return assembly, lambda t: float(np.unwrap([0.0, np.arctan(tan(2 * t) / cos(radians(30)))])[-1])


def slider_crank() -> Case:
    assembly = pair()
    assembly.add(ms.SliderCrank("other", "rotor", 0.3, 1.0), ms.Drive("other", 2.0))
    assembly.add(ms.Lock("rotor", "spin"))
    return assembly, lambda t: 0.3 * cos(2 * t) + sqrt(1 - (0.3 * sin(2 * t)) ** 2) - 1.3


def cam() -> Case:
    assembly = pair()
    assembly.add(ms.Cam("other", "rotor", (0.2, 0.05)), ms.Drive("other", 2.0), ms.Lock("rotor", "spin"))
    return assembly, lambda t: 0.2 * (1 - cos(2 * t)) + 0.05 * (1 - cos(4 * t))


CASES = (
    shaft,
    bearing,
    load,
    excitation,
    sail,
    unbalance,
    mesh,
    gear,
    helical_gear,
    bevel_gear,
    belt,
    coupling,
    lock,
    drive,
    lead_screw,
    planetary,
    universal_joint,
    slider_crank,
    cam,
)
AXIAL = (slider_crank, cam)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_rk4_follows_the_analytic_solution(case, backend):
    assembly, exact = case()
    run = assembly.simulate(duration=0.5, dt=1e-3, backend=backend, save_every=100)
    variable = "displacement" if case in AXIAL else "angle"
    expected = [exact(float(t)) for t in run["time"]]
    np.testing.assert_allclose(run[variable].isel(body=0), expected, rtol=0, atol=1e-9)


def test_every_component_has_an_analytic_case():
    kinds = {type(part) for case in CASES for part in (*case()[0].elements, *case()[0].constraints)}
    assert kinds == {*ELEMENTS, *CONSTRAINTS}


def test_coulomb_friction_decelerates_by_its_torque(backend):
    assembly = rotor(angular_velocity=50.0)
    assembly.add(ms.Bearing("rotor", coulomb=4.0, slip_speed=0.1))
    run = assembly.simulate(duration=1.0, dt=1e-3, backend=backend, save_every=500)
    np.testing.assert_allclose(run["angular_velocity"].isel(body=0), [50.0, 49.0, 48.0], rtol=1e-12)
    assert tanh(48.0 / 0.1) == 1.0


def test_backlash_lets_the_teeth_fly_free(backend):
    assembly = pair(angular_velocity=1.0)
    assembly.add(ms.ElasticMesh("rotor", "other", 0.5, 0.2, stiffness=1e4, damping=50.0, backlash=0.2))
    run = assembly.simulate(duration=0.1, dt=1e-3, backend=backend, save_every=100)
    np.testing.assert_allclose(run["angle"].isel(body=0, time=-1), 0.1, rtol=1e-12)


def test_gravity_pulls_vertical_bodies_only(backend):
    assembly = ms.Assembly("falling", gravity=9.81)
    assembly.add_body("stone", inertia=1.0, mass=7.0)
    assembly.add_body("windshaft", inertia=1.0, mass=7.0, axis="horizontal")
    run = assembly.simulate(duration=0.5, dt=1e-2, backend=backend, save_every=50)
    np.testing.assert_allclose(run["displacement"].isel(time=-1), [-0.5 * 9.81 * 0.25, 0.0], rtol=1e-12)


def test_reaction_of_a_gear_is_the_tooth_force(backend):
    assembly, _ = gear()
    run = assembly.simulate(duration=0.1, dt=1e-3, backend=backend, save_every=100, record=["reaction"])
    acceleration = 6.0 / (2.0 + 3.0 / 4)
    tooth_force = (2.0 * acceleration - 6.0) / 0.02
    np.testing.assert_allclose(run["reaction"].isel(constraint=0), [tooth_force] * 2, rtol=1e-9)


def smooth_mechanism() -> ms.Assembly:
    assembly = pair(angular_velocity=6.0)
    assembly.add_body("saw", inertia=1.0, mass=8.0)
    assembly.add(
        ms.UniversalJoint("rotor", "other", 20.0),
        ms.SliderCrank("other", "saw", 0.3, 1.0),
        ms.Lock("saw", "spin"),
        ms.Bearing("saw", axial_stiffness=300.0, axial_damping=3.0),
        ms.Load("rotor", coulomb=2.0, slip_speed=2.0, quadratic=0.05),
        ms.Excitation("rotor", "spin", mean=3.0, amplitude=5.0, frequency=1.0),
    )
    return assembly


def test_observed_order(integrator, backend):
    steps = {"rk4": (0.02, 0.01), "verlet": (0.01, 0.005), "euler": (0.002, 0.001)}[integrator]
    ends = [
        smooth_mechanism()
        .simulate(duration=0.4, dt=dt, integrator=integrator, backend=backend)["angle"]
        .isel(time=-1)
        for dt in (*steps, steps[1] / 2)
    ]
    coarse, fine = (float(abs(ends[k + 1] - ends[k]).max()) for k in (0, 1))
    order = np.log2(coarse / fine)
    assert order == pytest.approx(ms.Integrator(integrator).order, abs=0.35)
