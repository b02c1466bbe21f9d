"""Random assemblies of every kind of part, drawn by what the fields of a class allow."""

from typing import Any

import numpy as np

import molenspin as ms
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS
from molenspin.assembly.parameters import Bounds, body_fields, field_types

NAMES = "abcd"
SIZE = 3.0


def random_number(bounds: Bounds, rng: np.random.Generator) -> float:
    """A number of everyday size within the bounds, now and then 0 where that is the lowest allowed."""
    if bounds.low == 0 and not bounds.open and rng.random() < 0.3:
        return 0.0
    low = 0.1 if bounds.low == 0 else -SIZE if np.isinf(bounds.low) else bounds.low / 2
    return float(rng.uniform(low, SIZE if np.isinf(bounds.high) else bounds.high / 2))


def random_part(kind: type, rng: np.random.Generator) -> Any:
    """A part of that class on random bodies."""
    bodies = rng.permutation(list(NAMES))
    fields: dict[str, Any] = dict(zip(body_fields(kind), map(str, bodies), strict=False))
    drawn = {
        "teeth": lambda: tuple(int(count) for count in rng.integers(10, 40, size=2)),
        "dof": lambda: str(rng.choice(["spin", "axial"])),
        "lifts": lambda: tuple(rng.uniform(-1, 1, size=rng.integers(1, 5))),
        "gusts": lambda: tuple(tuple(rng.uniform(0.1, 1, size=3)) for _ in range(rng.integers(0, 4))),
        "internal": lambda: bool(rng.integers(2)),
        "crossed": lambda: bool(rng.integers(2)),
        "radii": lambda: tuple(rng.uniform(0.1, SIZE, size=2)),
        "rod": lambda: float(rng.uniform(SIZE + 0.5, 2 * SIZE)),
    }
    for name, hint in field_types(kind).items():
        marks = [mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Bounds)]
        if name in drawn:
            fields[name] = drawn[name]()
        elif marks:
            fields[name] = random_number(marks[0], rng)
    if kind is ms.Belt:
        del fields[str(rng.choice(["teeth", "radii"]))]
    return kind(**fields)


def random_bodies(rng: np.random.Generator) -> ms.Assembly:
    """Four bodies of different sizes, moving, with and without gravity."""
    assembly = ms.Assembly("random", gravity=float(rng.uniform(1, 10)) if rng.integers(2) else None)
    for name in NAMES:
        inertia, mass = rng.uniform(0.5, 3, size=2)
        start = dict(
            zip(
                ("angle", "displacement", "angular_velocity", "velocity"),
                rng.uniform(-1, 1, size=4),
                strict=True,
            )
        )
        axis = str(rng.choice(["vertical", "horizontal"]))
        assembly.add_body(name, inertia=inertia, mass=mass, axis=axis, **start)
    return assembly


def random_assembly(
    rng: np.random.Generator, *kinds: type, element_count: int = 3, constraint_count: int = 2
) -> ms.Assembly:
    """Parts of the given kinds and so many others; drawn again where the constraints depend on each other."""
    while True:
        assembly = random_bodies(rng)
        elements = [ELEMENTS[k] for k in rng.integers(len(ELEMENTS), size=element_count)]
        constraints = [CONSTRAINTS[k] for k in rng.integers(len(CONSTRAINTS), size=constraint_count)]
        parts = [random_part(kind, rng) for kind in (*kinds, *elements, *constraints)]
        assembly.add(*(parts[k] for k in rng.permutation(len(parts))))
        try:
            assembly.compile()
        except ms.OverconstrainedError:
            continue
        return assembly


def random_state(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Position, velocity and time."""
    size = 2 * len(NAMES)
    return rng.uniform(-2, 2, size=size), rng.uniform(-2, 2, size=size), float(rng.uniform(0, 5))
