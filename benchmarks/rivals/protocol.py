"""What a rival simulator must offer, so that one loop times them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RigRun:
    """The family `rig` (docs/model.md) from rest, every step recorded.

    Parameters
    ----------
    body_count
        Number of bodies n, a multiple of 4.
    dt
        Step size [s]; an adaptive method keeps it as the spacing of its samples.
    step_count
        Number of steps.
    """

    body_count: int
    dt: float = 1e-3
    step_count: int = 10_000

    @property
    def times(self) -> Floats:
        """Times of the recorded states [s], (step_count + 1,)."""
        return np.arange(self.step_count + 1, dtype=np.float64) * self.dt


@dataclass(frozen=True, kw_only=True)
class RigHistory:
    """Recorded states of all bodies, each of shape (step_count + 1, body_count), in any memory layout.

    Parameters
    ----------
    angle, displacement, angular_velocity, velocity
        In rad, m, rad/s, m/s.
    """

    angle: Floats
    displacement: Floats
    angular_velocity: Floats
    velocity: Floats


Simulate: TypeAlias = Callable[[], RigHistory]
"""Simulates from the start and returns what it recorded; called once per timed run."""


class Rival(Protocol):
    """A simulator on the rig, written the way its own users would write it."""

    @property
    def label(self) -> str:
        """Name in tables."""

    @property
    def method(self) -> str:
        """How it integrates and which coordinates it uses, in a few words."""

    @property
    def full_size(self) -> int:
        """Number of bodies beyond which it takes so long that fewer steps are run."""

    @property
    def largest_size(self) -> int:
        """Number of bodies beyond which it is left out."""

    def prepare(self, run: RigRun) -> Simulate:
        """Build the model, untimed: compilation is seen in the first call."""


@dataclass(frozen=True, kw_only=True)
class EnsembleRun:
    """Rigs from rest that differ in the inertia and the mass of every body; final states only.

    Parameters
    ----------
    inertia, mass
        In kg m^2 and kg, (member_count, n); `ReducedRig.varied` makes some.
    step_count
        Number of steps.
    dt
        Step size [s].
    """

    inertia: Floats
    mass: Floats
    step_count: int
    dt: float = 1e-3


SimulateEnsemble: TypeAlias = Callable[[], Floats]
"""Simulates all members from the start and returns their final angles, (member_count, n)."""


class EnsembleRival(Protocol):
    """A simulator of ensembles of the rig, on one thread."""

    @property
    def label(self) -> str:
        """Name in tables."""

    @property
    def method(self) -> str:
        """How it integrates and which coordinates it uses, in a few words."""

    def prepare(self, run: EnsembleRun) -> SimulateEnsemble:
        """Build the model, untimed: compilation is seen in the first call."""
