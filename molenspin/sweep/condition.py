"""The `where` condition: a small expression language, parsed by `ast` and never evaluated as Python.

Only numbers are added and multiplied, and every number is a float: no expression takes memory or time.
"""

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molenspin.config.load import nearest
from molenspin.errors import InvalidValueError

EQUALITIES: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
ORDERINGS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
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
                result = np.asarray(self._value(self._tree, values))
        except InvalidValueError:
            raise
        except (TypeError, ValueError, ZeroDivisionError, OverflowError, RecursionError) as error:
            raise self._error(f"cannot be evaluated: {error}") from None
        if result.dtype != bool:
            raise self._error(f"is not a condition: it gives {result!r:.60}")
        return result

    def _error(self, problem: str) -> InvalidValueError:
        return InvalidValueError(f"{self.source}: {self.text!r:.80} {problem}")

    def _value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:  # noqa: ANN401, PLR0911  (one per node kind)
        match node:
            case ast.Constant(value=bool() | str()):
                return node.value
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name() | ast.Attribute():
                return self._named(ast.unparse(node), values)
            case ast.UnaryOp(op=ast.Not()):
                return np.logical_not(self._value(node.operand, values))
            case ast.UnaryOp(op=ast.USub()):
                return -self._number(node.operand, values)
            case ast.BinOp() if type(node.op) in ARITHMETIC:
                left, right = self._number(node.left, values), self._number(node.right, values)
                return ARITHMETIC[type(node.op)](left, right)
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                return reduce(join, (self._value(part, values) for part in node.values))
            case ast.Compare():
                return self._compared(node, values)
        raise InvalidValueError(
            f"{self.source}: {ast.unparse(node)!r:.60} is not allowed here; a condition holds {VOCABULARY}"
        )

    def _named(self, name: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        if name not in values:
            raise InvalidValueError(f"{self.source}: unknown name {name!r:.60}{nearest(name, list(values))}")
        return values[name]

    def _number(self, node: ast.expr, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        value = self._value(node, values)
        if not _is_number(value):
            raise self._error(
                "cannot be evaluated: only numbers are added, subtracted, multiplied and divided"
            )
        return value

    def _compared(self, node: ast.Compare, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        lefts = [node.left, *node.comparators[:-1]]
        results = (
            self._comparison(left, how, right, values)
            for left, how, right in zip(lefts, node.ops, node.comparators, strict=True)
        )
        return reduce(np.logical_and, results)

    def _comparison(self, left: ast.expr, how: ast.cmpop, right: ast.expr, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        if isinstance(how, (ast.Is, ast.IsNot)):
            raise InvalidValueError(f"{self.source}: 'is' is not allowed in a condition; use ==")
        value = self._value(left, values)
        if isinstance(how, (ast.In, ast.NotIn)):
            found = self._is_in(value, right, values)
            return np.logical_not(found) if isinstance(how, ast.NotIn) else found
        other = self._value(right, values)
        if _is_number(value) == _is_number(other):
            return (EQUALITIES | ORDERINGS)[type(how)](value, other)
        if type(how) in ORDERINGS:
            raise self._error("cannot be evaluated: a number and a text have no order")
        return isinstance(how, ast.NotEq)

    def _is_in(self, value: Any, node: ast.expr, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        if not isinstance(node, (ast.List, ast.Tuple)):
            raise self._error("cannot be evaluated: 'in' needs a list, as in size in [4, 12]")
        items = (self._value(item, values) for item in node.elts)
        same = (value == item for item in items if _is_number(value) == _is_number(item))
        return reduce(np.logical_or, same, np.False_)


def _is_number(value: Any) -> bool:  # noqa: ANN401
    return np.asarray(value).dtype.kind in "biuf"


def parse_condition(text: str, source: str) -> Condition:
    """Parse a condition such as ``dt <= 0.002 or integrator == 'rk4'``.

    Raises
    ------
    InvalidValueError
        If it is not an expression.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python warns of is no expression here
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidValueError(f"{source}: {text!r:.80} is not an expression: {error}") from None
    return Condition(text, source, tree.body)
