"""numba: RK4 on the reduced rig as most users write it: a compiled slope function and a loop over steps."""

import numpy as np
from numba import njit

from benchmarks.rivals.protocol import Floats, RigHistory, RigRun, Simulate
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


class NumbaPlain:
    """See the module."""

    label = "numba"
    method = "rk4, reduced, plain loops"
    full_size = 3072
    largest_size = 3072

    def prepare(self, run: RigRun) -> Simulate:
        """The first call compiles."""
        rig = ReducedRig.standard(run.body_count)
        masses = (rig.front_inertia, rig.back_inertia, rig.axial_amplitude)

        def simulate() -> RigHistory:
            states = _simulate(run.dt, run.step_count, *masses)
            modules, bodies = rig.module_count, rig.body_count
            front, back, front_rate, back_rate = (
                states[:, i * modules : (i + 1) * modules] for i in range(4)
            )
            axial = states[:, 4 * modules :]
            spins = (front, back, front_rate, back_rate)
            return rig.history(spins, axial[:, :bodies], axial[:, bodies:])

        return simulate


@njit
def _simulate(
    dt: float, step_count: int, front_inertia: Floats, back_inertia: Floats, axial_amplitude: Floats
) -> Floats:
    count = 4 * len(front_inertia) + 2 * len(axial_amplitude)
    states = np.zeros((step_count + 1, count))
    k1, k2, k3, k4 = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    for step in range(step_count):
        t, y = step * dt, states[step]
        _slope(t, y, front_inertia, back_inertia, axial_amplitude, k1)
        _slope(t + dt / 2, y + dt / 2 * k1, front_inertia, back_inertia, axial_amplitude, k2)
        _slope(t + dt / 2, y + dt / 2 * k2, front_inertia, back_inertia, axial_amplitude, k3)
        _slope(t + dt, y + dt * k3, front_inertia, back_inertia, axial_amplitude, k4)
        states[step + 1] = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return states


@njit
def _slope(
    time: float,
    state: Floats,
    front_inertia: Floats,
    back_inertia: Floats,
    axial_amplitude: Floats,
    slope: Floats,
) -> None:
    modules, bodies = len(front_inertia), len(axial_amplitude)
    for k in range(modules):
        front, back, w, v = (
            state[k],
            state[modules + k],
            state[2 * modules + k],
            state[3 * modules + k],
        )
        twist = BACK_STIFFNESS * (RATIO * front - back) + BACK_DAMPING * (RATIO * w - v)
        torque = -FRONT_DRAG * w - RATIO * twist
        if k == 0:
            torque += DRIVE_MEAN + DRIVE_AMPLITUDE * np.sin(DRIVE_ANGULAR_FREQUENCY * time)
        else:
            torque += SHAFT_STIFFNESS * (state[k - 1] - front) + SHAFT_DAMPING * (
                state[2 * modules + k - 1] - w
            )
        if k < modules - 1:
            torque += SHAFT_STIFFNESS * (state[k + 1] - front) + SHAFT_DAMPING * (
                state[2 * modules + k + 1] - w
            )
        slope[k], slope[modules + k] = w, v
        slope[2 * modules + k] = torque / front_inertia[k]
        slope[3 * modules + k] = (twist - BACK_DRAG * v - BACK_QUADRATIC * v * abs(v)) / back_inertia[k]
    drive = np.sin(AXIAL_ANGULAR_FREQUENCY * time)
    for i in range(bodies):
        z, u = state[4 * modules + i], state[4 * modules + bodies + i]
        slope[4 * modules + i] = u
        force = axial_amplitude[i] * drive - AXIAL_STIFFNESS * z - AXIAL_DAMPING * u
        slope[4 * modules + bodies + i] = force / MASS
