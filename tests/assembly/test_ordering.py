"""The elimination order and the search for redundant rows, against dense linear algebra."""

from itertools import combinations

import numpy as np
import pytest

from molenspin.assembly.ordering import SparseRow, dependent_rows, elimination_order

SEEDS = range(60)


def random_rows(rng: np.random.Generator, count: int, width: int) -> np.ndarray:
    """Sparse rows of very different sizes, two to four entries each."""
    matrix = np.zeros((count, width))
    for row in matrix:
        places = rng.choice(width, size=rng.integers(2, 5), replace=False)
        row[places] = rng.uniform(0.2, 2.0, size=len(places)) * rng.choice([-1, 1], size=len(places))
    return matrix * 10.0 ** rng.integers(-3, 4, size=(count, 1))


def sparse_rows(matrix: np.ndarray) -> list[SparseRow]:
    return [{int(c): float(row[c]) for c in np.flatnonzero(row)} for row in matrix]


def order_of(matrix: np.ndarray) -> np.ndarray:
    return elimination_order([tuple(row) for row in sparse_rows(matrix)])


@pytest.mark.parametrize("seed", SEEDS)
def test_independent_rows_are_accepted(seed):
    matrix = random_rows(np.random.default_rng(seed), 6, 12)
    scaled = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    if np.linalg.svd(scaled)[1][-1] > 1e-3:
        assert dependent_rows(sparse_rows(matrix), order_of(matrix)) == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_dependent_rows_are_named_and_no_others(seed):
    """A row that is a sum of others depends on exactly these, whatever the order in which rows stand."""
    rng = np.random.default_rng(seed)
    matrix = random_rows(rng, 7, 14)
    if np.linalg.svd(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))[1][-1] < 1e-2:
        pytest.skip("these rows depend on each other by chance")
    summands = rng.choice(7, size=rng.integers(1, 4), replace=False)
    scale = np.abs(matrix[summands]).max(axis=1, keepdims=True)
    dependent = (rng.uniform(0.5, 2, size=(len(summands), 1)) * matrix[summands] / scale).sum(axis=0)
    place = int(rng.integers(8))
    rows = sparse_rows(np.insert(matrix, place, dependent, axis=0))
    order = elimination_order([tuple(row) for row in rows])
    expected = sorted([place, *(int(k) + (k >= place) for k in summands)])
    assert dependent_rows(rows, order) == tuple(expected)


def test_rows_of_small_whole_numbers_are_dependent_where_their_rank_says_so():
    """Whole numbers cancel exactly: a coordinate may vanish from a row and come back."""
    for seed in range(500):
        rng = np.random.default_rng(seed)
        matrix = np.zeros((rng.integers(3, 9), rng.integers(4, 10)))
        for row in matrix:
            places = rng.choice(len(row), size=rng.integers(1, 5), replace=False)
            row[places] = rng.choice([-2, -1, 1, 2], size=len(places))
        named = dependent_rows(sparse_rows(matrix), order_of(matrix))
        assert bool(named) == (np.linalg.matrix_rank(matrix) < len(matrix)), seed
        assert not named or np.linalg.matrix_rank(matrix[list(named)]) < len(named), seed


@pytest.mark.parametrize(("difference", "named"), [(1e-6, ()), (1e-11, (0, 1))])
def test_rows_count_as_dependent_when_they_differ_by_rounding(difference, named):
    for scale in (1e-3, 1e3):
        rows = [{0: 1.0, 1: 1.0}, {0: scale, 1: scale * (1 + difference)}]
        assert dependent_rows(rows, np.array([0, 1])) == named


def test_rounding_counts_by_the_largest_factor_of_a_row():
    row = {0: 0.1, 1: 0.3, 2: 1e-9}
    rows = [row, {coordinate: 0.7 * factor for coordinate, factor in row.items()}]
    assert dependent_rows(rows, np.array([0, 1])) == (0, 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_row_is_eliminated_where_it_has_fewest_neighbours(seed):
    """Replayed on a plain graph: the lowest number first among those of least degree."""
    rng = np.random.default_rng(seed)
    rows = [tuple(map(int, rng.integers(12, size=rng.integers(1, 5)))) for _ in range(10)]
    graph = {k: {j for j in range(10) if j != k and set(rows[j]) & set(rows[k])} for k in range(10)}
    expected = []
    while graph:
        row = min(graph, key=lambda k: (len(graph[k]), k))
        for first, second in combinations(graph[row], 2):
            graph[first].add(second)
            graph[second].add(first)
        for near in graph.pop(row):
            graph[near].discard(row)
        expected.append(row)
    order = elimination_order(rows)
    assert order.tolist() == expected
    assert not order.flags.writeable


def test_no_rows_have_an_empty_order():
    order = elimination_order([])
    assert (order.shape, order.dtype) == ((0,), np.int64)
    assert dependent_rows([], order) == ()
