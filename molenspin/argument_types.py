"""Checks the arguments of public functions against their annotations: one line instead of a traceback.

For arguments that only have a type. Where values are checked too, the function does both itself.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from inspect import Signature, signature
from types import UnionType
from typing import Annotated, Any, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from molenspin.errors import InvalidTypeError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def number_list(name: str, values: object) -> NDArray[np.float64]:
    """A list of numbers as an array.

    Raises
    ------
    InvalidTypeError
        If it is not one, or not flat; names the argument.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidTypeError(f"{name} must be a list of numbers, not {values!r:.80}") from error
    if found.ndim != 1:
        raise InvalidTypeError(f"{name} must be a flat list of numbers, not {values!r:.80}")
    return found


_NUMBERS: dict[type, tuple[type, ...]] = {
    float: (int, float, np.integer, np.floating),
    int: (int, np.integer),
}


def refuse_wrong_types(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Have a function raise `InvalidTypeError` for an argument that its annotation does not allow.

    A wrong number or name of arguments stays Python's own TypeError.
    """

    @wraps(function)
    def checked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        shape, hints = _declared(function)
        for name, value in shape.bind(*args, **kwargs).arguments.items():
            if not _fits(value, hints.get(name, Any)):
                needed = getattr(hints[name], "__name__", None) or str(hints[name]).replace("typing.", "")
                raise InvalidTypeError(f"{function.__name__}: {name} must be {needed}, not {value!r:.80}")
        return function(*args, **kwargs)

    return checked


@cache
def _declared(function: Callable[..., Any]) -> tuple[Signature, dict[str, Any]]:
    return signature(function), get_type_hints(function)


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401, PLR0911  (one per kind of hint)
    kind, parts = get_origin(hint), get_args(hint)
    if kind in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if kind is Annotated:
        return _fits(value, parts[0])
    if kind in (list, Sequence):
        is_sequence = isinstance(value, kind) and not isinstance(value, (str, bytes))
        return is_sequence and all(_fits(item, parts[0]) for item in value)  # type: ignore[attr-defined]
    if kind is Mapping or kind is dict:
        return isinstance(value, kind)
    if kind is Callable:
        return callable(value)
    if getattr(hint, "_is_protocol", False):
        return True
    if hint in _NUMBERS:
        return isinstance(value, _NUMBERS[hint]) and not isinstance(value, bool)
    return isinstance(value, hint) if isinstance(hint, type) else True
