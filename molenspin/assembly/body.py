"""A body: a rigid rotor that spins about its own axis and slides along it."""

from dataclasses import dataclass
from enum import StrEnum

from molenspin.assembly.parameters import Positive, Real


class Axis(StrEnum):
    """How a body's axis stands; gravity acts along vertical ones."""

    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"


@dataclass(frozen=True)
class Body:
    """A rigid rotor with two degrees of freedom.

    Parameters
    ----------
    name
        How the other parts of the assembly call it.
    inertia
        Moment of inertia about the axis [kg m^2].
    mass
        Mass [kg].
    angle, displacement
        Spin angle [rad] and axial displacement [m] at the start.
    angular_velocity, velocity
        Their rates [rad/s], [m/s] at the start.
    axis
        ``vertical`` or ``horizontal``. Only vertical bodies feel the assembly's gravity, along -z.
    """

    name: str
    inertia: Positive
    mass: Positive
    angle: Real = 0.0
    displacement: Real = 0.0
    angular_velocity: Real = 0.0
    velocity: Real = 0.0
    axis: Axis = Axis.VERTICAL
