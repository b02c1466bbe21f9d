import numpy as np
import pytest

from molenspin.timing.statistics import distinguishable, median_estimate, rank_test, ratio_estimate


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
