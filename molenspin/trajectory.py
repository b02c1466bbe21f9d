"""Trajectories as xarray datasets, and the errors of a run that stopped early."""

from collections.abc import Mapping
from json import dumps
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.assembly.modes import stable_step
from molenspin.assembly.yaml_format import assembly_to_dict
from molenspin.backends.protocol import History, Outcome, Settings
from molenspin.errors import ConvergenceError, InstabilityError, SimulationError
from molenspin.provenance import versions
from molenspin.status import CaseStatus

BODY_VARIABLES: dict[str, tuple[str, str]] = {
    "angle": ("rad", "spin angle"),
    "displacement": ("m", "axial displacement"),
    "angular_velocity": ("rad/s", "angular velocity"),
    "velocity": ("m/s", "axial velocity"),
}
"""Recorded variables of every body: unit and long name."""


def allocate_history(compiled: CompiledAssembly, settings: Settings, *, reaction: bool) -> History:
    """Buffers for a run, time last."""
    shape = (compiled.member_count, compiled.body_count, settings.sample_count)
    buffers = {name: np.empty(shape) for name in BODY_VARIABLES}
    rows = (compiled.member_count, compiled.constraint_count, settings.sample_count)
    return History(**buffers, reaction=np.empty(rows) if reaction else None)


def sample_times(settings: Settings) -> NDArray[np.float64]:
    """Times of the recorded states [s]."""
    return np.arange(settings.sample_count, dtype=np.float64) * (settings.save_every * settings.dt)


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
    variables["message"] = ("member", _messages(compiled, settings, outcome))
    coordinates = _coordinates(compiled, settings, history)
    coordinates |= {name: ("member", np.asarray(values)) for name, values in parameters.items()}
    coordinates["member"] = np.arange(compiled.member_count)
    dataset = xr.Dataset(variables, coords=coordinates)
    dataset["status"].attrs = {
        "flag_values": [int(status) for status in CaseStatus],
        "flag_meanings": " ".join(status.name.lower() for status in CaseStatus),
    }
    return _describe(dataset, assembly, settings, {"elapsed": outcome.elapsed, "path": outcome.path})


def run_error(
    compiled: CompiledAssembly, settings: Settings, outcome: Outcome, member: int
) -> SimulationError | None:
    """The error of a member that stopped early, None if it ran to its end."""
    status, step = CaseStatus(int(outcome.status[member])), int(outcome.stop_step[member])
    index = int(outcome.stop_index[member])
    if status == CaseStatus.NOT_CONVERGED:
        return _convergence_error(compiled, settings, step, index, float(outcome.stop_residual[member]))
    if status == CaseStatus.DIVERGED:
        return _instability_error(compiled.member(member), settings, step, index)
    if status != CaseStatus.OK:
        time = max(step - 1, 0) * settings.dt
        return SimulationError(
            f"assembly {compiled.name}: {status.label} at step {step}", step=step, time=time
        )
    return None


def _convergence_error(
    compiled: CompiledAssembly, settings: Settings, step: int, index: int, residual: float
) -> ConvergenceError:
    time, name = max(step - 1, 0) * settings.dt, compiled.constraint_names[index]
    place = "in the initial state" if step == 0 else f"in step {step}, at t = {time:g} s"
    advice = (
        "check that the start can satisfy it"
        if step == 0
        else f"try a smaller dt than {settings.dt:g} s, or check whether the mechanism can pass this position"
    )
    return ConvergenceError(
        f"assembly {compiled.name}: Newton did not converge {place}: constraint {name} has residual "
        f"{residual:.3g}, tolerance {settings.tolerance:g}; {advice}",
        step=step,
        time=time,
        constraint=name,
        residual=residual,
        tolerance=settings.tolerance,
    )


def _instability_error(
    compiled: CompiledAssembly, settings: Settings, step: int, index: int
) -> InstabilityError:
    time, body = max(step - 1, 0) * settings.dt, compiled.body_names[index]
    limit = stable_step(compiled, settings.integrator)
    return InstabilityError(
        f"assembly {compiled.name}: the state of body {body} ran away in step {step}, at t = {time:g} s; "
        f"the fastest mode allows {settings.integrator} a dt of about {limit:.2g} s, used was "
        f"{settings.dt:g} s: use a smaller dt",
        step=step,
        time=time,
        body=body,
        stable_dt=limit,
    )


def _messages(compiled: CompiledAssembly, settings: Settings, outcome: Outcome) -> list[str]:
    errors = (run_error(compiled, settings, outcome, member) for member in range(compiled.member_count))
    return [str(error) if error else "" for error in errors]


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
    return dataset
