"""What the fields of a component may hold, and the check that says so in one line.

A component declares its fields with the `Annotated` types below; `check_component` reads them back. A field
of a real number may also hold an array of shape (member_count,): that is how an ensemble varies it.
"""

import re
from collections.abc import Iterable
from dataclasses import MISSING, Field, dataclass, fields
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from math import inf
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Protocol,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
from numpy.typing import NDArray

from molenspin.errors import InvalidTypeError, InvalidValueError, MolenspinError

Value: TypeAlias = float | NDArray[np.float64]
"""A real number, or one for each member of an ensemble."""

NUMBERS = (int, float, np.floating, np.integer, np.ndarray)

SCALE_LIMIT = 1e30
"""Largest size of a number, far beyond any machine: cubes and products of such numbers still are finite."""

NAME_PATTERN = re.compile(r"[^\W][\w \-()+,']{0,79}")


class Dof(StrEnum):
    """The two degrees of freedom of a body."""

    SPIN = "spin"
    AXIAL = "axial"


DofName: TypeAlias = Dof | Literal["spin", "axial"]


@dataclass(frozen=True)
class Bounds:
    """Allowed values of a number: low <= value <= high, without the ends where ``open``."""

    low: float = -inf
    high: float = inf
    open: bool = False
    whole: bool = False

    def hold(self, value: Value) -> bool:
        """Whether every value is finite and inside."""
        inside = (
            (self.low < value) & (value < self.high)
            if self.open
            else (self.low <= value) & (value <= self.high)
        )
        whole = np.floor(value) == value if self.whole else True
        return bool(np.all(np.isfinite(value) & inside & whole))

    def allow(self, value: float) -> bool:
        """Whether a single number is inside and of a size to compute with: quick, for large assemblies."""
        inside = self.low < value < self.high if self.open else self.low <= value <= self.high
        smallest = 1 / SCALE_LIMIT if self.open else 0.0
        return inside and smallest <= abs(value) <= SCALE_LIMIT and not (self.whole and value % 1)

    def __str__(self) -> str:
        if self.whole:
            return f"a whole number between {self.low:g} and {self.high:g}"
        if self.low == 0 and self.high == inf:
            return "a finite number above 0" if self.open else "a finite number of at least 0"
        if self.high == inf:
            return "a finite number"
        return f"between {self.low:g} and {self.high:g}" + (" (ends excluded)" if self.open else "")


Real: TypeAlias = Annotated[float, Bounds()]
Positive: TypeAlias = Annotated[float, Bounds(low=0, open=True)]
NonNegative: TypeAlias = Annotated[float, Bounds(low=0)]
HelixAngle: TypeAlias = Annotated[float, Bounds(low=-80, high=80)]
JointAngle: TypeAlias = Annotated[float, Bounds(low=0, high=89)]
ShaftAngle: TypeAlias = Annotated[float, Bounds(low=0, high=180, open=True)]
Slip: TypeAlias = Annotated[float, Bounds(low=0, high=0.99)]


@dataclass(frozen=True)
class BodyReference:
    """Marks a field that names a body."""


BodyName: TypeAlias = Annotated[str, BodyReference()]


class Component(Protocol):
    """Any dataclass checked here: a body, an element, a constraint."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def name(self) -> str:
        """Name of the component within its assembly."""


def check_component(component: Component, where: str) -> None:
    """Raise if a field of ``component`` holds what its annotation does not allow.

    Parameters
    ----------
    component
        A dataclass whose fields use the types of this module.
    where
        How messages call the component: ``bodies[2]`` or ``gear_sails_wallower``.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Naming the field, its value and what is allowed.
    """
    for name, hint in field_types(type(component)).items():
        check_value(getattr(component, name), hint, f"{where}: {name}")


@cache
def field_types(component_type: type[Component]) -> dict[str, Any]:
    """Annotations of the init fields of a component class, by name."""
    hints = get_type_hints(component_type, include_extras=True)
    return {field.name: hints[field.name] for field in fields(component_type) if field.init}


def required_fields(component_type: type[Component]) -> tuple[str, ...]:
    """Names of the fields without a default."""
    return tuple(
        field.name
        for field in fields(component_type)
        if field.init and field.default is MISSING and field.default_factory is MISSING
    )


def varying_fields(component_type: type[Component]) -> tuple[str, ...]:
    """Names of the real-valued fields: those that an ensemble may vary."""
    return tuple(name for name, hint in field_types(component_type).items() if _mark(hint, Bounds))


@cache
def count_fields(component_type: type[Component]) -> tuple[str, ...]:
    """Names of the fields that hold whole numbers only."""
    return tuple(name for name, hint in field_types(component_type).items() if _is_count(hint))


@cache
def body_fields(component_type: type[Component]) -> tuple[str, ...]:
    """Names of the fields that name bodies."""
    return tuple(name for name, hint in field_types(component_type).items() if _mark(hint, BodyReference))


def nearest(word: object, words: Iterable[str]) -> str:
    """A hint for messages: ``; did you mean 'helix_angle'?``, or the whole list where nothing is near."""
    known = sorted(str(candidate) for candidate in words)
    close = get_close_matches(str(word)[:80], known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(known)}" if len(known) <= 40 else ""


def check_name(name: object, where: str) -> None:
    """Raise unless ``name`` can name an assembly or a component; such a name can also be a file's."""
    if not isinstance(name, str):
        raise InvalidTypeError(f"{where} must be a text, not {name!r}")
    if not NAME_PATTERN.fullmatch(name):
        raise InvalidValueError(
            f"{where} {name[:90]!r} is not allowed: begin with a letter or digit, then at most 79 letters, "
            "digits, spaces or any of _-()+,'"
        )


