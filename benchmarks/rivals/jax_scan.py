"""JAX: RK4 on the reduced rig, jit and `lax.scan`, double precision."""

from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.rivals.protocol import RigHistory, RigRun, Simulate
from benchmarks.rivals.reduced_rig import (
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
    MASS,
    RATIO,
    SHAFT_DAMPING,
    SHAFT_STIFFNESS,
    ReducedRig,
)

State: TypeAlias = tuple[jax.Array, jax.Array, jax.Array, jax.Array, jax.Array, jax.Array]
"""Front and back angle, front and back rate, displacement, velocity."""


class JaxScan:
    """See the module."""

    label = "JAX"
    method = "rk4, reduced, jit + scan"
    full_size = 768
    largest_size = 768

    def prepare(self, run: RigRun) -> Simulate:
        """The first call compiles."""
        jax.config.update("jax_enable_x64", True)
        rig = ReducedRig(run.body_count)
        front_inertia, back_inertia = jnp.asarray(rig.front_inertia), jnp.asarray(rig.back_inertia)
        amplitude = jnp.asarray(rig.axial_amplitude)

        def slope(time: jax.Array, state: State) -> State:
            front, back, w, v, z, u = state
            shaft = SHAFT_STIFFNESS * jnp.diff(front) + SHAFT_DAMPING * jnp.diff(w)
            twist = BACK_STIFFNESS * (RATIO * front - back) + BACK_DAMPING * (RATIO * w - v)
            torque = jnp.pad(shaft, (0, 1)) - jnp.pad(shaft, (1, 0)) - FRONT_DRAG * w - RATIO * twist
            drive = DRIVE_MEAN + DRIVE_AMPLITUDE * jnp.sin(DRIVE_ANGULAR_FREQUENCY * time)
            back_torque = twist - BACK_DRAG * v - BACK_QUADRATIC * v * jnp.abs(v)
            force = amplitude * jnp.sin(AXIAL_ANGULAR_FREQUENCY * time) - AXIAL_STIFFNESS * z
            front_rate = torque.at[0].add(drive) / front_inertia
            return w, v, front_rate, back_torque / back_inertia, u, (force - AXIAL_DAMPING * u) / MASS

        def advance(state: State, step: float, change: State) -> State:
            return jax.tree.map(lambda y, k: y + step * k, state, change)

        def rk4(state: State, time: jax.Array) -> tuple[State, State]:
            h = run.dt
            k1 = slope(time, state)
            k2 = slope(time + h / 2, advance(state, h / 2, k1))
            k3 = slope(time + h / 2, advance(state, h / 2, k2))
            k4 = slope(time + h, advance(state, h, k3))
            total = jax.tree.map(lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, k1, k2, k3, k4)
            state = advance(state, h, total)
            return state, state

        @jax.jit
        def trajectory(start: State, times: jax.Array) -> State:
            _, states = jax.lax.scan(rk4, start, times)
            return jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest]), start, states)

        start = tuple(jnp.zeros(len(part)) for part in [rig.front_inertia] * 4 + [rig.inertia] * 2)
        times = jnp.asarray(run.times[:-1])

        def simulate() -> RigHistory:
            front, back, w, v, z, u = (np.asarray(part) for part in trajectory(start, times))
            return rig.history((front, back, w, v), z, u)

        return simulate
