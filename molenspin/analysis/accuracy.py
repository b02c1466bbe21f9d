"""The accuracy of every case in one table: errors, energy, violation, work."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from molenspin.analysis.balance import energy_drift, relative_imbalance
from molenspin.analysis.members import assembly_of, parameter_coordinates
from molenspin.analysis.norms import NORMS, error_norms
from molenspin.analysis.reference import reference_solution
from molenspin.assembly.assembly import Assembly
from molenspin.errors import MolenspinError
from molenspin.history import BODY_VARIABLES
from molenspin.status import CaseStatus

REFERENCE_LIMIT = 20
"""Parameter points of one dataset that get a reference solution; errors of the others are missing."""

SETTINGS = ("integrator", "dt", "backend")
TOTALS = ("max_residual", "newton_iterations", "force_evaluations")


def accuracy_table(
    dataset: xr.Dataset, *, cache: Path | None = None, reference_limit: int = REFERENCE_LIMIT
) -> pd.DataFrame:
    """One row per case of a dataset: a run, an ensemble, or a node of a store.

    Parameters
    ----------
    dataset
        Trajectories, in memory or lazy.
    cache
        Folder of reference solutions.
    reference_limit
        Parameter points that get a reference.

    Returns
    -------
    pandas.DataFrame
        ``assembly``, ``body_count``, ``duration`` [s], ``integrator``, ``dt`` [s], ``backend``, varied
        parameters, ``status``, ``message``; ``VARIABLE_NORM`` for each state variable and norm (``max``,
        ``rms``, ``end``), ``reference_uncertainty`` [rad]; ``energy_drift`` where energy is conserved,
        ``energy_imbalance`` and ``quadrature_error`` as shares of the energy turned over;
        ``max_residual``, ``newton_iterations``, ``force_evaluations``.
    """
    cases = _as_cases(dataset)
    assembly, parameters = assembly_of(dataset), parameter_coordinates(cases)
    table = pd.DataFrame(
        {
            "assembly": assembly.name,
            "body_count": len(assembly.bodies),
            "duration": float(cases["time"][-1]),
            **{name: _column(cases, name) for name in SETTINGS},
            **{name: values.to_numpy() for name, values in parameters.items()},
            "status": [CaseStatus(int(value)).label for value in _column(cases, "status", CaseStatus.OK)],
            "message": _column(cases, "message", ""),
        },
        index=range(cases.sizes["case"]),
    )
    finished = table.loc[table["status"] == CaseStatus.OK.label, list(parameters)]
    errors = _errors(cases, assembly, finished, cache, reference_limit).reindex(table.index)
    energies = _energies(cases)
    totals = pd.DataFrame({name: _column(cases, name) for name in TOTALS}, index=table.index)
    return pd.concat([table, errors, energies, totals], axis=1)


def _as_cases(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with one member dim, ``case``."""
    dims = [dim for dim in dataset["angle"].dims if dim not in ("time", "body")]
    if not dims:
        return dataset.expand_dims("case")
    stacked = dataset if len(dims) == 1 else dataset.stack(case=dims, create_index=False)
    return stacked if dims == ["case"] or len(dims) > 1 else stacked.rename({dims[0]: "case"})


def _column(cases: xr.Dataset, name: str, default: object = np.nan) -> np.ndarray:
    """Values over the cases, wherever the dataset keeps them: per case, or once in its attributes."""
    count = cases.sizes["case"]
    if name in cases.variables:
        return np.asarray(cases[name].broadcast_like(cases["case"]).to_numpy())
    return np.array([cases.attrs.get(name, default)] * count)


def _errors(
    cases: xr.Dataset, assembly: Assembly, parameters: pd.DataFrame, cache: Path | None, limit: int
) -> pd.DataFrame:
    columns = [f"{name}_{norm}" for name in BODY_VARIABLES for norm in NORMS]
    errors = pd.DataFrame(np.nan, index=parameters.index, columns=[*columns, "reference_uncertainty"])
    for rows, varied in _parameter_points(assembly, parameters, limit):
        try:
            reference = reference_solution(varied, cases["time"].to_numpy(), cache=cache)
        except MolenspinError:
            continue  # Without a reference the errors are missing, and the table shows it.
        norms = error_norms(cases.isel(case=rows), reference).compute()
        for name, values in norms.data_vars.items():
            for norm in NORMS:
                errors.loc[rows, f"{name}_{norm}"] = values.sel(norm=norm).to_numpy()
        errors.loc[rows, "reference_uncertainty"] = reference["angle"].attrs["uncertainty"]
    return errors


def _parameter_points(
    assembly: Assembly, parameters: pd.DataFrame, limit: int
) -> Iterator[tuple[np.ndarray, Assembly]]:
    """Rows of each distinct set of parameters, with the assembly that has them."""
    if parameters.columns.empty:
        yield parameters.index.to_numpy(), assembly
        return
    points, inverse = np.unique(parameters.to_numpy(), axis=0, return_inverse=True)
    for number, values in enumerate(points[:limit]):
        point: dict[str, dict[str, float]] = {}
        for path, value in zip(parameters.columns, values, strict=True):
            component, _, field = path.rpartition(".")
            point.setdefault(component, {})[field] = float(value)
        yield parameters.index.to_numpy()[inverse == number], assembly.replacing(point)


def _energies(cases: xr.Dataset) -> pd.DataFrame:
    names = ("energy_drift", "energy_imbalance", "quadrature_error")
    energies = pd.DataFrame(np.nan, index=range(cases.sizes["case"]), columns=list(names))
    try:
        shares, drift = relative_imbalance(cases).compute(), energy_drift(cases)
    except MolenspinError:
        return energies  # Reactions of a drive, or a state variable, were not recorded.
    energies["energy_imbalance"] = shares["imbalance"].to_numpy()
    energies["quadrature_error"] = shares["quadrature_error"].to_numpy()
    if drift is not None:
        energies["energy_drift"] = drift.to_numpy()
    return energies
