"""Elastic elements between two bodies: shafts and tooth contacts."""

from dataclasses import KW_ONLY, dataclass

import numpy as np

from molenspin.assembly.compiled import MeshTable, SpringTable
from molenspin.assembly.parameters import BodyName, Dof, HelixAngle, NonNegative, Positive, Real, Value
from molenspin.assembly.rows import Rows, padded


@dataclass(frozen=True)
class ElasticShaft:
    """Torsional and axial spring-damper between two bodies.

    T = stiffness (theta_a - theta_b - twist) + damping (omega_a - omega_b), -T on a, +T on b; likewise
    along z.

    Parameters
    ----------
    a, b
        Bodies.
    stiffness, damping
        Torsional stiffness [N m/rad] and damping [N m s/rad].
    twist
        theta_a - theta_b of the relaxed shaft [rad].
    axial_stiffness, axial_damping
        The same along the axis [N/m], [N s/m].
    """

    a: BodyName
    b: BodyName
    stiffness: NonNegative
    damping: NonNegative
    _: KW_ONLY
    twist: Real = 0.0
    axial_stiffness: NonNegative = 0.0
    axial_damping: NonNegative = 0.0
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the torsional and, if there is one, the axial spring."""
        self._spring(rows, Dof.SPIN, self.stiffness, self.damping, self.twist)
        self._spring(rows, Dof.AXIAL, self.axial_stiffness, self.axial_damping, 0.0)

    def _spring(self, rows: Rows, dof: Dof, stiffness: Value, damping: Value, offset: Value) -> None:
        if np.any(stiffness) or np.any(damping):
            rows.add(
                SpringTable,
                index_a=rows.coordinate(self.a, dof),
                index_b=rows.coordinate(self.b, dof),
                stiffness=stiffness,
                damping=damping,
                offset=offset,
            )


@dataclass(frozen=True)
class ElasticMesh:
    """Elastic tooth contact with backlash.

    x = (r_a theta_a + r_b theta_b) cos(beta) + (z_a - z_b) sin(beta);
    F = stiffness dead(x; backlash) + damping dx/dt, the damping only in contact; -F dx/dq on each coordinate.

    Parameters
    ----------
    a, b
        Bodies.
    radius_a, radius_b
        Pitch radii [m].
    stiffness, damping
        Of the contact [N/m], [N s/m].
    helix_angle
        beta [deg].
    backlash
        Free play along x [m].
    """

    a: BodyName
    b: BodyName
    radius_a: Positive
    radius_b: Positive
    stiffness: NonNegative
    damping: NonNegative
    _: KW_ONLY
    helix_angle: HelixAngle = 0.0
    backlash: NonNegative = 0.0
    name: str = ""

    def contribute(self, rows: Rows) -> None:
        """Write the mesh."""
        cosine, sine = np.cos(np.radians(self.helix_angle)), np.sin(np.radians(self.helix_angle))
        index, direction = padded(
            (
                (rows.coordinate(self.a, Dof.SPIN), self.radius_a * cosine),
                (rows.coordinate(self.b, Dof.SPIN), self.radius_b * cosine),
                (rows.coordinate(self.a, Dof.AXIAL), sine),
                (rows.coordinate(self.b, Dof.AXIAL), -sine),
            )
        )
        rows.add(
            MeshTable,
            index=index,
            direction=direction,
            stiffness=self.stiffness,
            damping=self.damping,
            backlash=self.backlash,
        )
