"""Collects table rows while components are compiled, then stacks them into contiguous arrays.

A value in a row is a number or, where an ensemble varies it, an array of shape (member_count,).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from molenspin.assembly.compiled import CamTable, Floats, Indices, LinearRowTable, MeshTable
from molenspin.assembly.parameters import Dof, Value
from molenspin.errors import InvalidValueError

Table = TypeVar("Table")
Term = tuple[int, Value]
"""One term of a linear row: coordinate number and factor."""

ROW_WIDTH = 4
"""Terms in a linear row or a mesh: no component touches more coordinates."""

MATRIX_FIELDS: dict[type, tuple[str, ...]] = {
    LinearRowTable: ("index", "direction"),
    MeshTable: ("index", "direction"),
    CamTable: ("lift",),
}
"""Fields with two axes, which an empty table must keep."""


class Rows:
    """Rows of all tables of one assembly in the making."""

    def __init__(self, body_names: Sequence[str], member_count: int) -> None:
        self._bodies = {name: number for number, name in enumerate(body_names)}
        self._member_count = member_count
        self._tables: dict[type, list[dict[str, Any]]] = defaultdict(list)
        coordinate_count = 2 * len(body_names)
        self.stiffness: list[Value] = [0.0] * coordinate_count
        self.damping: list[Value] = [0.0] * coordinate_count
        self.force: list[Value] = [0.0] * coordinate_count
        self.constraint = 0
        """Number of the constraint row that is being compiled."""

    def coordinate(self, body: str, dof: Dof | str) -> int:
        """Coordinate number of a body's degree of freedom."""
        return 2 * self._bodies[body] + (dof == Dof.AXIAL)

    def add(self, table: type, **columns: object) -> int:
        """Append a row to a table and return its number."""
        self._tables[table].append(columns)
        return len(self._tables[table]) - 1

    def add_linear(self, terms: Sequence[Term], offset: Value = 0.0, rate: Value = 0.0) -> None:
        """Append a constraint row sum factor * q = offset + rate t."""
        index, direction = padded(terms)
        self.add(
            LinearRowTable,
            row=self.constraint,
            index=index,
            direction=direction,
            offset=offset,
            rate=rate,
        )

    def build(self, table: type[Table]) -> Table:
        """The rows of one table as arrays."""
        columns: dict[str, Any] = {}
        for field in fields(table):  # type: ignore[arg-type]
            values = [row[field.name] for row in self._tables[table]]
            if field.type is Indices:
                columns[field.name] = _read_only(np.array(values, dtype=np.int64))
            else:
                columns[field.name] = self.stack(values)
            if not values and field.name in MATRIX_FIELDS.get(table, ()):
                columns[field.name] = columns[field.name].reshape(0, ROW_WIDTH)
        return table(**columns)

    def stack(self, values: Sequence[Value | tuple[Value, ...]]) -> Floats:
        """Values as a read-only array (k, ...), or (member_count, k, ...) where one of them varies."""
        if not values or not isinstance(values[0], tuple):
            return _read_only(self._line([value for value in values if not isinstance(value, tuple)]))
        rows = [value for value in values if isinstance(value, tuple)]
        width = max(len(row) for row in rows)
        columns = [self._line([row[k] if k < len(row) else 0.0 for row in rows]) for k in range(width)]
        return _read_only(np.stack(np.broadcast_arrays(*columns), axis=-1))

    def _line(self, values: list[Value]) -> Floats:
        if any(isinstance(value, np.ndarray) for value in values):
            if any(np.shape(value) not in ((), (self._member_count,)) for value in values):
                raise InvalidValueError("a field holds an array: vary fields with simulate_ensemble")
            members = [np.broadcast_to(value, (self._member_count,)) for value in values]
            return np.stack(members, axis=-1).astype(np.float64)
        return np.array(values, dtype=np.float64)


def padded(terms: Sequence[Term]) -> tuple[tuple[int, ...], tuple[Value, ...]]:
    """Coordinates and factors of a row, filled up to `ROW_WIDTH` with factor 0."""
    missing = ROW_WIDTH - len(terms)
    index = tuple(coordinate for coordinate, _ in terms) + (terms[0][0],) * missing
    return index, tuple(factor for _, factor in terms) + (0.0,) * missing


Array = TypeVar("Array", Floats, Indices)


def _read_only(array: Array) -> Array:
    contiguous = np.ascontiguousarray(array)
    contiguous.flags.writeable = False
    return contiguous
