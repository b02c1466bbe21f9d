"""The solution that errors are measured against: closed form along the axes, DOP853 for the spins."""

from functools import cache

import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.rivals.protocol import EnsembleRun, Floats, RigHistory
from benchmarks.rivals.reduced_rig import (
    AXIAL_ANGULAR_FREQUENCY,
    AXIAL_DAMPING,
    AXIAL_STIFFNESS,
    MASS,
    ReducedRig,
    expand,
    spin_rates,
)

TOLERANCE = 1e-13
"""Relative and absolute; halving the largest step moves the angles of 48 bodies by less than 1e-12 rad."""


@cache
def exact_final_angle(body_count: int, duration: float) -> Floats:
    """Angles of all bodies of the standard rig at the end [rad], (n,)."""
    return final_angle(ReducedRig.standard(body_count), duration)


def final_angle(rig: ReducedRig, duration: float) -> Floats:
    """Angles of all bodies of one rig at the end [rad], (n,)."""

    def slope(time: float, state: Floats) -> Floats:
        angles, rates = state.reshape(2, 2, -1)
        return np.concatenate([rates, spin_rates(rig, time, angles, rates)]).ravel()

    start = np.zeros(4 * rig.module_count)
    solution = solve_ivp(slope, (0.0, duration), start, method="DOP853", rtol=TOLERANCE, atol=TOLERANCE)
    front, back = solution.y[:, -1].reshape(4, -1)[:2]
    angle: Floats = expand(front[np.newaxis], back[np.newaxis])[0]
    return angle


def exact_displacement(body_count: int, times: Floats) -> Floats:
    """Axial displacements [m], (samples, n): a damped oscillator under a sine, from rest."""
    rate, drive = AXIAL_DAMPING / (2.0 * MASS), AXIAL_ANGULAR_FREQUENCY
    natural = np.sqrt(AXIAL_STIFFNESS / MASS - rate**2)
    response = 1.0 / (AXIAL_STIFFNESS - MASS * drive**2 + 1j * AXIAL_DAMPING * drive)
    steady = np.imag(response * np.exp(1j * drive * times))
    start, slope = response.imag, drive * response.real
    decay = np.exp(-rate * times)
    free = decay * (
        start * np.cos(natural * times) + (slope + rate * start) / natural * np.sin(natural * times)
    )
    return np.outer(steady - free, ReducedRig.standard(body_count).axial_amplitude)


def angle_error(history: RigHistory, duration: float) -> float:
    """Largest error of an angle at the end [rad]."""
    final = history.angle[-1]
    return float(np.abs(final - exact_final_angle(len(final), duration)).max())


def ensemble_error(final: Floats, run: EnsembleRun) -> float:
    """Largest error of a final angle of the first and of the last member [rad]."""
    rigs = [ReducedRig(run.inertia[member], run.mass[member]) for member in (0, -1)]
    exact = np.stack([final_angle(rig, run.step_count * run.dt) for rig in rigs])
    return float(np.abs(final[[0, -1]] - exact).max())


def displacement_error(history: RigHistory, times: Floats) -> float:
    """Largest error of an axial displacement over all samples [m]."""
    exact = exact_displacement(history.displacement.shape[1], times)
    return float(np.abs(history.displacement - exact).max())
