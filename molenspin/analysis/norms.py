"""Norms of the difference between trajectories and a reference solution."""

import numpy as np
import xarray as xr

from molenspin.analysis.members import STATE_VARIABLES
from molenspin.argument_types import refuse_wrong_types
from molenspin.errors import InvalidValueError

NORMS = ("max", "rms", "end")
"""Largest over bodies and time; root of the mean square over both; largest over bodies at the last time."""


@refuse_wrong_types
def error_over_time(dataset: xr.Dataset, reference: xr.Dataset) -> xr.Dataset:
    """Largest absolute error of any body at each time, per variable.

    Parameters
    ----------
    dataset
        Trajectories of one run, an ensemble or a store, recorded at the reference's times.
    reference
        From `molenspin.analysis.reference.reference_solution`.
    """
    return abs(_difference(dataset, reference)).max("body", skipna=False)


@refuse_wrong_types
def error_norms(dataset: xr.Dataset, reference: xr.Dataset) -> xr.Dataset:
    """Error of every variable over the member dims and ``norm``: see `NORMS`."""
    difference = _difference(dataset, reference)
    largest = abs(difference).max("body", skipna=False)
    norms: list[xr.Dataset] = [
        largest.max("time", skipna=False),
        (difference**2).mean(("time", "body"), skipna=False) ** 0.5,
        largest.isel(time=-1, drop=True),
    ]
    joined = xr.concat(norms, dim="norm", coords="minimal", compat="override")
    return joined.assign_coords(norm=list(NORMS))


def _difference(dataset: xr.Dataset, reference: xr.Dataset) -> xr.Dataset:
    if not np.allclose(dataset["time"], reference["time"], rtol=0, atol=1e-9):
        raise InvalidValueError("the trajectories were not recorded at the times of the reference")
    names = [name for name in STATE_VARIABLES if name in dataset]
    aligned = reference[names].assign_coords(time=dataset["time"], body=dataset["body"])
    return dataset[names] - aligned
