"""The benchmark families: exact, so that anyone's numbers compare (definitions in `docs/model.md`)."""

from collections.abc import Callable
from enum import StrEnum
from math import pi

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.bearings import Bearing, Load
from molenspin.assembly.forcings import Excitation, Sail
from molenspin.assembly.gears import Gear
from molenspin.assembly.joints import Coupling, Lock, SliderCrank, UniversalJoint
from molenspin.assembly.parameters import choice_error, is_one_of, nearest
from molenspin.assembly.shafts import ElasticShaft
from molenspin.errors import InvalidTypeError, InvalidValueError

LARGEST_SIZE = 100_000
"""Most bodies of a benchmark assembly."""


class Family(StrEnum):
    """Benchmark families."""

    MILL = "mill"
    TRAIN = "train"
    SHAFTING = "shafting"
    RIG = "rig"


def benchmark_assembly(family: str, size: int) -> Assembly:
    """One of the benchmark assemblies.

    Parameters
    ----------
    family
        ``mill``, ``train``, ``shafting`` or ``rig``.
    size
        Number of bodies; a multiple of 4 for ``mill`` and ``rig``.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If the family is not known or the size is not allowed.
    """
    if not is_one_of(family, Family):
        raise choice_error(family, f"family {family!r:.80} is not known{nearest(family, Family)}")
    if isinstance(size, bool) or not isinstance(size, int):
        raise InvalidTypeError(f"size must be a whole number of bodies, not {size!r}")
    multiple = 4 if family in (Family.MILL, Family.RIG) else 1
    if size > LARGEST_SIZE:
        raise InvalidValueError(
            f"size of {family} must be at most {LARGEST_SIZE}, not {size!r:.30}: larger ones take minutes"
        )
    if size < 1 or size % multiple:
        raise InvalidValueError(f"size of {family} must be a positive multiple of {multiple}, not {size}")
    return _BUILDERS[Family(family)](size)


def _mill(size: int) -> Assembly:
    assembly = Assembly(f"mill{size}")
    for k in range(size // 4):
        _add_mill_bodies(assembly, k)
        _add_mill_supports(assembly, k)
        _add_mill_output(assembly, k)
    for k in range(size // 4):
        _add_mill_constraints(assembly, k)
    sail = Sail(
        "spur0",
        radius=6.0,
        wind_speed=9.0,
        torque_coefficient=0.08,
        runaway_ratio=3.2,
        gusts=((0.15, 0.21, 0.0), (0.07, 0.63, 1.0)),
    )
    assembly.add(sail)
    return assembly


def _add_mill_bodies(assembly: Assembly, k: int) -> None:
    assembly.add_body(f"spur{k}", inertia=40.0 + 5.0 * (k % 3) + (400.0 if k == 0 else 0.0), mass=400.0)
    assembly.add_body(f"nut{k}", inertia=2.0, mass=60.0)
    assembly.add_body(f"quant{k}", inertia=1.5, mass=40.0)
    if k % 2:
        assembly.add_body(f"saw{k}", inertia=5.0, mass=150.0)
    else:
        assembly.add_body(f"stone{k}", inertia=30.0, mass=800.0)


def _add_mill_supports(assembly: Assembly, k: int) -> None:
    for body, stiffness, damping in (("spur", 2e5, 800.0), ("nut", 1e5, 200.0), ("quant", 1e5, 150.0)):
        assembly.add(Bearing(f"{body}{k}", drag=0.4, axial_stiffness=stiffness, axial_damping=damping))
    if k:
        shaft = ElasticShaft(
            f"spur{k - 1}", f"spur{k}", 6000.0, 20.0, axial_stiffness=1e5, axial_damping=100.0
        )
        assembly.add(shaft)


def _add_mill_output(assembly: Assembly, k: int) -> None:
    if k % 2:
        assembly.add(Bearing(f"saw{k}", axial_damping=300.0))
        return
    assembly.add(
        Bearing(f"stone{k}", drag=0.4, axial_stiffness=4e5, axial_damping=2500.0),
        ElasticShaft(f"quant{k}", f"stone{k}", 2500.0, 8.0),
        Load(f"stone{k}", viscous=6.0, quadratic=0.5, coulomb=60.0, slip_speed=0.5),
    )


def _add_mill_constraints(assembly: Assembly, k: int) -> None:
    if k % 2:
        assembly.add(SliderCrank(f"quant{k}", f"saw{k}", 0.3, 1.8), Lock(f"saw{k}", "spin"))
    assembly.add(
        Gear(f"spur{k}", f"nut{k}", (96, 24), 20.0, helix_angle=10.0),
        UniversalJoint(f"nut{k}", f"quant{k}", 8.0 + 2.0 * (k % 3)),
    )


def _train(size: int) -> Assembly:
    assembly = Assembly(f"train{size}")
    for i in range(size):
        assembly.add_body(f"gear{i}", inertia=1.0 + 0.1 * (i % 7), mass=10.0)
    for i in range(size):
        assembly.add(Bearing(f"gear{i}", drag=0.05, axial_stiffness=4e4, axial_damping=40.0))
    for i in range(size - 1):
        teeth = (30, 36) if i % 2 == 0 else (36, 30)
        assembly.add(Gear(f"gear{i}", f"gear{i + 1}", teeth, 4.0, helix_angle=15.0))
    assembly.add(
        Excitation("gear0", "spin", mean=50.0, amplitude=10.0, frequency=0.7),
        Load(f"gear{size - 1}", viscous=0.8, quadratic=0.02),
    )
    return assembly


def _shafting(size: int) -> Assembly:
    assembly = Assembly(f"shafting{size}")
    for i in range(size):
        assembly.add_body(f"disc{i}", inertia=1.0, mass=10.0, angular_velocity=1.0 if i == 0 else 0.0)
    for i in range(size):
        assembly.add(Bearing(f"disc{i}", axial_stiffness=4e4))
    for i in range(size - 1):
        assembly.add(ElasticShaft(f"disc{i}", f"disc{i + 1}", 2000.0, 0.0))
    return assembly


def _rig(size: int) -> Assembly:
    assembly = Assembly(f"rig{size}")
    for i in range(size):
        assembly.add_body(f"rotor{i}", inertia=1.0 + 0.1 * (i % 7), mass=10.0)
    for i in range(size):
        assembly.add(Bearing(f"rotor{i}", drag=0.05, axial_stiffness=4e4, axial_damping=40.0))
        if i % 2 == 0:
            assembly.add(Excitation(f"rotor{i}", "axial", amplitude=5.0, frequency=3.0 / (2.0 * pi)))
    assembly.add(Excitation("rotor0", "spin", mean=50.0, amplitude=10.0, frequency=0.7))
    for first in range(0, size, 4):
        _add_rig_module(assembly, first)
    return assembly


def _add_rig_module(assembly: Assembly, first: int) -> None:
    names = [f"rotor{first + i}" for i in range(4)]
    assembly.add(
        ElasticShaft(names[2], names[3], 1500.0, 1.5),
        Load(names[3], viscous=0.8, quadratic=0.02),
        Gear(names[0], names[1], (36, 24), 4.0),
        Coupling(names[2], names[1]),
    )
    if first:
        assembly.add(ElasticShaft(f"rotor{first - 4}", names[0], 2000.0, 2.0))


_BUILDERS: dict[Family, Callable[[int], Assembly]] = {
    Family.MILL: _mill,
    Family.TRAIN: _train,
    Family.SHAFTING: _shafting,
    Family.RIG: _rig,
}
