"""What drives an assembly: prescribed forces, wind, gravity on eccentric masses."""

from dataclasses import KW_ONLY, dataclass
from math import pi

import numpy as np

from molenspin.assembly.compiled import ExcitationTable, GustTable, SailTable, UnbalanceTable
from molenspin.assembly.parameters import BodyName, Dof, DofName, NonNegative, Positive, Real
from molenspin.assembly.rows import Rows


@dataclass(frozen=True)
class Excitation:
    """Prescribed force on one coordinate: mean + amplitude sin(2 pi frequency t + phase).

    Parameters
    ----------
    a
        Body.
    dof
        ``spin`` or ``axial``.
    mean, amplitude
        In N m on spin, in N on axial.
    frequency, phase
        In Hz and rad.
    """

    a: BodyName
    dof: DofName
    _: KW_ONLY
    mean: Real = 0.0
    amplitude: Real = 0.0
    frequency: NonNegative = 0.0
    phase: Real = 0.0
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the mean as a constant force and the harmonic part."""
        coordinate = rows.coordinate(self.a, self.dof)
        rows.force[coordinate] = rows.force[coordinate] + self.mean
        if np.any(self.amplitude):
            rows.add(
                ExcitationTable,
                index=coordinate,
                amplitude=self.amplitude,
                angular_frequency=2 * pi * self.frequency,
                phase=self.phase,
            )


@dataclass(frozen=True)
class Sail:
    """Wind torque 0.5 rho (pi R^2) R w^2 C0 (1 - L / L0), L = omega R / w, w the wind with its gusts.

    Parameters
    ----------
    a
        Body.
    radius
        R [m].
    wind_speed
        V [m/s]; w = V (1 + sum depth sin(2 pi frequency t + phase)).
    torque_coefficient
        C0, torque coefficient at standstill.
    runaway_ratio
        L0, tip-speed ratio without torque.
    air_density
        rho [kg/m^3].
    gusts
        Triples (depth, frequency [Hz], phase [rad]).
    """

    a: BodyName
    radius: Positive
    wind_speed: NonNegative
    torque_coefficient: NonNegative
    runaway_ratio: Positive
    _: KW_ONLY
    air_density: NonNegative = 1.225
    gusts: tuple[tuple[Real, NonNegative, Real], ...] = ()
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the sail and its gusts."""
        sail = rows.add(
            SailTable,
            index=rows.coordinate(self.a, Dof.SPIN),
            lift=0.5 * self.air_density * pi * self.radius**3 * self.torque_coefficient,
            slope=self.radius / self.runaway_ratio,
            wind_speed=self.wind_speed,
        )
        for depth, frequency, phase in self.gusts:
            rows.add(GustTable, sail=sail, depth=depth, angular_frequency=2 * pi * frequency, phase=phase)


@dataclass(frozen=True)
class Unbalance:
    """A crank or an eccentric mass under gravity on a horizontal shaft: -moment sin(theta - angle).

    Parameters
    ----------
    a
        Body.
    moment
        Weight times eccentricity [N m].
    angle
        Angle of rest [rad].
    """

    a: BodyName
    moment: NonNegative
    _: KW_ONLY
    angle: Real = 0.0
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the unbalance."""
        rows.add(
            UnbalanceTable,
            index=rows.coordinate(self.a, Dof.SPIN),
            moment=self.moment,
            angle=self.angle,
        )
