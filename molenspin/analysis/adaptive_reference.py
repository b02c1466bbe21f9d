"""Reference solutions by an adaptive method of order 8 on the dense model, whatever backends do."""

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.backends.numpy_integrators import NotConvergedError, Stepper
from molenspin.backends.numpy_model import DenseModel
from molenspin.backends.protocol import Settings
from molenspin.errors import MolenspinError
from molenspin.integrators import Integrator

METHOD = "adaptive method of order 8 (DOP853, relative tolerance 1e-13)"

RELATIVE_TOLERANCES = (1e-13, 1e-12)
"""Of the solution and of the control; their difference bounds the error of the solution."""

PROJECTION_TOLERANCE = 1e-13
"""max abs(g) of the states."""

BODY_LIMIT = 200
"""Bodies above which dense matrices take too long."""

EVALUATION_LIMIT = 60_000
"""Force evaluations after which an assembly is given up as too stiff: some ten seconds."""


class TooCostlyError(MolenspinError):
    """The adaptive method would take too long."""


def adaptive_solution(compiled: CompiledAssembly, times: Floats) -> tuple[Floats, Floats]:
    """Integrate the index-1 equations at two tolerances, projecting the states onto the constraints.

    Parameters
    ----------
    compiled
        A single assembly.
    times
        Times of the states, shape (T,) [s].

    Returns
    -------
    states, uncertainty
        In the order of `molenspin.simulation.history.BODY_VARIABLES`: (4, n, T), and the largest difference
        between the two solutions, (4,).

    Raises
    ------
    TooCostlyError
        If there are more than `BODY_LIMIT` bodies, or more than `EVALUATION_LIMIT` evaluations are needed.
    MolenspinError
        If the integration does not reach the end.
    """
    if compiled.body_count > BODY_LIMIT:
        raise TooCostlyError(f"assembly {compiled.name}: more than {BODY_LIMIT} bodies")
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
    # (T, 2, 2n) to (variables, n, T): angle, displacement, angular velocity, velocity.
    return np.stack(projected).reshape(len(times), 2, -1, 2).transpose(1, 3, 2, 0).reshape(4, -1, len(times))


def _rates(stepper: Stepper) -> Callable[[float, Floats], Floats]:
    model = stepper.model

    def rates(time: float, state: Floats) -> Floats:
        if stepper.counters.force_evaluations > EVALUATION_LIMIT:
            raise TooCostlyError(
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
