"""SciPy: `solve_ivp` with DOP853 on the reduced rig, adaptive steps, sampled at every step of the others."""

import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.rivals.protocol import Floats, RigHistory, RigRun, Simulate
from benchmarks.rivals.reduced_rig import ReducedRig, axial_rates, spin_rates


class ScipyDop853:
    """See the module."""

    label = "SciPy"
    method = "DOP853, reduced, rtol 1e-9"
    full_size = 768
    largest_size = 768

    def prepare(self, run: RigRun) -> Simulate:
        """Nothing to prepare but the slope function."""
        rig = ReducedRig.standard(run.body_count)
        modules, bodies = rig.module_count, rig.body_count

        def slope(time: float, state: Floats) -> Floats:
            angles, rates = state[: 4 * modules].reshape(2, 2, -1)
            displacement, velocity = state[4 * modules :].reshape(2, -1)
            spin = spin_rates(rig, time, angles, rates)
            axial = axial_rates(rig, time, displacement, velocity)
            return np.concatenate([rates.ravel(), spin.ravel(), velocity, axial])

        def simulate() -> RigHistory:
            start, span = np.zeros(4 * modules + 2 * bodies), (0.0, float(run.times[-1]))
            solution = solve_ivp(slope, span, start, method="DOP853", t_eval=run.times, rtol=1e-9, atol=1e-12)
            states = solution.y.T
            front, back, w, v = np.split(states[:, : 4 * modules], 4, axis=1)
            displacement, velocity = np.split(states[:, 4 * modules :], 2, axis=1)
            return rig.history((front, back, w, v), displacement, velocity)

        return simulate
