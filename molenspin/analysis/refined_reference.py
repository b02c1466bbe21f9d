"""Reference solutions by the compiled core at halved steps: for many bodies, long runs and many members."""

from math import ceil, inf

import numpy as np

from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.assembly.modes import stable_step
from molenspin.backends.protocol import Settings
from molenspin.backends.registry import get_backend
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.integrators import Integrator
from molenspin.simulation.refinement import Refined, refine

BACKEND = "rust"

HALVINGS = 4
"""Of half the finest step of the cases, at most; two are enough where forces are smooth."""

HALVINGS_TO_FLOOR = 12
"""Of half the stable step, at most, where no finest step is given."""

BODY_STEP_LIMIT = 2e9
"""Bodies times steps of one member that a reference may take: some minutes."""

NEWTON_TOLERANCE = 1e-10
"""Loosest Newton tolerance."""


def refined_solution(compiled: CompiledAssembly, times: Floats, step: float | None) -> Refined:
    """Refine from half of ``step``; without one from half the stable step on, to the rounding floor.

    Parameters
    ----------
    compiled
        One assembly, or an ensemble.
    times
        Evenly spaced times of the states, from 0 on, shape (T,) [s].
    step
        Finest step of the cases that are compared with the solution [s].

    Raises
    ------
    InvalidValueError
        If the times are not evenly spaced.
    MolenspinError
        If that takes more than `BODY_STEP_LIMIT`.
    """
    interval = _interval(times)
    count = 2 * ceil(interval / (step or _stable_step(compiled, interval)) - 1e-9)
    halvings = _affordable(compiled, count * (len(times) - 1), HALVINGS if step else HALVINGS_TO_FLOOR)
    settings = Settings(
        dt=interval / count,
        step_count=count * (len(times) - 1),
        save_every=count,
        integrator=Integrator.RK4,
        tolerance=NEWTON_TOLERANCE,
    )
    return refine(compiled, settings, get_backend(BACKEND), halvings=halvings, stop_early=step is not None)


def method(refined: Refined) -> str:
    """What was done, in words."""
    return f"{BACKEND} rk4 at halved steps down to {refined.dt:.3g} s"


def _interval(times: Floats) -> float:
    interval = float(times[-1] / (len(times) - 1))
    if not np.allclose(np.diff(times), interval, rtol=1e-6, atol=0.0):
        raise InvalidValueError("a reference at halved steps needs evenly spaced times")
    return interval


def _stable_step(compiled: CompiledAssembly, interval: float) -> float:
    limit = stable_step(compiled.member(0), Integrator.RK4)
    return interval if limit == inf else min(limit, interval)


def _affordable(compiled: CompiledAssembly, step_count: int, most: int) -> int:
    """Halvings that stay within the limit: with k of them, 2^(k+1) times the steps of the first run."""
    first = compiled.body_count * step_count
    fitting = [count for count in range(2, most + 1) if first * 2 ** (count + 1) <= BODY_STEP_LIMIT]
    if not fitting:
        raise MolenspinError(
            f"assembly {compiled.name}: a reference would take {8 * first:.1e} steps of a body, more than "
            f"{BODY_STEP_LIMIT:.0e}: simulate a shorter time"
        )
    return fitting[-1]
