"""One valid example of every element and constraint, between the bodies a, b and c of `example`."""

import molenspin as ms
from molenspin.assembly.catalogue import Part

PARTS: dict[type[Part], dict[str, object]] = {
    ms.ElasticShaft: {"a": "a", "b": "b", "stiffness": 100.0, "damping": 1.0},
    ms.Bearing: {"a": "a", "drag": 0.5},
    ms.Load: {"a": "a", "viscous": 0.5},
    ms.Excitation: {"a": "a", "dof": "spin", "mean": 1.0, "amplitude": 2.0, "frequency": 1.0, "phase": 0.4},
    ms.Sail: {
        "a": "a",
        "radius": 2.0,
        "wind_speed": 3.0,
        "torque_coefficient": 0.1,
        "runaway_ratio": 3.0,
        "gusts": ((0.1, 0.2, 0.3),),
    },
    ms.Unbalance: {"a": "a", "moment": 2.0},
    ms.ElasticMesh: {
        "a": "a",
        "b": "b",
        "radius_a": 0.2,
        "radius_b": 0.3,
        "stiffness": 1e3,
        "damping": 1.0,
    },
    ms.Gear: {"a": "a", "b": "b", "teeth": (20, 30), "module": 4.0},
    ms.BevelGear: {"a": "a", "b": "b", "teeth": (20, 30)},
    ms.Belt: {"a": "a", "b": "b", "radii": (0.2, 0.3)},
    ms.Coupling: {"a": "a", "b": "b"},
    ms.Lock: {"a": "b", "dof": "spin"},
    ms.Drive: {"a": "a", "speed": 2.0},
    ms.UniversalJoint: {"a": "a", "b": "b", "angle": 20.0},
    ms.SliderCrank: {"a": "a", "b": "b", "crank": 0.1, "rod": 0.5},
    ms.LeadScrew: {"a": "a", "b": "b", "lead": 0.01},
    ms.Planetary: {"sun": "a", "ring": "b", "carrier": "c", "teeth": (20, 60)},
    ms.Cam: {"a": "a", "b": "b", "lifts": (0.01, 0.002)},
}


def example() -> ms.Assembly:
    """Three bodies that move, without a part."""
    assembly = ms.Assembly("example")
    assembly.add_body("a", inertia=1.0, mass=2.0, angular_velocity=1.0, angle=0.3)
    assembly.add_body("b", inertia=2.0, mass=3.0, angular_velocity=0.4, angle=0.2, velocity=0.1)
    assembly.add_body("c", inertia=3.0, mass=1.0, angular_velocity=-0.2)
    return assembly


def part_of(kind: type[Part], **changes: object) -> Part:
    """The example of a class, named ``part``, with other values."""
    return kind(**{**PARTS[kind], "name": "part", **changes})
