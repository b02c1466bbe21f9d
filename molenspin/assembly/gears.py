"""Rigid transmissions: gears, belts, planetary sets. All are linear in the coordinates."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np

from molenspin.assembly.parameters import BodyName, Bounds, Dof, HelixAngle, Positive, ShaftAngle, Slip
from molenspin.assembly.rows import Rows
from molenspin.errors import InvalidValueError

Teeth = Annotated[float, Bounds(low=1, high=1e6, whole=True)]

NOMINAL_MODULE = 10.0
"""Module [mm] that scales the rows of wheels whose real module is not asked for (bevel gears, toothed belts).

It sets the unit of their reaction (a tooth force at that module), not the motion."""


@dataclass(frozen=True)
class Gear:
    """r_a theta_a + s r_b theta_b + tan(beta) (z_a - z_b) = 0, r = module teeth / 2000, s = -1 if internal.

    Parameters
    ----------
    a, b
        Bodies.
    teeth
        Tooth counts of a and b.
    module
        Module [mm].
    helix_angle
        beta [deg].
    internal
        Whether one wheel is a ring with internal teeth.
    """

    a: BodyName
    b: BodyName
    teeth: tuple[Teeth, Teeth]
    module: Positive
    _: KW_ONLY
    helix_angle: HelixAngle = 0.0
    internal: bool = False
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the row."""
        radius_a, radius_b = (self.module * teeth / 2000 for teeth in self.teeth)
        slope = np.tan(np.radians(self.helix_angle))
        terms = [
            (rows.coordinate(self.a, Dof.SPIN), radius_a),
            (rows.coordinate(self.b, Dof.SPIN), -radius_b if self.internal else radius_b),
        ]
        if np.any(slope):
            terms += [
                (rows.coordinate(self.a, Dof.AXIAL), slope),
                (rows.coordinate(self.b, Dof.AXIAL), -slope),
            ]
        rows.add_linear(terms)


@dataclass(frozen=True)
class BevelGear:
    """N_a theta_a + N_b theta_b = 0, scaled like a gear.

    Parameters
    ----------
    a, b
        Bodies.
    teeth
        Tooth counts of a and b.
    shaft_angle
        Angle between the shafts [deg]; it does not enter the equation.
    module
        Module [mm]; scales the reaction to a tooth force.
    """

    a: BodyName
    b: BodyName
    teeth: tuple[Teeth, Teeth]
    _: KW_ONLY
    shaft_angle: ShaftAngle = 90.0
    module: Positive = NOMINAL_MODULE
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the row."""
        radius_a, radius_b = (self.module * teeth / 2000 for teeth in self.teeth)
        rows.add_linear(
            [(rows.coordinate(self.a, Dof.SPIN), radius_a), (rows.coordinate(self.b, Dof.SPIN), radius_b)]
        )


@dataclass(frozen=True)
class Belt:
    """(1 - slip) r_a theta_a - r_b theta_b = 0, with + r_b if crossed.

    Parameters
    ----------
    a, b
        Bodies.
    teeth, radii
        Tooth counts, or radii [m], of the pulleys: exactly one of the two.
    slip
        Share of the motion that is lost.
    crossed
        Whether the belt crosses, so that the pulleys turn against each other.
    """

    a: BodyName
    b: BodyName
    _: KW_ONLY
    teeth: tuple[Teeth, Teeth] | None = None
    radii: tuple[Positive, Positive] | None = None
    slip: Slip = 0.0
    crossed: bool = False
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the row."""
        radius_a, radius_b = self._radii()
        rows.add_linear(
            [
                (rows.coordinate(self.a, Dof.SPIN), (1 - self.slip) * radius_a),
                (rows.coordinate(self.b, Dof.SPIN), radius_b if self.crossed else -radius_b),
            ]
        )

    def _radii(self) -> tuple[float, float]:
        if (self.teeth is None) == (self.radii is None):
            raise InvalidValueError(f"{self.name}: give either teeth or radii of the pulleys")
        if self.radii is not None:
            return self.radii
        assert self.teeth is not None
        return NOMINAL_MODULE * self.teeth[0] / 2000, NOMINAL_MODULE * self.teeth[1] / 2000


@dataclass(frozen=True)
class Planetary:
    """N_s theta_s + N_r theta_r - (N_s + N_r) theta_c = 0.

    Parameters
    ----------
    sun, ring, carrier
        Bodies.
    teeth
        Tooth counts of sun and ring.
    """

    sun: BodyName
    ring: BodyName
    carrier: BodyName
    teeth: tuple[Teeth, Teeth]
    _: KW_ONLY
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the row."""
        sun_teeth, ring_teeth = self.teeth
        rows.add_linear(
            [
                (rows.coordinate(self.sun, Dof.SPIN), sun_teeth),
                (rows.coordinate(self.ring, Dof.SPIN), ring_teeth),
                (rows.coordinate(self.carrier, Dof.SPIN), -(sun_teeth + ring_teeth)),
            ]
        )
