"""What two timing sessions of the same code differ by, and which change can be told apart from that.

The samples of one session agree better with each other than with those of the next: clocks, neighbours and
memory layout change in between. Three things in the results tell by how much. The calibration kernel, timed
before every run, tells how fast the machine was just then; run times are compared in units of it. The visits
of a session tell how far run times in these units wander. And backends whose code did not change between the
sessions tell what is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf

import numpy as np
from scipy import stats

from molenspin.assembly.compiled import Floats
from molenspin.timing.samples import Samples
from molenspin.timing.statistics import SIGNIFICANCE, Interval

ASSUMED_SPREAD = 0.04
"""Standard deviation of a session (of log run time) where neither of two results has several visits."""

SAME_CODE_COUNT = 5
"""With fewer pairs of the same code their spread says little."""


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How far the run times of one case and backend moved from one session to another.

    Parameters
    ----------
    backend
        Label of the backend.
    value
        Log of the ratio of the run times.
    variance, freedom
        Of one visit's log run time, from the visits inside the sessions, and its degrees of freedom.
    weight
        Variance of ``value`` over that of a visit.
    is_same_code
        Neither the code nor the circumstances changed: what moved is the machine's.
    """

    backend: str
    value: float
    variance: float
    freedom: int
    weight: float
    is_same_code: bool = False


@dataclass(frozen=True, kw_only=True)
class Told:
    """What can be said of one shift.

    Parameters
    ----------
    p_value
        Probability of such a shift between sessions of the same code, corrected for the number of shifts.
    interval
        95% interval of the ratio of the run times.
    resolves
        Smallest relative change that would be told, were it the only one.
    """

    p_value: float
    interval: Interval
    resolves: float


def shift_between(
    first: Samples, second: Samples, *, backend: str, is_same_machine: bool, is_same_code: bool
) -> Shift:
    """Compare two sets of samples, in units of the calibration kernel where they are of one machine."""
    calibrated = is_same_machine and all(min(s.calibration, default=0.0) > 0 for s in (first, second))
    before, after = (_visit_logs(samples, calibrated=calibrated) for samples in (first, second))
    freedom = len(before) + len(after) - 2
    squares = float(sum(np.sum((logs - logs.mean()) ** 2) for logs in (before, after)))
    return Shift(
        backend=backend,
        value=float(after.mean() - before.mean()),
        variance=squares / freedom if freedom else 0.0,
        freedom=freedom,
        weight=1 / len(before) + 1 / len(after),
        is_same_code=is_same_machine and is_same_code,
    )


def _visit_logs(samples: Samples, *, calibrated: bool) -> Floats:
    """Log of the median run time of each visit, in units of the kernel's median there."""
    logs = np.log(visit_medians(samples))
    if calibrated:
        logs -= np.log(visit_medians(replace(samples, wall=samples.calibration)))
    return logs


def visit_medians(samples: Samples) -> Floats:
    """Median run time of each visit [s]."""
    wall, visits = np.asarray(samples.wall), np.asarray(samples.visits or [0] * len(samples.wall))
    return np.array([np.median(wall[visits == visit]) for visit in np.unique(visits)])


def tell(shifts: Sequence[Shift]) -> list[Told]:
    """Judge all shifts of a comparison together: the false discovery rate is held at 5%."""
    if not shifts:
        return []
    errors, freedoms = np.array([_error(shift, shifts) for shift in shifts]).T
    values = np.array([shift.value for shift in shifts])
    p_values = stats.false_discovery_control(2 * stats.t.sf(np.abs(values) / errors, freedoms))
    reach = stats.t.isf(SIGNIFICANCE / 2, freedoms) * errors
    strict = stats.t.isf(SIGNIFICANCE / 2 / len(shifts), freedoms) * errors
    return [
        Told(p_value=float(p), interval=Interval(exp(value - r), exp(value + r)), resolves=float(np.expm1(s)))
        for p, value, r, s in zip(p_values, values, reach, strict, strict=True)
    ]


def _error(shift: Shift, shifts: Sequence[Shift]) -> tuple[float, float]:
    """Standard error of a shift, the largest of what the three sources say, and its degrees of freedom."""
    alike = [other for other in shifts if other.backend == shift.backend]
    found = [(ASSUMED_SPREAD**2 * shift.weight, inf)]
    if freedom := sum(other.freedom for other in alike):
        pooled = sum(other.variance * other.freedom for other in alike) / freedom
        found = [(max(pooled, shift.variance) * shift.weight, float(freedom))]
    same = [other.value**2 for other in shifts if other.is_same_code]
    if len(same) >= SAME_CODE_COUNT:
        found.append((float(np.mean(same)), float(len(same))))
    variance, freedoms = max(found)
    return max(variance, 1e-12) ** 0.5, freedoms
