"""Projection onto the constraints inside a fused kernel, and the multipliers at the result."""

from collections.abc import Sequence
from dataclasses import dataclass

from molenspin.backends.torch.elimination import Factor, eliminate
from molenspin.backends.torch.equations import Equations
from molenspin.backends.torch.program import Program, Value
from molenspin.backends.torch.rows import Row, Slots, curvature
from molenspin.backends.torch.tensor_steps import FLOAT32_ROUNDING
from molenspin.status import CaseStatus

CHECK = """
verdict = unsolved.to(tl.int32) + (unsolved & ((tries >= newton_limit) | (finite == 0))).to(tl.int32) * 2
verdict = member_or(verdict, LANES, MEMBERS)
unsolved = verdict == 1
verdicts = block_or(verdict)
pending = verdicts & 1
tries += unsolved.to(tl.int32)
"""
"""What becomes of each member: 0 solved, 1 needs another iteration, above that it is lost."""

LOSE = f"""
lost = verdict > 1
alive = alive & (lost == 0)
status = tl.where(lost, {int(CaseStatus.NOT_CONVERGED)}, status)
stop_step = tl.where(lost, current, stop_step)
"""


def keep_stopped(program: Program, state: Slots, time: Value) -> None:
    """Write the state of members that are lost just now to memory: the host finds out what is to blame."""
    for place, value in enumerate((time, *state.values())):
        program.line(f"tl.store(stopped + {place} * UNITS + unit, {value.name}, mask=lost)")


@dataclass(frozen=True)
class Tangent:
    """Constraint rows at a position with the factor of G M^-1 G^T, by template."""

    groups: Sequence[Sequence[Row]]
    factors: Sequence[Factor]

    @property
    def rows(self) -> list[Row]:
        """The rows of all templates."""
        return [row for rows in self.groups for row in rows]


