"""Errors of the cases of one dataset against reference solutions: one for each set of parameters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from molenspin.analysis.norms import NORMS, error_norms
from molenspin.analysis.reference import reference_ensemble, reference_solution
from molenspin.assembly.assembly import Assembly
from molenspin.errors import MolenspinError
from molenspin.output.publication import without_folders
from molenspin.simulation.history import BODY_VARIABLES

BLOCK_BYTES = 1 << 26
"""States held in memory at a time; a refinement holds them a few times."""

UNFINISHED = "none: the case did not finish"


def case_errors(
    cases: xr.Dataset, assembly: Assembly, settings: pd.DataFrame, *, cache: Path | None
) -> pd.DataFrame:
    """Errors of every case that finished, and what they are against.

    Parameters
    ----------
    cases
        Trajectories over ``case``, ``time`` and ``body``, in memory or lazy.
    assembly
        What they share.
    settings
        ``dt`` [s] and the varied parameters of the cases that finished, by their number.
    cache
        Folder of reference solutions.

    Returns
    -------
    pandas.DataFrame
        One row per case: ``VARIABLE_NORM``, ``VARIABLE_uncertainty`` of the reference, and ``reference``: how
        it was computed, or why there is none.
    """
    measured = [f"{name}_{norm}" for name in BODY_VARIABLES for norm in (*NORMS, "uncertainty")]
    errors = pd.DataFrame(np.nan, index=range(cases.sizes["case"]), columns=measured)
    errors["reference"] = UNFINISHED
    if settings.empty:
        return errors
    step = float(settings["dt"].min())
    for block in _blocks(settings.drop(columns="dt"), cases):
        try:
            reference = _reference(assembly, block.columns, cases["time"].to_numpy(), step, cache)
        except MolenspinError as error:
            errors.loc[block.rows, "reference"] = without_folders(f"none: {error}")
            continue
        for rows, points in block.pieces():
            found = _against(cases.isel(case=rows), reference.isel(point=points))
            errors.loc[rows, found.columns] = found.set_index(rows)
    return errors


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Cases that share a few parameter points.

    Parameters
    ----------
    rows, points
        Number of each case, and of its point in the block.
    columns
        Values of the points by parameter.
    size
        Points, or cases, whose states are held in memory at a time.
    """

    rows: NDArray[np.intp]
    points: NDArray[np.intp]
    columns: dict[str, NDArray[np.float64]]
    size: int

    def pieces(self) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        for start in range(0, len(self.rows), self.size):
            piece = slice(start, start + self.size)
            yield self.rows[piece], self.points[piece]


def _blocks(parameters: pd.DataFrame, cases: xr.Dataset) -> Iterator[_Block]:
    """Points are numbered as they first appear: a longer axis leaves the cached blocks valid."""
    names = list(parameters.columns)
    numbers = parameters.groupby(names, sort=False).ngroup() if names else np.zeros(len(parameters), np.intp)
    points = np.asarray(numbers)
    values = parameters.iloc[np.unique(points, return_index=True)[1]]
    size = max(1, BLOCK_BYTES // (8 * len(BODY_VARIABLES) * cases.sizes["time"] * cases.sizes["body"]))
    for start in range(0, len(values), size):
        inside = (points >= start) & (points < start + size)
        yield _Block(
            rows=parameters.index.to_numpy()[inside],
            points=points[inside] - start,
            columns={name: values[name].to_numpy(np.float64)[start : start + size] for name in names},
            size=size,
        )


def _reference(
    assembly: Assembly,
    columns: Mapping[str, NDArray[np.float64]],
    times: NDArray[np.float64],
    step: float,
    cache: Path | None,
) -> xr.Dataset:
    if columns:
        return reference_ensemble(assembly, columns, times, step=step, cache=cache)
    single = reference_solution(assembly, times, step=step, cache=cache)
    bounds = {f"{name}_uncertainty": single[name].attrs["uncertainty"] for name in BODY_VARIABLES}
    return single.assign(message="", **bounds).expand_dims("point")


def _against(cases: xr.Dataset, reference: xr.Dataset) -> pd.DataFrame:
    """Errors of cases against the reference of each, (case_count,) both."""
    aligned = reference.rename(point="case")
    norms = error_norms(cases, aligned).compute()
    found = {
        f"{name}_{norm}": norms[name].sel(norm=norm).to_numpy()
        for name in BODY_VARIABLES
        if name in norms
        for norm in NORMS
    }
    found |= {name: aligned[name].to_numpy() for name in map("{}_uncertainty".format, BODY_VARIABLES)}
    reasons = aligned["message"].to_numpy().astype(str)
    method = np.where(reasons == "", aligned.attrs["method"], np.char.add("none: ", reasons))
    return pd.DataFrame({**found, "reference": method})
