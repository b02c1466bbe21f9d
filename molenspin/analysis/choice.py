"""The cheapest measured setting for a wanted error, and its speedup over the cheapest of the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

from molenspin.analysis.work_precision import Curve, Point
from molenspin.timing.statistics import Estimate, ratio_estimate


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
