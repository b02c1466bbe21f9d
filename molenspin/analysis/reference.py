"""Reference solutions: what trajectories are compared with, and how far that can be trusted itself."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from molenspin.analysis.adaptive_reference import METHOD, TooCostlyError, adaptive_solution
from molenspin.analysis.refined_reference import method, refined_solution
from molenspin.argument_types import number_list, refuse_wrong_types
from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_assembly, compile_ensemble
from molenspin.assembly.compiled import Floats
from molenspin.assembly.parameters import SCALE_LIMIT
from molenspin.assembly.yaml_format import content_hash
from molenspin.backends.settings import check_positive
from molenspin.errors import DamagedFileError, InvalidValueError, MolenspinError
from molenspin.output.sealed_files import read_sealed_arrays, write_sealed_arrays
from molenspin.provenance import code_fingerprint
from molenspin.simulation.history import BODY_VARIABLES

FORMAT = 3
"""Raise it when a solution, or what a cached file holds of it, changes."""

KIND = "reference solutions"

logger = logging.getLogger(__name__)


@refuse_wrong_types
def reference_solution(
    assembly: Assembly, time: ArrayLike, *, step: float | None = None, cache: Path | None = None
) -> xr.Dataset:
    """Solve one assembly finer than any case, by the adaptive method where that is affordable.

    Parameters
    ----------
    assembly
        What to simulate.
    time
        Times of the states, from 0 on, ascending, shape (T,) [s]; evenly spaced where the adaptive method is
        too costly.
    step
        Finest step of the cases [s]; without it a costly assembly is refined to the rounding floor.
    cache
        Folder that keeps solutions by the hash of the assembly, the times, the step and the code; None for
        none. A file there that is damaged is computed again, and the log says so.

    Returns
    -------
    xarray.Dataset
        The four state variables over ``time`` and ``body``. Each has an attribute ``uncertainty``, a bound
        of its error; the dataset has ``method``.

    Raises
    ------
    MolenspinError
        If there is no solution, with the reason.
    """
    times = _checked_times(time)
    if step is not None:
        check_positive("step", step)

    def solve() -> _Solution:
        compiled = compile_assembly(assembly)
        try:
            states, uncertainty = adaptive_solution(compiled, times)
            return _Solution(states[:, None], uncertainty[:, None], METHOD, ("",))
        except TooCostlyError:
            refined = refined_solution(compiled, times, step)
        return _Solution(refined.states, refined.uncertainty, method(refined), refined.messages)

    shape = (4, 1, len(assembly.bodies), len(times))
    solution = _cached(cache, _content(assembly, times, step), shape, solve)
    if solution.messages[0]:
        raise MolenspinError(f"assembly {assembly.name}: no reference solution: {solution.messages[0]}")
    dataset = _dataset(assembly, times, solution).isel(point=0)
    for name in BODY_VARIABLES:
        dataset[name].attrs["uncertainty"] = float(dataset[f"{name}_uncertainty"])
    return dataset[list(BODY_VARIABLES)]


def reference_ensemble(
    assembly: Assembly,
    parameters: Mapping[str, ArrayLike],
    time: ArrayLike,
    *,
    step: float,
    cache: Path | None = None,
) -> xr.Dataset:
    """Solve many parameter points of one assembly in one call of the compiled core.

    Parameters
    ----------
    assembly, time, step, cache
        As for `reference_solution`; the times evenly spaced.
    parameters
        As for `molenspin.simulation.simulate_ensemble`: values of shape (point_count,) by parameter.

    Returns
    -------
    xarray.Dataset
        The four state variables over ``point``, ``time`` and ``body``, ``VARIABLE_uncertainty`` and
        ``message`` over ``point``: why a point has no solution, and then its states are NaN.
    """
    times = _checked_times(time)
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in parameters.items()}

    def solve() -> _Solution:
        refined = refined_solution(compile_ensemble(assembly, columns), times, step)
        return _Solution(refined.states, refined.uncertainty, method(refined), refined.messages)

    points = "".join(f"{name}{values.tobytes().hex()}" for name, values in sorted(columns.items()))
    shape = (4, max(map(np.size, columns.values()), default=1), len(assembly.bodies), len(times))
    return _dataset(assembly, times, _cached(cache, _content(assembly, times, step, points), shape, solve))


@dataclass(frozen=True)
class _Solution:
    """States (4, point_count, n, T), their uncertainty (4, point_count), and why a point has none."""

    states: Floats
    uncertainty: Floats
    method: str
    messages: Sequence[str]


def _checked_times(time: ArrayLike) -> Floats:
    times = number_list("time", time)
    if len(times) < 2 or times[0] != 0.0 or not np.all(np.diff(times) > 0) or times[-1] > SCALE_LIMIT:
        raise InvalidValueError("a reference needs at least two times, from 0 on and ascending [s]")
    return times


def _content(assembly: Assembly, times: Floats, step: float | None, points: str = "") -> str:
    what = (content_hash(assembly), times.tobytes().hex(), str(step), points)
    parts = (str(FORMAT), *what, code_fingerprint())
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def _cached(
    cache: Path | None, content: str, shape: tuple[int, ...], solve: Callable[[], _Solution]
) -> _Solution:
    """A solution with states of a shape from the cache, where it is there whole; else solved and kept."""
    path = cache / f"{content}.npz" if cache else None
    solution = _load(path, content, shape) if path else None
    if solution is None:
        solution = solve()
        if path:
            _save(path, content, solution)
    return solution


def _load(path: Path, content: str, shape: tuple[int, ...]) -> _Solution | None:
    if not path.exists():
        return None
    limit = 2**20 + shape[1] * 2**14 + 16 * prod(shape)  # twice the states, and room for messages
    try:
        return _checked_solution(path, read_sealed_arrays(path, kind=KIND, key=content, limit=limit), shape)
    except DamagedFileError as error:
        logger.warning(f"{error}; it is computed again")
    return None


def _checked_solution(path: Path, arrays: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> _Solution:
    expected = {
        "states": (shape, "d"),
        "uncertainty": (shape[:2], "d"),
        "method": ((), "U"),
        "messages": (shape[1:2], "U"),
    }
    if {name: (array.shape, array.dtype.char) for name, array in arrays.items()} != expected:
        raise DamagedFileError(path, "its arrays are not those of this assembly and these times")
    messages = tuple(map(str, arrays["messages"]))
    return _Solution(arrays["states"], arrays["uncertainty"], str(arrays["method"]), messages)


def _save(path: Path, content: str, solution: _Solution) -> None:
    arrays = {
        "states": solution.states,
        "uncertainty": solution.uncertainty,
        "method": np.array(solution.method),
        "messages": np.array(solution.messages),
    }
    try:
        write_sealed_arrays(path, arrays, key=content, kind=KIND)
    except OSError as error:
        logger.warning(f"{path}: cannot be written: {error.strerror}; next time it is computed again")


def _dataset(assembly: Assembly, times: Floats, solution: _Solution) -> xr.Dataset:
    dataset = xr.Dataset(
        {"message": ("point", list(solution.messages))},
        coords={"time": times, "body": [body.name for body in assembly.bodies]},
        attrs={"method": solution.method},
    )
    for number, (name, (unit, long_name)) in enumerate(BODY_VARIABLES.items()):
        states = solution.states[number].transpose(0, 2, 1)
        dataset[name] = ("point", "time", "body"), states, {"units": unit, "long_name": long_name}
        dataset[f"{name}_uncertainty"] = "point", solution.uncertainty[number], {"units": unit}
    return dataset
