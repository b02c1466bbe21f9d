"""Numbers as people read them."""

from math import isfinite

import pandas as pd

from molenspin.timing.statistics import Estimate, Interval

_MEMORY_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_TIME_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def seconds(value: float | None) -> str:
    """``1.45 ms``."""
    if value is None or pd.isna(value):
        return "–"
    scale, unit = next(((s, u) for s, u in _TIME_UNITS if abs(value) >= s), _TIME_UNITS[-1])
    return f"{value / scale:.3g} {unit}"


def step(value: float) -> str:
    """Step size: ``0.5 ms``."""
    return seconds(float(f"{value:.3g}"))


def power(value: float | None) -> str:
    """``2.7e-6``."""
    if value is None or pd.isna(value):
        return "–"
    if value == 0 or not isfinite(value):
        return f"{value:g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def error(value: float | None, uncertainty: float | None) -> str:
    """``2.7e-6 ± 1e-13``."""
    if uncertainty is None or pd.isna(uncertainty) or value is None or pd.isna(value):
        return power(value)
    return f"{power(value)} ± {power(float(f'{uncertainty:.0e}'))}"


def memory(value: float | None) -> str:
    """``1.2 MB``; ``n/a`` where it is not known, or there is no such device."""
    if value is None or pd.isna(value):
        return "n/a"
    scale, unit = next(((s, u) for s, u in _MEMORY_UNITS if value >= s), _MEMORY_UNITS[-1])
    return f"{_three_digits(value / scale)} {unit}"


def factor(value: float | None) -> str:
    """Speedup: ``12.3×``."""
    return "–" if value is None or pd.isna(value) else f"{_three_digits(value)}×"


def interval(found: Interval | None, *, suffix: str = "×") -> str:
    """``240 to 257×``, or that there is none."""
    if found is None:
        return "too few runs for an interval"
    return f"{_three_digits(found.low)} to {_three_digits(found.high)}{suffix}"


def _three_digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def speedup(estimate: Estimate | None) -> str:
    """Speedup with its interval."""
    if estimate is None:
        return "–"
    return f"{factor(estimate.value)} ({interval(estimate.interval)})"
