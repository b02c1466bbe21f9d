"""Sparse elimination of G M^-1 G^T on values; rows that never change are done when the kernel is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from molenspin.backends.torch.program import Program, Value
from molenspin.backends.torch.rows import Row

Entries: TypeAlias = Mapping[tuple[int, int], Value]


@dataclass(frozen=True)
class Factor:
    """Triangular factors without pivoting (the matrix is definite, or close to one that is).

    Parameters
    ----------
    lower, upper
        Entries below the diagonal (of a unit triangle) and above it.
    inverse_pivot
        One over each diagonal entry of the upper factor.
    """

    lower: Entries
    upper: Entries
    inverse_pivot: Sequence[Value]

    def mapped(self, change: Callable[[Value], Value]) -> "Factor":
        """The factor with every entry changed."""
        return Factor(
            {place: change(entry) for place, entry in self.lower.items()},
            {place: change(entry) for place, entry in self.upper.items()},
            [change(entry) for entry in self.inverse_pivot],
        )

    def solve(self, right_side: Sequence[Value]) -> list[Value]:
        """Solve for one right-hand side."""
        x = list(right_side)
        for (i, j), entry in sorted(self.lower.items(), key=lambda item: item[0][1]):
            x[i] = x[i] - entry * x[j]
        for k in reversed(range(len(x))):
            for (i, j), entry in self.upper.items():
                if i == k:
                    x[k] = x[k] - entry * x[j]
            x[k] = x[k] * self.inverse_pivot[k]
        return x


def eliminate(
    left: Sequence[Row], right: Sequence[Row], inverse_mass: Sequence[Value], program: Program
) -> Factor:
    """Factorise G_left M^-1 G_right^T; where both are the same rows, symmetry halves the work."""
    symmetric = left is right
    work = _matrix(left, right, inverse_mass, program)
    lower: dict[tuple[int, int], Value] = {}
    inverse_pivot = []
    for k in range(len(left)):
        inverse_pivot.append(program.reciprocal(work[k, k]))
        below = [i for i in range(k + 1, len(left)) if (i, k) in work]
        for i in below:
            lower[i, k] = work[i, k] * inverse_pivot[k]
        for i in below:
            for j in below:
                if symmetric and j > i:
                    continue
                update = lower[i, k] * work[k, j]
                work[i, j] = work[i, j] - update if (i, j) in work else -update
                if symmetric:
                    work[j, i] = work[i, j]
    return Factor(
        lower, {place: entry for place, entry in work.items() if place[0] < place[1]}, inverse_pivot
    )


def _matrix(
    left: Sequence[Row], right: Sequence[Row], inverse_mass: Sequence[Value], program: Program
) -> dict[tuple[int, int], Value]:
    entries: dict[tuple[int, int], Value] = {}
    for i, row in enumerate(left):
        for j, other in enumerate(right if left is not right else right[: i + 1]):
            shared = [slot for slot in row.jacobian if slot in other.jacobian]
            if not shared:
                continue
            entries[i, j] = program.total(
                row.jacobian[slot] * (inverse_mass[slot] * other.jacobian[slot]) for slot in shared
            )
            if i == j and row.spare is not None:
                entries[i, i] = entries[i, i] + row.spare
            if left is right:
                entries[j, i] = entries[i, j]
    return entries
