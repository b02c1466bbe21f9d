"""Order of the constraint rows in which G M^-1 G^T fills in least, and the search for redundant rows."""

import heapq
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np

from molenspin.assembly.compiled import Indices

SparseRow = dict[int, float]
"""A row of G: factor of each coordinate."""

PIVOT_TOLERANCE = 1e-9
"""A row reduced to less than this share of its size depends on the rows before it."""


def elimination_order(row_coordinates: list[tuple[int, ...]]) -> Indices:
    """Minimum-degree order of the graph in which rows that share a coordinate are neighbours.

    A tree is eliminated from its leaves, without fill-in.

    Parameters
    ----------
    row_coordinates
        Coordinates that each row touches.
    """
    neighbours = _neighbours(row_coordinates)
    queue = [(len(near), row) for row, near in enumerate(neighbours)]
    heapq.heapify(queue)
    order: list[int] = []
    done = [False] * len(neighbours)
    while queue:
        degree, row = heapq.heappop(queue)
        if done[row] or degree != len(neighbours[row]):
            continue
        done[row] = True
        order.append(row)
        for touched in _eliminate(row, neighbours):
            heapq.heappush(queue, (len(neighbours[touched]), touched))
    array = np.array(order, dtype=np.int64)
    array.flags.writeable = False
    return array


def _neighbours(row_coordinates: list[tuple[int, ...]]) -> list[set[int]]:
    users: dict[int, list[int]] = defaultdict(list)
    for row, coordinates in enumerate(row_coordinates):
        for coordinate in set(coordinates):
            users[coordinate].append(row)
    neighbours: list[set[int]] = [set() for _ in row_coordinates]
    for rows in users.values():
        for first, second in combinations(rows, 2):
            neighbours[first].add(second)
            neighbours[second].add(first)
    return neighbours


def _eliminate(row: int, neighbours: list[set[int]]) -> set[int]:
    near = neighbours[row]
    for other in near:
        neighbours[other] |= near
        neighbours[other] -= {other, row}
    return near


def dependent_rows(rows: list[SparseRow], order: Indices) -> tuple[int, ...]:
    """Numbers of rows that depend linearly on each other, or () if the rows are independent.

    Sparse Gaussian elimination; a pivot is a large entry of the coordinate that fewest rows still use,
    so that a tree costs time linear in its size.
    """
    users = Counter(coordinate for row in rows for coordinate in row)
    pivots: dict[int, SparseRow] = {}
    for number in order:
        users.subtract(rows[number].keys())
        reduced = _reduce(rows[number], pivots)
        size = max(abs(factor) for factor in rows[number].values())
        large = [c for c, factor in reduced.items() if abs(factor) > 1e-2 * max(map(abs, reduced.values()))]
        if not large or abs(reduced[large[0]]) <= PIVOT_TOLERANCE * size:
            return _dependence(rows, int(number))
        pivot = min(large, key=lambda coordinate: (users[coordinate], coordinate))
        pivots[pivot] = {c: factor / reduced[pivot] for c, factor in reduced.items() if c != pivot}
    return ()


def _reduce(row: SparseRow, pivots: dict[int, SparseRow]) -> SparseRow:
    """The row without the coordinates of the pivots: those that it still has are pending, each once."""
    reduced = dict(row)
    pending = [coordinate for coordinate in reduced if coordinate in pivots]
    while pending:
        pivot = pending.pop()
        factor = reduced.pop(pivot)
        for coordinate, value in pivots[pivot].items():
            if coordinate not in reduced and coordinate in pivots:
                pending.append(coordinate)
            reduced[coordinate] = reduced.get(coordinate, 0.0) - factor * value
    return reduced


def _dependence(rows: list[SparseRow], number: int) -> tuple[int, ...]:
    from scipy import sparse  # costs a job a quarter of its start: only where something is wrong
    from scipy.sparse.linalg import lsqr

    others = [k for k in range(len(rows)) if k != number]
    width = 1 + max(coordinate for row in rows for coordinate in row)
    matrix = sparse.lil_matrix((len(rows), width))
    for k, row in enumerate(rows):
        scale = max(abs(factor) for factor in row.values())
        for coordinate, factor in row.items():
            matrix[k, coordinate] = factor / scale
    csr = matrix.tocsr()
    weights = lsqr(csr[others].T, csr[[number]].toarray().ravel(), atol=1e-14, btol=1e-14)[0]
    return tuple(sorted([number, *(k for k, w in zip(others, weights, strict=True) if abs(w) > 1e-6)]))