class Projection:
    """Writes projections into a program."""

    def __init__(self, equations: Equations, program: Program, tolerance: float, dtype: str) -> None:
        self._equations = equations
        self._program = program
        self._tolerance = program.known(tolerance)
        self._rounding = dtype == "float32"

    def at(self, position: Slots, time: Value) -> Tangent:
        """Rows and factor at a position."""
        groups = self._equations.rows(position, time)
        return Tangent(groups, [self._eliminate(rows, rows) for rows in groups])

    def _eliminate(self, left: Sequence[Row], right: Sequence[Row]) -> Factor:
        return eliminate(left, right, self._equations.inverse_mass, self._program)

    def positions(self, position: Slots, time: Value, along: Tangent | None = None) -> Tangent:
        """Newton on the variables ``position``, until every member is within tolerance.

        Multipliers act along the rows at the result, or along those of another tangent where one is given.
        Returns the tangent at the result.
        """
        program = self._program
        if not any(self._equations.row_masks):
            return self.at(position, time)
        program.write("pending = 1\ntries = iterations * 0")
        start = program.mark()
        with program.block("while pending > 0:"):
            groups = self._equations.rows(position, time)
            partners = along.groups if along else groups
            factors = [self._eliminate(*pair) for pair in zip(groups, partners, strict=True)]
            self._check(groups, position, time)
            with program.block("if pending > 0:"):
                for rows, partner, factor in zip(groups, partners, factors, strict=True):
                    multipliers = factor.solve([row.residual for row in rows])
                    for slot, push in self._spread(partner, multipliers).items():
                        name = position[slot].name
                        step = program.text(self._equations.inverse_mass[slot] * push)
                        program.line(f"{name} = tl.where(unsolved, {name} - {step}, {name})")
            names, tangent = self._carry(Tangent(groups, factors))
        program.line("iterations += tries")
        program.insert(start, [f"{name} = zero" for name in names])
        return tangent

    def _check(self, groups: Sequence[Sequence[Row]], position: Slots, time: Value) -> None:
        """Find members that need another iteration, and those that are lost."""
        program = self._program
        program.write("unsolved = zero > 0.0\nfinite = zero == 0.0")
        for rows, masks in zip(groups, self._equations.row_masks, strict=True):
            for row, mask in zip(rows, masks, strict=True):
                size = program.compute(f"tl.abs({(row.residual * mask).name})")
                resolved = size - self._unresolved(row, position)
                program.line(
                    f"unsolved = unsolved | (({resolved.name} <= {program.text(self._tolerance)}) == 0)"
                )
                program.line(f'finite = finite & ({size.name} < float("inf"))')
        program.line("unsolved = alive & unsolved")
        program.write(CHECK)
        with program.block("if verdicts > 1:"):
            program.write(LOSE)
            keep_stopped(program, position, time)

    def shifted(self, position: Slots, reached: Tangent, along: Tangent) -> dict[int, Value]:
        """Positions without the residual that Newton left: RATTLE divides it by the step size."""
        result = dict(position)
        groups = zip(reached.groups, along.groups, along.factors, strict=True)
        for rows, partner, factor in groups:
            multipliers = factor.solve([row.residual for row in rows])
            for slot, push in self._spread(partner, multipliers).items():
                result[slot] = result[slot] - self._equations.inverse_mass[slot] * push
        return result

    def _unresolved(self, row: Row, position: Slots) -> Value:
        """Size of the residual that is only rounding; float64 resolves all that matters."""
        if not self._rounding:
            return self._program.known(0.0)
        terms = [entry * position[slot] for slot, entry in row.jacobian.items()]
        sizes = [self._program.compute(f"tl.abs({self._program.text(term)})") for term in terms]
        return FLOAT32_ROUNDING * (1.0 + self._program.total(sizes))

    def _spread(self, rows: Sequence[Row], multipliers: Sequence[Value]) -> dict[int, Value]:
        """G^T lambda by slot."""
        push: dict[int, Value] = {}
        for row, multiplier in zip(rows, multipliers, strict=True):
            for slot, entry in row.jacobian.items():
                part = entry * multiplier
                push[slot] = push[slot] + part if slot in push else part
        return push

    def _carry(self, tangent: Tangent) -> tuple[list[str], Tangent]:
        """Copy the variables of a tangent to names that outlive the loop they were computed in."""
        program, names = self._program, []

        def keep(value: Value) -> Value:
            if value.is_known():
                return value
            names.append(f"{value.name}_kept")
            return program.compute(value.name, names[-1])

        return names, Tangent(
            [[row.mapped(keep) for row in rows] for rows in tangent.groups],
            [factor.mapped(keep) for factor in tangent.factors],
        )

    def velocities(self, tangent: Tangent, velocity: Slots) -> dict[int, Value]:
        """Velocities with their part across the constraints removed."""
        result = dict(velocity)
        for rows, factor in zip(tangent.groups, tangent.factors, strict=True):
            across = [self._along(row, velocity) + row.rate for row in rows]
            for slot, push in self._spread(rows, factor.solve(across)).items():
                result[slot] = result[slot] - self._equations.inverse_mass[slot] * push
        return result

    def residual(self, tangent: Tangent) -> Value:
        """Largest abs(g) of each lane at a tangent."""
        largest = self._program.known(0.0)
        masks = [mask for group in self._equations.row_masks for mask in group]
        for row, mask in zip(tangent.rows, masks, strict=True):
            size = self._program.compute(f"tl.abs({(row.residual * mask).name})")
            largest = size if largest.is_known() else self._program.call("tl.maximum", largest, size)[0]
        return largest

    def _along(self, row: Row, vector: Slots) -> Value:
        return self._program.total(entry * vector[slot] for slot, entry in row.jacobian.items())

    def accelerations(
        self, tangent: Tangent, velocity: Slots, force: Slots
    ) -> tuple[dict[int, Value], list[Value]]:
        """Accelerations by slot, and the multipliers of all rows."""
        weight = self._equations.inverse_mass
        result = {slot: weight[slot] * push for slot, push in force.items()}
        free, reactions = dict(result), []
        for rows, factor in zip(tangent.groups, tangent.factors, strict=True):
            right = [-(curvature(row, velocity, self._program) + self._along(row, free)) for row in rows]
            multipliers = factor.solve(right)
            reactions += multipliers
            for slot, push in self._spread(rows, multipliers).items():
                result[slot] = result[slot] + weight[slot] * push
        return result, reactions
