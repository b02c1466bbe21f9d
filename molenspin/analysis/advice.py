"""The cheapest setting that reaches a wanted accuracy on one assembly, found by running it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, inf, log

import numpy as np
import pandas as pd
import xarray as xr

from molenspin.analysis.convergence import ERROR
from molenspin.analysis.norms import error_norms
from molenspin.analysis.reference import reference_solution
from molenspin.analysis.run_times import run_times
from molenspin.assembly.assembly import Assembly
from molenspin.assembly.modes import stable_step
from molenspin.errors import InvalidValueError, SimulationError
from molenspin.integrators import Integrator
from molenspin.simulation import simulate
from molenspin.timing.statistics import Estimate

SAMPLES = 20
"""Recorded intervals at which the error is taken."""

SAFETY = 0.9
"""Share of the stable step to begin with, and of the wanted error to aim at."""

STEP_LIMITS = {"numpy": 20_000}
FASTEST_STEP_LIMIT = 2_000_000
"""Steps of one run beyond which an integrator is given up; fewer where only a slow backend is at hand."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The largest step of an integrator that was found to reach the error.

    Parameters
    ----------
    integrator
        Time integration method.
    step_count
        Steps over the duration; 0 where no step reached the error.
    error
        Largest angle error that was found [rad].
    note
        Why it is not, or not quite, what was asked.
    """

    integrator: Integrator
    step_count: int
    error: float
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What was found for one assembly.

    Parameters
    ----------
    error, duration
        What was asked [rad], [s].
    uncertainty
        How far the reference can be trusted [rad].
    candidates
        One for each integrator.
    seconds
        Run time by integrator and backend, of those that reach the error.
    """

    error: float
    duration: float
    uncertainty: float
    candidates: tuple[Candidate, ...]
    seconds: dict[tuple[Integrator, str], Estimate]

    def table(self) -> pd.DataFrame:
        """One row per integrator and backend, the cheapest first; those that fail at the end."""
        rows = [row for candidate in self.candidates for row in self._rows(candidate)]
        return pd.DataFrame(rows).sort_values("seconds", na_position="last", ignore_index=True)

    def _rows(self, candidate: Candidate) -> list[dict[str, object]]:
        base: dict[str, object] = {"integrator": str(candidate.integrator)}
        if not candidate.step_count:
            return [base | {"error": candidate.error, "note": candidate.note}]
        base |= {"dt": self.duration / candidate.step_count, "error": candidate.error}
        return [
            base
            | {
                "backend": backend,
                "seconds": found.value,
                "seconds_low": found.interval.low if found.interval else None,
                "seconds_high": found.interval.high if found.interval else None,
                "note": candidate.note,
            }
            for (integrator, backend), found in self.seconds.items()
            if integrator is candidate.integrator
        ]


def advise(
    assembly: Assembly,
    *,
    error: float,
    duration: float,
    backends: Sequence[str],
    progress: Callable[[str], None] = lambda _: None,
) -> Advice:
    """Find the cheapest integrator, step and backend for an error.

    Each integrator's step is made smaller, from the stable one on, until the error is reached, then enlarged
    as far as its observed order allows; every error is that of a run. Backends agree in what they compute,
    so the last of them looks for the step and all of them are timed.

    Parameters
    ----------
    assembly
        What to simulate.
    error
        Wanted largest error of any angle [rad].
    duration
        Time to simulate [s].
    backends
        Backends to time, the slowest first.
    progress
        Called with one line before each part.
    """
    progress("reference solution")
    reference = reference_solution(assembly, np.linspace(0.0, duration, SAMPLES + 1))
    uncertainty = float(reference["angle"].attrs["uncertainty"])
    if error < 2 * uncertainty:
        raise InvalidValueError(
            f"error = {error:g} rad cannot be checked: the reference itself is known to {uncertainty:.1e} rad"
        )
    search = _Search(assembly, reference, duration, error, backends[-1])
    candidates = []
    for integrator in Integrator:
        progress(f"step of {integrator}")
        candidates.append(search.candidate(integrator))
    progress("run times")
    steps = {item.integrator: item.step_count for item in candidates if item.step_count}
    seconds = run_times(assembly, duration, steps, backends)
    return Advice(
        error=error,
        duration=duration,
        uncertainty=uncertainty,
        candidates=tuple(candidates),
        seconds=seconds,
    )


@dataclass(frozen=True)
class _Search:
    """Looks for the largest step that reaches the error."""

    assembly: Assembly
    reference: xr.Dataset
    duration: float
    error: float
    backend: str

    def candidate(self, integrator: Integrator) -> Candidate:
        interval = self.duration / SAMPLES
        steps = max(1, ceil(interval / (SAFETY * stable_step(self.assembly.compile(), integrator))))
        before: tuple[int, float] | None = None
        while steps * SAMPLES <= STEP_LIMITS.get(self.backend, FASTEST_STEP_LIMIT):
            found = self._error(integrator, steps)
            if found <= self.error:
                return self._enlarged(integrator, before, (steps, found))
            before = steps, found
            steps = self._next(steps, found, integrator.order)
        tried, reached = before or (0, inf)
        note = f"would need about {steps * SAMPLES:.1g} steps: {reached:.1e} rad with {tried * SAMPLES}"
        return Candidate(integrator=integrator, step_count=0, error=reached, note=note)

    def _next(self, steps: int, found: float, order: int) -> int:
        """Steps in an interval by which the order promises the error; at least twice as many as before."""
        if not np.isfinite(found):
            return 2 * steps
        finer: float = (found / (SAFETY * self.error)) ** (1 / order)
        return max(2 * steps, ceil(steps * finer))

    def _error(self, integrator: Integrator, steps: int) -> float:
        """Error with so many steps in a recorded interval; infinite where the run fails."""
        dt = self.duration / (SAMPLES * steps)
        options = {"integrator": str(integrator), "backend": self.backend, "save_every": steps}
        try:
            run = simulate(self.assembly, duration=self.duration, dt=dt, **options)  # type: ignore[arg-type]
        except SimulationError:
            return inf
        variable, _, norm = ERROR.rpartition("_")
        return float(error_norms(run, self.reference)[variable].sel(norm=norm))

    def _enlarged(
        self, integrator: Integrator, coarse: tuple[int, float] | None, fine: tuple[int, float]
    ) -> Candidate:
        steps, found = fine
        if coarse is not None and np.isfinite(coarse[1]):
            order = log(coarse[1] / found) / log(steps / coarse[0])
            fewer = ceil(coarse[0] * (coarse[1] / (SAFETY * self.error)) ** (1 / order))
            if coarse[0] < fewer < steps and (checked := self._error(integrator, fewer)) <= self.error:
                steps, found = fewer, checked
        at_limit = coarse is None or not np.isfinite(coarse[1])
        note = "the largest stable step" if at_limit and found < self.error / 2 else ""
        return Candidate(integrator=integrator, step_count=steps * SAMPLES, error=found, note=note)
