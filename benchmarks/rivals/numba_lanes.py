"""numba: an ensemble of rigs, the expert's kernel on `LANES` members side by side, final states only."""

from math import sin

import numpy as np

from benchmarks.rivals.numba_expert import compiled, spin_stage
from benchmarks.rivals.protocol import EnsembleRun, Floats, SimulateEnsemble
from benchmarks.rivals.reduced_rig import (
    AXIAL_ANGULAR_FREQUENCY,
    AXIAL_DAMPING,
    AXIAL_STIFFNESS,
    DRIVE_ANGULAR_FREQUENCY,
    ReducedRig,
    expand,
)

LANES = 8
"""One AVX-512 register of members."""


class NumbaLanes:
    """See the module."""

    label = "numba expert"
    method = f"rk4, reduced, {LANES} lanes"

    def prepare(self, run: EnsembleRun) -> SimulateEnsemble:
        """Arrange the members in blocks of lanes; the first call compiles."""
        rig = ReducedRig(run.inertia, run.mass)
        arrays = (1.0 / rig.front_inertia, 1.0 / rig.back_inertia, 1.0 / rig.mass)
        front, back, axial = (_blocks(array) for array in arrays)
        amplitude = np.repeat(rig.axial_amplitude, LANES)
        member_count = len(run.inertia)

        def simulate() -> Floats:
            spins, _ = _simulate(run.dt, run.step_count, front, back, axial, amplitude)
            fronts, backs = (_members(spins[:, row], member_count) for row in (0, 1))
            return expand(fronts, backs)

        return simulate


def _blocks(array: Floats) -> Floats:
    """From (members, k) to (blocks, k * LANES), the last block filled up with its last member."""
    missing = -len(array) % LANES
    full = np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
    blocks = full.reshape(-1, LANES, array.shape[1]).transpose(0, 2, 1)
    return np.ascontiguousarray(blocks).reshape(len(blocks), -1)


def _members(blocks: Floats, member_count: int) -> Floats:
    """The inverse of `_blocks`."""
    lanes_last = blocks.reshape(len(blocks), -1, LANES)
    return lanes_last.transpose(0, 2, 1).reshape(-1, lanes_last.shape[1])[:member_count]


@compiled
def _simulate(
    dt: float, step_count: int, front: Floats, back: Floats, axial: Floats, amplitude: Floats
) -> tuple[Floats, Floats]:
    spins = np.zeros((len(front), 4, front.shape[1]))
    axials = np.zeros((len(axial), 2, axial.shape[1]))
    stage, total = np.zeros_like(spins[0]), np.zeros_like(spins[0])
    torque = np.zeros(front.shape[1] + LANES)
    for block in range(len(front)):
        states, mobility = (spins[block], stage, total), (front[block], back[block])
        for step in range(step_count):
            _spin_step(step * dt, dt, mobility, torque, states)
            _axial_step(step * dt, dt, axial[block], amplitude, axials[block])
    return spins, axials


@compiled
def _spin_step(
    time: float,
    dt: float,
    mobility: tuple[Floats, Floats],
    torque: Floats,
    states: tuple[Floats, Floats, Floats],
) -> None:
    start, stage, total = states
    phase, half = DRIVE_ANGULAR_FREQUENCY * time, 0.5 * DRIVE_ANGULAR_FREQUENCY * dt
    middle = sin(phase + half)
    stage[:] = start
    total[:] = start
    spin_stage(sin(phase), 0.5 * dt, dt / 6.0, LANES, mobility, torque, states)
    spin_stage(middle, 0.5 * dt, dt / 3.0, LANES, mobility, torque, states)
    spin_stage(middle, dt, dt / 3.0, LANES, mobility, torque, states)
    spin_stage(sin(phase + 2.0 * half), 0.0, dt / 6.0, LANES, mobility, torque, states)
    start[:] = total


@compiled
def _axial_step(time: float, dt: float, mobility: Floats, amplitude: Floats, state: Floats) -> None:
    phase, step = AXIAL_ANGULAR_FREQUENCY * time, 0.5 * AXIAL_ANGULAR_FREQUENCY * dt
    first, middle, last = sin(phase), sin(phase + step), sin(phase + 2.0 * step)
    half = 0.5 * dt
    for i in range(len(mobility)):
        z, u1 = state[0, i], state[1, i]
        k, c, f = AXIAL_STIFFNESS * mobility[i], AXIAL_DAMPING * mobility[i], amplitude[i] * mobility[i]
        a1 = f * first - k * z - c * u1
        u2 = u1 + half * a1
        a2 = f * middle - k * (z + half * u1) - c * u2
        u3 = u1 + half * a2
        a3 = f * middle - k * (z + half * u2) - c * u3
        u4 = u1 + dt * a3
        a4 = f * last - k * (z + dt * u3) - c * u4
        state[0, i] = z + dt / 6.0 * (u1 + 2.0 * (u2 + u3) + u4)
        state[1, i] = u1 + dt / 6.0 * (a1 + 2.0 * (a2 + a3) + a4)
