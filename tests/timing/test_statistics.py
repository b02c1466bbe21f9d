from math import comb, sqrt
from statistics import NormalDist

import numpy as np
import pytest

from molenspin.timing.statistics import (
    _expanded_confidence,
    distinguishable,
    median_estimate,
    rank_test,
    ratio_estimate,
)


@pytest.mark.parametrize("count", [6, 7, 20])
def test_interval_of_the_median_covers_what_it_says(count):
    rng = np.random.default_rng(count)
    draws = rng.lognormal(mean=0.0, sigma=0.5, size=(250, count))
    intervals = [median_estimate(draw).interval for draw in draws]
    covered = np.mean([interval.low <= 1.0 <= interval.high for interval in intervals])
    assert covered >= 0.92  # 95% less two standard errors of 250 trials


def test_interval_of_a_ratio_covers_what_it_says():
    rng = np.random.default_rng(3)
    pairs = [(rng.lognormal(1.0, 0.3, 10), rng.lognormal(0.0, 0.3, 20)) for _ in range(200)]
    intervals = [ratio_estimate(*pair).interval for pair in pairs]
    assert np.mean([interval.low <= np.e <= interval.high for interval in intervals]) >= 0.92


def test_interval_narrows_with_samples():
    rng = np.random.default_rng(0)
    few, many = (median_estimate(rng.normal(10, 1, count)).interval for count in (6, 600))
    assert many.high - many.low < (few.high - few.low) / 4


def test_five_samples_give_a_median_without_interval():
    estimate = median_estimate([1.0, 2.0, 3.0, 4.0, 5.0])
    assert estimate.value == 3.0
    assert estimate.interval is None


def test_a_ratio_needs_six_samples_on_both_sides():
    five, six = [1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
    assert ratio_estimate(six, five).value == pytest.approx(7 / 3)
    assert ratio_estimate(five, six).interval is ratio_estimate(six, five).interval is None
    assert ratio_estimate(six, six).interval is not None


@pytest.mark.parametrize(("count", "t", "tail"), [(6, 2.570582, 0.00243), (10, 2.262157, 0.00855)])
def test_few_samples_ask_the_percentile_method_for_more(count, t, tail):
    """Hesterberg (2015): the normal tail below t of the sample, widened by sqrt(n / (n - 1))."""
    assert NormalDist().cdf(-t * sqrt(count / (count - 1))) == pytest.approx(tail, rel=2e-3)
    assert _expanded_confidence(count) == pytest.approx(1 - 2 * tail, abs=2e-5)


def test_equal_samples_give_an_interval_of_no_width():
    interval = median_estimate([2.0] * 6).interval
    assert (interval.low, interval.high) == (2.0, 2.0)


def test_rank_test_separates_what_differs_and_only_that():
    rng = np.random.default_rng(5)
    slow, fast = rng.normal(10, 0.1, 20), rng.normal(9, 0.1, 20)
    assert distinguishable(slow, fast)
    assert rank_test(slow, slow) == 1.0
    alarms = [distinguishable(rng.normal(10, 1, 20), rng.normal(10, 1, 20)) for _ in range(300)]
    assert np.mean(alarms) < 0.09


@pytest.mark.parametrize(("count", "differ"), [(3, False), (4, True)])
def test_rank_test_counts_the_orders_of_separate_samples(count, differ):
    fast, slow = np.arange(count), 10.0 + np.arange(count)
    assert rank_test(fast, slow) == pytest.approx(2 / comb(2 * count, count))
    assert rank_test(slow, fast) == rank_test(fast, slow)
    assert distinguishable(fast, slow) is differ
