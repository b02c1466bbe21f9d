"""A constraint row on the lanes of a fused kernel: its residual and derivatives as values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from molenspin.backends.torch.program import Program, Value

Slots: TypeAlias = Mapping[int, Value]
"""Values by slot: positions, velocities, forces, or one row of the Jacobian."""


@dataclass(frozen=True)
class Row:
    """A constraint row at some position.

    Parameters
    ----------
    residual
        g.
    jacobian
        dg/dq by slot.
    hessian
        Second derivatives by pair of slots (one entry for both orders): gamma is their form in the velocity.
    rate
        dg/dt, the same at all times.
    """

    residual: Value
    jacobian: Slots
    hessian: Mapping[tuple[int, int], Value] = field(default_factory=dict)
    rate: Value | float = 0.0
    spare: Value | None = None
    """Added to the row's diagonal entry of G M^-1 G^T: 1 on lanes where the row is off."""

    def mapped(self, change: Callable[[Value], Value]) -> "Row":
        """The row with every value that depends on the position changed."""
        jacobian = {slot: change(entry) for slot, entry in self.jacobian.items()}
        hessian = {pair: change(entry) for pair, entry in self.hessian.items()}
        return Row(change(self.residual), jacobian, hessian, self.rate, self.spare)


def curvature(row: Row, velocity: Slots, program: Program) -> Value:
    """gamma: the part of the second derivative of g that does not depend on the acceleration."""
    return program.total(entry * velocity[a] * velocity[b] for (a, b), entry in row.hessian.items())
