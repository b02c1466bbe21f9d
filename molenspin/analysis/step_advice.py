"""Tests a common advice: that verlet allows about twice the step of rk4 where energy is conserved.

The largest step that still meets a criterion is found by bisection for both integrators, on one assembly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import ceil, inf, sqrt

import pandas as pd
import xarray as xr

from molenspin.analysis.balance import energy, energy_drift, relative_imbalance
from molenspin.analysis.energy import gravity_force, is_conservative
from molenspin.analysis.reference import reference_solution
from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compiled import Floats
from molenspin.assembly.modes import stable_step
from molenspin.errors import SimulationError
from molenspin.integrators import Integrator
from molenspin.simulation import simulate

HOLDS_FROM = 1.7
"""Ratio of the largest steps from which "about twice" is accepted."""

RESOLUTION = 1.02
"""Ratio of two steps that the bisection no longer tells apart."""

ENERGY_GROWTH = 10.0
"""A run whose energy exceeds that of a fine run by this factor has become unstable."""

FINE_SHARE = 0.1
"""Share of the stable step that a fine run takes."""

RECORDED_STEPS = 4000
LARGEST_DRIFT = 1e-2
LARGEST_ERROR = 1e-3

HALVINGS = 14
"""Times that a step is halved before a criterion counts as out of reach."""


class Criterion(StrEnum):
    """What a step must meet."""

    STABILITY = "stays bounded"
    ENERGY = "energy within 1%"
    ERROR = "final angles within 1e-3 rad"


@dataclass(frozen=True, kw_only=True)
class StepComparison:
    """Largest steps of both integrators under one criterion.

    Parameters
    ----------
    assembly, criterion
        What was simulated, and what a step had to meet.
    is_conserved
        Whether the assembly conserves its energy.
    duration
        Time simulated [s].
    rk4, verlet
        Largest steps that meet the criterion [s]; 0 where none did.
    """

    assembly: str
    criterion: Criterion
    is_conserved: bool
    duration: float
    rk4: float
    verlet: float

    @property
    def ratio(self) -> float:
        """Step of verlet over step of rk4."""
        return self.verlet / self.rk4 if self.rk4 else inf

    @property
    def holds(self) -> bool:
        """Whether verlet allows about twice the step."""
        return self.ratio >= HOLDS_FROM


def compare_steps(
    assembly: Assembly,
    *,
    duration: float,
    backend: str,
    criteria: Sequence[Criterion] = tuple(Criterion),
) -> list[StepComparison]:
    """Largest steps of rk4 and verlet under each criterion.

    Parameters
    ----------
    assembly
        What to simulate.
    duration
        Time to simulate [s]: the longer, the more an integrator that loses energy is at a disadvantage.
    backend
        Backend for the runs, some hundred of them.
    criteria
        What a step must meet.
    """
    trials = _Trials(assembly, duration, backend)
    return [
        StepComparison(
            assembly=assembly.name,
            criterion=criterion,
            is_conserved=trials.is_conserved,
            duration=duration,
            rk4=trials.largest_step(Integrator.RK4, criterion),
            verlet=trials.largest_step(Integrator.VERLET, criterion),
        )
        for criterion in criteria
    ]


def steps_table(comparisons: Sequence[StepComparison]) -> pd.DataFrame:
    """The comparisons as people read them."""
    return pd.DataFrame(
        {
            "assembly": item.assembly,
            "energy": "conserved" if item.is_conserved else "driven, dissipated",
            "time [s]": f"{item.duration:g}",
            "criterion": item.criterion.value,
            "rk4 dt [s]": f"{item.rk4:.2g}",
            "verlet dt [s]": f"{item.verlet:.2g}",
            "ratio": f"{item.ratio:.2f}",
            "about twice": "yes" if item.holds else "no",
        }
        for item in comparisons
    )


def steps_verdict(comparisons: Sequence[StepComparison]) -> str:
    """For which assemblies the advice holds, and under which criterion, in one sentence."""
    found = [item for item in comparisons if item.holds]
    others = dict.fromkeys(item.assembly for item in comparisons)
    held = ", ".join(f"{item.assembly} ({item.criterion.value}, {item.duration:g} s)" for item in found)
    never = ", ".join(name for name in others if name not in {item.assembly for item in found})
    return (
        f"Verlet allows about twice the step of rk4 for: {held or 'none'}. "
        f"Under no criterion for: {never or 'none'}."
    )


class _Trials:
    """Runs of one assembly, judged."""

    def __init__(self, assembly: Assembly, duration: float, backend: str) -> None:
        self._assembly, self._duration, self._backend = assembly, duration, backend

    def largest_step(self, integrator: Integrator, criterion: Criterion) -> float:
        """By halving until the criterion is met, then by bisection; 0 where it is never met."""
        high = low = 2.0 * stable_step(self._assembly.compile(), integrator)
        for _ in range(HALVINGS):
            if self._meets(criterion, integrator, low):
                break
            high, low = low, low / 2
        else:
            return 0.0
        while high / low > RESOLUTION:
            middle = sqrt(high * low)
            if self._meets(criterion, integrator, middle):
                low = middle
            else:
                high = middle
        return self._duration / self._step_count(low)

    def _meets(self, criterion: Criterion, integrator: Integrator, dt: float) -> bool:
        try:
            run = self._run(integrator, self._step_count(dt))
        except SimulationError:
            return False
        if criterion is Criterion.STABILITY:
            return float(energy(run)["total"].max()) <= ENERGY_GROWTH * self._largest_energy
        if criterion is Criterion.ERROR:
            return float(abs(run["angle"].isel(time=-1) - self._final_angles).max()) <= LARGEST_ERROR
        drift = energy_drift(run)
        return float(relative_imbalance(run)["imbalance"] if drift is None else drift) <= LARGEST_DRIFT

    def _step_count(self, dt: float) -> int:
        return max(1, ceil(self._duration / dt))

    def _run(self, integrator: Integrator, step_count: int) -> xr.Dataset:
        # The power balance needs every step; the energy of a conservative assembly is told by fewer.
        save_every = max(1, step_count // RECORDED_STEPS) if self.is_conserved else 1
        return simulate(
            self._assembly,
            duration=self._duration,
            dt=self._duration / step_count,
            integrator=str(integrator),
            backend=self._backend,
            save_every=save_every,
        )

    @cached_property
    def is_conserved(self) -> bool:
        """Whether the assembly conserves its energy."""
        compiled = self._assembly.compile()
        return is_conservative(compiled, gravity_force(self._assembly, compiled))

    @cached_property
    def _largest_energy(self) -> float:
        dt = FINE_SHARE * stable_step(self._assembly.compile(), Integrator.RK4)
        return float(energy(self._run(Integrator.RK4, self._step_count(dt)))["total"].max())

    @cached_property
    def _final_angles(self) -> Floats:
        reference = reference_solution(self._assembly, [0.0, self._duration])
        return reference["angle"].isel(time=-1).to_numpy()
