"""The cost of accuracy: time over error, speedups at equal error, the cheapest setting for an error."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from molenspin.assembly.compiled import Floats
from molenspin.errors import InvalidValueError
from molenspin.integrators import Integrator
from molenspin.timing.records import TimingCase, TimingRecord, TimingResults, Verdict
from molenspin.timing.statistics import MINIMUM_SAMPLES, Estimate, Interval

RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True, order=True)
class CurveKey:
    """What must agree so that costs can be compared.

    Parameters
    ----------
    machine
        Where it was timed.
    assembly, body_count, member_count, parameters
        What was simulated, for people.
    content
        Hash of what was simulated, as in `molenspin.timing.TimingCase`.
    microseconds
        Time simulated.
    """

    machine: str
    assembly: str
    body_count: int
    member_count: int
    content: str
    microseconds: int
    parameters: str = ""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One step size of a curve.

    Parameters
    ----------
    dt
        Step size [s].
    error
        Largest error of an angle [rad].
    wall
        Raw seconds of the timed runs.
    uncertainty
        How far the error can be trusted [rad].
    record
        The timing that this is taken from.
    """

    dt: float
    error: float
    wall: tuple[float, ...]
    uncertainty: float = 0.0
    record: TimingRecord | None = None

    @property
    def median(self) -> float:
        """Median of the timed runs [s]."""
        return float(np.median(self.wall))


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Cost over error of one backend and integrator, points from the coarsest error to the finest.

    Parameters
    ----------
    key
        What was simulated, and where.
    backend, integrator
        Who computed it, and how.
    points
        All timed steps with a known error.
    """

    key: CurveKey
    backend: str
    integrator: Integrator
    points: tuple[Point, ...]

    @property
    def sessions(self) -> frozenset[str]:
        """Sessions that its points were timed in."""
        return frozenset(point.record.session for point in self.points if point.record)

    @property
    def label(self) -> str:
        """``rust rk4``."""
        return f"{self.backend} {self.integrator}"

    def front(self) -> tuple[Point, ...]:
        """Points where a smaller step really gave a smaller error: not those at the rounding floor."""
        kept: list[Point] = []
        for point in sorted(self.points, key=lambda point: -point.dt):
            if not kept or point.error < kept[-1].error:
                kept.append(point)
        return tuple(kept)

    def cheapest(self, error: float) -> Point | None:
        """The cheapest measured step that surely meets ``error``, None where none does."""
        good = [point for point in self.points if point.error + point.uncertainty <= error]
        return min(good, key=lambda point: point.median, default=None)

    def reaches(self, error: float) -> bool:
        """Whether it was measured around ``error``."""
        front = self.front()
        return len(front) > 1 and front[-1].error <= error <= front[0].error

    def at_error(self, error: float, seconds: Sequence[Floats] | None = None) -> Floats:
        """Seconds at an error, interpolated in log-log between the measured points.

        Parameters
        ----------
        error
            Wanted error [rad].
        seconds
            Seconds of each point of `front`, shape (resamples,); their medians by default.

        Raises
        ------
        InvalidValueError
            If the error is outside the measured range: costs are not extrapolated.
        """
        front = self.front()
        if not self.reaches(error):
            raise InvalidValueError(f"{self.label}: {self._range(front)}, so not at {error:g}")
        values = seconds if seconds is not None else [np.array([point.median]) for point in front]
        right, share = self._between(error)
        interpolated: Floats = values[right - 1] ** (1 - share) * values[right] ** share
        return interpolated

    def step_at_error(self, error: float) -> float:
        """Step size at an error inside the measured range, interpolated likewise [s]."""
        right, share = self._between(error)
        front = self.front()
        return float(front[right - 1].dt ** (1 - share) * front[right].dt ** share)

    def _between(self, error: float) -> tuple[int, float]:
        """Number of the front's next finer point, and how far towards it the error lies."""
        x = -np.log([point.error for point in self.front()])
        right = int(np.clip(np.searchsorted(x, -np.log(error)), 1, len(x) - 1))
        return right, float((-np.log(error) - x[right - 1]) / (x[right] - x[right - 1]))

    def _range(self, front: Sequence[Point]) -> str:
        if len(front) < 2:
            return "measured at fewer than two errors"
        return f"measured at errors from {front[-1].error:.1e} to {front[0].error:.1e}"


def work_precision(
    results: TimingResults,
    errors: Mapping[tuple[TimingCase, str], float] | None = None,
    uncertainties: Mapping[tuple[TimingCase, str], float] | None = None,
) -> list[Curve]:
    """Curves of all machines, assemblies, backends and integrators.

    Parameters
    ----------
    results
        Raw timings; a backend that was wrong or failed gives no point.
    errors
        Error of a case and backend [rad] where it is known better than the timing session knew it.
    uncertainties
        Of these errors [rad].
    """
    rows = sorted(_points(results, errors or {}, uncertainties or {}), key=lambda row: row[:3])
    return [
        Curve(key=key, backend=backend, integrator=integrator, points=tuple(row[3] for row in group))
        for (key, backend, integrator), group in groupby(rows, key=lambda row: row[:3])
    ]


def _points(
    results: TimingResults,
    errors: Mapping[tuple[TimingCase, str], float],
    uncertainties: Mapping[tuple[TimingCase, str], float],
) -> Iterator[tuple[CurveKey, str, Integrator, Point]]:
    for record in results.current:
        error = errors.get((record.case, record.backend), record.physics.error)
        usable = record.physics.verdict is Verdict.OK and record.samples.wall
        if usable and error is not None and np.isfinite(error) and error > 0:
            point = Point(
                dt=record.case.dt,
                error=error,
                wall=record.samples.wall,
                uncertainty=uncertainties.get(
                    (record.case, record.backend), record.physics.uncertainty or 0.0
                ),
                record=record,
            )
            yield _key(results, record), record.backend, record.case.integrator, point


def _key(results: TimingResults, record: TimingRecord) -> CurveKey:
    case = record.case
    return CurveKey(
        machine=results.environment(record.session).machine,
        assembly=results.labels[case.content],
        body_count=case.body_count,
        member_count=case.member_count,
        content=case.content,
        microseconds=round(case.dt * case.step_count * 1e6),
        parameters=case.parameters,
    )


def speedup_at_error(curve: Curve, baseline: Curve, error: float, *, seed: int = 0) -> Estimate:
    """Speedup of a curve over a baseline at one error, with a 95% bootstrap interval.

    Raises
    ------
    InvalidValueError
        If one of the two was not measured around that error.
    """
    value = float((baseline.at_error(error) / curve.at_error(error))[0])
    samples = [len(point.wall) for side in (curve, baseline) for point in side.front()]
    if min(samples) < MINIMUM_SAMPLES:
        return Estimate(value=value, interval=None)
    rng = np.random.default_rng(seed)
    resampled = [side.at_error(error, _resampled_medians(side, rng)) for side in (baseline, curve)]
    low, high = np.quantile(resampled[0] / resampled[1], [0.025, 0.975])
    return Estimate(value=value, interval=Interval(float(low), float(high)))


def _resampled_medians(curve: Curve, rng: np.random.Generator) -> list[Floats]:
    return [
        np.median(rng.choice(point.wall, size=(RESAMPLES, len(point.wall))), axis=1)
        for point in curve.front()
    ]
