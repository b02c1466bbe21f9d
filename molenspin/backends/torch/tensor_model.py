"""Forces and constraints of all members at once, as tensor operations: batch first, (member_count, ...).

Coefficients that do not vary keep a leading axis of 1. Constraint rows are sparse: each has up to four
coordinates, so G is (member_count, m, 4) beside its coordinates (m, 4); rows are numbered linear ones first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from molenspin.assembly.compiled import MATRIX_ARRAYS, CompiledAssembly
from molenspin.backends.torch.mechanisms import MECHANISMS

ROW_WIDTH = 4
Element: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Forces of one kind of element from position, velocity and time."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Constraint rows at a position: g (M, m), G (M, m, 4), second derivatives of the nonlinear rows."""

    residual: Tensor
    jacobian: Tensor
    curvature_aa: Tensor
    curvature_ab: Tensor
    curvature_bb: Tensor


class TensorModel:
    """An assembly's tables as tensors, and its equations.

    Parameters
    ----------
    compiled
        The assembly or ensemble.
    device, dtype
        Where the tensors live, and their precision.
    replaced
        Tensors that stand for arrays of the assembly, by dotted name, with a member axis.
    """

    def __init__(
        self,
        compiled: CompiledAssembly,
        device: torch.device,
        dtype: torch.dtype,
        replaced: dict[str, Tensor] | None = None,
    ) -> None:
        self.device, self.dtype = device, dtype
        self.member_count, self.row_count = compiled.member_count, compiled.constraint_count
        self._tables = {name: self._tensor(name, array) for name, array in compiled.arrays().items()}
        self._tables |= replaced or {}
        self.inverse_mass = 1.0 / self["mass"]
        self.coordinate_count = compiled.mass.shape[-1]
        self._build_force_index()
        self._build_row_index(compiled)

    def __getitem__(self, name: str) -> Tensor:
        """A table's column by dotted name."""
        return self._tables[name]

    def time(self, seconds: float) -> Tensor:
        """A time as a tensor []."""
        return torch.tensor(seconds, device=self.device, dtype=self.dtype)

    def _tensor(self, name: str, array: np.ndarray) -> Tensor:
        if array.dtype == np.int64:
            return torch.tensor(array, device=self.device)
        has_members = array.ndim > (2 if name in MATRIX_ARRAYS else 1)
        return torch.tensor(array if has_members else array[np.newaxis], device=self.device, dtype=self.dtype)

    def _build_force_index(self) -> None:
        """Elements that the assembly has: their coordinates, and what computes their forces, in one order."""
        kinds: dict[str, Element] = {
            "frictions": self._friction,
            "quadratics": self._quadratic,
            "excitations": self._excitation,
            "sails": self._sail,
            "unbalances": self._unbalance,
            "meshes": self._mesh,
        }
        present = [name for name in kinds if len(self[f"{name}.index"])]
        self._elements = [kinds[name] for name in present]
        springs = [self["springs.index_a"], self["springs.index_b"]]
        self._force_index = torch.cat(springs + [self[f"{name}.index"].flatten() for name in present])

    def _build_row_index(self, compiled: CompiledAssembly) -> None:
        """Coordinates of every row, and which pairs of entries meet in which place of G M^-1 G^T."""
        nonlinear = (compiled.universal_joints, compiled.slider_cranks, compiled.cams)
        self._linear_count = len(compiled.linear_rows.row)
        self._end_a = torch.cat(
            [self[f"{name}.index_a"] for name in ("universal_joints", "slider_cranks", "cams")]
        )
        self._end_b = torch.cat(
            [self[f"{name}.index_b"] for name in ("universal_joints", "slider_cranks", "cams")]
        )
        ends = torch.stack([self._end_a, self._end_b, self._end_a, self._end_a], dim=-1)
        self.row_index = torch.cat([self["linear_rows.index"].reshape(-1, ROW_WIDTH), ends])
        order = np.concatenate([compiled.linear_rows.row, *(table.row for table in nonlinear)])
        self.row_order = torch.tensor(np.argsort(order), device=self.device)
        entry = self.row_index.flatten().cpu().numpy()
        left, right = np.nonzero(entry[:, None] == entry[None, :])
        place = left // ROW_WIDTH * self.row_count + right // ROW_WIDTH
        self._pair = [torch.tensor(x, device=self.device) for x in (left, right, entry[left], place)]
        rate = torch.zeros(1, self.row_count - self._linear_count, device=self.device, dtype=self.dtype)
        self.rate = torch.cat(
            [self["linear_rows.rate"], rate.expand(len(self["linear_rows.rate"]), -1)], dim=1
        )

    # Forces

    def force(self, position: Tensor, velocity: Tensor, time: Tensor) -> Tensor:
        """Generalised force, (M, 2n)."""
        force = self["constant_force"] - self["stiffness"] * position - self["damping"] * velocity
        if not len(self._force_index):
            return force
        spring = self._spring(position, velocity)
        parts = [-spring, spring, *(element(position, velocity, time) for element in self._elements)]
        parts = [part.expand(self.member_count, -1) for part in parts]
        return force.index_add(1, self._force_index, torch.cat(parts, dim=1))

    def _spring(self, position: Tensor, velocity: Tensor) -> Tensor:
        a, b = self["springs.index_a"], self["springs.index_b"]
        stretch = position[:, a] - position[:, b] - self["springs.offset"]
        return self["springs.stiffness"] * stretch + self["springs.damping"] * (
            velocity[:, a] - velocity[:, b]
        )

    def _friction(self, _: Tensor, velocity: Tensor, __: Tensor) -> Tensor:
        slip = velocity[:, self["frictions.index"]] / self["frictions.slip_speed"]
        return -self["frictions.torque"] * torch.tanh(slip)

    def _quadratic(self, _: Tensor, velocity: Tensor, __: Tensor) -> Tensor:
        speed = velocity[:, self["quadratics.index"]]
        return -self["quadratics.coefficient"] * speed * speed.abs()

    def _excitation(self, _: Tensor, __: Tensor, time: Tensor) -> Tensor:
        swing = self["excitations.angular_frequency"] * time + self["excitations.phase"]
        return self["excitations.amplitude"] * torch.sin(swing)

    def _sail(self, _: Tensor, velocity: Tensor, time: Tensor) -> Tensor:
        wave = self["gusts.depth"] * torch.sin(self["gusts.angular_frequency"] * time + self["gusts.phase"])
        calm = torch.ones_like(self["sails.wind_speed"]).expand(len(wave), -1)
        wind = self["sails.wind_speed"] * calm.index_add(1, self["gusts.sail"], wave)
        speed = velocity[:, self["sails.index"]]
        return self["sails.lift"] * wind * (wind - self["sails.slope"] * speed)

    def _unbalance(self, position: Tensor, _: Tensor, __: Tensor) -> Tensor:
        lean = position[:, self["unbalances.index"]] - self["unbalances.angle"]
        return -self["unbalances.moment"] * torch.sin(lean)

    def _mesh(self, position: Tensor, velocity: Tensor, _: Tensor) -> Tensor:
        index, direction = self["meshes.index"], self["meshes.direction"]
        gap = (direction * position[:, index]).sum(-1)
        closing = (direction * velocity[:, index]).sum(-1)
        half = 0.5 * self["meshes.backlash"]
        depth = gap - gap.clamp(-half, half)
        force = self["meshes.stiffness"] * depth + (gap.abs() >= half) * self["meshes.damping"] * closing
        return -(force[..., None] * direction).flatten(1)

    # Constraints

    def rows(self, position: Tensor, time: Tensor) -> Rows:
        """All rows at a position."""
        direction = self["linear_rows.direction"]
        direction = direction.reshape(len(direction), -1, ROW_WIDTH)
        index = self.row_index[: self._linear_count]
        reached = (direction * position[:, index]).sum(-1)
        linear = reached - self["linear_rows.offset"] - self["linear_rows.rate"] * time
        if not len(self._end_a):
            none = position.new_zeros(self.member_count, 0)
            jacobian = direction.expand(self.member_count, -1, -1)
            return Rows(
                residual=linear, jacobian=jacobian, curvature_aa=none, curvature_ab=none, curvature_bb=none
            )
        value, slope_a, slope_b, *curvatures = self._nonlinear(
            position[:, self._end_a], position[:, self._end_b]
        )
        zero = torch.zeros_like(value)
        slopes = torch.stack([slope_a, slope_b, zero, zero], dim=-1)
        return Rows(
            residual=torch.cat([linear, value], dim=1),
            jacobian=torch.cat([direction.expand(self.member_count, -1, -1), slopes], dim=1),
            curvature_aa=curvatures[0],
            curvature_ab=curvatures[1],
            curvature_bb=curvatures[2],
        )

    def _nonlinear(self, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        """Value, slopes and second derivatives of universal joints, slider-cranks and cams, in this order."""
        parts, first = [], 0
        for name, evaluate in MECHANISMS.items():
            last = first + len(self[f"{name}.row"])
            if last > first:
                parts.append(evaluate(self, a[:, first:last], b[:, first:last]))
            first = last
        return tuple(torch.cat(group, dim=1) for group in zip(*parts, strict=True))

    def gamma(self, rows: Rows, velocity: Tensor) -> Tensor:
        """(d(Gv)/dq) v, (M, m): 0 for linear rows."""
        if not len(self._end_a):
            return torch.zeros_like(rows.residual)
        a, b = velocity[:, self._end_a], velocity[:, self._end_b]
        bent = rows.curvature_aa * a**2 + 2.0 * rows.curvature_ab * a * b + rows.curvature_bb * b**2
        return torch.cat([bent.new_zeros(self.member_count, self._linear_count), bent], dim=1)

    def along(self, jacobian: Tensor, vector: Tensor) -> Tensor:
        """G x, (M, m)."""
        return (jacobian * vector[:, self.row_index]).sum(-1)

    def spread(self, jacobian: Tensor, multiplier: Tensor) -> Tensor:
        """M^-1 G^T lambda, (M, 2n)."""
        push = (jacobian * multiplier[..., None]).flatten(1)
        total = push.new_zeros(self.member_count, self.coordinate_count)
        return self.inverse_mass * total.index_add(1, self.row_index.flatten(), push)

    def matrix(self, left: Tensor, right: Tensor) -> Tensor:
        """G_left M^-1 G_right^T, (M, m, m)."""
        first, second, coordinate, place = self._pair
        terms = left.flatten(1)[:, first] * right.flatten(1)[:, second] * self.inverse_mass[:, coordinate]
        matrix = terms.new_zeros(self.member_count, self.row_count**2)
        return matrix.index_add(1, place, terms).view(self.member_count, self.row_count, self.row_count)
