"""Linear modes of an assembly about its start: natural frequencies, and the step that the fastest allows."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, pi
from typing import Any, TypeAlias

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import LinearOperator, eigsh

from molenspin.assembly.compile import jacobian_rows
from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.integrators import Integrator

SparseMatrix: TypeAlias = Any
"""A scipy.sparse matrix in CSR form."""

DENSE_LIMIT = 64
"""Coordinates up to which the largest eigenvalue is computed densely."""


@dataclass(frozen=True)
class LinearModel:
    """M a = -damping v - stiffness q on the tangent space of G, all sparse, about the start."""

    mass: Floats
    stiffness: SparseMatrix
    damping: SparseMatrix
    jacobian: SparseMatrix


def linear_model(compiled: CompiledAssembly) -> LinearModel:
    """Linearise a single assembly about its initial position (friction about rest, meshes in contact)."""
    return LinearModel(
        mass=compiled.mass,
        stiffness=_stiffness(compiled),
        damping=_damping(compiled),
        jacobian=_jacobian(compiled),
    )


def natural_frequencies(compiled: CompiledAssembly) -> Floats:
    """Undamped natural frequencies [Hz], ascending, rigid-body modes as 0; dense: for up to 700 bodies."""
    model = linear_model(compiled)
    basis = _tangent_basis(model)
    stiffness = basis.T @ (model.stiffness @ basis)
    squared = linalg.eigvalsh((stiffness + stiffness.T) / 2)
    return np.sqrt(np.clip(squared, 0.0, None)) / (2 * pi)


def stable_step(compiled: CompiledAssembly, integrator: Integrator) -> float:
    """Largest dt [s] that the fastest linear mode allows the integrator; inf without stiffness and damping.

    An estimate: |mu| dt is held below the integrator's limit, |mu| bounded by the largest stiffness and
    damping rates on the tangent space.
    """
    model = linear_model(compiled)
    inverse_root = sparse.diags(1.0 / np.sqrt(model.mass))
    frequency = np.sqrt(max(_largest(inverse_root @ model.stiffness @ inverse_root, model), 0.0))
    decay = max(_largest(inverse_root @ model.damping @ inverse_root, model), 0.0)
    fastest = max(frequency, decay)
    return integrator.stability_limit / fastest if fastest > 0 else inf


def _largest(matrix: SparseMatrix, model: LinearModel) -> float:
    """Largest eigenvalue of ``matrix`` seen on the tangent space, by Lanczos above `DENSE_LIMIT`."""
    size = matrix.shape[0]
    if abs(matrix).max() == 0.0:
        return 0.0
    project = _tangent_projector(model)
    if size <= DENSE_LIMIT:
        identity = np.eye(size)
        projector = np.column_stack([project(column) for column in identity.T])
        return float(linalg.eigvalsh(projector @ matrix.toarray() @ projector)[-1])
    operator = LinearOperator((size, size), matvec=lambda x: project(matrix @ project(np.ravel(x))))
    start = np.random.default_rng(0).normal(size=size)
    return float(eigsh(operator, k=1, which="LA", v0=start, tol=1e-3, return_eigenvectors=False)[0])


def _tangent_projector(model: LinearModel) -> Callable[[Floats], Floats]:
    """Orthogonal projection, in mass-scaled coordinates, onto the null space of G."""
    if not model.jacobian.shape[0]:
        return lambda vector: vector
    scaled = (model.jacobian @ sparse.diags(1.0 / np.sqrt(model.mass))).tocsc()
    solve = sparse.linalg.factorized((scaled @ scaled.T).tocsc())
    return lambda vector: vector - scaled.T @ solve(scaled @ vector)


def _tangent_basis(model: LinearModel) -> Floats:
    """Columns with unit modal mass that span the null space of G."""
    root = 1.0 / np.sqrt(model.mass)
    if not model.jacobian.shape[0]:
        return np.diag(root)
    basis: Floats = linalg.null_space(model.jacobian.toarray() * root)
    return root[:, None] * basis


def _stiffness(compiled: CompiledAssembly) -> SparseMatrix:
    springs, meshes, unbalances = compiled.springs, compiled.meshes, compiled.unbalances
    slope = unbalances.moment * np.cos(compiled.initial_position[unbalances.index] - unbalances.angle)
    diagonal = compiled.stiffness.copy()
    np.add.at(diagonal, unbalances.index, slope)
    return _sum(compiled, diagonal, springs.stiffness, meshes.stiffness)


def _damping(compiled: CompiledAssembly) -> SparseMatrix:
    frictions, sails, quadratics = compiled.frictions, compiled.sails, compiled.quadratics
    diagonal = compiled.damping.copy()
    np.add.at(diagonal, frictions.index, frictions.torque / frictions.slip_speed)
    np.add.at(diagonal, sails.index, sails.lift * sails.wind_speed * sails.slope)
    speed = np.abs(compiled.initial_velocity[quadratics.index])
    np.add.at(diagonal, quadratics.index, 2.0 * quadratics.coefficient * speed)
    return _sum(compiled, diagonal, compiled.springs.damping, compiled.meshes.damping)


def _sum(
    compiled: CompiledAssembly, diagonal: Floats, spring_factor: Floats, mesh_factor: Floats
) -> SparseMatrix:
    springs, meshes = compiled.springs, compiled.meshes
    size, count = len(diagonal), len(springs.index_a)
    numbers = np.arange(count)
    ends = np.concatenate([springs.index_a, springs.index_b])
    signs = np.concatenate([np.ones(count), -np.ones(count)])
    difference = sparse.csr_matrix((signs, (np.tile(numbers, 2), ends)), shape=(count, size))
    mesh_rows = np.repeat(np.arange(len(mesh_factor)), 4)
    mesh = sparse.csr_matrix(
        (meshes.direction.ravel(), (mesh_rows, meshes.index.ravel())), shape=(len(mesh_factor), size)
    )
    springs_part: SparseMatrix = difference.T @ sparse.diags(spring_factor) @ difference if count else 0
    meshes_part: SparseMatrix = mesh.T @ sparse.diags(mesh_factor) @ mesh if len(mesh_factor) else 0
    return sparse.csr_matrix(sparse.diags(diagonal) + springs_part + meshes_part)


def _jacobian(compiled: CompiledAssembly) -> SparseMatrix:
    rows = jacobian_rows(compiled)
    entries = [(number, c, factor) for number, row in enumerate(rows) for c, factor in row.items()]
    shape = (len(rows), len(compiled.mass))
    if not entries:
        return sparse.csr_matrix(shape)
    numbers, columns, factors = zip(*entries, strict=True)
    return sparse.csr_matrix((factors, (numbers, columns)), shape=shape)
