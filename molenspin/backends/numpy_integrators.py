"""The three integrators on the dense model, exactly as `docs/model.md` states them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from molenspin.assembly.compiled import Floats
from molenspin.assembly.equations import RowValues
from molenspin.backends.numpy_model import DenseModel, Factor, solve
from molenspin.backends.protocol import Settings
from molenspin.integrators import Integrator


class NotConvergedError(Exception):
    """Newton ended above tolerance: residual vector inside."""

    def __init__(self, residual: Floats) -> None:
        self.residual = residual


@dataclass
class State:
    """A state on the constraints, and what was evaluated at its position on the way there."""

    position: Floats
    velocity: Floats
    pairs: RowValues | None
    jacobian: Floats
    factor: Factor | None
    residual: float


@dataclass
class Counters:
    """What a run counts."""

    newton_iterations: int = 0
    force_evaluations: int = 0


@dataclass
class Stepper:
    """One assembly, its settings and its counters: what every integrator needs."""

    model: DenseModel
    settings: Settings
    counters: Counters = field(default_factory=Counters)

    def project(self, position: Floats, velocity: Floats, time: float) -> State:
        """Project a state onto the constraints: positions by Newton, then velocities."""
        model = self.model
        if not len(model.rate):
            return State(position, velocity, None, np.zeros((0, len(position))), None, 0.0)
        position, pairs, residual = self._newton(position, time)
        return self.settled(position, velocity, pairs, residual)

    def settled(self, position: Floats, velocity: Floats, pairs: RowValues | None, residual: float) -> State:
        """The state at a position that satisfies the constraints: only the velocity is projected."""
        jacobian = self.model.jacobian(pairs)
        factor = self.model.factor(jacobian)
        velocity = self.tangent(velocity, jacobian, factor)
        return State(position, velocity, pairs, jacobian, factor, residual)

    def _newton(self, position: Floats, time: float) -> tuple[Floats, RowValues | None, float]:
        model = self.model
        for iteration in range(self.settings.newton_limit + 1):
            pairs = model.pairs(position)
            residual = model.residual(position, pairs, time)
            worst = float(np.abs(residual).max())
            if worst <= self.settings.tolerance:
                return position, pairs, worst
            if iteration == self.settings.newton_limit or not np.isfinite(worst):
                break
            jacobian = model.jacobian(pairs)
            multiplier = solve(model.factor(jacobian), residual)
            position = position - model.inverse_mass * (multiplier @ jacobian)
            self.counters.newton_iterations += 1
        raise NotConvergedError(residual)

    def tangent(self, velocity: Floats, jacobian: Floats, factor: Factor) -> Floats:
        """Velocity with its part across the constraints removed: G v + g_t = 0 afterwards."""
        multiplier = solve(factor, jacobian @ velocity - self.model.rate)
        return velocity - self.model.inverse_mass * (multiplier @ jacobian)

    def acceleration(self, state: State, velocity: Floats, time: float) -> tuple[Floats, Floats]:
        """Acceleration a and multipliers lambda of the index-1 equations at a consistent state."""
        model = self.model
        self.counters.force_evaluations += 1
        free = model.inverse_mass * model.force(state.position, velocity, time)
        if state.factor is None:
            return free, np.zeros(0)
        right = -model.gamma(state.pairs, velocity) - state.jacobian @ free
        multiplier = solve(state.factor, right)
        return free + model.inverse_mass * (multiplier @ state.jacobian), multiplier

    def reaction(self, state: State, time: float) -> Floats:
        """Multipliers at a recorded state; not counted as an evaluation of the integrator."""
        multiplier = self.acceleration(state, state.velocity, time)[1]
        self.counters.force_evaluations -= 1
        return multiplier


def rk4_step(stepper: Stepper, state: State, time: float) -> State:
    """Classical Runge-Kutta; stages are projected, increments start from the step's first state."""
    h = stepper.settings.dt
    position, velocity = state.position, state.velocity
    first = stepper.acceleration(state, velocity, time)[0]
    rates = [(velocity, first)]
    for fraction in (0.5, 0.5, 1.0):
        v, a = rates[-1]
        stage = stepper.project(position + fraction * h * v, velocity + fraction * h * a, time + fraction * h)
        rates.append((stage.velocity, stepper.acceleration(stage, stage.velocity, time + fraction * h)[0]))
    (v1, a1), (v2, a2), (v3, a3), (v4, a4) = rates
    return stepper.project(
        position + h / 6.0 * (v1 + 2.0 * (v2 + v3) + v4),
        velocity + h / 6.0 * (a1 + 2.0 * (a2 + a3) + a4),
        time + h,
    )


def verlet_step(stepper: Stepper, state: State, time: float) -> State:
    """RATTLE; velocity-dependent forces at the end of the step use the extrapolated velocity."""
    h, model = stepper.settings.dt, stepper.model
    stepper.counters.force_evaluations += 2
    middle = state.velocity + 0.5 * h * model.inverse_mass * model.force(state.position, state.velocity, time)
    position, pairs, residual = state.position + h * middle, None, 0.0
    if state.factor is not None:
        shift, pairs, residual = _slide(stepper, state, position, time + h)
        position, middle = position - shift, middle - shift / h
    extrapolated = 2.0 * middle - state.velocity
    velocity = middle + 0.5 * h * model.inverse_mass * model.force(position, extrapolated, time + h)
    if state.factor is None:
        return State(position, velocity, None, state.jacobian, None, 0.0)
    return stepper.settled(position, velocity, pairs, residual)


def _slide(
    stepper: Stepper, start: State, position: Floats, time: float
) -> tuple[Floats, RowValues | None, float]:
    """Shift that brings g to zero along the constraint directions at the start of the step, G(q_n)^T."""
    model, settings = stepper.model, stepper.settings
    multiplier, shift = np.zeros(len(model.rate)), np.zeros(len(position))
    for iteration in range(settings.newton_limit + 1):
        pairs = model.pairs(position - shift)
        residual = model.residual(position - shift, pairs, time)
        worst = float(np.abs(residual).max())
        if worst <= settings.tolerance:
            # What is left counts 1 / dt times in the velocity: take it away too, with the matrix at hand.
            rest = solve(model.factor(start.jacobian), residual)
            return shift + model.inverse_mass * (rest @ start.jacobian), pairs, worst
        if iteration == settings.newton_limit or not np.isfinite(worst):
            break
        matrix = (model.jacobian(pairs) * model.inverse_mass) @ start.jacobian.T
        multiplier += np.linalg.solve(matrix, residual)
        shift = model.inverse_mass * (multiplier @ start.jacobian)
        stepper.counters.newton_iterations += 1
    raise NotConvergedError(residual)


def euler_step(stepper: Stepper, state: State, time: float) -> State:
    """Semi-implicit Euler, projected at the end of the step."""
    h = stepper.settings.dt
    velocity = state.velocity + h * stepper.acceleration(state, state.velocity, time)[0]
    return stepper.project(state.position + h * velocity, velocity, time + h)


STEPS: dict[Integrator, Callable[[Stepper, State, float], State]] = {
    Integrator.RK4: rk4_step,
    Integrator.VERLET: verlet_step,
    Integrator.EULER: euler_step,
}
