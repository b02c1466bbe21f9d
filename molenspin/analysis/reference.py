"""Reference solutions: what trajectories are compared with, and how far that can be trusted itself."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_assembly
from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.assembly.yaml_format import content_hash
from molenspin.backends.numpy_integrators import NotConvergedError, Stepper
from molenspin.backends.numpy_model import DenseModel
from molenspin.backends.protocol import Settings
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.history import BODY_VARIABLES
from molenspin.integrators import Integrator
from molenspin.provenance import code_fingerprint

RELATIVE_TOLERANCES = (1e-13, 1e-12)
"""Of the reference and of the control; their difference bounds the error of the reference."""

PROJECTION_TOLERANCE = 1e-13
"""max abs(g) of the reference's states."""

EVALUATION_LIMIT = 300_000
"""Force evaluations after which an assembly is given up as too stiff."""

METHOD = "DOP853, rtol 1e-13, projected; uncertainty: difference from rtol 1e-12"


def reference_solution(assembly: Assembly, time: ArrayLike, *, cache: Path | None = None) -> xr.Dataset:
    """Integrate the index-1 equations by an adaptive method of order 8, twice.

    Parameters
    ----------
    assembly
        What to simulate.
    time
        Times of the states, from 0 on, ascending, shape (T,) [s].
    cache
        Folder that keeps solutions by the hash of the assembly, the times and the code; None for none.

    Returns
    -------
    xarray.Dataset
        The four state variables over ``time`` and ``body``. Each has an attribute ``uncertainty``: the
        largest difference from a second solution at a tolerance ten times coarser.

    Raises
    ------
    MolenspinError
        If the integration does not reach the end, or not within `EVALUATION_LIMIT`.
    """
    times = _checked_times(time)
    path = cache / f"{_content(assembly, times)}.npz" if cache else None
    solution = _load(path) if path else None
    if solution is None:
        solution = _solve(assembly, times)
        if path:
            _save(path, solution)
    return _dataset(assembly, times, *solution)


def _checked_times(time: ArrayLike) -> Floats:
    times = np.asarray(time, dtype=np.float64)
    if times.ndim != 1 or len(times) < 2 or times[0] != 0.0 or np.any(np.diff(times) <= 0):
        raise InvalidValueError("a reference needs at least two times, from 0 on and ascending [s]")
    return times


def _content(assembly: Assembly, times: Floats) -> str:
    parts = (content_hash(assembly), times.tobytes().hex(), METHOD, code_fingerprint())
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def _solve(assembly: Assembly, times: Floats) -> tuple[Floats, Floats]:
    """States (4, T, n) in the order of `BODY_VARIABLES`, and the uncertainty of each variable (4,)."""
    compiled = compile_assembly(assembly)
    finest, control = (_states(compiled, times, tolerance) for tolerance in RELATIVE_TOLERANCES)
    return finest, np.abs(finest - control).max(axis=(1, 2))


def _states(compiled: CompiledAssembly, times: Floats, relative_tolerance: float) -> Floats:
    settings = Settings(dt=1.0, step_count=1, integrator=Integrator.RK4, tolerance=PROJECTION_TOLERANCE)
    stepper = Stepper(DenseModel(compiled), settings)
    try:
        start = stepper.project(compiled.initial_position, compiled.initial_velocity, 0.0)
        solution = solve_ivp(
            _rates(stepper),
            (0.0, times[-1]),
            np.concatenate([start.position, start.velocity]),
            method="DOP853",
            t_eval=times,
            rtol=relative_tolerance,
            atol=0.1 * relative_tolerance,
        )
        if not solution.success:
            raise MolenspinError(f"assembly {compiled.name}: no reference solution: {solution.message}")
        projected = [_projected(stepper, *pair) for pair in zip(solution.y.T, times, strict=True)]
    except NotConvergedError as error:
        worst = compiled.constraint_names[int(np.abs(error.residual).argmax())]
        raise MolenspinError(
            f"assembly {compiled.name}: no reference solution: constraint {worst} cannot be satisfied"
        ) from error
    # (T, 2, 2n) to (variables, T, n): angle, displacement, angular velocity, velocity.
    return np.stack(projected).reshape(len(times), 2, -1, 2).transpose(1, 3, 0, 2).reshape(4, len(times), -1)


def _rates(stepper: Stepper) -> Callable[[float, Floats], Floats]:
    model = stepper.model

    def rates(time: float, state: Floats) -> Floats:
        if stepper.counters.force_evaluations > EVALUATION_LIMIT:
            raise MolenspinError(
                f"assembly {model.compiled.name}: no reference within {EVALUATION_LIMIT} evaluations "
                f"(reached t = {time:g} s): its fastest mode is too stiff for the time simulated"
            )
        position, velocity = np.split(state, 2)
        if len(model.rate):
            held = stepper.settled(position, velocity, model.pairs(position), 0.0)
        else:
            held = stepper.project(position, velocity, time)
        return np.concatenate([held.velocity, stepper.acceleration(held, held.velocity, time)[0]])

    return rates


def _projected(stepper: Stepper, state: Floats, time: float) -> Floats:
    position, velocity = np.split(state, 2)
    held = stepper.project(position, velocity, time)
    return np.stack([held.position, held.velocity])


def _load(path: Path) -> tuple[Floats, Floats] | None:
    try:
        with np.load(path, allow_pickle=False) as content:
            return content["states"], content["uncertainty"]
    except (OSError, BadZipFile, KeyError, ValueError):
        return None


def _save(path: Path, solution: tuple[Floats, Floats]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part.npz")
    np.savez_compressed(temporary, states=solution[0], uncertainty=solution[1])
    temporary.replace(path)


def _dataset(assembly: Assembly, times: Floats, states: Floats, uncertainty: Floats) -> xr.Dataset:
    dataset = xr.Dataset(
        {name: (("time", "body"), values) for name, values in zip(BODY_VARIABLES, states, strict=True)},
        coords={"time": times, "body": [body.name for body in assembly.bodies]},
        attrs={"method": METHOD},
    )
    for (name, (unit, long_name)), bound in zip(BODY_VARIABLES.items(), uncertainty, strict=True):
        dataset[name].attrs = {"units": unit, "long_name": long_name, "uncertainty": float(bound)}
    return dataset
