"""The `where` condition: a small expression language, parsed by `ast` and never evaluated as Python."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molenspin.config.load import nearest
from molenspin.errors import InvalidValueError

COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: np.isin,
    ast.NotIn: lambda left, right: ~np.isin(left, right),
}
ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
VOCABULARY = "names, numbers, texts, lists, comparisons, 'in', 'and', 'or', 'not', + - * / and brackets"


@dataclass(frozen=True)
class Condition:
    """A parsed condition.

    Parameters
    ----------
    text
        As the user wrote it.
    source
        Path of its key, for messages.
    """

    text: str
    source: str
    _tree: ast.expr

    def holds(self, values: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Where the condition holds.

        Parameters
        ----------
        values
            Names (``dt``, ``sails.wind_speed``, ...) to numbers, texts or arrays of one length.
        """
        try:
            with np.errstate(all="ignore"):
                result = self._value(self._tree, values)
        except InvalidValueError:
            raise
        except (TypeError, ValueError, ZeroDivisionError, OverflowError, RecursionError) as error:
            raise InvalidValueError(f"{self.source}: {self.text!r} cannot be evaluated: {error}") from None
        if np.asarray(result).dtype != bool:
            raise InvalidValueError(
                f"{self.source}: {self.text!r} is not a condition: it gives {result!r:.60}"
            )
        return np.asarray(result)

    def _value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:  # noqa: ANN401, PLR0911  (one per node kind)
        match node:
            case ast.Constant(value=bool() | int() | float() | str()):
                return node.value
            case ast.Name() | ast.Attribute():
                return self._named(ast.unparse(node), values)
            case ast.List() | ast.Tuple():
                return [self._value(element, values) for element in node.elts]
            case ast.UnaryOp(op=ast.Not()):
                return np.logical_not(self._value(node.operand, values))
            case ast.UnaryOp(op=ast.USub()):
                return -self._value(node.operand, values)
            case ast.BinOp() if type(node.op) in ARITHMETIC:
                return ARITHMETIC[type(node.op)](
                    self._value(node.left, values), self._value(node.right, values)
                )
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                return join.reduce(np.broadcast_arrays(*(self._value(part, values) for part in node.values)))
            case ast.Compare():
                return self._compared(node, values)
        raise InvalidValueError(
            f"{self.source}: {ast.unparse(node)!r:.60} is not allowed here; a condition holds {VOCABULARY}"
        )

    def _named(self, name: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        if name not in values:
            raise InvalidValueError(f"{self.source}: unknown name {name!r:.60}{nearest(name, list(values))}")
        return values[name]

    def _compared(self, node: ast.Compare, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        operands = [self._value(operand, values) for operand in (node.left, *node.comparators)]
        results = [
            self._comparison(comparison)(left, right)
            for comparison, left, right in zip(node.ops, operands[:-1], operands[1:], strict=True)
        ]
        return np.logical_and.reduce(np.broadcast_arrays(*results))

    def _comparison(self, comparison: ast.cmpop) -> Callable[[Any, Any], Any]:
        if type(comparison) not in COMPARISONS:
            raise InvalidValueError(f"{self.source}: 'is' is not allowed in a condition; use ==")
        return COMPARISONS[type(comparison)]


def parse_condition(text: str, source: str) -> Condition:
    """Parse a condition such as ``dt <= 0.002 or integrator == 'rk4'``.

    Raises
    ------
    InvalidValueError
        If it is not an expression.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidValueError(f"{source}: {text!r:.80} is not an expression: {error}") from None
    return Condition(text, source, tree.body)
