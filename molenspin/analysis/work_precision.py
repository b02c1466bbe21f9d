"""The cost of accuracy: time over error, speedups at equal error, the cheapest setting for an error."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import numpy as np

from molenspin.assembly.compiled import Floats
from molenspin.errors import InvalidValueError
from molenspin.integrators import Integrator
from molenspin.timing.records import TimingCase, TimingRecord, TimingResults, Verdict
from molenspin.timing.statistics import MINIMUM_SAMPLES, Estimate, Interval, ratio_estimate

RESAMPLES = 1000

CurveKey: TypeAlias = tuple[str, str, int, int, int]
"""Machine, assembly, body count, member count, microseconds simulated: what must agree to compare costs."""


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
    """

    dt: float
    error: float
    wall: tuple[float, ...]

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
        """The cheapest measured step that meets ``error``, None where none does."""
        good = [point for point in self.points if point.error <= error]
        return min(good, key=lambda point: point.median, default=None)

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
        if len(front) < 2 or not front[-1].error <= error <= front[0].error:
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
    results: TimingResults, errors: Mapping[tuple[TimingCase, str], float] | None = None
) -> list[Curve]:
    """Curves of all machines, assemblies, backends and integrators.

    Parameters
    ----------
    results
        Raw timings; a backend that was wrong or failed gives no point.
    errors
        Error of a case and backend [rad] where it is known better than the timing session knew it.
    """
    rows = sorted(_points(results, errors or {}), key=lambda row: row[:3])
    return [
        Curve(key=key, backend=backend, integrator=integrator, points=tuple(row[3] for row in group))
        for (key, backend, integrator), group in groupby(rows, key=lambda row: row[:3])
    ]


def _points(
    results: TimingResults, errors: Mapping[tuple[TimingCase, str], float]
) -> Iterator[tuple[CurveKey, str, Integrator, Point]]:
    for record in results.records:
        error = errors.get((record.case, record.backend), record.physics.error)
        usable = record.physics.verdict is Verdict.OK and record.samples.wall
        if usable and error is not None and np.isfinite(error) and error > 0:
            point = Point(dt=record.case.dt, error=error, wall=record.samples.wall)
            yield _key(results, record), record.backend, record.case.integrator, point


def _key(results: TimingResults, record: TimingRecord) -> CurveKey:
    case, machine = record.case, results.environment(record.session).machine
    duration = round(case.dt * case.step_count * 1e6)
    return machine, case.assembly, case.body_count, case.member_count, duration


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


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The cheapest measured setting that meets an error.

    Parameters
    ----------
    curve, point
        The setting.
    baseline, baseline_point
        The cheapest setting of the baseline backend that meets the error; None where none does.
    speedup
        Of the first over the second; None without a baseline.
    """

    curve: Curve
    point: Point
    baseline: Curve | None = None
    baseline_point: Point | None = None
    speedup: Estimate | None = None


def cheapest_setting(curves: Sequence[Curve], error: float, *, baseline: str = "numpy") -> Choice | None:
    """The cheapest measured integrator, step and backend for an error; None where none meets it.

    Parameters
    ----------
    curves
        All curves of one key.
    error
        Wanted error [rad].
    baseline
        Backend that the speedup refers to, at its own cheapest setting.
    """
    best = _cheapest(curves, error)
    if best is None:
        return None
    theirs = _cheapest([curve for curve in curves if curve.backend == baseline], error)
    if theirs is None:
        return Choice(curve=best[0], point=best[1])
    return Choice(
        curve=best[0],
        point=best[1],
        baseline=theirs[0],
        baseline_point=theirs[1],
        speedup=ratio_estimate(theirs[1].wall, best[1].wall),
    )


def _cheapest(curves: Sequence[Curve], error: float) -> tuple[Curve, Point] | None:
    settings = [(curve, point) for curve in curves if (point := curve.cheapest(error))]
    return min(settings, key=lambda setting: setting[1].median, default=None)
