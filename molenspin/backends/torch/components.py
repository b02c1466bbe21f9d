"""Which bodies belong together: components of an assembly, and the templates they are instances of."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from molenspin.assembly.compiled import CompiledAssembly, Indices

CONSTRAINT_TABLES = ("linear_rows", "universal_joints", "slider_cranks", "cams")
Piece: TypeAlias = tuple[str, int, tuple[int, ...], tuple[tuple[int, ...], ...]]
"""A constraint row or mesh of one component: table, row in it, its coordinates, columns of each."""
PieceShape: TypeAlias = tuple[str, tuple[int, ...], tuple[tuple[int, ...], ...]]
"""The same in terms of a template: table, local coordinates, columns."""


@dataclass(frozen=True)
class Instance:
    """The coordinates and pieces of one component, None where it lacks one of its template's."""

    coordinates: tuple[int | None, ...]
    pieces: tuple[Piece | None, ...]
    shape: tuple[PieceShape, ...]


def templates_of(compiled: CompiledAssembly) -> list[list[Instance]]:
    """Instances of every template, the first of each one whole; constraint rows linear ones first."""
    pieces = _pieces(compiled)
    components = _components(compiled.body_count, [piece[2] for piece in pieces])
    return _merged(_templates(components, pieces))


def _pieces(compiled: CompiledAssembly) -> list[Piece]:
    """Constraint rows in elimination order, linear ones first (their factor never changes), then meshes."""
    rank = np.argsort(compiled.elimination_order)
    pieces: list[Piece] = []
    for name in CONSTRAINT_TABLES:
        table = getattr(compiled, name)
        if name == "linear_rows":
            rows = [_matrix_piece(name, k, table.index[k], table.direction) for k in range(len(table.row))]
        else:
            ends = zip(table.index_a.tolist(), table.index_b.tolist(), strict=True)
            rows = [(name, k, (a, b), ()) for k, (a, b) in enumerate(ends)]
        pieces += rows
    constraint = {name: getattr(compiled, name).row for name in CONSTRAINT_TABLES}
    pieces.sort(key=lambda piece: (piece[0] != "linear_rows", rank[constraint[piece[0]][piece[1]]]))
    meshes = compiled.meshes
    return pieces + [
        _matrix_piece("meshes", k, meshes.index[k], meshes.direction) for k in range(len(meshes.index))
    ]


def _matrix_piece(name: str, number: int, index: Indices, direction: NDArray[np.float64]) -> Piece:
    """A linear row or mesh without the padding, its columns gathered by coordinate."""
    columns = defaultdict(list)
    for column, coordinate in enumerate(index.tolist()):
        if np.any(direction[..., number, column]):
            columns[coordinate].append(column)
    return name, number, tuple(columns), tuple(tuple(group) for group in columns.values())


def _components(body_count: int, groups: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """Bodies of each component, ordered by their first body."""
    pairs = [(a // 2, b // 2) for group in groups for a, b in pairwise(group)]
    ends = np.array(pairs, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), (ends[0], ends[1])), shape=(body_count, body_count))
    _, label = connected_components(graph, directed=False)
    members: dict[int, list[int]] = defaultdict(list)
    for body, component in enumerate(label.tolist()):
        members[component].append(body)
    return list(members.values())


def _templates(components: list[list[int]], pieces: list[Piece]) -> list[list[Instance]]:
    """Components of equal shape together."""
    component_of = {body: number for number, bodies in enumerate(components) for body in bodies}
    own: list[list[Piece]] = [[] for _ in components]
    for piece in pieces:
        own[component_of[piece[2][0] // 2]].append(piece)
    templates: dict[object, list[Instance]] = defaultdict(list)
    for bodies, items in zip(components, own, strict=True):
        coordinates = tuple(2 * body + dof for body in bodies for dof in (0, 1))
        shape = tuple((name, tuple(map(coordinates.index, at)), columns) for name, _, at, columns in items)
        templates[len(bodies), shape].append(Instance(coordinates, tuple(items), shape))
    return list(templates.values())


def _merged(templates: list[list[Instance]]) -> list[list[Instance]]:
    """Templates with those that fit into a larger one moved there."""
    remaining = sorted(templates, key=lambda instances: -len(instances[0].coordinates))
    merged: list[list[Instance]] = []
    for instances in remaining:
        host = next((larger for larger in merged if _fits(instances[0], larger[0])), None)
        if host is None:
            merged.append(list(instances))
        else:
            host += [_embedded(instance, host[0]) for instance in instances]
    return merged


def _fits(small: Instance, large: Instance) -> bool:
    """Whether an instance is the larger one with parts missing, and few enough of them to be worth it."""
    size = len(small.coordinates)
    is_worth_it = 2 * size > len(large.coordinates)
    return is_worth_it and bool(small.shape) and set(small.shape) <= set(large.shape)


def _embedded(small: Instance, large: Instance) -> Instance:
    missing = len(large.coordinates) - len(small.coordinates)
    pieces = dict(zip(small.shape, small.pieces, strict=True))
    return Instance(
        coordinates=small.coordinates + (None,) * missing,
        pieces=tuple(pieces.get(shape) for shape in large.shape),
        shape=large.shape,
    )
