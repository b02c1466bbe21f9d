"""The compiled assembly: contiguous read-only arrays, the one thing that every backend reads.

Coordinates are numbered ``2 * body`` (spin angle [rad]) and ``2 * body + 1`` (axial displacement [m]).
Index arrays are ``int64`` and never vary. Coefficient arrays are ``float64`` of shape ``(k, ...)``, or
``(member_count, k, ...)`` where an ensemble varies them; `CompiledAssembly.arrays` names them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

MATRIX_ARRAYS = frozenset(
    {"meshes.index", "meshes.direction", "linear_rows.index", "linear_rows.direction", "cams.lift"}
)
"""Names of the arrays that have two axes without a member axis; all others have one."""


@dataclass(frozen=True, kw_only=True)
class SpringTable:
    """Linear spring-dampers between two coordinates (`ElasticShaft`).

    T = stiffness (q_a - q_b - offset) + damping (v_a - v_b); -T on a, +T on b.
    """

    index_a: Indices
    index_b: Indices
    stiffness: Floats
    damping: Floats
    offset: Floats


@dataclass(frozen=True, kw_only=True)
class FrictionTable:
    """Smoothed Coulomb friction (`Bearing`, `Load`): -torque tanh(v / slip_speed)."""

    index: Indices
    torque: Floats
    slip_speed: Floats


@dataclass(frozen=True, kw_only=True)
class QuadraticTable:
    """Quadratic resistance (`Load`): -coefficient v abs(v)."""

    index: Indices
    coefficient: Floats


@dataclass(frozen=True, kw_only=True)
class ExcitationTable:
    """Harmonic force (`Excitation`): amplitude sin(angular_frequency t + phase), without its mean."""

    index: Indices
    amplitude: Floats
    angular_frequency: Floats
    phase: Floats


@dataclass(frozen=True, kw_only=True)
class SailTable:
    """Wind torque (`Sail`): lift w^2 - lift slope w v, with w the wind speed with its gusts.

    lift = 0.5 rho pi R^3 C0, slope = R / L0.
    """

    index: Indices
    lift: Floats
    slope: Floats
    wind_speed: Floats


@dataclass(frozen=True, kw_only=True)
class GustTable:
    """Gusts: sail number ``sail`` gets w = wind_speed (1 + sum depth sin(angular_frequency t + phase))."""

    sail: Indices
    depth: Floats
    angular_frequency: Floats
    phase: Floats


@dataclass(frozen=True, kw_only=True)
class UnbalanceTable:
    """Gravity on an eccentric mass (`Unbalance`): -moment sin(q - angle)."""

    index: Indices
    moment: Floats
    angle: Floats


@dataclass(frozen=True, kw_only=True)
class MeshTable:
    """Elastic tooth contact (`ElasticMesh`); ``index`` and ``direction`` have shape (k, 4).

    x = direction . q[index], F = stiffness dead(x; backlash) + damping direction . v[index], the damping only
    in contact (abs(x) >= backlash / 2); the force on coordinate index[j] is -F direction[j].
    """

    index: Indices
    direction: Floats
    stiffness: Floats
    damping: Floats
    backlash: Floats


@dataclass(frozen=True, kw_only=True)
class LinearRowTable:
    """Constraint rows that are linear in q: direction . q[index] - offset - rate t = 0.

    ``row`` is the number of the constraint; ``index`` and ``direction`` have shape (k, 4), padded with
    direction 0 on an index that the row already uses.
    """

    row: Indices
    index: Indices
    direction: Floats
    offset: Floats
    rate: Floats


@dataclass(frozen=True, kw_only=True)
class UniversalJointTable:
    """sin(q_a) cos(q_b) - cos_angle cos(q_a) sin(q_b) = 0."""

    row: Indices
    index_a: Indices
    index_b: Indices
    cos_angle: Floats


@dataclass(frozen=True, kw_only=True)
class SliderCrankTable:
    """q_b - (crank cos(q_a) + sqrt(rod^2 - crank^2 sin^2(q_a)) - crank - rod) = 0; q_b is axial."""

    row: Indices
    index_a: Indices
    index_b: Indices
    crank: Floats
    rod: Floats


@dataclass(frozen=True, kw_only=True)
class CamTable:
    """q_b - sum_k lift[:, k - 1] (1 - cos(k q_a)) = 0, lifts of shape (cams, harmonics) padded with 0."""

    row: Indices
    index_a: Indices
    index_b: Indices
    lift: Floats


@dataclass(frozen=True, kw_only=True)
class CompiledAssembly:
    """An assembly (or an ensemble of one structure) as a backend reads it.

    Forces are -stiffness q - damping v + constant_force on each coordinate, plus what the tables add.

    Parameters
    ----------
    name
        Name of the assembly, for messages.
    member_count
        Number of ensemble members; 1 for a single assembly.
    body_names, constraint_names
        Names in the order of bodies (n) and of constraint rows (m).
    mass
        Diagonal of the mass matrix, (2n,): J_0 [kg m^2], m_0 [kg], J_1, ...
    initial_position, initial_velocity
        Start, (2n,), as given: a backend projects it onto the constraints before the first step.
    stiffness, damping, constant_force
        Diagonal linear coefficients and constant force of each coordinate, (2n,).
    elimination_order
        Order of the constraint rows in which a factorisation of G M^-1 G^T fills in least, (m,).
    """

    name: str
    member_count: int
    body_names: tuple[str, ...]
    constraint_names: tuple[str, ...]
    mass: Floats
    initial_position: Floats
    initial_velocity: Floats
    stiffness: Floats
    damping: Floats
    constant_force: Floats
    springs: SpringTable
    frictions: FrictionTable
    quadratics: QuadraticTable
    excitations: ExcitationTable
    sails: SailTable
    gusts: GustTable
    unbalances: UnbalanceTable
    meshes: MeshTable
    linear_rows: LinearRowTable
    universal_joints: UniversalJointTable
    slider_cranks: SliderCrankTable
    cams: CamTable
    elimination_order: Indices

    @property
    def body_count(self) -> int:
        """Number of bodies n."""
        return len(self.body_names)

    @property
    def constraint_count(self) -> int:
        """Number of constraint rows m."""
        return len(self.constraint_names)

    def arrays(self) -> dict[str, Floats | Indices]:
        """All arrays by dotted name: ``mass``, ``springs.stiffness``, ``linear_rows.index``, ..."""
        return dict(self._arrays)

    @cached_property
    def _arrays(self) -> dict[str, Floats | Indices]:
        # Every run asks for them, and to collect them takes as long as some hundred steps.
        return dict(_named_arrays(self, ""))

    def member(self, number: int) -> "CompiledAssembly":
        """One member of the ensemble as an assembly of its own."""
        return _select(self, "", self.varying(), number, member_count=1)

    def members(self, numbers: Indices) -> "CompiledAssembly":
        """Some members of the ensemble as an ensemble of their own."""
        return _select(self, "", self.varying(), numbers, member_count=len(numbers))

    def varying(self) -> frozenset[str]:
        """Names of the arrays that carry a leading member axis."""
        return frozenset(
            name for name, array in self.arrays().items() if array.ndim > (2 if name in MATRIX_ARRAYS else 1)
        )


Tables = TypeVar("Tables", bound="DataclassInstance")


def _select(
    value: Tables, prefix: str, varying: frozenset[str], number: int | Indices, **changes: object
) -> Tables:
    for field in fields(value):
        item, name = getattr(value, field.name), prefix + field.name
        if name in varying:
            changes[field.name] = item[number]
        elif is_dataclass(item) and not isinstance(item, type):
            changes[field.name] = _select(item, f"{name}.", varying, number)
    return replace(value, **changes)


def _named_arrays(value: object, prefix: str) -> Iterator[tuple[str, Floats | Indices]]:
    if not is_dataclass(value):
        return
    for field in fields(value):
        item = getattr(value, field.name)
        if isinstance(item, np.ndarray):
            yield prefix + field.name, item
        else:
            yield from _named_arrays(item, f"{prefix}{field.name}.")
