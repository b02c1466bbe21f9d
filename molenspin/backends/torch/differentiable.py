"""Trajectories that autograd can differentiate: the tensor path on a tape, for short runs.

Every operation of every step stays on the tape, so this is for some thousand steps of an assembly, not more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_assembly, compile_ensemble, split_parameter
from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.backends.protocol import Settings
from molenspin.backends.settings import execution_settings, simulation_settings
from molenspin.backends.torch.devices import resolve_device
from molenspin.backends.torch.tensor_model import TensorModel
from molenspin.backends.torch.tensor_steps import Members, State, Stepper
from molenspin.errors import InvalidTypeError, InvalidValueError, SimulationError

STEP_LIMIT = 100_000
"""Most steps of a run: all their operations stay in memory."""

PROBE = 1e-5
"""Relative change of a parameter that shows how the coefficients depend on it."""


@dataclass(frozen=True, kw_only=True)
class DifferentiableTrajectory:
    """Recorded states as tensors, (sample_count, body_count), that know how they came about.

    Parameters
    ----------
    time
        Times of the samples [s].
    angle, displacement, angular_velocity, velocity
        In rad, m, rad/s, m/s; bodies in the order of the assembly.
    """

    time: Tensor
    angle: Tensor
    displacement: Tensor
    angular_velocity: Tensor
    velocity: Tensor


def simulate_differentiably(
    assembly: Assembly,
    parameters: Mapping[str, Tensor],
    *,
    duration: float,
    dt: float,
    integrator: str = "rk4",
    save_every: int = 1,
    device: str = "cpu",
) -> DifferentiableTrajectory:
    """Simulate an assembly so that gradients flow from its trajectory to its parameters.

    Parameters
    ----------
    assembly
        The structure, and the values of all other parameters.
    parameters
        ``{"component.field": value}``, each a float64 tensor of shape ().
    duration, dt, integrator, save_every
        As for `molenspin.assembly.assembly.Assembly.simulate`.
    device
        ``cpu`` or ``cuda``.

    Returns
    -------
    DifferentiableTrajectory
        Exact to first order in every parameter, one-sided where a parameter is at its bound; second
        derivatives are not supported.

    Raises
    ------
    MolenspinError
        If a parameter is not known, or the simulation fails.
    """
    if not isinstance(assembly, Assembly) or not isinstance(parameters, Mapping):
        raise InvalidTypeError("an assembly and parameters {'component.field': tensor} are needed")
    for name, value in parameters.items():
        if not isinstance(value, Tensor) or value.shape != () or value.dtype != torch.float64:
            raise InvalidTypeError(f"parameter {name!r} must be a float64 tensor of shape (): {value!r:.60}")
    place = resolve_device(execution_settings(device=device).device, "float64")
    settings = simulation_settings(duration=duration, dt=dt, integrator=integrator, save_every=save_every)
    if settings.step_count > STEP_LIMIT:
        raise InvalidValueError(
            f"{settings.step_count} steps are too many for a tape of {STEP_LIMIT}: simulate a shorter time"
        )
    compiled, coefficients = _coefficients(assembly, parameters, place)
    model = TensorModel(compiled, place, torch.float64, coefficients)
    return _trajectory(_states(model, settings), settings)


def _coefficients(
    assembly: Assembly, parameters: Mapping[str, Tensor], device: torch.device
) -> tuple[CompiledAssembly, dict[str, Tensor]]:
    """The compiled assembly, and those of its arrays that the parameters enter as tensors on the tape.

    Their values are the compiled ones; their slopes come from compiling two other values of each parameter,
    so every parameter that an ensemble can vary works here, however it enters.
    """
    if not parameters:
        return compile_assembly(assembly), {}
    values = {name: value.item() for name, value in parameters.items()}
    _check_values(assembly, values)
    probed, changes = _probed(assembly, values)
    arrays, varying = probed.arrays(), probed.varying()
    tensors = {name: torch.tensor(arrays[name][:1], device=device) for name in varying}
    for number, (parameter, value) in enumerate(parameters.items()):
        change = (value - value.detach()).to(device)
        for name in varying:
            first, second = arrays[name][2 * number + 1], arrays[name][2 * number + 2]
            slope = _slope(arrays[name][0], first, second, changes[parameter])
            tensors[name] = tensors[name] + torch.tensor(slope, device=device) * change
    return probed.member(0), tensors


def _check_values(assembly: Assembly, values: Mapping[str, float]) -> None:
    """Refuse values that the assembly does not allow, before they are members of an ensemble."""
    replacements: dict[str, dict[str, float]] = {}
    for path, value in values.items():
        component, field = split_parameter(assembly, path)
        replacements.setdefault(component, {})[field] = value
    compile_assembly(assembly.replacing(replacements))


def _probed(
    assembly: Assembly, values: Mapping[str, float]
) -> tuple[CompiledAssembly, dict[str, tuple[float, float]]]:
    """An ensemble of the values and two changes of each parameter, and these changes.

    A parameter changes to both sides, or to one side where the other is not allowed, as at a bound.
    """
    steps = {name: PROBE * (abs(value) or 1.0) for name, value in values.items()}
    changes = {name: (step, -step) for name, step in steps.items()}
    try:
        return compile_ensemble(assembly, _probes(values, changes)), changes
    except InvalidValueError:
        changes = {name: _allowed_changes(assembly, values, name, step) for name, step in steps.items()}
    return compile_ensemble(assembly, _probes(values, changes)), changes


def _allowed_changes(
    assembly: Assembly, values: Mapping[str, float], name: str, step: float
) -> tuple[float, float]:
    for changes in ((step, -step), (step, 2 * step), (-step, -2 * step)):
        try:
            compile_ensemble(assembly, _probes(values, {name: changes}))
        except InvalidValueError:
            continue
        return changes
    raise InvalidValueError(
        f"parameter {name!r} = {values[name]:g} has no gradient: larger and smaller values are refused"
    )


def _probes(
    values: Mapping[str, float], changes: Mapping[str, tuple[float, float]]
) -> dict[str, list[float]]:
    """Members of the probing ensemble: the values, then both changes of each parameter."""
    members = [dict(values)]
    for name, pair in changes.items():
        members += [{**values, name: values[name] + change} for change in pair]
    return {name: [member[name] for member in members] for name in values}


def _slope(start: Floats, first: Floats, second: Floats, changes: tuple[float, float]) -> Floats:
    """Slope at the start of the parabola through three values."""
    a, b = changes
    return ((first - start) * b**2 - (second - start) * a**2) / (a * b * (b - a))


def _states(model: TensorModel, settings: Settings) -> list[State]:
    """The recorded states; raises where the run fails."""
    stepper, members = Stepper(model, settings), Members.starting(model)
    state = _start(model, stepper, members)
    recorded = [state]
    for step in range(1, settings.step_count + 1):
        state = stepper.step(stepper, state, model.time((step - 1) * settings.dt), members)
        if bool(members.lost.any()) or not bool(state.position.isfinite().all()):
            time = (step - 1) * settings.dt
            raise SimulationError(
                f"step {step} at {time:g} s failed with these parameters; simulate them with another backend "
                "to learn why, or take a smaller dt",
                step=step,
                time=time,
            )
        if step % settings.save_every == 0:
            recorded.append(state)
    return recorded


def _start(model: TensorModel, stepper: Stepper, members: Members) -> State:
    """The projected start; a parameter moves it also where it satisfies the constraints as it is."""
    position, velocity, time = model["initial_position"], model["initial_velocity"], model.time(0)
    state = stepper.project(position, velocity, time, members)
    if not model.row_count or bool(members.lost.any()):
        return state
    jacobian = state.rows.jacobian
    multiplier = torch.linalg.solve_ex(model.matrix(jacobian, jacobian), state.rows.residual)[0]
    shift = model.spread(jacobian, multiplier)  # within the tolerance: only its derivative counts
    return stepper.project(state.position - (shift - shift.detach()), velocity, time, members)


def _trajectory(states: list[State], settings: Settings) -> DifferentiableTrajectory:
    position = torch.cat([state.position for state in states])
    velocity = torch.cat([state.velocity for state in states])
    steps = np.arange(settings.sample_count) * settings.save_every
    return DifferentiableTrajectory(
        time=torch.tensor(steps * settings.dt, device=position.device),
        angle=position[:, 0::2],
        displacement=position[:, 1::2],
        angular_velocity=velocity[:, 0::2],
        velocity=velocity[:, 1::2],
    )
