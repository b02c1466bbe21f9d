"""Trajectories that autograd can differentiate: the tensor path on a tape, for short runs.

Every operation of every step stays on the tape, so this is for some thousand steps of an assembly, not more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_assembly, compile_ensemble
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import Settings
from molenspin.backends.settings import simulation_settings
from molenspin.backends.torch.devices import resolve_device
from molenspin.backends.torch.tensor_model import TensorModel
from molenspin.backends.torch.tensor_steps import Members, State, Stepper
from molenspin.errors import InvalidTypeError, SimulationError

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
        Exact to first order in every parameter; second derivatives are not supported.

    Raises
    ------
    MolenspinError
        If a parameter is not known, or the simulation fails.
    """
    for name, value in parameters.items():
        if not isinstance(value, Tensor) or value.shape != () or value.dtype != torch.float64:
            raise InvalidTypeError(f"parameter {name!r} must be a float64 tensor of shape (): {value!r:.60}")
    place = resolve_device(device, "float64")
    settings = simulation_settings(duration=duration, dt=dt, integrator=integrator, save_every=save_every)
    compiled, coefficients = _coefficients(assembly, parameters, place)
    model = TensorModel(compiled, place, torch.float64, coefficients)
    return _trajectory(_states(model, settings), settings)


def _coefficients(
    assembly: Assembly, parameters: Mapping[str, Tensor], device: torch.device
) -> tuple[CompiledAssembly, dict[str, Tensor]]:
    """The compiled assembly, and those of its arrays that the parameters enter as tensors on the tape.

    Their values are the compiled ones; their slopes come from compiling each parameter a little larger and
    smaller, so every parameter that an ensemble can vary works here, however it enters.
    """
    if not parameters:
        return compile_assembly(assembly), {}
    values = {name: value.item() for name, value in parameters.items()}
    steps = {name: PROBE * (abs(value) or 1.0) for name, value in values.items()}
    probed = compile_ensemble(assembly, _probes(values, steps))
    arrays, varying = probed.arrays(), probed.varying()
    tensors = {name: torch.tensor(arrays[name][:1], device=device) for name in varying}
    for number, (parameter, value) in enumerate(parameters.items()):
        change = (value - value.detach()).to(device)
        for name in varying:
            larger, smaller = arrays[name][2 * number + 1], arrays[name][2 * number + 2]
            slope = torch.tensor((larger - smaller) / (2 * steps[parameter]), device=device)
            tensors[name] = tensors[name] + slope * change
    return probed.member(0), tensors


def _probes(values: Mapping[str, float], steps: Mapping[str, float]) -> dict[str, list[float]]:
    """Members of the probing ensemble: the values, then each parameter larger and smaller."""
    start = dict(values)
    members = [start]
    for name in values:
        members += [{**start, name: start[name] + sign * steps[name]} for sign in (1, -1)]
    return {name: [member[name] for member in members] for name in values}


def _states(model: TensorModel, settings: Settings) -> list[State]:
    """The recorded states; raises where the run fails."""
    stepper, members = Stepper(model, settings), Members.starting(model)
    start = (model["initial_position"], model["initial_velocity"])
    state = stepper.project(*start, model.time(0), members)
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
