"""The rig in minimal coordinates, as an expert reduces it by hand for this one assembly.

Module k of four bodies has two spin coordinates, of its first body (front) and its last (back); gear and
coupling give the others: theta_{4k+1} = theta_{4k+2} = -1.5 theta_{4k}. The axial coordinates stay.
"""

from dataclasses import dataclass
from math import pi

import numpy as np

from benchmarks.rivals.protocol import Floats, RigHistory

RATIO = -1.5
"""theta_{4k+1} / theta_{4k}."""

MASS, AXIAL_STIFFNESS, AXIAL_DAMPING = 10.0, 4e4, 40.0
AXIAL_AMPLITUDE, AXIAL_ANGULAR_FREQUENCY = 5.0, 3.0
DRAG = 0.05
SHAFT_STIFFNESS, SHAFT_DAMPING = 2000.0, 2.0
BACK_STIFFNESS, BACK_DAMPING = 1500.0, 1.5
BACK_VISCOUS, BACK_QUADRATIC = 0.8, 0.02
DRIVE_MEAN, DRIVE_AMPLITUDE, DRIVE_ANGULAR_FREQUENCY = 50.0, 10.0, 2.0 * pi * 0.7

FRONT_DRAG = DRAG * (1.0 + 2.0 * RATIO**2)
BACK_DRAG = DRAG + BACK_VISCOUS


@dataclass(frozen=True, eq=False)
class ReducedRig:
    """What differs between bodies and members; all else is the same for every module.

    Parameters
    ----------
    inertia, mass
        Of each body, (n,), or for an ensemble (member_count, n), in kg m^2 and kg.
    """

    inertia: Floats
    mass: Floats

    @classmethod
    def standard(cls, body_count: int) -> "ReducedRig":
        """The rig of docs/model.md."""
        numbers = np.arange(body_count, dtype=np.float64)
        return cls(inertia=1.0 + 0.1 * (numbers % 7), mass=np.full(body_count, MASS))

    @classmethod
    def varied(cls, body_count: int, member_count: int) -> "ReducedRig":
        """An ensemble that varies every inertia and mass, so every degree of freedom, by up to 10%."""
        standard, random = cls.standard(body_count), np.random.default_rng(seed=0)
        factors = random.uniform(0.9, 1.1, (2, member_count, body_count))
        return cls(inertia=standard.inertia * factors[0], mass=standard.mass * factors[1])

    @property
    def body_count(self) -> int:
        """Number of bodies n."""
        return int(self.inertia.shape[-1])

    @property
    def module_count(self) -> int:
        """Number of modules of four bodies."""
        return self.body_count // 4

    @property
    def front_inertia(self) -> Floats:
        """Inertia of each front coordinate with the two bodies that are geared to it, (..., n / 4)."""
        inertia = self.inertia
        return inertia[..., 0::4] + RATIO**2 * (inertia[..., 1::4] + inertia[..., 2::4])

    @property
    def back_inertia(self) -> Floats:
        """Inertia of each back coordinate, (..., n / 4)."""
        return self.inertia[..., 3::4]

    @property
    def axial_amplitude(self) -> Floats:
        """Amplitude of the axial force on each body, (n,)."""
        return np.where(np.arange(self.body_count) % 2 == 0, AXIAL_AMPLITUDE, 0.0)

    def history(
        self, spins: tuple[Floats, Floats, Floats, Floats], displacement: Floats, velocity: Floats
    ) -> RigHistory:
        """All bodies from front and back angles and angular velocities, each (samples, n / 4)."""
        front, back, front_rate, back_rate = spins
        return RigHistory(
            angle=expand(front, back),
            displacement=displacement,
            angular_velocity=expand(front_rate, back_rate),
            velocity=velocity,
        )


def expand(front: Floats, back: Floats) -> Floats:
    """Spins of all bodies from those of front and back, (samples or members, n)."""
    return np.stack([front, RATIO * front, RATIO * front, back], axis=-1).reshape(len(front), -1)


def spin_rates(rig: ReducedRig, time: float, angles: Floats, rates: Floats) -> Floats:
    """Angular accelerations in NumPy; ``angles`` and ``rates`` have the rows front and back, (2, n / 4)."""
    front, back = angles
    front_rate, back_rate = rates
    shaft = SHAFT_STIFFNESS * np.diff(front) + SHAFT_DAMPING * np.diff(front_rate)
    twist = BACK_STIFFNESS * (RATIO * front - back) + BACK_DAMPING * (RATIO * front_rate - back_rate)
    front_torque = -FRONT_DRAG * front_rate - RATIO * twist
    front_torque[:-1] += shaft
    front_torque[1:] -= shaft
    front_torque[0] += DRIVE_MEAN + DRIVE_AMPLITUDE * np.sin(DRIVE_ANGULAR_FREQUENCY * time)
    back_torque = twist - BACK_DRAG * back_rate - BACK_QUADRATIC * back_rate * np.abs(back_rate)
    return np.stack([front_torque / rig.front_inertia, back_torque / rig.back_inertia])


def axial_rates(rig: ReducedRig, time: float, displacement: Floats, velocity: Floats) -> Floats:
    """Axial accelerations in NumPy, (n,)."""
    force = rig.axial_amplitude * np.sin(AXIAL_ANGULAR_FREQUENCY * time)
    acceleration: Floats = (force - AXIAL_STIFFNESS * displacement - AXIAL_DAMPING * velocity) / rig.mass
    return acceleration
