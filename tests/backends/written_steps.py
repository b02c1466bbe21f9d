"""The integrators of `docs/model.md` written a second time, with Newton iterations counted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from written_model import Vector, WrittenModel

Moving = tuple[Vector, Vector]
"""Position and velocity."""


@dataclass
class WrittenSteps:
    """One assembly, a step size and a tolerance."""

    model: WrittenModel
    dt: float
    tolerance: float = 1e-10
    iterations: int = 0
    """Newton iterations so far."""

    def project(self, position: Vector, velocity: Vector, time: float) -> Moving:
        """Newton on the positions, mass-weighted, then the velocities."""
        model = self.model
        while np.abs(residual := model.residual(position, time)).max(initial=0.0) > self.tolerance:
            jacobian = model.jacobian(position)
            multiplier = np.linalg.solve(jacobian / model.mass @ jacobian.T, residual)
            position = position - jacobian.T @ multiplier / model.mass
            self.iterations += 1
        return position, self.tangent(position, velocity, time)

    def tangent(self, position: Vector, velocity: Vector, time: float) -> Vector:
        model, jacobian = self.model, self.model.jacobian(position)
        rate = model.rate(position, velocity, time)
        return velocity - jacobian.T @ np.linalg.solve(jacobian / model.mass @ jacobian.T, rate) / model.mass

    def rk4(self, position: Vector, velocity: Vector, time: float) -> Moving:
        h, model = self.dt, self.model

        def rates(q: Vector, v: Vector, t: float) -> Vector:
            return np.concatenate([v, model.acceleration(q, v, t)[0]])

        def along(slope: Vector, share: float) -> tuple[Vector, Vector, float]:
            q, v = np.split(np.concatenate([position, velocity]) + share * h * slope, 2)
            return *self.project(q, v, time + share * h), time + share * h

        k1 = rates(position, velocity, time)
        k2 = rates(*along(k1, 0.5))
        k3 = rates(*along(k2, 0.5))
        k4 = rates(*along(k3, 1.0))
        return along((k1 + 2 * k2 + 2 * k3 + k4) / 6, 1.0)[:2]

    def verlet(self, position: Vector, velocity: Vector, time: float) -> Moving:
        h, model = self.dt, self.model
        jacobian, multiplier = model.jacobian(position), np.zeros(len(model.assembly.constraints))
        kick = velocity + h / 2 * model.force(position, velocity, time) / model.mass

        def middle() -> Vector:
            return kick + h / 2 * jacobian.T @ multiplier / model.mass

        def end() -> Vector:
            return position + h * middle()

        while np.abs(g := model.residual(end(), time + h)).max(initial=0.0) > self.tolerance:
            slope = model.jacobian(end()) @ (h**2 / 2 * jacobian.T / model.mass[:, None])
            multiplier = multiplier - np.linalg.solve(slope, g)
            self.iterations += 1
        force = model.force(end(), 2 * middle() - velocity, time + h)
        return end(), self.tangent(end(), middle() + h / 2 * force / model.mass, time + h)

    def euler(self, position: Vector, velocity: Vector, time: float) -> Moving:
        velocity = velocity + self.dt * self.model.acceleration(position, velocity, time)[0]
        return self.project(position + self.dt * velocity, velocity, time + self.dt)

    def step(self, integrator: str) -> Callable[[Vector, Vector, float], Moving]:
        return {"rk4": self.rk4, "verlet": self.verlet, "euler": self.euler}[integrator]
