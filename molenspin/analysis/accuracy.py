"""The accuracy of every case in one table: errors, energy, violation, work."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from molenspin.analysis.balance import energy_drift, relative_imbalance
from molenspin.analysis.case_errors import case_errors
from molenspin.analysis.members import assembly_of, parameter_coordinates
from molenspin.errors import MolenspinError
from molenspin.status import CaseStatus
from molenspin.sweep.cases import case_key

SETTINGS = ("integrator", "dt", "backend")
TOTALS = ("max_residual", "newton_iterations", "force_evaluations")


def accuracy_table(dataset: xr.Dataset, *, cache: Path | None = None) -> pd.DataFrame:
    """One row per case of a dataset: a run, an ensemble, or a node of a store.

    Parameters
    ----------
    dataset
        Trajectories, in memory or lazy.
    cache
        Folder of reference solutions.

    Returns
    -------
    pandas.DataFrame
        ``assembly``, ``body_count``, ``duration`` [s], ``integrator``, ``dt`` [s], ``backend``, varied
        parameters, ``status``, ``message``; ``VARIABLE_NORM`` for each state variable and norm (``max``,
        ``rms``, ``end``), ``VARIABLE_uncertainty`` of the reference, ``reference``: its method, or why there
        is none; ``energy_drift`` where energy is conserved,
        ``energy_imbalance`` and ``quadrature_error`` as shares of the energy turned over;
        ``max_residual``, ``newton_iterations``, ``force_evaluations``; ``key``: the case's identity in 16
        hexadecimal digits, by which tables are joined, "" outside a store.
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
    finished = table.loc[table["status"] == CaseStatus.OK.label, ["dt", *parameters]]
    errors = case_errors(cases, assembly, finished, cache=cache)
    energies = _energies(cases)
    totals = pd.DataFrame({name: _column(cases, name) for name in TOTALS}, index=table.index)
    return pd.concat([table, errors, energies, totals], axis=1).assign(key=_keys(cases))


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


def _keys(cases: xr.Dataset) -> list[str]:
    """Identities of the cases of a store."""
    return [case_key(identity) if identity else "" for identity in _column(cases, "identity", 0).tolist()]


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
