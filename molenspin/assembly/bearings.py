"""Resistances of one body: bearings and loads."""

from dataclasses import KW_ONLY, dataclass

import numpy as np

from molenspin.assembly.compiled import FrictionTable, QuadraticTable
from molenspin.assembly.parameters import BodyName, Dof, NonNegative, Positive, Value
from molenspin.assembly.rows import Rows


@dataclass(frozen=True)
class Bearing:
    """Support of one body: spin -drag omega - coulomb tanh(omega / slip_speed), axial -kz z - cz u.

    Parameters
    ----------
    a
        Body.
    drag
        Viscous drag [N m s/rad].
    coulomb, slip_speed
        Dry friction torque [N m], smoothed over this speed [rad/s].
    axial_stiffness, axial_damping
        Axial support [N/m], [N s/m].
    """

    a: BodyName
    _: KW_ONLY
    drag: NonNegative = 0.0
    coulomb: NonNegative = 0.0
    slip_speed: Positive = 0.1
    axial_stiffness: NonNegative = 0.0
    axial_damping: NonNegative = 0.0
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write drag, friction and axial support."""
        spin, axial = rows.coordinate(self.a, Dof.SPIN), rows.coordinate(self.a, Dof.AXIAL)
        rows.damping[spin] = rows.damping[spin] + self.drag
        rows.stiffness[axial] = rows.stiffness[axial] + self.axial_stiffness
        rows.damping[axial] = rows.damping[axial] + self.axial_damping
        _add_friction(rows, spin, self.coulomb, self.slip_speed)


@dataclass(frozen=True)
class Load:
    """What the machine drives (millstone, pump, fan): -(c omega + d omega abs(omega) + Tc tanh(omega / ws)).

    Parameters
    ----------
    a
        Body.
    viscous, quadratic
        c [N m s/rad] and d [N m s^2/rad^2].
    coulomb, slip_speed
        Tc [N m] and ws [rad/s].
    """

    a: BodyName
    _: KW_ONLY
    viscous: NonNegative = 0.0
    quadratic: NonNegative = 0.0
    coulomb: NonNegative = 0.0
    slip_speed: Positive = 0.1
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the viscous, quadratic and dry parts."""
        spin = rows.coordinate(self.a, Dof.SPIN)
        rows.damping[spin] = rows.damping[spin] + self.viscous
        if np.any(self.quadratic):
            rows.add(QuadraticTable, index=spin, coefficient=self.quadratic)
        _add_friction(rows, spin, self.coulomb, self.slip_speed)


def _add_friction(rows: Rows, coordinate: int, torque: Value, slip_speed: Value) -> None:
    if np.any(torque):
        rows.add(FrictionTable, index=coordinate, torque=torque, slip_speed=slip_speed)
