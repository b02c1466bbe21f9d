"""Cases in bulk: a series holds all cases that differ in their parameters only, as columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from json import dumps
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from molenspin.config import Block, Config
from molenspin.config.load import nearest
from molenspin.config.models import Simulation
from molenspin.errors import InvalidValueError
from molenspin.integrators import Integrator
from molenspin.sweep.condition import parse_condition
from molenspin.sweep.source import AssemblySource, block_sources
from molenspin.sweep.space import Columns, point_count, space_points

Identities: TypeAlias = NDArray[np.uint64]
SETTING_AXES = ("dt", "integrator", "backend")
GRID_TOLERANCE = 1e-9
LARGEST_RATIO = 1e9
"""Most recorded states of a case, and most steps between two of them."""


@dataclass(frozen=True)
class Series:
    """Cases of one assembly, step size, integrator and backend, one row for each.

    Parameters
    ----------
    source
        The assembly.
    dt, integrator, backend
        Shared settings; dt in s.
    parameter_names
        Varied parameters as ``component.field``, sorted.
    parameters
        Their values, shape (case_count, parameter_count).
    identities
        Hash of what is asked of each case (assembly, settings, parameters, backend), shape (case_count,);
        with the fingerprint of the code it determines the result.
    """

    source: AssemblySource
    dt: float
    integrator: Integrator
    backend: str
    parameter_names: tuple[str, ...]
    parameters: NDArray[np.float64]
    identities: Identities

    @property
    def case_count(self) -> int:
        """Number of cases."""
        return len(self.identities)

    def select(self, rows: NDArray[np.bool_]) -> "Series":
        """The series with only these rows."""
        return Series(
            self.source,
            self.dt,
            self.integrator,
            self.backend,
            self.parameter_names,
            self.parameters[rows],
            self.identities[rows],
        )

    def axis_values(self) -> dict[str, Any]:
        """Names that a condition may use, with their values."""
        return {
            "dt": self.dt,
            "integrator": str(self.integrator),
            "backend": self.backend,
            "assembly": self.source.name,
            "family": self.source.family,
            "size": self.source.body_count,
            **dict(zip(self.parameter_names, self.parameters.T, strict=True)),
        }

    def where(self, text: str, source: str) -> "Series":
        """The cases for which a condition holds; ``source`` is its key, for messages."""
        rows = parse_condition(text, source).holds(self.axis_values())
        return self.select(np.broadcast_to(rows, self.case_count))


def case_key(identity: int) -> str:
    """A case's identity as tables and files carry it: 16 hexadecimal digits."""
    return f"{identity:016x}"


def expand(config: Config) -> tuple[Series, ...]:
    """All cases of a configuration; a case that two blocks name is kept once.

    Raises
    ------
    InvalidValueError
        If a step does not fit the output grid, a parameter is unknown, or no case is left.
    """
    seen: set[int] = set()
    kept = []
    for number, block in enumerate(config.sweep):
        for series in _block_series(block, config.simulation, f"sweep[{number}]"):
            fresh = _first_seen(series.identities, seen)
            if fresh.any():
                kept.append(series if fresh.all() else series.select(fresh))
    if not kept:
        raise InvalidValueError("sweep: no case is left; loosen the 'where' conditions")
    return tuple(kept)


def steps_per_sample(dt: float, simulation: Simulation) -> int:
    """Steps between two recorded states."""
    return _whole_ratio(simulation.save_interval, dt, f"dt {dt:g} s does not divide the save interval")


def sample_count(simulation: Simulation) -> int:
    """Number of recorded states, the first one included."""
    return 1 + _whole_ratio(
        simulation.duration,
        simulation.save_interval,
        f"simulation.duration {simulation.duration:g} s is no multiple of the save interval",
    )


def _whole_ratio(whole: float, part: float, problem: str) -> int:
    if whole / part > LARGEST_RATIO:
        raise InvalidValueError(
            f"simulation: {whole:g} s in parts of {part:g} s are more than {LARGEST_RATIO:g} steps or states"
        )
    ratio = round(whole / part)
    if ratio < 1 or abs(ratio * part - whole) > GRID_TOLERANCE * whole:
        raise InvalidValueError(f"{problem} ({part:g} s in {whole:g} s); choose values that divide")
    return ratio


