"""JAX: RK4 on the reduced rig, jit and `lax.scan`, double precision."""

from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.rivals.protocol import RigHistory, RigRun, Simulate
from benchmarks.rivals.reduced_rig import (
    AXIAL_AMPLITUDE,
    AXIAL_ANGULAR_FREQUENCY,
    AXIAL_DAMPING,
    AXIAL_STIFFNESS,
    BACK_DAMPING,
    BACK_DRAG,
    BACK_QUADRATIC,
    BACK_STIFFNESS,
    DRIVE_AMPLITUDE,
    DRIVE_ANGULAR_FREQUENCY,
    DRIVE_MEAN,
    FRONT_DRAG,
    RATIO,
    SHAFT_DAMPING,
    SHAFT_STIFFNESS,
    ReducedRig,
)

State: TypeAlias = tuple[jax.Array, jax.Array, jax.Array, jax.Array, jax.Array, jax.Array]
"""Front and back angle, front and back rate, displacement, velocity."""


Inertias: TypeAlias = tuple[jax.Array, jax.Array, jax.Array]
"""Inertia of front and back, mass."""


class JaxScan:
    """See the module."""

    label = "JAX"
    method = "rk4, reduced, jit + scan"
    full_size = 768
    largest_size = 768

    def prepare(self, run: RigRun) -> Simulate:
        """The first call compiles."""
        jax.config.update("jax_enable_x64", True)
        rig = ReducedRig.standard(run.body_count)
        inertias, start = inertias_of(rig), start_of(rig)
        times = jnp.asarray(run.times[:-1])

        @jax.jit
        def trajectory(start: State, inertias: Inertias) -> State:
            def step(state: State, time: jax.Array) -> tuple[State, State]:
                state = rk4_step(time, run.dt, state, inertias)
                return state, state

            _, states = jax.lax.scan(step, start, times)
            return jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest]), start, states)

        def simulate() -> RigHistory:
            front, back, w, v, z, u = (np.asarray(part) for part in trajectory(start, inertias))
            return rig.history((front, back, w, v), z, u)

        return simulate


def inertias_of(rig: ReducedRig) -> Inertias:
    """The arrays of a rig or of an ensemble on the device."""
    return jnp.asarray(rig.front_inertia), jnp.asarray(rig.back_inertia), jnp.asarray(rig.mass)


def start_of(rig: ReducedRig) -> State:
    """At rest at 0."""
    return tuple(jnp.zeros(part.shape) for part in [rig.front_inertia] * 4 + [rig.mass] * 2)


def rk4_step(time: jax.Array, dt: float, state: State, inertias: Inertias) -> State:
    """One step of a single rig."""
    k1 = _slope(time, state, inertias)
    k2 = _slope(time + dt / 2, _advance(state, dt / 2, k1), inertias)
    k3 = _slope(time + dt / 2, _advance(state, dt / 2, k2), inertias)
    k4 = _slope(time + dt, _advance(state, dt, k3), inertias)
    change = jax.tree.map(lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, k1, k2, k3, k4)
    return _advance(state, dt, change)


def _advance(state: State, dt: float, change: State) -> State:
    return jax.tree.map(lambda y, k: y + dt * k, state, change)


def _slope(time: jax.Array, state: State, inertias: Inertias) -> State:
    front, back, w, v, z, u = state
    front_inertia, back_inertia, mass = inertias
    shaft = SHAFT_STIFFNESS * jnp.diff(front) + SHAFT_DAMPING * jnp.diff(w)
    twist = BACK_STIFFNESS * (RATIO * front - back) + BACK_DAMPING * (RATIO * w - v)
    torque = jnp.pad(shaft, (0, 1)) - jnp.pad(shaft, (1, 0)) - FRONT_DRAG * w - RATIO * twist
    drive = DRIVE_MEAN + DRIVE_AMPLITUDE * jnp.sin(DRIVE_ANGULAR_FREQUENCY * time)
    front_rate = torque.at[0].add(drive) / front_inertia
    back_rate = (twist - BACK_DRAG * v - BACK_QUADRATIC * v * jnp.abs(v)) / back_inertia
    force = -AXIAL_STIFFNESS * z - AXIAL_DAMPING * u
    force = force.at[0::2].add(AXIAL_AMPLITUDE * jnp.sin(AXIAL_ANGULAR_FREQUENCY * time))
    return w, v, front_rate, back_rate, u, force / mass
