"""Compiles an assembly, or an ensemble of one, into the arrays that backends read; validation ends here."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.body import Axis, Body
from molenspin.assembly.compiled import (
    CamTable,
    CompiledAssembly,
    ExcitationTable,
    Floats,
    FrictionTable,
    GustTable,
    LinearRowTable,
    MeshTable,
    QuadraticTable,
    SailTable,
    SliderCrankTable,
    SpringTable,
    UnbalanceTable,
    UniversalJointTable,
)
from molenspin.assembly.equations import cam_rows, slider_crank_rows, universal_joint_rows
from molenspin.assembly.ordering import SparseRow, dependent_rows, elimination_order
from molenspin.assembly.parameters import nearest, varying_fields
from molenspin.assembly.rows import Rows
from molenspin.errors import InvalidTypeError, InvalidValueError, OverconstrainedError


def compile_assembly(assembly: Assembly) -> CompiledAssembly:
    """Compile a single assembly.

    Raises
    ------
    InvalidValueError
        If the assembly has no bodies.
    OverconstrainedError
        If constraints are redundant or contradict each other in the initial configuration.
    """
    return _compile(assembly, member_count=1)


def compile_ensemble(assembly: Assembly, parameters: Mapping[str, ArrayLike]) -> CompiledAssembly:
    """Compile an ensemble: one structure, some parameters with a value for each member.

    Parameters
    ----------
    assembly
        The structure, and the parameters that all members share.
    parameters
        ``{"component.field": values}``, all values of shape (member_count,); see `parameter_names`.

    Raises
    ------
    InvalidValueError
        If a parameter is not known or its values have another length.
    OverconstrainedError
        As for `compile_assembly`; checked on the first member.
    """
    arrays = _arrays(parameters)
    member_count = _member_count(arrays)
    replacements: dict[str, dict[str, Floats]] = {}
    for path, values in arrays.items():
        component, field = split_parameter(assembly, path)
        replacements.setdefault(component, {})[field] = values
    return _compile(assembly.replacing(replacements), member_count=member_count)


def _arrays(parameters: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    if not isinstance(parameters, Mapping):
        raise InvalidTypeError(f"parameters must be {{'component.field': values}}, not {parameters!r:.80}")
    try:
        return {path: np.asarray(values, dtype=np.float64) for path, values in parameters.items()}
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidTypeError(f"parameters must hold lists of numbers: {error}") from error


def split_parameter(assembly: Assembly, path: str) -> tuple[str, str]:
    """``"sails.wind_speed"`` as component and field, checked against the assembly.

    Raises
    ------
    InvalidValueError
        Naming the nearest component or field.
    """
    component, dot, field = str(path).rpartition(".")
    if not dot:
        raise InvalidValueError(f"parameter {path!r} must have the form component.field, like sails.inertia")
    known = varying_fields(type(assembly.component(component)))
    if field not in known:
        raise InvalidValueError(
            f"parameter {path!r}: {component} has no number {field!r}{nearest(field, known)}"
        )
    return component, field


def parameter_names(assembly: Assembly) -> tuple[str, ...]:
    """Every ``component.field`` that an ensemble can vary."""
    components = (*assembly.bodies, *assembly.elements, *assembly.constraints)
    return tuple(f"{part.name}.{field}" for part in components for field in varying_fields(type(part)))


def _member_count(arrays: Mapping[str, Floats]) -> int:
    shapes = {values.shape for values in arrays.values()}
    if len(shapes) != 1 or len(shape := shapes.pop()) != 1 or shape[0] == 0:
        found = ", ".join(f"{path} {values.shape}" for path, values in arrays.items()) or "none"
        raise InvalidValueError(f"an ensemble needs parameters of one common length; given: {found}")
    return int(shape[0])


def _compile(assembly: Assembly, *, member_count: int) -> CompiledAssembly:
    if not assembly.bodies:
        raise InvalidValueError(f"assembly {assembly.name}: add at least one body")
    rows = Rows([body.name for body in assembly.bodies], member_count)
    for element in assembly.elements:
        element.contribute(rows)
    for number, constraint in enumerate(assembly.constraints):
        rows.constraint = number
        constraint.contribute(rows)
    _add_gravity(assembly, rows)
    compiled = _tables(assembly, rows, member_count)
    _refuse_dependent(compiled)
    return compiled


def _add_gravity(assembly: Assembly, rows: Rows) -> None:
    if assembly.gravity is None:
        return
    for number, body in enumerate(assembly.bodies):
        if body.axis == Axis.VERTICAL:
            rows.force[2 * number + 1] = rows.force[2 * number + 1] - body.mass * assembly.gravity


def _tables(assembly: Assembly, rows: Rows, member_count: int) -> CompiledAssembly:
    bodies = partial(_pairs, rows, assembly.bodies)
    linear, joints = rows.build(LinearRowTable), rows.build(UniversalJointTable)
    cranks, cams = rows.build(SliderCrankTable), rows.build(CamTable)
    touched: dict[int, tuple[int, ...]] = {
        int(r): tuple(i) for r, i in zip(linear.row, linear.index, strict=True)
    }
    for table in (joints, cranks, cams):
        touched |= {
            int(r): (int(a), int(b)) for r, a, b in zip(table.row, table.index_a, table.index_b, strict=True)
        }
    return CompiledAssembly(
        name=assembly.name,
        member_count=member_count,
        body_names=tuple(body.name for body in assembly.bodies),
        constraint_names=tuple(constraint.name for constraint in assembly.constraints),
        mass=bodies("inertia", "mass"),
        initial_position=bodies("angle", "displacement"),
        initial_velocity=bodies("angular_velocity", "velocity"),
        stiffness=rows.stack(rows.stiffness),
        damping=rows.stack(rows.damping),
        constant_force=rows.stack(rows.force),
        springs=rows.build(SpringTable),
        frictions=rows.build(FrictionTable),
        quadratics=rows.build(QuadraticTable),
        excitations=rows.build(ExcitationTable),
        sails=rows.build(SailTable),
        gusts=rows.build(GustTable),
        unbalances=rows.build(UnbalanceTable),
        meshes=rows.build(MeshTable),
        linear_rows=linear,
        universal_joints=joints,
        slider_cranks=cranks,
        cams=cams,
        elimination_order=elimination_order([touched[row] for row in range(len(touched))]),
    )


def _pairs(rows: Rows, bodies: tuple[Body, ...], spin: str, axial: str) -> Floats:
    return rows.stack([getattr(body, field) for body in bodies for field in (spin, axial)])


def _refuse_dependent(compiled: CompiledAssembly) -> None:
    rows = jacobian_rows(compiled.member(0))
    dependent = dependent_rows(rows, compiled.elimination_order)
    if dependent:
        names = tuple(compiled.constraint_names[row] for row in dependent)
        raise OverconstrainedError(
            f"assembly {compiled.name}: the constraints {', '.join(names)} depend on each other at the start "
            "(redundant or contradictory): remove one of them, or make it an elastic element",
            constraints=names,
        )


def jacobian_rows(compiled: CompiledAssembly) -> list[SparseRow]:
    """Rows of G = dg/dq at the initial position of a single assembly."""
    position = compiled.initial_position
    rows: list[SparseRow] = [{} for _ in compiled.constraint_names]
    linear = compiled.linear_rows
    for row, index, direction in zip(linear.row, linear.index, linear.direction, strict=True):
        for coordinate, factor in zip(index, direction, strict=True):
            if factor != 0.0:
                rows[row][int(coordinate)] = float(factor)
    joints, cranks, cams = compiled.universal_joints, compiled.slider_cranks, compiled.cams
    for table, values in (
        (joints, universal_joint_rows(joints, position[joints.index_a], position[joints.index_b])),
        (cranks, slider_crank_rows(cranks, position[cranks.index_a], position[cranks.index_b])),
        (cams, cam_rows(cams, position[cams.index_a], position[cams.index_b])),
    ):
        for row, a, b, slope_a, slope_b in zip(
            table.row, table.index_a, table.index_b, values.slope_a, values.slope_b, strict=True
        ):
            rows[row] = {int(a): float(slope_a), int(b): float(slope_b)}
    return rows
