"""Trajectories as xarray datasets."""

from collections.abc import Mapping
from json import dumps
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.assembly.yaml_format import assembly_to_dict
from molenspin.backends.protocol import History, Outcome, Settings
from molenspin.output.netcdf import writable
from molenspin.provenance import versions
from molenspin.simulation.history import BODY_VARIABLES, sample_times
from molenspin.simulation.run_errors import run_messages
from molenspin.status import CaseStatus


def single_dataset(
    assembly: Assembly, compiled: CompiledAssembly, settings: Settings, history: History, outcome: Outcome
) -> xr.Dataset:
    """The dataset of a single run: dims ``time``, ``body``, and ``constraint`` if reactions were recorded.

    The totals of the run stand in attrs.
    """
    variables = {name: (("time", "body"), buffer[0].T) for name, buffer in _bodies(history).items()}
    if history.reaction is not None:
        variables["reaction"] = (("time", "constraint"), history.reaction[0].T)
    dataset = xr.Dataset(variables, coords=_coordinates(compiled, settings, history))
    totals = {name: values[0].item() for name, values in _totals(outcome).items()}
    return _describe(
        dataset, assembly, settings, {**totals, "elapsed": outcome.elapsed, "path": outcome.path}
    )


def ensemble_dataset(
    assembly: Assembly,
    compiled: CompiledAssembly,
    settings: Settings,
    history: History,
    outcome: Outcome,
    *,
    parameters: Mapping[str, ArrayLike],
) -> xr.Dataset:
    """The dataset of an ensemble: dims ``member``, ``time``, ``body``; status and totals per member."""
    variables: dict[str, Any] = {
        name: (("member", "time", "body"), buffer.transpose(0, 2, 1))
        for name, buffer in _bodies(history).items()
    }
    if history.reaction is not None:
        variables["reaction"] = (("member", "time", "constraint"), history.reaction.transpose(0, 2, 1))
    variables |= {name: ("member", values) for name, values in _totals(outcome).items()}
    variables["status"] = ("member", outcome.status)
    variables["message"] = ("member", run_messages(compiled, settings, outcome))
    coordinates = _coordinates(compiled, settings, history)
    coordinates |= {name: ("member", np.asarray(values)) for name, values in parameters.items()}
    coordinates["member"] = np.arange(compiled.member_count)
    dataset = xr.Dataset(variables, coords=coordinates)
    dataset["status"].attrs = {
        "flag_values": [int(status) for status in CaseStatus],
        "flag_meanings": " ".join(status.name.lower() for status in CaseStatus),
    }
    return _describe(dataset, assembly, settings, {"elapsed": outcome.elapsed, "path": outcome.path})


def _bodies(history: History) -> dict[str, NDArray[np.float64]]:
    return {name: getattr(history, name) for name in BODY_VARIABLES}


def _totals(outcome: Outcome) -> dict[str, NDArray[Any]]:
    return {
        "max_residual": outcome.max_residual,
        "newton_iterations": outcome.newton_iterations,
        "force_evaluations": outcome.force_evaluations,
    }


def _coordinates(compiled: CompiledAssembly, settings: Settings, history: History) -> dict[str, Any]:
    coordinates: dict[str, Any] = {
        "time": ("time", sample_times(settings), {"units": "s", "long_name": "time"}),
        "body": list(compiled.body_names),
    }
    if history.reaction is not None:
        coordinates["constraint"] = list(compiled.constraint_names)
    return coordinates


def _describe(
    dataset: xr.Dataset, assembly: Assembly, settings: Settings, totals: Mapping[str, Any]
) -> xr.Dataset:
    for name, (unit, long_name) in BODY_VARIABLES.items():
        dataset[name].attrs = {"units": unit, "long_name": long_name}
    if "reaction" in dataset:
        dataset["reaction"].attrs = {"long_name": "constraint reaction (multiplier lambda)"}
    dataset.attrs = {
        "assembly": dumps(assembly_to_dict(assembly), default=lambda value: value.tolist()),
        "dt": settings.dt,
        "integrator": str(settings.integrator),
        "save_every": settings.save_every,
        "tolerance": settings.tolerance,
        **totals,
        **versions(),
    }
    return writable(dataset)
