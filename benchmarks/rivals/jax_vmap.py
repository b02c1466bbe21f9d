"""JAX: an ensemble of rigs, `vmap` over the members of a compiled loop, final states only."""

import jax
import numpy as np

from benchmarks.rivals.jax_scan import Inertias, State, inertias_of, rk4_step, start_of
from benchmarks.rivals.protocol import EnsembleRun, Floats, SimulateEnsemble
from benchmarks.rivals.reduced_rig import ReducedRig, expand


class JaxVmap:
    """See the module."""

    label = "JAX"
    method = "rk4, reduced, vmap"

    def prepare(self, run: EnsembleRun) -> SimulateEnsemble:
        """The first call compiles."""
        jax.config.update("jax_enable_x64", True)
        rig = ReducedRig(run.inertia, run.mass)

        def final_state(start: State, inertias: Inertias) -> State:
            def step(number: int, state: State) -> State:
                return rk4_step(number * run.dt, run.dt, state, inertias)

            return jax.lax.fori_loop(0, run.step_count, step, start)

        ensemble = jax.jit(jax.vmap(final_state))
        start, inertias = start_of(rig), inertias_of(rig)

        def simulate() -> Floats:
            front, back = ensemble(start, inertias)[:2]
            return expand(np.asarray(front), np.asarray(back))

        return simulate
