"""States of all members over time as plain arrays, and the tables of the assembly broadcast against them."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from molenspin.assembly.compiled import CompiledAssembly, Floats, Indices


@dataclass(frozen=True, kw_only=True)
class States:
    """Recorded states.

    Parameters
    ----------
    time
        Shape (T,) [s].
    position, velocity
        Coordinates in the order of `CompiledAssembly` and their rates, shape (member_count, T, 2n).
    reaction
        Multipliers, shape (member_count, T, m), or None where they were not recorded.
    """

    time: Floats
    position: Floats
    velocity: Floats
    reaction: Floats | None = None


def interleave(spin: Floats, axial: Floats) -> Floats:
    """Coordinates (..., 2n) from the values of the bodies (..., n)."""
    return np.stack([spin, axial], axis=-1).reshape(*spin.shape[:-1], -1)


def over_time(compiled: CompiledAssembly) -> CompiledAssembly:
    """The assembly with a time axis in every array that varies with the member: (member_count, 1, k, ...)."""
    return _expand(compiled, "", compiled.varying())


Tables = TypeVar("Tables")


def _expand(value: Tables, prefix: str, varying: frozenset[str]) -> Tables:
    changes: dict[str, object] = {}
    for name, item in _items(value):
        if prefix + name in varying:
            changes[name] = np.expand_dims(item, 1)
        elif is_dataclass(item):
            changes[name] = _expand(item, f"{prefix}{name}.", varying)
    return replace(value, **changes)  # type: ignore[type-var]


def _items(value: object) -> Iterator[tuple[str, Any]]:
    for field in fields(value):  # type: ignore[arg-type]
        yield field.name, getattr(value, field.name)


def along(values: Floats, index: Indices, direction: Floats) -> Floats:
    """Sum of direction * values[index] of every row: (..., 2n) to (..., k)."""
    combined: Floats = np.sum(direction * values[..., index], axis=-1)
    return combined
