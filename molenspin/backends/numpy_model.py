"""Forces and constraints of one assembly as dense matrices: the honest NumPy baseline's view.

Vectorised over bodies, no Python loop over them; the Jacobian is assembly-wide and dense, rebuilt where it
depends on the position, and every solve is a dense Cholesky solve.
"""

from typing import TypeAlias

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.assembly.equations import RowValues, cam_rows, slider_crank_rows, universal_joint_rows

Factor: TypeAlias = Floats


def dense_bytes(compiled: CompiledAssembly) -> float:
    """Most memory that the matrices of a `DenseModel` and their intermediate results take at a time."""
    coordinates, rows = 2 * compiled.body_count, compiled.constraint_count
    forces = sum(
        len(table.index)
        for table in (
            compiled.frictions,
            compiled.quadratics,
            compiled.excitations,
            compiled.sails,
            compiled.unbalances,
            compiled.meshes,
        )
    )
    # stiffness, damping and an addend; springs and their product; columns of forces twice; Jacobian, copies
    columns = 3 * coordinates + 2 * len(compiled.springs.index_a) + 2 * forces + 3 * rows
    return 8.0 * (coordinates * columns + 2 * rows**2)


class DenseModel:
    """Evaluates f, g, G and gamma of a single assembly.

    Parameters
    ----------
    compiled
        A single assembly (one member).
    """

    def __init__(self, compiled: CompiledAssembly) -> None:
        self.compiled = compiled
        self.inverse_mass = 1.0 / compiled.mass
        self._build_linear_forces()
        self._build_incidence()
        self._build_linear_rows()

    def _build_linear_forces(self) -> None:
        compiled, springs = self.compiled, self.compiled.springs
        difference = np.zeros((len(springs.index_a), len(compiled.mass)))
        rows = np.arange(len(springs.index_a))
        difference[rows, springs.index_a] = 1.0
        difference[rows, springs.index_b] = -1.0
        self._stiffness = np.diag(compiled.stiffness) + difference.T @ (
            springs.stiffness[:, None] * difference
        )
        self._damping = np.diag(compiled.damping) + difference.T @ (springs.damping[:, None] * difference)
        self._constant = compiled.constant_force + difference.T @ (springs.stiffness * springs.offset)

    def _build_incidence(self) -> None:
        """Columns that spread the nonlinear and time-dependent element forces over the coordinates."""
        c = self.compiled
        single = (c.frictions, c.quadratics, c.excitations, c.sails, c.unbalances)
        index = np.concatenate([table.index for table in single])
        columns = np.zeros((len(c.mass), len(index)))
        columns[index, np.arange(len(index))] = 1.0
        self._mesh = np.zeros((len(c.meshes.stiffness), len(c.mass)))
        np.add.at(self._mesh, (np.arange(len(self._mesh))[:, None], c.meshes.index), c.meshes.direction)
        self._incidence = np.hstack([columns, -self._mesh.T])
        gusts = np.zeros((len(c.sails.index), len(c.gusts.sail)))
        gusts[c.gusts.sail, np.arange(len(c.gusts.sail))] = c.gusts.depth
        self._gusts = gusts

    def _build_linear_rows(self) -> None:
        c, rows = self.compiled, self.compiled.linear_rows
        self._constant_jacobian = np.zeros((c.constraint_count, len(c.mass)))
        np.add.at(self._constant_jacobian, (rows.row[:, None], rows.index), rows.direction)
        self._offset, self.rate = np.zeros(c.constraint_count), np.zeros(c.constraint_count)
        self._offset[rows.row] = rows.offset
        self.rate[rows.row] = rows.rate
        pairs = (c.universal_joints, c.slider_cranks, c.cams)
        self._pair_row = np.concatenate([table.row for table in pairs])
        self._pair_a = np.concatenate([table.index_a for table in pairs])
        self._pair_b = np.concatenate([table.index_b for table in pairs])

    def force(self, position: Floats, velocity: Floats, time: float) -> Floats:
        """Generalised force f(q, v, t), (2n,)."""
        force = self._constant - self._stiffness @ position - self._damping @ velocity
        if self._incidence.shape[1]:
            force += self._incidence @ self._element_forces(position, velocity, time)
        return force

    def _element_forces(self, position: Floats, velocity: Floats, time: float) -> Floats:
        c = self.compiled
        parts = []
        if len(c.frictions.index):
            parts.append(-c.frictions.torque * np.tanh(velocity[c.frictions.index] / c.frictions.slip_speed))
        if len(c.quadratics.index):
            speed = velocity[c.quadratics.index]
            parts.append(-c.quadratics.coefficient * speed * np.abs(speed))
        if len(c.excitations.index):
            e = c.excitations
            parts.append(e.amplitude * np.sin(e.angular_frequency * time + e.phase))
        if len(c.sails.index):
            parts.append(self._sail_torque(velocity[c.sails.index], time))
        if len(c.unbalances.index):
            parts.append(-c.unbalances.moment * np.sin(position[c.unbalances.index] - c.unbalances.angle))
        if len(self._mesh):
            parts.append(self._mesh_force(position, velocity))
        return np.concatenate(parts)

    def _sail_torque(self, speed: Floats, time: float) -> Floats:
        sails, gusts = self.compiled.sails, self.compiled.gusts
        wave = np.sin(gusts.angular_frequency * time + gusts.phase)
        wind = sails.wind_speed * (1.0 + self._gusts @ wave)
        return sails.lift * wind * (wind - sails.slope * speed)

    def _mesh_force(self, position: Floats, velocity: Floats) -> Floats:
        meshes = self.compiled.meshes
        gap, closing = self._mesh @ position, self._mesh @ velocity
        half = 0.5 * meshes.backlash
        depth = gap - np.clip(gap, -half, half)
        return meshes.stiffness * depth + np.where(np.abs(gap) >= half, meshes.damping * closing, 0.0)

    def pairs(self, position: Floats) -> RowValues | None:
        """The nonlinear rows and their derivatives at a position: evaluated once, used by g, G and gamma."""
        c = self.compiled
        rows: list[RowValues] = []
        if len(c.universal_joints.row):
            joints = c.universal_joints
            rows.append(universal_joint_rows(joints, position[joints.index_a], position[joints.index_b]))
        if len(c.slider_cranks.row):
            cranks = c.slider_cranks
            rows.append(slider_crank_rows(cranks, position[cranks.index_a], position[cranks.index_b]))
        if len(c.cams.row):
            rows.append(cam_rows(c.cams, position[c.cams.index_a], position[c.cams.index_b]))
        if len(rows) > 1:
            return RowValues(*map(np.concatenate, zip(*rows, strict=True)))
        return rows[0] if rows else None

    def residual(self, position: Floats, pairs: RowValues | None, time: float) -> Floats:
        """g(q, t), (m,)."""
        residual = self._constant_jacobian @ position - self._offset - self.rate * time
        if pairs is not None:
            residual[self._pair_row] = pairs.value
        return residual

    def jacobian(self, pairs: RowValues | None) -> Floats:
        """G(q), dense (m, 2n)."""
        if pairs is None:
            return self._constant_jacobian
        jacobian = self._constant_jacobian.copy()
        jacobian[self._pair_row, self._pair_a] = pairs.slope_a
        jacobian[self._pair_row, self._pair_b] = pairs.slope_b
        return jacobian

    def gamma(self, pairs: RowValues | None, velocity: Floats) -> Floats:
        """(d(Gv)/dq) v + 2 G_t v + g_tt, (m,); no row mixes time and position, none has a g_tt."""
        gamma = np.zeros(len(self.rate))
        if pairs is not None:
            v_a, v_b = velocity[self._pair_a], velocity[self._pair_b]
            gamma[self._pair_row] = (
                pairs.curvature_aa * v_a**2
                + 2.0 * pairs.curvature_ab * v_a * v_b
                + pairs.curvature_bb * v_b**2
            )
        return gamma

    def factor(self, jacobian: Floats) -> Factor:
        """Cholesky factor of G M^-1 G^T, dense (m, m)."""
        return np.asarray(dpotrf((jacobian * self.inverse_mass) @ jacobian.T)[0])


def solve(factor: Factor, right: Floats) -> Floats:
    """Solve (G M^-1 G^T) x = right with the factor of `DenseModel.factor`."""
    return np.asarray(dpotrs(factor, right)[0])
