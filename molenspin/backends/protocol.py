"""What a backend is given and what it gives back.

Python decides, validates and allocates; a backend fills. To add one, write a module with a class that has
`Backend`'s members and add its line to `molenspin.backends.registry`.
"""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.integrators import Integrator

Statuses: TypeAlias = NDArray[np.int8]
Counts: TypeAlias = NDArray[np.int64]

RUNAWAY_LIMIT = 1e8
"""A coordinate or velocity beyond this (in SI units) at the end of a step has run away."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to simulate: validated by `molenspin.backends.settings.simulation_settings`.

    Parameters
    ----------
    dt
        Step size [s].
    step_count
        Number of steps; the duration is ``step_count * dt``.
    integrator
        Time integration method.
    save_every
        A state is recorded at steps 0, save_every, 2 save_every, ...
    tolerance
        Newton stops when max abs(g) is at most this.
    newton_limit
        Newton iterations allowed in one projection.
    """

    dt: float
    step_count: int
    integrator: Integrator
    save_every: int = 1
    tolerance: float = 1e-10
    newton_limit: int = 20

    @property
    def sample_count(self) -> int:
        """Number of recorded states, the first one included."""
        return self.step_count // self.save_every + 1


@dataclass(frozen=True, kw_only=True)
class Execution:
    """Where to run: what changes the speed but not (beyond rounding) the result.

    Parameters
    ----------
    threads
        Threads that the backend may use; None lets it choose.
    device
        ``cpu``, ``cuda``, ``cuda:1``, ``mps`` or ``auto``.
    dtype
        ``float64`` or ``float32``.
    """

    threads: int | None = None
    device: str = "auto"
    dtype: str = "float64"


@dataclass(frozen=True, kw_only=True)
class History:
    """Buffers that a backend fills, allocated by the caller, C-contiguous, time last.

    Parameters
    ----------
    angle, displacement, angular_velocity, velocity
        Shape (member_count, body_count, sample_count), in rad, m, rad/s, m/s.
    reaction
        Multipliers lambda, shape (member_count, constraint_count, sample_count), or None if not wanted.
    """

    angle: Floats
    displacement: Floats
    angular_velocity: Floats
    velocity: Floats
    reaction: Floats | None = None


@dataclass(frozen=True, kw_only=True)
class PhaseSeconds:
    """Seconds of the calling thread in the four phases; all 0 where a backend cannot tell them apart."""

    stage_evaluation: float = 0.0
    constraint_assembly: float = 0.0
    newton: float = 0.0
    history: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a backend reports of a run, per member where an array of shape (member_count,).

    A member that stops early keeps status, step and cause; its later samples are NaN, the others go on.

    Parameters
    ----------
    status
        `molenspin.status.CaseStatus` numbers.
    stop_step
        Step that failed (0: the projection of the initial state), or step_count where none did.
    stop_index
        Constraint (not converged) or body (diverged) to blame, -1 where none.
    stop_residual
        max abs(g) at a failed projection, else 0.
    max_residual
        max abs(g) at the end of any step (and of the start), after projection.
    newton_iterations, force_evaluations
        Totals over the run.
    phases
        Where the time went.
    elapsed
        Seconds measured inside the backend, device synchronised.
    path
        Which code path ran, for example ``rust avx512 lanes=8 threads=2``.
    """

    status: Statuses
    stop_step: Counts
    stop_index: Counts
    stop_residual: Floats
    max_residual: Floats
    newton_iterations: Counts
    force_evaluations: Counts
    phases: PhaseSeconds
    elapsed: float
    path: str


class Backend(Protocol):
    """A way to compute trajectories."""

    @property
    def name(self) -> str:
        """The name that users type."""

    def run(
        self,
        compiled: CompiledAssembly,
        settings: Settings,
        execution: Execution,
        history: History,
    ) -> Outcome:
        """Simulate all members of ``compiled``, fill ``history``, report the outcome.

        Raises
        ------
        KeyboardInterrupt
            If the user interrupts: looked at every so many steps.
        """