def _first_seen(identities: Identities, seen: set[int]) -> NDArray[np.bool_]:
    fresh = np.zeros(len(identities), dtype=bool)
    fresh[np.unique(identities, return_index=True)[1]] = True
    if seen:
        fresh &= ~np.isin(identities, np.fromiter(seen, np.uint64, len(seen)))
    seen.update(identities[fresh].tolist())
    return fresh


def _block_series(block: Block, simulation: Simulation, path: str) -> Iterator[Series]:
    points = space_points(block.space, f"{path}.space") if block.space else {"": np.zeros(1)}
    axes = {axis: _setting_values(axis, block, points, path) for axis in SETTING_AXES}
    sample_count(simulation)
    for dt in axes["dt"]:
        steps_per_sample(dt, simulation)
    for source in block_sources(block, path):
        parameters = {axis: values for axis, values in points.items() if axis not in (*SETTING_AXES, "")}
        source.check_parameters(parameters, f"{path}.space")
        for dt in axes["dt"]:
            for integrator in axes["integrator"]:
                for backend in axes["backend"]:
                    setting = {"dt": dt, "integrator": integrator, "backend": backend}
                    series = _one_series(source, setting, _rows_of(points, setting), simulation)
                    yield series.where(block.where, f"{path}.where") if block.where else series


def _setting_values(axis: str, block: Block, points: Columns, path: str) -> list[Any]:
    key = axis if axis == "dt" else f"{axis}s"
    if axis in points and key in block.model_fields_set:
        raise InvalidValueError(f"{path}.{key} and an axis {axis!r} in {path}.space: give one of them")
    if axis not in points:
        return list(getattr(block, key))
    values = np.unique(points[axis]).tolist()
    return [_checked_setting(axis, value, f"{path}.space") for value in values]


def _checked_setting(axis: str, value: Any, path: str) -> Any:  # noqa: ANN401
    if axis == "dt" and not (isinstance(value, float) and value > 0):
        raise InvalidValueError(
            f"{path}: dt {value!r} is not allowed; it must be a number of seconds above 0"
        )
    if axis == "integrator" and value not in list(Integrator):
        raise InvalidValueError(
            f"{path}: integrator {value!r} is not known{nearest(str(value), list(Integrator))}"
        )
    return Integrator(value) if axis == "integrator" else value


def _rows_of(points: Columns, setting: Mapping[str, Any]) -> Columns:
    """Parameter columns of the points that have this setting."""
    rows = np.ones(point_count(points), dtype=bool)
    for axis, value in setting.items():
        if axis in points:
            rows &= points[axis] == value
    return {axis: values[rows] for axis, values in points.items() if axis not in SETTING_AXES} | {
        "": np.zeros(np.count_nonzero(rows))
    }


def _one_series(
    source: AssemblySource, setting: Mapping[str, Any], columns: Columns, simulation: Simulation
) -> Series:
    names = tuple(sorted(axis for axis in columns if axis))
    parameters = np.empty((point_count(columns), len(names)))
    for position, name in enumerate(names):
        parameters[:, position] = columns[name]
    asked = {
        "assembly": source.content,
        "simulation": simulation.model_dump(),
        "parameters": names,
        **setting,
    }
    identities = _identities(dumps(asked, sort_keys=True), parameters)
    return Series(
        source, setting["dt"], setting["integrator"], setting["backend"], names, parameters, identities
    )


def _identities(asked: str, parameters: NDArray[np.float64]) -> Identities:
    """A 64-bit hash of each row; among 10^6 cases two agree by chance with a probability of 3e-8."""
    base = blake2b(asked.encode(), digest_size=8)
    # Adding 0.0 turns -0.0 into 0.0, which is the same value.
    rows = memoryview(np.ascontiguousarray(parameters + 0.0).tobytes())
    width = parameters.shape[1] * 8
    digests = bytearray()
    for row in range(len(parameters)):
        digest = base.copy()
        digest.update(rows[row * width : (row + 1) * width])
        digests += digest.digest()
    return np.frombuffer(bytes(digests), dtype="<u8").astype(np.uint64)
