"""The benchmark families, part by part, against their definition in `docs/model.md`."""

from collections.abc import Iterator
from dataclasses import replace
from math import pi
from typing import Any

import pytest

import molenspin as ms
from molenspin.assembly.families import Family

Part = Any


def mill(size: int) -> Iterator[Part]:
    for k in range(size // 4):
        output = "saw" if k % 2 else "stone"
        yield ms.Body(f"spur{k}", [40.0, 45.0, 50.0][k % 3] + [0.0, 400.0][k == 0], 400.0)
        yield ms.Body(f"nut{k}", 2.0, 60.0)
        yield ms.Body(f"quant{k}", 1.5, 40.0)
        yield ms.Body(f"{output}{k}", *{"stone": (30.0, 800.0), "saw": (5.0, 150.0)}[output])
        yield ms.Bearing(f"spur{k}", drag=0.4, axial_stiffness=2e5, axial_damping=800.0)
        yield ms.Bearing(f"nut{k}", drag=0.4, axial_stiffness=1e5, axial_damping=200.0)
        yield ms.Bearing(f"quant{k}", drag=0.4, axial_stiffness=1e5, axial_damping=150.0)
        yield ms.Gear(f"spur{k}", f"nut{k}", (96, 24), 20.0, helix_angle=10.0)
        yield ms.UniversalJoint(f"nut{k}", f"quant{k}", [8.0, 10.0, 12.0][k % 3])
        if output == "stone":
            yield ms.Bearing(f"stone{k}", drag=0.4, axial_stiffness=4e5, axial_damping=2500.0)
            yield ms.ElasticShaft(f"quant{k}", f"stone{k}", 2500.0, 8.0)
            yield ms.Load(f"stone{k}", viscous=6.0, quadratic=0.5, coulomb=60.0, slip_speed=0.5)
        else:
            yield ms.Bearing(f"saw{k}", axial_damping=300.0)
            yield ms.SliderCrank(f"quant{k}", f"saw{k}", crank=0.3, rod=1.8)
            yield ms.Lock(f"saw{k}", "spin")
    for k in range(1, size // 4):
        spurs = (f"spur{k - 1}", f"spur{k}")
        yield ms.ElasticShaft(*spurs, 6000.0, 20.0, axial_stiffness=1e5, axial_damping=100.0)
    gusts = ((0.15, 0.21, 0.0), (0.07, 0.63, 1.0))
    yield ms.Sail("spur0", 6.0, 9.0, torque_coefficient=0.08, runaway_ratio=3.2, gusts=gusts)


def train(size: int) -> Iterator[Part]:
    for i in range(size):
        yield ms.Body(f"gear{i}", 1 + 0.1 * (i % 7), 10.0)
        yield ms.Bearing(f"gear{i}", drag=0.05, axial_stiffness=4e4, axial_damping=40.0)
    for i in range(1, size):
        teeth = (36, 30) if i % 2 == 0 else (30, 36)
        yield ms.Gear(f"gear{i - 1}", f"gear{i}", teeth, 4.0, helix_angle=15.0)
    yield ms.Excitation("gear0", "spin", mean=50.0, amplitude=10.0, frequency=0.7)
    yield ms.Load(f"gear{size - 1}", viscous=0.8, quadratic=0.02)


def shafting(size: int) -> Iterator[Part]:
    for i in range(size):
        yield ms.Body(f"disc{i}", 1.0, 10.0, angular_velocity=float(i == 0))
        yield ms.Bearing(f"disc{i}", axial_stiffness=4e4)
    for i in range(1, size):
        yield ms.ElasticShaft(f"disc{i - 1}", f"disc{i}", 2000.0, 0.0)


def rig(size: int) -> Iterator[Part]:
    for i in range(size):
        yield ms.Body(f"rotor{i}", 1 + 0.1 * (i % 7), 10.0)
        yield ms.Bearing(f"rotor{i}", drag=0.05, axial_stiffness=4e4, axial_damping=40.0)
    for i in range(0, size, 2):
        yield ms.Excitation(f"rotor{i}", "axial", amplitude=5.0, frequency=3 / (2 * pi))
    for k in range(size // 4):
        names = [f"rotor{4 * k + i}" for i in range(8)]
        yield ms.Gear(names[0], names[1], (36, 24), 4.0)
        yield ms.Coupling(names[2], names[1])
        yield ms.ElasticShaft(names[2], names[3], 1500.0, 1.5)
        yield ms.Load(names[3], viscous=0.8, quadratic=0.02)
        if k + 1 < size // 4:
            yield ms.ElasticShaft(names[0], names[4], 2000.0, 2.0)
    yield ms.Excitation("rotor0", "spin", mean=50.0, amplitude=10.0, frequency=0.7)


DEFINITIONS = {"mill": mill, "train": train, "shafting": shafting, "rig": rig}


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("modules", [1, 2, 5])
def test_family_is_its_definition(family, modules):
    size = 4 * modules
    built, defined = ms.benchmark_assembly(family, size), list(DEFINITIONS[family](size))
    assert (built.name, built.gravity) == (f"{family}{size}", None)
    assert list(built.bodies) == [part for part in defined if isinstance(part, ms.Body)]
    parts = [replace(part, name="") for part in (*built.elements, *built.constraints)]
    expected = [part for part in defined if not isinstance(part, ms.Body)]
    assert len(parts) == len(expected)
    assert set(parts) == set(expected)


@pytest.mark.parametrize(("family", "smallest"), [("mill", 4), ("train", 1), ("shafting", 1), ("rig", 4)])
def test_sizes_are_positive_multiples(family, smallest):
    for size in range(-1, 10):
        if size > 0 and size % smallest == 0:
            assert len(ms.benchmark_assembly(family, size).bodies) == size
        else:
            with pytest.raises(ms.InvalidValueError, match=f"positive multiple of {smallest}, not {size}"):
                ms.benchmark_assembly(family, size)


@pytest.mark.parametrize("size", [True, 4.0, "4", None])
def test_a_size_is_a_whole_number(size):
    with pytest.raises(ms.InvalidTypeError, match="a whole number of bodies"):
        ms.benchmark_assembly("train", size)
