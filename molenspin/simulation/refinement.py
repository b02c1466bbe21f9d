"""A solution finer than any case: rk4 at halved steps on a fast backend, and how far it can be trusted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.backends.protocol import Backend, Execution, Settings, Statuses
from molenspin.integrators import Integrator
from molenspin.simulation.history import BODY_VARIABLES, allocate_history
from molenspin.simulation.run_errors import run_messages
from molenspin.status import CaseStatus

TOLERANCES = (1e-13, 1e-12, 1e-11)
"""Newton tolerances to try, tightest first: a large angle may leave rounding above the first."""

ROUNDING_FLOOR = 1e-12
"""Differences below this share of the largest value (at least 1) are taken as rounding."""

SMOOTH_RATIO = 10.0
"""Where forces are smooth, rk4's differences shrink 16 times with each halving; below this they are not."""

EXTRAPOLATION = 1 / (2**Integrator.RK4.order - 1)


@dataclass(frozen=True, kw_only=True)
class Refined:
    """The solution and how far it can be trusted.

    Parameters
    ----------
    states
        In the order of `molenspin.simulation.history.BODY_VARIABLES`,
        shape (4, member_count, body_count, sample_count).
    uncertainty
        Bound of the largest error of each variable, shape (4, member_count).
    dt
        Finest step [s].
    messages
        Why a member has no solution (its states are NaN); empty for the others.
    """

    states: Floats
    uncertainty: Floats
    dt: float
    messages: tuple[str, ...]


def refine(
    compiled: CompiledAssembly,
    settings: Settings,
    backend: Backend,
    *,
    halvings: int,
    stop_early: bool = True,
    execution: Execution | None = None,
) -> Refined:
    """Simulate by rk4 at steps halved again and again, until the differences are rounding or shrink as rk4's.

    Where two successive differences shrink by the order of rk4, the last solution is extrapolated
    (Richardson), and its uncertainty is the last difference: some 15 times the error before the
    extrapolation. Where they do not (kinks of backlash and friction, rounding), nothing is extrapolated, and
    the uncertainty is the larger of the last two differences. Rounding and the Newton residual are added.

    Parameters
    ----------
    compiled
        What to simulate: all members at once.
    settings
        Step to begin with, output grid, loosest Newton tolerance.
    backend
        Who computes.
    halvings
        Halvings of the step at most, at least 1.
    stop_early
        Stop once the differences shrink as rk4's; otherwise go on to the rounding floor.
    execution
        Where the backend runs.
    """
    runs = _runs(compiled, replace(settings, integrator=Integrator.RK4), backend, execution or Execution())
    run = next(runs)
    difference = before = np.full((len(BODY_VARIABLES), compiled.member_count), np.inf)
    for _, finer in zip(range(halvings), runs, strict=False):
        change, run = finer.states - run.states, finer
        before, difference = difference, np.abs(change).max(axis=(2, 3))
        if _is_enough(difference, before, run, stop_early=stop_early):
            break
    return _extrapolated(run, change, difference, before)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """States at one step, (4, member_count, body_count, sample_count); residual and status of each member."""

    states: Floats
    dt: float
    residual: Floats
    status: Statuses
    messages: tuple[str, ...]

    @property
    def largest(self) -> Floats:
        """Largest magnitude of each variable and member, (4, member_count)."""
        largest: Floats = np.abs(self.states).max(axis=(2, 3))
        return largest


def _runs(
    compiled: CompiledAssembly, settings: Settings, backend: Backend, execution: Execution
) -> Iterator[_Run]:
    """Runs at the step of the settings, half of it, a quarter..., at the tightest tolerance possible."""
    tolerances = [value for value in TOLERANCES if value < settings.tolerance] + [settings.tolerance]
    while True:
        run = _run(compiled, replace(settings, tolerance=tolerances[0]), backend, execution)
        while len(tolerances) > 1 and CaseStatus.NOT_CONVERGED in run.status:
            del tolerances[0]
            run = _run(compiled, replace(settings, tolerance=tolerances[0]), backend, execution)
        yield run
        settings = replace(
            settings,
            dt=settings.dt / 2,
            step_count=2 * settings.step_count,
            save_every=2 * settings.save_every,
        )


def _run(compiled: CompiledAssembly, settings: Settings, backend: Backend, execution: Execution) -> _Run:
    history = allocate_history(compiled, settings, reaction=False)
    outcome = backend.run(compiled, settings, execution, history)
    states = np.stack([getattr(history, name) for name in BODY_VARIABLES])
    states[:, outcome.status != CaseStatus.OK] = np.nan
    return _Run(
        states=states,
        dt=settings.dt,
        residual=outcome.max_residual,
        status=outcome.status,
        messages=tuple(run_messages(compiled, settings, outcome)),
    )


def _is_enough(difference: Floats, before: Floats, run: _Run, *, stop_early: bool) -> bool:
    """All members that run are at the rounding floor, or, if that may stop the search, converge smoothly."""
    at_floor = difference <= ROUNDING_FLOOR * np.maximum(run.largest, 1.0)
    enough = at_floor | (_is_smooth(difference, before) & stop_early) | (run.status != CaseStatus.OK)
    return bool(enough.all()) and not np.isinf(before).any()


def _is_smooth(difference: Floats, before: Floats) -> NDArray[np.bool_]:
    return np.isfinite(before) & (SMOOTH_RATIO * difference <= before)


def _extrapolated(run: _Run, change: Floats, difference: Floats, before: Floats) -> Refined:
    smooth = _is_smooth(difference, before)
    bound = np.where(smooth | np.isinf(before), difference, np.fmax(difference, before))
    rounding = np.finfo(np.float64).eps * run.largest + run.residual
    return Refined(
        states=run.states + np.where(smooth[..., None, None], EXTRAPOLATION * change, 0.0),
        uncertainty=bound + rounding,
        dt=run.dt,
        messages=run.messages,
    )
