"""Medians with intervals, and the rank test that says whether two sets of samples differ at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

MINIMUM_SAMPLES = 6
"""With fewer samples no 95% interval of a median exists, whatever the method: 2 (1/2)^5 > 0.05."""

SIGNIFICANCE = 0.05
"""Two sets of samples with a larger p value of the rank test are not distinguishable."""

RESAMPLES = 4000


@dataclass(frozen=True)
class Interval:
    """An interval of 95% confidence."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value with its interval, which is None where fewer than `MINIMUM_SAMPLES` samples stand behind it."""

    value: float
    interval: Interval | None


def median_estimate(samples: Sequence[float], *, seed: int = 0) -> Estimate:
    """Return the median of ``samples`` with its bootstrap interval."""
    return _bootstrap((np.asarray(samples),), np.median, seed=seed)


def ratio_estimate(numerator: Sequence[float], denominator: Sequence[float], *, seed: int = 0) -> Estimate:
    """Return the ratio of the two medians (a speedup, a change) with its bootstrap interval."""
    return _bootstrap((np.asarray(numerator), np.asarray(denominator)), _median_ratio, seed=seed)


def rank_test(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the two-sided p value of the Mann-Whitney test: small where one set is faster."""
    return float(stats.mannwhitneyu(first, second, alternative="two-sided").pvalue)


def distinguishable(first: Sequence[float], second: Sequence[float]) -> bool:
    """Tell whether the rank test separates the two sets of samples."""
    return rank_test(first, second) < SIGNIFICANCE


def _median_ratio(
    numerator: NDArray[np.float64], denominator: NDArray[np.float64], axis: int = -1
) -> NDArray[np.float64]:
    return np.median(numerator, axis=axis) / np.median(denominator, axis=axis)


def _bootstrap(
    samples: tuple[NDArray[np.float64], ...], statistic: Callable[..., NDArray[np.float64]], *, seed: int
) -> Estimate:
    value = float(statistic(*samples))
    count = min(len(array) for array in samples)
    if count < MINIMUM_SAMPLES:
        return Estimate(value=value, interval=None)
    result = stats.bootstrap(
        samples,
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=_expanded_confidence(count),
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    interval = Interval(float(result.confidence_interval.low), float(result.confidence_interval.high))
    return Estimate(value=value, interval=interval)


def _expanded_confidence(count: int) -> float:
    """Confidence to ask of the percentile method so that few samples still give 95% (Hesterberg 2015).

    The plain percentile interval of a median covers 88 to 94% for 6 to 20 samples.
    """
    tail = stats.norm.cdf(np.sqrt(count / (count - 1)) * stats.t.ppf(0.025, count - 1))
    return float(1 - 2 * tail)
