"""Expand a space (grid, zip, samples, product, concat) to columns, one array for each axis."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from molenspin.config.models import Sampling, Space
from molenspin.errors import InvalidValueError

Columns: TypeAlias = dict[str, NDArray[Any]]
"""Axis name to values; all arrays have one length, the number of points."""

LARGEST_SPACE = 100_000_000


def space_points(space: Space, where: str = "space") -> Columns:
    """Columns of all points of a space.

    Parameters
    ----------
    space
        The validated space.
    where
        Its path in the configuration, for messages.

    Raises
    ------
    InvalidValueError
        If an axis is given twice, joined spaces differ in axes, or there are too many points.
    """
    if space.grid is not None:
        return _product([{axis: np.array(values)} for axis, values in space.grid.items()], f"{where}.grid")
    if space.zip is not None:
        return {axis: np.array(values) for axis, values in space.zip.items()}
    if space.product is not None:
        parts = [space_points(part, f"{where}.product[{i}]") for i, part in enumerate(space.product)]
        return _product(parts, f"{where}.product")
    if space.concat is not None:
        parts = [space_points(part, f"{where}.concat[{i}]") for i, part in enumerate(space.concat)]
        return _concatenation(parts, f"{where}.concat")
    for name, sampler in SAMPLERS.items():
        sampling = getattr(space, name)
        if sampling is not None:
            return _scaled(sampler(sampling.count, len(sampling.axes), sampling.seed), sampling)
    raise InvalidValueError(f"{where}: an empty space")


def point_count(columns: Mapping[str, NDArray[Any]]) -> int:
    """Number of points that the columns hold."""
    return len(next(iter(columns.values())))


def _product(parts: Sequence[Columns], where: str) -> Columns:
    axes = [axis for part in parts for axis in part]
    _refuse_repeated(axes, where)
    counts = [point_count(part) for part in parts]
    if np.prod(counts, dtype=float) > LARGEST_SPACE:
        raise InvalidValueError(
            f"{where}: {np.prod(counts, dtype=float):.3g} points, more than {LARGEST_SPACE:g}"
        )
    positions = np.unravel_index(np.arange(np.prod(counts, dtype=int)), counts)
    return {
        axis: values[position]
        for part, position in zip(parts, positions, strict=True)
        for axis, values in part.items()
    }


def _concatenation(parts: Sequence[Columns], where: str) -> Columns:
    axes = set(parts[0])
    for number, part in enumerate(parts):
        if set(part) != axes:
            differing = ", ".join(sorted(axes ^ set(part)))
            raise InvalidValueError(
                f"{where}[{number}]: joined spaces need the same axes; {differing} differs"
            )
    return {axis: np.concatenate([part[axis] for part in parts]) for axis in parts[0]}


def _refuse_repeated(axes: Sequence[str], where: str) -> None:
    repeated = sorted({axis for axis in axes if axes.count(axis) > 1})
    if repeated:
        raise InvalidValueError(f"{where}: axis {repeated[0]} is given twice")


def _scaled(unit: NDArray[np.float64], sampling: Sampling) -> Columns:
    columns = {}
    for position, (axis, bounds) in enumerate(sampling.axes.items()):
        if bounds.scale == "log":
            columns[axis] = bounds.low * (bounds.high / bounds.low) ** unit[:, position]
        else:
            columns[axis] = bounds.low + (bounds.high - bounds.low) * unit[:, position]
    return columns


def _random(count: int, dimension: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random((count, dimension))


def _latin_hypercube(count: int, dimension: int, seed: int) -> NDArray[np.float64]:
    from scipy.stats import qmc  # importing it costs over a second: only sweeps that sample pay

    return np.asarray(qmc.LatinHypercube(dimension, rng=np.random.default_rng(seed)).random(count))


def _sobol(count: int, dimension: int, seed: int) -> NDArray[np.float64]:
    from scipy.stats import qmc

    sampler = qmc.Sobol(dimension, rng=np.random.default_rng(seed))
    return np.asarray(sampler.random_base2(int(count - 1).bit_length()))[:count]


SAMPLERS: Mapping[str, Callable[[int, int, int], NDArray[np.float64]]] = {
    "random": _random,
    "latin_hypercube": _latin_hypercube,
    "sobol": _sobol,
}
"""Samplers of the unit cube: (count, dimension, seed) to an array of shape (count, dimension)."""
