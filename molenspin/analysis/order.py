"""Observed order of convergence, fitted where the error is neither coarse nor rounding."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from molenspin.argument_types import number_list
from molenspin.assembly.compiled import Floats
from molenspin.errors import InvalidValueError

FLOOR_FACTOR = 4.0
"""An error below this many times the floor says nothing about the step."""

SLOPE_SPREAD = 0.35
"""Local slopes within this of each other count as one order: the asymptotic range."""


@dataclass(frozen=True, kw_only=True)
class ObservedOrder:
    """Slope of log error over log dt.

    Parameters
    ----------
    order
        The slope, None where it cannot be told.
    standard_error
        Of the fit; None with fewer than three steps.
    steps
        Step sizes that the fit used [s].
    note
        Why there is no order, or what limits it.
    """

    order: float | None
    standard_error: float | None = None
    steps: tuple[float, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        if self.order is None:
            return "-"
        spread = f" ± {self.standard_error:.2f}" if self.standard_error is not None else ""
        return f"{self.order:.2f}{spread}"


def observed_order(steps: Sequence[float], errors: Sequence[float], *, floor: float) -> ObservedOrder:
    """Fit the order over the asymptotic range: the longest run of steps with one slope.

    Parameters
    ----------
    steps, errors
        Step sizes [s] and the errors at them, in any order; errors that are not finite are left out.
    floor
        What limits any error whatever the step: uncertainty of the reference, Newton tolerance.
    """
    dt, error = number_list("steps", steps), number_list("errors", errors)
    if len(dt) != len(error) or not np.all((dt > 0) & np.isfinite(dt)) or len(set(dt)) < len(dt):
        raise InvalidValueError("steps and errors must have one length, and steps be different and above 0")
    (floor,) = number_list("floor", [floor])
    order = np.argsort(dt)
    dt, error = dt[order], error[order]
    resolved = np.isfinite(error) & (error > FLOOR_FACTOR * floor)
    if np.count_nonzero(resolved) < 2:
        reason = "at the rounding floor" if np.nanmax(error, initial=0) <= FLOOR_FACTOR * floor else ""
        return ObservedOrder(order=None, note=reason or "fewer than two steps above the rounding floor")
    dt, error = dt[resolved], error[resolved]
    first, last = _asymptotic_range(np.diff(np.log(error)) / np.diff(np.log(dt)))
    if last - first < 3 <= len(dt):
        return ObservedOrder(order=None, note="no asymptotic range: no two neighbouring slopes agree")
    return _fit(dt[first:last], error[first:last])


def _asymptotic_range(slopes: Floats) -> tuple[int, int]:
    """First point and the point after the last of the longest run of slopes that agree, finest first."""
    best = (0, 2)
    for first in range(len(slopes)):
        for last in range(first + 1, len(slopes) + 1):
            run = slopes[first:last]
            if np.ptp(run) <= SLOPE_SPREAD and last - first > best[1] - best[0] - 1:
                best = (first, last + 1)
    return best


def _fit(dt: Floats, error: Floats) -> ObservedOrder:
    x, y = np.log(dt), np.log(error)
    slope, offset = np.polyfit(x, y, 1)
    steps = tuple(float(step) for step in dt)
    if len(dt) < 3:
        return ObservedOrder(order=float(slope), steps=steps, note="from two steps")
    residual = y - slope * x - offset
    variance = np.sum(residual**2) / (len(dt) - 2) / np.sum((x - x.mean()) ** 2)
    return ObservedOrder(order=float(slope), standard_error=float(np.sqrt(variance)), steps=steps)
