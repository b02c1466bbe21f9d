"""Raw samples as an xarray dataset, for whoever wants to look at them otherwise than the table does."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from molenspin.argument_types import refuse_wrong_types
from molenspin.timing.records import TimingRecord, TimingResults


@refuse_wrong_types
def samples_dataset(results: TimingResults) -> xr.Dataset:
    """Return all samples.

    Returns
    -------
    xarray.Dataset
        ``wall``, ``inside`` and ``calibration`` [s] and ``visit`` over ``record`` and ``round``, NaN where
        a slow backend sat a round out; ``first_call`` [s] over ``record``; the case, backend, machine and
        verdict as coordinates.
    """
    records = results.records
    columns: dict[str, Callable[[TimingRecord], object]] = {
        "assembly": lambda record: record.case.assembly,
        "body_count": lambda record: record.case.body_count,
        "member_count": lambda record: record.case.member_count,
        "integrator": lambda record: record.case.integrator.value,
        "dt": lambda record: record.case.dt,
        "step_count": lambda record: record.case.step_count,
        "save_every": lambda record: record.case.save_every,
        "backend": lambda record: record.backend,
        "machine": lambda record: results.environment(record.session).machine,
        "verdict": lambda record: record.physics.verdict.value,
    }
    seconds = {"units": "s"}
    return xr.Dataset(
        {
            "wall": (("record", "round"), _by_round(results, "wall"), seconds),
            "inside": (("record", "round"), _by_round(results, "inside"), seconds),
            "calibration": (("record", "round"), _by_round(results, "calibration"), seconds),
            "visit": (("record", "round"), _by_round(results, "visits")),
            "first_call": ("record", [record.samples.first_call for record in records], seconds),
        },
        coords={name: ("record", [value(record) for record in records]) for name, value in columns.items()},
    )


def _by_round(results: TimingResults, name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    round_count = max((1 + max(record.samples.rounds, default=-1) for record in results.records), default=0)
    values = np.full((len(results.records), round_count), np.nan)
    for row, record in enumerate(results.records):
        found = getattr(record.samples, name)
        if found:  # older files have no calibration, and one visit is not numbered
            values[row, list(record.samples.rounds)] = found
    return values
