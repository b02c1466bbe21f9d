"""From which size on a backend is faster than the baseline."""

from itertools import pairwise
from math import exp, log

import pandas as pd

from molenspin.analysis.speedups import BASELINE, simulated


def break_even_table(speedup: pd.DataFrame, *, baseline: str = BASELINE) -> pd.DataFrame:
    """Break-even size of every backend, from its speedups at equal step and the smallest step timed.

    Parameters
    ----------
    speedup
        From `molenspin.analysis.speedups.equal_step_table`.
    baseline
        Backend that the speedups refer to.

    Returns
    -------
    pandas.DataFrame
        ``assembly``, ``backend``, ``integrator``, ``faster than the baseline``: in words, with the number of
        bodies at which the speedup is 1, interpolated in log-log between the sizes that were timed.
    """
    if speedup.empty:
        return pd.DataFrame()
    counts = (speedup["backend"] != baseline) & (speedup["member_count"] == 1) & (speedup["parameters"] == "")
    timed = speedup[counts].dropna(subset=["speedup"])
    rows = []
    durations = simulated(timed)
    for (*_, duration), cases in timed.groupby(["machine", "assembly", "backend", "integrator", durations]):
        finest = cases.sort_values("dt").drop_duplicates("body_count").sort_values("body_count")
        first = finest.iloc[0]
        gained = dict(zip(finest["body_count"].astype(int), finest["speedup"].astype(float), strict=True))
        rows.append(
            {
                "assembly": first["assembly"] + (f", {duration:g} s" if durations.nunique() > 1 else ""),
                "backend": first["backend"],
                "integrator": first["integrator"],
                f"faster than {baseline}": break_even(gained),
            }
        )
    return pd.DataFrame(rows)


def break_even(speedups: dict[int, float]) -> str:
    """Words for speedups by number of bodies, ascending."""
    sizes = list(speedups)
    for smaller, larger in pairwise(sizes):
        low, high = speedups[smaller], speedups[larger]
        if low < 1 <= high:
            share = -log(low) / (log(high) - log(low))
            size = exp(log(smaller) + share * (log(larger) - log(smaller)))
            return f"from about {size:.0f} bodies on"
    if all(value >= 1 for value in speedups.values()):
        return f"at every size timed, from {sizes[0]} bodies on"
    if all(value < 1 for value in speedups.values()):
        return f"at no size timed, up to {sizes[-1]} bodies"
    return "at the smaller sizes only"
