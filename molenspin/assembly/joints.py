"""Rigid couplings, locks and drives (linear), joints, cranks and cams (nonlinear)."""

from dataclasses import KW_ONLY, dataclass
from math import pi

import numpy as np

from molenspin.assembly.compiled import CamTable, SliderCrankTable, UniversalJointTable
from molenspin.assembly.parameters import BodyName, Dof, DofName, JointAngle, Positive, Real
from molenspin.assembly.rows import Rows
from molenspin.errors import InvalidValueError


@dataclass(frozen=True)
class Coupling:
    """Rigid coupling: theta_a - theta_b - offset = 0, or the same along z.

    Parameters
    ----------
    a, b
        Bodies.
    dof
        ``spin`` or ``axial``.
    offset
        In rad or m.
    """

    a: BodyName
    b: BodyName
    _: KW_ONLY
    dof: DofName = Dof.SPIN
    offset: Real = 0.0
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the row."""
        rows.add_linear(
            [(rows.coordinate(self.a, self.dof), 1.0), (rows.coordinate(self.b, self.dof), -1.0)],
            self.offset,
        )


@dataclass(frozen=True)
class Lock:
    """One coordinate held at ``value`` [rad or m].

    Parameters
    ----------
    a
        Body.
    dof
        ``spin`` or ``axial``.
    value
        In rad or m.
    """

    a: BodyName
    dof: DofName
    _: KW_ONLY
    value: Real = 0.0
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the row."""
        rows.add_linear([(rows.coordinate(self.a, self.dof), 1.0)], self.value)


@dataclass(frozen=True)
class Drive:
    """Prescribed rotation: theta_a = angle + speed t.

    Parameters
    ----------
    a
        Body.
    speed
        In rad/s.
    angle
        At time 0 [rad].
    """

    a: BodyName
    speed: Real
    _: KW_ONLY
    angle: Real = 0.0
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the row."""
        rows.add_linear([(rows.coordinate(self.a, Dof.SPIN), 1.0)], self.angle, self.speed)


@dataclass(frozen=True)
class LeadScrew:
    """z_b - lead theta_a / (2 pi) = 0.

    Parameters
    ----------
    a, b
        Screw, and the body that it moves.
    lead
        Travel per turn [m].
    """

    a: BodyName
    b: BodyName
    lead: Real
    _: KW_ONLY
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the row."""
        rows.add_linear(
            [
                (rows.coordinate(self.b, Dof.AXIAL), 1.0),
                (rows.coordinate(self.a, Dof.SPIN), -self.lead / (2 * pi)),
            ]
        )


@dataclass(frozen=True)
class UniversalJoint:
    """sin(theta_a) cos(theta_b) - cos(angle) cos(theta_a) sin(theta_b) = 0, on the first state's branch.

    Parameters
    ----------
    a, b
        Bodies.
    angle
        Between the shafts [deg].
    """

    a: BodyName
    b: BodyName
    angle: JointAngle
    _: KW_ONLY
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the joint."""
        rows.add(
            UniversalJointTable,
            row=rows.constraint,
            index_a=rows.coordinate(self.a, Dof.SPIN),
            index_b=rows.coordinate(self.b, Dof.SPIN),
            cos_angle=np.cos(np.radians(self.angle)),
        )


@dataclass(frozen=True)
class SliderCrank:
    """z_b = r cos(theta_a) + sqrt(l^2 - r^2 sin^2(theta_a)) - r - l.

    Parameters
    ----------
    a, b
        Crank shaft, and the body that slides.
    crank, rod
        Crank radius r and rod length l [m], l > r.
    """

    a: BodyName
    b: BodyName
    crank: Positive
    rod: Positive
    _: KW_ONLY
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the crank."""
        if not np.all(np.less(self.crank, self.rod)):
            raise InvalidValueError(
                f"{self.name}: rod must be longer than crank; rod = {np.min(self.rod):g}, "
                f"crank = {np.max(self.crank):g} [m]"
            )
        rows.add(
            SliderCrankTable,
            row=rows.constraint,
            index_a=rows.coordinate(self.a, Dof.SPIN),
            index_b=rows.coordinate(self.b, Dof.AXIAL),
            crank=self.crank,
            rod=self.rod,
        )


@dataclass(frozen=True)
class Cam:
    """z_b = sum_k h_k (1 - cos(k theta_a)): stampers.

    Parameters
    ----------
    a, b
        Cam shaft, and the follower.
    lifts
        h_1, h_2, ... [m].
    """

    a: BodyName
    b: BodyName
    lifts: tuple[Real, ...]
    _: KW_ONLY
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the cam."""
        if not self.lifts:
            raise InvalidValueError(f"{self.name}: lifts must hold at least one lift [m]")
        rows.add(
            CamTable,
            row=rows.constraint,
            index_a=rows.coordinate(self.a, Dof.SPIN),
            index_b=rows.coordinate(self.b, Dof.AXIAL),
            lift=self.lifts,
        )
