"""numba: RK4 on the reduced rig, as an expert tunes it by hand for this one assembly.

What makes it fast: the axial oscillators have no neighbours, so all four stages of one body stay in registers
and the loop over bodies is vectorised; the loops over modules have no branches and no temporary arrays;
`fastmath` allows fused multiply-add; results go into buffers that are allocated once and reused.
"""

from math import sin

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

compiled = njit(fastmath=True, error_model="numpy")


class NumbaExpert:
    """See the module."""

    label = "numba expert"
    method = "rk4, reduced, fused loops, reused buffers"
    full_size = 12288
    largest_size = 12288

    def prepare(self, run: RigRun) -> Simulate:
        """Allocate the buffers; the first call compiles."""
        rig = ReducedRig.standard(run.body_count)
        angle, displacement, angular_velocity, velocity = np.zeros((4, run.step_count + 1, run.body_count))
        mobility = (1.0 / rig.front_inertia, 1.0 / rig.back_inertia)

        def simulate() -> RigHistory:
            _spins(run.dt, run.step_count, mobility, angle, angular_velocity)
            _axial(run.dt, run.step_count, rig.axial_amplitude / MASS, displacement, velocity)
            return RigHistory(
                angle=angle, displacement=displacement, angular_velocity=angular_velocity, velocity=velocity
            )

        return simulate


@compiled
def _axial(dt: float, step_count: int, amplitude: Floats, displacement: Floats, velocity: Floats) -> None:
    for step in range(step_count):
        phase, half = AXIAL_ANGULAR_FREQUENCY * step * dt, 0.5 * AXIAL_ANGULAR_FREQUENCY * dt
        sines = (sin(phase), sin(phase + half), sin(phase + 2.0 * half))
        _axial_step(dt, sines, amplitude, displacement[step : step + 2], velocity[step : step + 2])


@compiled
def _axial_step(
    dt: float, sines: tuple[float, float, float], amplitude: Floats, displacement: Floats, velocity: Floats
) -> None:
    k, c, half = AXIAL_STIFFNESS / MASS, AXIAL_DAMPING / MASS, 0.5 * dt
    for i in range(len(amplitude)):
        z, u1 = displacement[0, i], velocity[0, i]
        a1 = amplitude[i] * sines[0] - k * z - c * u1
        u2 = u1 + half * a1
        a2 = amplitude[i] * sines[1] - k * (z + half * u1) - c * u2
        u3 = u1 + half * a2
        a3 = amplitude[i] * sines[1] - k * (z + half * u2) - c * u3
        u4 = u1 + dt * a3
        a4 = amplitude[i] * sines[2] - k * (z + dt * u3) - c * u4
        displacement[1, i] = z + dt / 6.0 * (u1 + 2.0 * (u2 + u3) + u4)
        velocity[1, i] = u1 + dt / 6.0 * (a1 + 2.0 * (a2 + a3) + a4)


@compiled
def _spins(
    dt: float,
    step_count: int,
    mobility: tuple[Floats, Floats],
    angle: Floats,
    angular_velocity: Floats,
) -> None:
    count = len(mobility[0])
    states = (np.zeros((4, count)), np.zeros((4, count)), np.zeros((4, count)))
    start, stage, total = states
    torque = np.zeros(count + 1)
    for step in range(step_count):
        phase, half = DRIVE_ANGULAR_FREQUENCY * step * dt, 0.5 * DRIVE_ANGULAR_FREQUENCY * dt
        middle = sin(phase + half)
        stage[:] = start
        total[:] = start
        spin_stage(sin(phase), 0.5 * dt, dt / 6.0, 1, mobility, torque, states)
        spin_stage(middle, 0.5 * dt, dt / 3.0, 1, mobility, torque, states)
        spin_stage(middle, dt, dt / 3.0, 1, mobility, torque, states)
        spin_stage(sin(phase + 2.0 * half), 0.0, dt / 6.0, 1, mobility, torque, states)
        start[:] = total
        _record(start[0], start[1], angle[step + 1])
        _record(start[2], start[3], angular_velocity[step + 1])


@compiled
def spin_stage(
    drive: float,
    advance: float,
    weight: float,
    lanes: int,
    mobility: tuple[Floats, Floats],
    torque: Floats,
    states: tuple[Floats, Floats, Floats],
) -> None:
    """One stage of the spins, `lanes` members side by side.

    The states are those at the start of the step, of the stage (replaced by the next one) and the weighted
    total, each (4, modules * lanes) with the rows front, back, and their rates.
    """
    start, stage, total = states
    front_mobility, back_mobility = mobility
    count = len(front_mobility)
    for k in range(lanes, count):
        torque[k] = SHAFT_STIFFNESS * (stage[0, k - lanes] - stage[0, k])
        torque[k] += SHAFT_DAMPING * (stage[2, k - lanes] - stage[2, k])
    torque[:lanes] = DRIVE_MEAN + DRIVE_AMPLITUDE * drive
    for k in range(count):
        w, v = stage[2, k], stage[3, k]
        twist = BACK_STIFFNESS * (RATIO * stage[0, k] - stage[1, k]) + BACK_DAMPING * (RATIO * w - v)
        front = (torque[k] - torque[k + lanes] - FRONT_DRAG * w - RATIO * twist) * front_mobility[k]
        back = (twist - BACK_DRAG * v - BACK_QUADRATIC * v * abs(v)) * back_mobility[k]
        total[0, k] += weight * w
        total[1, k] += weight * v
        total[2, k] += weight * front
        total[3, k] += weight * back
        stage[0, k] = start[0, k] + advance * w
        stage[1, k] = start[1, k] + advance * v
        stage[2, k] = start[2, k] + advance * front
        stage[3, k] = start[3, k] + advance * back


@compiled
def _record(front: Floats, back: Floats, bodies: Floats) -> None:
    for k in range(len(front)):
        bodies[4 * k] = front[k]
        bodies[4 * k + 1] = RATIO * front[k]
        bodies[4 * k + 2] = RATIO * front[k]
        bodies[4 * k + 3] = back[k]
