"""Writes kernel source from arithmetic on values, folding what is known beforehand.

A `Value` is either known when the kernel is written (numbers per lane, or per member and lane) or computed by
the kernel (a variable). Arithmetic among known values happens here, once; terms that are zero on every lane
vanish; everything else becomes one line of the kernel. So equations are written once, as plain Python
arithmetic, and a constant factorisation costs the kernel nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import add, mul, sub
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

from molenspin.assembly.compiled import Floats

Numbers: TypeAlias = Floats | Tensor
"""An array (lane_count,), or where members differ a tensor (member_count, lane_count) on the device."""
Operand: TypeAlias = "Value | float"


@dataclass(frozen=True, eq=False)
class Value:
    """A number on every lane: ``numbers`` if known beforehand, else the kernel's variable ``name``."""

    program: "Program"
    name: str = ""
    numbers: Numbers | None = None
    uniform: float | None = None
    """The number that a known value has on every lane, if it is the same one."""

    def __add__(self, other: Operand) -> "Value":
        return self.program.combine("+", self, other)

    def __sub__(self, other: Operand) -> "Value":
        return self.program.combine("-", self, other)

    def __mul__(self, other: Operand) -> "Value":
        return self.program.combine("*", self, other)

    def __radd__(self, other: float) -> "Value":
        return self.program.combine("+", other, self)

    def __rsub__(self, other: float) -> "Value":
        return self.program.combine("-", other, self)

    def __rmul__(self, other: float) -> "Value":
        return self.program.combine("*", other, self)

    def __neg__(self) -> "Value":
        return self.program.combine("-", 0.0, self)

    def is_known(self, number: float | None = None) -> bool:
        """Whether the value is known beforehand (and equals ``number`` on every lane)."""
        return self.numbers is not None and (number is None or self.uniform == number)


class Mark(NamedTuple):
    """A place in a program's text."""

    place: int
    indent: int


_FOLD: dict[str, Callable[[Any, Any], Any]] = {"+": add, "-": sub, "*": mul}


class Program:
    """The kernel source in the making, and the table of its coefficients."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._indent = 0
        self._count = 0
        self._tables: dict[bool, dict[Value, int]] = {False: {}, True: {}}

    def known(self, numbers: Numbers | float) -> Value:
        """A value known beforehand."""
        known = numbers if isinstance(numbers, Tensor) else np.asarray(numbers, dtype=np.float64)
        first = float(known.flatten()[0])
        return Value(self, numbers=known, uniform=first if bool((known == first).all()) else None)

    def variable(self, name: str) -> Value:
        """A variable that the kernel has."""
        return Value(self, name=name)

    def line(self, text: str) -> None:
        """Write one line at the current indentation."""
        self.lines.append("    " * self._indent + text)

    def write(self, text: str) -> None:
        """Write a piece of fixed text at the current indentation."""
        for line in text.strip().splitlines():
            self.line(line)

    def mark(self) -> "Mark":
        """The current place in the text, to insert lines at later."""
        return Mark(len(self.lines), self._indent)

    def insert(self, mark: "Mark", lines: Iterable[str]) -> None:
        """Insert lines at a mark; marks further down are void afterwards."""
        self.lines[mark.place : mark.place] = ["    " * mark.indent + line for line in lines]

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Write ``header`` and indent what follows."""
        self.write(header)
        self._indent += 1
        yield
        self._indent -= 1

    def compute(self, expression: str, name: str = "") -> Value:
        """Write ``name = expression`` (a fresh name where none is given)."""
        if not name:
            self._count += 1
            name = f"x{self._count}"
        self.line(f"{name} = {expression}")
        return self.variable(name)

    def call(self, function: str, *arguments: Value, results: int = 1) -> tuple[Value, ...]:
        """Write a call of a device function that returns ``results`` values."""
        names = [f"x{self._count + k + 1}" for k in range(results)]
        self._count += results
        self.line(f"{', '.join(names)} = {function}({', '.join(map(self.text, arguments))})")
        return tuple(map(self.variable, names))

    def combine(self, operator: str, left: Operand, right: Operand) -> Value:
        """One addition, subtraction or multiplication, folded where it can be."""
        a, b = self._value(left), self._value(right)
        if a.numbers is not None and b.numbers is not None:
            return self.known(_FOLD[operator](*_together(a.numbers, b.numbers)))
        if operator == "*":
            return self._product(a, b)
        if b.is_known(0.0):
            return a
        if a.is_known(0.0):
            return b if operator == "+" else self.compute(f"-{self.text(b)}")
        return self.compute(f"{self.text(a)} {operator} {self.text(b)}")

    def _value(self, operand: Operand) -> Value:
        return operand if isinstance(operand, Value) else self.known(operand)

    def _product(self, a: Value, b: Value) -> Value:
        known, other = (a, b) if a.numbers is not None else (b, a)
        if known.is_known(0.0):
            return known
        if known.is_known(1.0):
            return other
        if known.is_known(-1.0):
            return self.compute(f"-{self.text(other)}")
        return self.compute(f"{self.text(a)} * {self.text(b)}")

    def reciprocal(self, value: Value) -> Value:
        """One over a value."""
        if value.numbers is not None:
            return self.known(1.0 / value.numbers)
        return self.call("reciprocal", value)[0]

    def total(self, values: Iterable[Value]) -> Value:
        """Sum of values, 0 of none."""
        result = self.known(0.0)
        for value in values:
            result = result + value
        return result

    def text(self, value: Value) -> str:
        """How the kernel writes a value: a variable, a literal 0, 1 or -1, or a load from a table."""
        if value.numbers is None:
            return value.name
        if value.uniform in (0.0, 1.0, -1.0):
            return repr(value.uniform)
        varies = isinstance(value.numbers, Tensor)
        table = self._tables[varies]
        # Numbered by use, not by content: other numbers in the same structure give the same source.
        place = table.setdefault(value, len(table))
        if varies:
            return f"tl.load(varying + {place} * UNITS + unit)"
        return f"tl.load(shared + {place} * LANES + lane)"

    def shared(self, lane_count: int) -> Floats:
        """Coefficients that all members share, (k, lane_count)."""
        rows = [np.broadcast_to(value.numbers, (lane_count,)) for value in self._tables[False]]  # type: ignore[arg-type]
        return np.array(rows, dtype=np.float64).reshape(-1, lane_count)

    def varying(self, member_count: int, lane_count: int) -> Tensor:
        """Coefficients that vary, (k, member_count, lane_count)."""
        shape = (member_count, lane_count)
        rows = [
            value.numbers.expand(shape) for value in self._tables[True] if isinstance(value.numbers, Tensor)
        ]
        return torch.stack(rows) if rows else torch.zeros((0, *shape), dtype=torch.float64)


def _together(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """Both as arrays, or both as tensors on one device."""
    if isinstance(a, Tensor) and not isinstance(b, Tensor):
        return a, torch.as_tensor(b, device=a.device, dtype=a.dtype)
    if isinstance(b, Tensor) and not isinstance(a, Tensor):
        return torch.as_tensor(a, device=b.device, dtype=b.dtype), b
    return a, b
