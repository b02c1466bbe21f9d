"""Energy of the recorded states and the power that enters and leaves the assembly.

Everything is vectorised over members and time: results have shape (member_count, T).
"""

from collections.abc import Callable

import numpy as np

from molenspin.analysis.states import States, along
from molenspin.assembly.assembly import Assembly
from molenspin.assembly.body import Axis
from molenspin.assembly.compiled import CompiledAssembly, Floats

Power = Callable[[CompiledAssembly, States, Floats], Floats]


def gravity_force(assembly: Assembly, compiled: CompiledAssembly) -> Floats:
    """Weight of each coordinate, shape (..., 2n): -m g on the axial coordinate of vertical bodies, else 0."""
    acceleration = np.zeros(2 * compiled.body_count)
    acceleration[1::2] = [-(assembly.gravity or 0.0) * (b.axis == Axis.VERTICAL) for b in assembly.bodies]
    return np.asarray(compiled.mass * acceleration)


def kinetic_energy(compiled: CompiledAssembly, states: States) -> Floats:
    """Sum of J omega^2 / 2 and m u^2 / 2 [J]."""
    return _total(0.5 * compiled.mass * states.velocity**2)


def potential_energy(compiled: CompiledAssembly, states: States, gravity: Floats) -> Floats:
    """Energy of axial supports, shafts, tooth contacts, unbalances and gravity [J]; 0 at q = 0 and rest."""
    q = states.position
    springs, meshes, unbalances = compiled.springs, compiled.meshes, compiled.unbalances
    stretch = q[..., springs.index_a] - q[..., springs.index_b] - springs.offset
    swing = q[..., unbalances.index] - unbalances.angle
    return (
        _total(0.5 * compiled.stiffness * q**2)
        + _total(0.5 * springs.stiffness * stretch**2)
        + _total(0.5 * meshes.stiffness * _mesh_depth(compiled, q) ** 2)
        + _total(unbalances.moment * (1.0 - np.cos(swing)))
        - _total(gravity * q)
    )


def _mesh_gap(compiled: CompiledAssembly, position: Floats) -> Floats:
    return along(position, compiled.meshes.index, compiled.meshes.direction)


def _mesh_depth(compiled: CompiledAssembly, position: Floats) -> Floats:
    gap, half = _mesh_gap(compiled, position), 0.5 * compiled.meshes.backlash
    return gap - np.clip(gap, -half, half)


def _excitation_power(compiled: CompiledAssembly, states: States, gravity: Floats) -> Floats:
    excitations = compiled.excitations
    phase = excitations.angular_frequency * states.time[:, None] + excitations.phase
    harmonic = excitations.amplitude * np.sin(phase) * states.velocity[..., excitations.index]
    return _total(harmonic) + _total((compiled.constant_force - gravity) * states.velocity)


def _sail_power(compiled: CompiledAssembly, states: States, _gravity: Floats) -> Floats:
    sails, gusts = compiled.sails, compiled.gusts
    speed = states.velocity[..., sails.index]
    wave = gusts.depth * np.sin(gusts.angular_frequency * states.time[:, None] + gusts.phase)
    of_sail = gusts.sail[:, None] == np.arange(len(sails.index))
    wind = sails.wind_speed * (1.0 + wave @ of_sail.astype(np.float64))
    return _total(sails.lift * wind * (wind - sails.slope * speed) * speed)


def _drive_power(compiled: CompiledAssembly, states: States, _gravity: Floats) -> Floats:
    rows = compiled.linear_rows
    if not np.any(rows.rate):
        return np.zeros(states.velocity.shape[:2])
    if states.reaction is None:
        return np.full(states.velocity.shape[:2], np.nan)
    # lambda^T G v with G v = -g_t: only rows that move with time do work.
    return _total(states.reaction[..., rows.row] * rows.rate)


def _bearing_loss(compiled: CompiledAssembly, states: States, _gravity: Floats) -> Floats:
    return _total(compiled.damping * states.velocity**2)


def _friction_loss(compiled: CompiledAssembly, states: States, _gravity: Floats) -> Floats:
    frictions = compiled.frictions
    speed = states.velocity[..., frictions.index]
    return _total(frictions.torque * np.tanh(speed / frictions.slip_speed) * speed)


def _quadratic_loss(compiled: CompiledAssembly, states: States, _gravity: Floats) -> Floats:
    quadratics = compiled.quadratics
    return _total(quadratics.coefficient * np.abs(states.velocity[..., quadratics.index]) ** 3)


def _shaft_loss(compiled: CompiledAssembly, states: States, _gravity: Floats) -> Floats:
    springs, v = compiled.springs, states.velocity
    return _total(springs.damping * (v[..., springs.index_a] - v[..., springs.index_b]) ** 2)


def _mesh_loss(compiled: CompiledAssembly, states: States, _gravity: Floats) -> Floats:
    meshes = compiled.meshes
    touching = np.abs(_mesh_gap(compiled, states.position)) >= 0.5 * meshes.backlash
    closing = along(states.velocity, meshes.index, meshes.direction)
    return _total(np.where(touching, meshes.damping * closing**2, 0.0))


SOURCES: dict[str, Power] = {
    "sails": _sail_power,
    "excitations": _excitation_power,
    "drives": _drive_power,
}
"""Power that enters the assembly [W], by what delivers it; negative where it takes power out."""

SINKS: dict[str, Power] = {
    "viscous": _bearing_loss,
    "friction": _friction_loss,
    "quadratic": _quadratic_loss,
    "shafts": _shaft_loss,
    "meshes": _mesh_loss,
}
"""Power that is dissipated [W], by law: viscous and dry resistance of bearings and loads, and so on."""


def is_driven(compiled: CompiledAssembly) -> bool:
    """Whether a drive moves a body as a prescribed function of time."""
    return bool(np.any(compiled.linear_rows.rate))


def is_conservative(compiled: CompiledAssembly, gravity: Floats) -> bool:
    """Whether nothing feeds or dissipates energy, so that it is constant in time."""
    feeding = (
        compiled.constant_force - gravity,
        compiled.excitations.amplitude,
        compiled.sails.lift,
        compiled.linear_rows.rate,
    )
    damping = (
        compiled.damping,
        compiled.frictions.torque,
        compiled.quadratics.coefficient,
        compiled.springs.damping,
        compiled.meshes.damping,
    )
    return not any(np.any(values) for values in (*feeding, *damping))


def _total(values: Floats) -> Floats:
    total: Floats = np.sum(values, axis=-1)
    return total