def check_value(value: object, hint: Any, where: str) -> None:  # noqa: ANN401  (hints share no type)
    """Raise unless ``value`` is what the annotation ``hint`` allows."""
    bounds = _mark(hint, Bounds)
    if bounds is not None:
        _check_real(value, bounds, where)
    elif isinstance(hint, type) and issubclass(hint, StrEnum):
        _check_choice(value, hint, where)
    elif get_origin(hint) is tuple:
        _check_tuple(value, get_args(hint), where)
    elif get_origin(hint) in (Union, UnionType):
        if value is not None:
            check_value(value, get_args(hint)[0], where)
    else:
        _check_plain(value, get_args(hint)[0] if get_origin(hint) is Annotated else hint, where)


Mark = TypeVar("Mark")


def _mark(hint: Any, kind: type[Mark]) -> Mark | None:  # noqa: ANN401
    for mark in getattr(hint, "__metadata__", ()):
        if isinstance(mark, kind):
            return mark
    return None


def _is_count(hint: Any) -> bool:  # noqa: ANN401
    bounds = _mark(hint, Bounds)
    return bounds.whole if bounds else any(map(_is_count, get_args(hint)))


def _check_real(value: object, bounds: Bounds, where: str) -> None:
    if type(value) in (float, int) and bounds.allow(value):  # type: ignore[arg-type]
        return
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        raise InvalidTypeError(f"{where} must be a number, not {value!r}")
    if isinstance(value, int) and abs(value) > SCALE_LIMIT:
        raise InvalidValueError(f"{where} must be at most {SCALE_LIMIT:g}")
    values = _floats(value, where)
    if _all_hold(values, bounds):
        return
    for member, single in enumerate(values.ravel()):
        _check_single(float(single), bounds, f"{where} of member {member}" if values.ndim else where)


def _all_hold(values: NDArray[np.float64], bounds: Bounds) -> bool:
    size = np.abs(values)
    is_to_scale = np.all(size <= SCALE_LIMIT) and not (bounds.open and np.any(size < 1 / SCALE_LIMIT))
    return bounds.hold(values) and bool(is_to_scale)


def _check_single(value: float, bounds: Bounds, where: str) -> None:
    if not bounds.hold(value):
        raise InvalidValueError(f"{where} must be {bounds}, not {value:g}")
    if not _all_hold(np.asarray(value), bounds):
        scale = f"between {1 / SCALE_LIMIT:g} and" if bounds.open else "at most"
        raise InvalidValueError(f"{where} must be {scale} {SCALE_LIMIT:g} in size, not {value:g}")


def _floats(value: object, where: str) -> NDArray[np.float64]:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidTypeError(f"{where} must hold numbers, not {value!r:.80}") from error


def _check_choice(value: object, choices: type[StrEnum], where: str) -> None:
    if not is_one_of(value, choices):
        raise choice_error(value, f"{where} must be one of {', '.join(choices)}, not {value!r:.80}")


def is_one_of(value: object, names: Iterable[str]) -> bool:
    """Whether a value is a text among some names; an array compares in a way of its own and never is."""
    return isinstance(value, str) and value in list(names)


def choice_error(value: object, message: str) -> MolenspinError:
    """The error of a value that is none of some names: of its type where it is not even a text."""
    return InvalidValueError(message) if isinstance(value, str) else InvalidTypeError(message)


def _check_plain(value: object, expected: type, where: str) -> None:
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        words = {bool: "true or false", int: "a whole number", str: "a text"}
        raise InvalidTypeError(f"{where} must be {words[expected]}, not {value!r}")


def _check_tuple(value: object, parts: tuple[Any, ...], where: str) -> None:
    if not isinstance(value, (tuple, list)):
        raise InvalidTypeError(f"{where} must be a list, not {value!r}")
    hints = [parts[0]] * len(value) if parts[-1] is Ellipsis else list(parts)
    if len(value) != len(hints):
        raise InvalidValueError(f"{where} must hold {len(hints)} values, not {len(value)}")
    for position, (item, hint) in enumerate(zip(value, hints, strict=True)):
        check_value(item, hint, f"{where}[{position}]")
