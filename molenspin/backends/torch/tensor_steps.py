"""The three integrators on tensors, for all members at once, as `docs/model.md` states them.

Members that stop keep going on whatever numbers they have, unseen; `Members` says which ones are alive.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from molenspin.backends.protocol import Settings
from molenspin.backends.torch.tensor_model import Rows, TensorModel
from molenspin.integrators import Integrator

FLOAT32_ROUNDING = 2.0**-20
"""Share of 1 and the terms of g that float32 cannot resolve: residuals below it count as converged."""


@dataclass
class Members:
    """What is counted and found out of every member, (member_count,) each.

    ``lost`` marks members whose projection failed in the step under way, ``stop_residual`` their rows'
    residuals (member_count, m) at that point.
    """

    alive: Tensor
    lost: Tensor
    stop_residual: Tensor
    newton_iterations: Tensor

    @classmethod
    def starting(cls, model: TensorModel) -> "Members":
        """All alive, nothing counted."""
        none = torch.zeros(model.member_count, dtype=torch.bool, device=model.device)
        return cls(
            alive=~none,
            lost=none,
            stop_residual=torch.zeros(
                model.member_count, model.row_count, device=model.device, dtype=model.dtype
            ),
            newton_iterations=none.to(torch.int64),
        )


@dataclass(frozen=True)
class State:
    """Position and velocity on the constraints (M, 2n), the rows and the factor there, max abs(g) (M,)."""

    position: Tensor
    velocity: Tensor
    rows: Rows
    factor: Tensor
    residual: Tensor


class Stepper:
    """Projections and steps.

    Parameters
    ----------
    model
        The equations.
    settings
        How to simulate.
    fixed_iterations
        Newton iterations to do always, looking at no result on the host: what a captured graph needs. None:
        as many as it takes.
    """

    def __init__(self, model: TensorModel, settings: Settings, fixed_iterations: int | None = None) -> None:
        self.model, self.settings, self.fixed_iterations = model, settings, fixed_iterations
        self.step = STEPS[settings.integrator]

    def project(self, position: Tensor, velocity: Tensor, time: Tensor, members: Members) -> State:
        """Project positions by Newton, then velocities."""
        position, rows, residual = self.newton(position, time, members)
        return self.tangent(position, velocity, rows, residual)

    def tangent(self, position: Tensor, velocity: Tensor, rows: Rows, residual: Tensor) -> State:
        """State with the velocity's part across the constraints removed."""
        model, jacobian = self.model, rows.jacobian
        factor = torch.linalg.cholesky_ex(model.matrix(jacobian, jacobian))[0]
        multiplier = solve(factor, model.along(jacobian, velocity) - model.rate)
        return State(position, velocity - model.spread(jacobian, multiplier), rows, factor, residual)

    def newton(
        self, position: Tensor, time: Tensor, members: Members, along: Tensor | None = None
    ) -> tuple[Tensor, Rows, Tensor]:
        """Newton on positions, multipliers along another Jacobian where one is given; rows and max abs(g)."""
        model = self.model
        limit = self.settings.newton_limit if self.fixed_iterations is None else self.fixed_iterations
        for iteration in range(limit + 1):
            rows = model.rows(position, time)
            size = rows.residual.abs()
            unsolved = members.alive & ~members.lost & ~self._is_solved(rows, size, position)
            if self.fixed_iterations is None and not bool(unsolved.any()):
                break
            failed = unsolved if iteration == limit else unsolved & ~size.isfinite().all(dim=1)
            members.stop_residual = torch.where(failed[:, None], rows.residual, members.stop_residual)
            members.lost = members.lost | failed
            unsolved = unsolved & ~failed
            if iteration < limit:
                direction = rows.jacobian if along is None else along
                matrix = model.matrix(rows.jacobian, direction)
                multiplier = torch.linalg.solve_ex(matrix, rows.residual)[0]
                shifted = position - model.spread(direction, multiplier)
                position = torch.where(unsolved[:, None], shifted, position)
                members.newton_iterations = members.newton_iterations + unsolved
        return position, rows, largest(size)

    def _is_solved(self, rows: Rows, size: Tensor, position: Tensor) -> Tensor:
        if self.model.dtype == torch.float32:
            terms = (rows.jacobian * position[:, self.model.row_index]).abs().sum(-1)
            size = size - FLOAT32_ROUNDING * (1.0 + terms)
        return (size <= self.settings.tolerance).all(dim=1)

    def acceleration(self, state: State, time: Tensor) -> tuple[Tensor, Tensor]:
        """Acceleration and multipliers at a consistent state."""
        model, jacobian = self.model, state.rows.jacobian
        free = model.inverse_mass * model.force(state.position, state.velocity, time)
        right = -model.gamma(state.rows, state.velocity) - model.along(jacobian, free)
        multiplier = solve(state.factor, right)
        return free + model.spread(jacobian, multiplier), multiplier


def solve(factor: Tensor, right: Tensor) -> Tensor:
    """Solve with a Cholesky factor, (M, m)."""
    return torch.cholesky_solve(right[..., None], factor)[..., 0]


def largest(size: Tensor) -> Tensor:
    """Largest residual of each member; 0 without constraints."""
    return size.amax(dim=1) if size.shape[1] else size.new_zeros(len(size))


def rk4_step(stepper: Stepper, state: State, time: Tensor, members: Members) -> State:
    """Classical Runge-Kutta; stages are projected, increments start from the step's first state."""
    h, position, velocity = stepper.settings.dt, state.position, state.velocity
    rates = [(velocity, stepper.acceleration(state, time)[0])]
    for fraction in (0.5, 0.5, 1.0):
        v, a = rates[-1]
        after = time + fraction * h
        stage = stepper.project(position + fraction * h * v, velocity + fraction * h * a, after, members)
        rates.append((stage.velocity, stepper.acceleration(stage, after)[0]))
    (v1, a1), (v2, a2), (v3, a3), (v4, a4) = rates
    return stepper.project(
        position + h / 6.0 * (v1 + 2.0 * (v2 + v3) + v4),
        velocity + h / 6.0 * (a1 + 2.0 * (a2 + a3) + a4),
        time + h,
        members,
    )


def verlet_step(stepper: Stepper, state: State, time: Tensor, members: Members) -> State:
    """RATTLE; velocity-dependent forces at the end of the step use the extrapolated velocity."""
    h, model = stepper.settings.dt, stepper.model
    half_kick = 0.5 * h * model.inverse_mass
    middle = state.velocity + half_kick * model.force(state.position, state.velocity, time)
    direction = state.rows.jacobian
    position, rows, residual = stepper.newton(state.position + h * middle, time + h, members, along=direction)
    # What Newton leaves counts 1 / dt times in the velocity: take it away too, with the matrix at hand.
    position = position - model.spread(direction, solve(state.factor, rows.residual))
    middle = (position - state.position) / h
    expected = 2.0 * middle - state.velocity
    velocity = middle + half_kick * model.force(position, expected, time + h)
    return stepper.tangent(position, velocity, rows, residual)


def euler_step(stepper: Stepper, state: State, time: Tensor, members: Members) -> State:
    """Semi-implicit Euler, projected at the end of the step."""
    h = stepper.settings.dt
    velocity = state.velocity + h * stepper.acceleration(state, time)[0]
    return stepper.project(state.position + h * velocity, velocity, time + h, members)


STEPS: dict[Integrator, Callable[[Stepper, State, Tensor, Members], State]] = {
    Integrator.RK4: rk4_step,
    Integrator.VERLET: verlet_step,
    Integrator.EULER: euler_step,
}
