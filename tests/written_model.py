"""The equations of `docs/model.md` written a second time, a function for each class, to check the tables.

Nothing here reads a compiled array. The functions take complex numbers, so that a derivative is the imaginary
part of a value a tiny imaginary step away: exact to rounding (Squire and Trapp 1998).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import molenspin as ms

Vector = np.ndarray
Loads = dict[tuple[str, str], Any]
"""Generalised force on (body, "spin" or "axial")."""

TINY = 1e-30


@dataclass(frozen=True)
class Coordinates:
    """One vector (2n,), read by body: ``spin("a")`` and ``axial("a")``."""

    names: tuple[str, ...]
    vector: Vector

    def spin(self, body: str) -> Any:
        return self.vector[2 * self.names.index(body)]

    def axial(self, body: str) -> Any:
        return self.vector[2 * self.names.index(body) + 1]

    def of(self, body: str, dof: str) -> Any:
        return {"spin": self.spin, "axial": self.axial}[dof](body)


def absolute(value: Any) -> Any:
    """abs(value) that keeps the derivative of a complex step."""
    return value if np.real(value) > 0 else -value


def elastic_shaft(p: ms.ElasticShaft, q: Coordinates, v: Coordinates, _t: float) -> Loads:
    torque = p.stiffness * (q.spin(p.a) - q.spin(p.b) - p.twist) + p.damping * (v.spin(p.a) - v.spin(p.b))
    thrust = p.axial_stiffness * (q.axial(p.a) - q.axial(p.b))
    thrust += p.axial_damping * (v.axial(p.a) - v.axial(p.b))
    return {
        (p.a, "spin"): -torque,
        (p.b, "spin"): torque,
        (p.a, "axial"): -thrust,
        (p.b, "axial"): thrust,
    }


def bearing(p: ms.Bearing, q: Coordinates, v: Coordinates, _t: float) -> Loads:
    return {
        (p.a, "spin"): -p.drag * v.spin(p.a) - p.coulomb * np.tanh(v.spin(p.a) / p.slip_speed),
        (p.a, "axial"): -p.axial_stiffness * q.axial(p.a) - p.axial_damping * v.axial(p.a),
    }


def load(p: ms.Load, _q: Coordinates, v: Coordinates, _t: float) -> Loads:
    omega = v.spin(p.a)
    torque = p.viscous * omega + p.quadratic * omega * absolute(omega)
    return {(p.a, "spin"): -(torque + p.coulomb * np.tanh(omega / p.slip_speed))}


def excitation(p: ms.Excitation, _q: Coordinates, _v: Coordinates, t: float) -> Loads:
    return {(p.a, p.dof): p.mean + p.amplitude * np.sin(2 * np.pi * p.frequency * t + p.phase)}


def sail(p: ms.Sail, _q: Coordinates, v: Coordinates, t: float) -> Loads:
    gusts = sum(depth * np.sin(2 * np.pi * f * t + phase) for depth, f, phase in p.gusts)
    wind = p.wind_speed * (1 + gusts)
    dynamic = 0.5 * p.air_density * np.pi * p.radius**3 * p.torque_coefficient
    # w^2 (1 - L / L0) with L = omega R / w, multiplied out: in a lull w = 0 there is no ratio.
    return {(p.a, "spin"): dynamic * (wind**2 - wind * v.spin(p.a) * p.radius / p.runaway_ratio)}


def unbalance(p: ms.Unbalance, q: Coordinates, _v: Coordinates, _t: float) -> Loads:
    return {(p.a, "spin"): -p.moment * np.sin(q.spin(p.a) - p.angle)}


def elastic_mesh(p: ms.ElasticMesh, q: Coordinates, v: Coordinates, _t: float) -> Loads:
    beta = np.radians(p.helix_angle)
    slopes = {
        (p.a, "spin"): p.radius_a * np.cos(beta),
        (p.b, "spin"): p.radius_b * np.cos(beta),
        (p.a, "axial"): np.sin(beta),
        (p.b, "axial"): -np.sin(beta),
    }
    x = sum(slope * q.of(*place) for place, slope in slopes.items())
    rate = sum(slope * v.of(*place) for place, slope in slopes.items())
    if abs(np.real(x)) < p.backlash / 2:
        return {}
    depth = x - p.backlash / 2 if np.real(x) > 0 else x + p.backlash / 2
    tooth_force = p.stiffness * depth + p.damping * rate
    return {place: -tooth_force * slope for place, slope in slopes.items()}


def gear(p: ms.Gear, q: Coordinates, _t: float) -> Any:
    radius_a, radius_b = (p.module * teeth / 2000 for teeth in p.teeth)
    sense = -1 if p.internal else 1
    slope = np.tan(np.radians(p.helix_angle))
    return radius_a * q.spin(p.a) + sense * radius_b * q.spin(p.b) + slope * (q.axial(p.a) - q.axial(p.b))


def bevel_gear(p: ms.BevelGear, q: Coordinates, _t: float) -> Any:
    return p.module / 2000 * (p.teeth[0] * q.spin(p.a) + p.teeth[1] * q.spin(p.b))


def belt(p: ms.Belt, q: Coordinates, _t: float) -> Any:
    radius_a, radius_b = p.radii or (10 * p.teeth[0] / 2000, 10 * p.teeth[1] / 2000)
    return (1 - p.slip) * radius_a * q.spin(p.a) + (1 if p.crossed else -1) * radius_b * q.spin(p.b)


def coupling(p: ms.Coupling, q: Coordinates, _t: float) -> Any:
    return q.of(p.a, p.dof) - q.of(p.b, p.dof) - p.offset


def lock(p: ms.Lock, q: Coordinates, _t: float) -> Any:
    return q.of(p.a, p.dof) - p.value


def drive(p: ms.Drive, q: Coordinates, t: float) -> Any:
    return q.spin(p.a) - p.angle - p.speed * t


def universal_joint(p: ms.UniversalJoint, q: Coordinates, _t: float) -> Any:
    a, b = q.spin(p.a), q.spin(p.b)
    return np.sin(a) * np.cos(b) - np.cos(np.radians(p.angle)) * np.cos(a) * np.sin(b)


def slider_crank(p: ms.SliderCrank, q: Coordinates, _t: float) -> Any:
    sine, cosine = np.sin(q.spin(p.a)), np.cos(q.spin(p.a))
    return q.axial(p.b) - (p.crank * cosine + np.sqrt(p.rod**2 - (p.crank * sine) ** 2) - p.crank - p.rod)


def lead_screw(p: ms.LeadScrew, q: Coordinates, _t: float) -> Any:
    return q.axial(p.b) - p.lead * q.spin(p.a) / (2 * np.pi)


def planetary(p: ms.Planetary, q: Coordinates, _t: float) -> Any:
    sun, ring = p.teeth
    return sun * q.spin(p.sun) + ring * q.spin(p.ring) - (sun + ring) * q.spin(p.carrier)


def cam(p: ms.Cam, q: Coordinates, _t: float) -> Any:
    return q.axial(p.b) - sum(h * (1 - np.cos(k * q.spin(p.a))) for k, h in enumerate(p.lifts, 1))


FORCES: dict[type, Callable[..., Loads]] = {
    ms.ElasticShaft: elastic_shaft,
    ms.Bearing: bearing,
    ms.Load: load,
    ms.Excitation: excitation,
    ms.Sail: sail,
    ms.Unbalance: unbalance,
    ms.ElasticMesh: elastic_mesh,
}
"""A new element is checked by adding its formula here."""

EQUATIONS: dict[type, Callable[..., Any]] = {
    ms.Gear: gear,
    ms.BevelGear: bevel_gear,
    ms.Belt: belt,
    ms.Coupling: coupling,
    ms.Lock: lock,
    ms.Drive: drive,
    ms.UniversalJoint: universal_joint,
    ms.SliderCrank: slider_crank,
    ms.LeadScrew: lead_screw,
    ms.Planetary: planetary,
    ms.Cam: cam,
}
"""A new constraint is checked by adding its equation here."""


class WrittenModel:
    """M, f, g, G and gamma of an assembly, by the formulas above."""

    def __init__(self, assembly: ms.Assembly) -> None:
        self.assembly = assembly
        self.names = tuple(body.name for body in assembly.bodies)
        self.mass = np.array([value for body in assembly.bodies for value in (body.inertia, body.mass)])
        start = [
            (body.angle, body.displacement, body.angular_velocity, body.velocity) for body in assembly.bodies
        ]
        self.position = np.array(start)[:, :2].ravel()
        self.velocity = np.array(start)[:, 2:].ravel()

    def read(self, vector: Vector) -> Coordinates:
        return Coordinates(self.names, vector)

    def force(self, position: Vector, velocity: Vector, time: float) -> Vector:
        """f(q, v, t)."""
        q, v = self.read(position), self.read(velocity)
        total = np.zeros(len(self.mass), dtype=np.result_type(position, velocity))
        for part in self.assembly.elements:
            for (body, dof), value in FORCES[type(part)](part, q, v, time).items():
                total[2 * self.names.index(body) + ("spin", "axial").index(dof)] += value
        for number, body in enumerate(self.assembly.bodies):
            if self.assembly.gravity is not None and body.axis == "vertical":
                total[2 * number + 1] -= body.mass * self.assembly.gravity
        return total

    def residual(self, position: Vector, time: Any) -> Vector:
        """g(q, t)."""
        q = self.read(position)
        values = [EQUATIONS[type(part)](part, q, time) for part in self.assembly.constraints]
        return np.array(values, dtype=np.result_type(position, time, float))

    def jacobian(self, position: Vector) -> Vector:
        """G(q)."""
        steps = position + 1j * TINY * np.eye(len(position))
        columns = [self.residual(step, 0.0).imag / TINY for step in steps]
        return np.stack(columns, axis=-1)

    def rate(self, position: Vector, velocity: Vector, time: float, shift: float = 0.0) -> Vector:
        """dg/dt = G v + g_t on the way q + s v, t + s at s = shift."""
        step = shift + 1j * TINY
        return self.residual(position + step * velocity, time + step).imag / TINY

    def gamma(self, position: Vector, velocity: Vector, time: float) -> Vector:
        """d2g/dt2 of the motion without acceleration: (d(Gv)/dq) v + 2 G_t v + g_tt."""
        h = 1e-3
        difference = {
            k: self.rate(position, velocity, time, k * h) - self.rate(position, velocity, time, -k * h)
            for k in (1, 2, 3)
        }
        return (45 * difference[1] - 9 * difference[2] + difference[3]) / (60 * h)

    def acceleration(self, position: Vector, velocity: Vector, time: float) -> tuple[Vector, Vector]:
        """a and lambda, from the whole system [M, -G^T; G, 0] [a; lambda] = [f; -gamma]."""
        jacobian, size = self.jacobian(position), len(position)
        rows = len(jacobian)
        matrix = np.block([[np.diag(self.mass), -jacobian.T], [jacobian, np.zeros((rows, rows))]])
        force, gamma = self.force(position, velocity, time), self.gamma(position, velocity, time)
        solution = np.linalg.solve(matrix, np.concatenate([force, -gamma]))
        return solution[:size], solution[size:]
