"""Buffers of a run: what is recorded of every body, and when."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.buffers import POOL
from molenspin.backends.free_memory import require_memory
from molenspin.backends.protocol import History, Settings
from molenspin.errors import InvalidValueError

BODY_VARIABLES: dict[str, tuple[str, str]] = {
    "angle": ("rad", "spin angle"),
    "displacement": ("m", "axial displacement"),
    "angular_velocity": ("rad/s", "angular velocity"),
    "velocity": ("m/s", "axial velocity"),
}
"""Recorded variables of every body: unit and long name."""


ADVICE = "raise save_every, or simulate less at a time"


def allocate_history(compiled: CompiledAssembly, settings: Settings, *, reaction: bool) -> History:
    """Buffers for a run, time last.

    Raises
    ------
    InvalidValueError
        If they do not fit in memory.
    """
    shape = (compiled.member_count, compiled.body_count, settings.sample_count)
    rows = (compiled.member_count, compiled.constraint_count, settings.sample_count)
    what = (
        f"assembly {compiled.name}: {settings.sample_count} states of {compiled.body_count} bodies, "
        f"{compiled.member_count} members,"
    )
    width = len(BODY_VARIABLES) * compiled.body_count + reaction * compiled.constraint_count
    size = 8.0 * width * compiled.member_count * settings.sample_count
    require_memory(size, what, ADVICE)
    try:
        buffers = {name: POOL.array(shape) for name in BODY_VARIABLES}
        return History(**buffers, reaction=POOL.array(rows) if reaction else None)
    except (MemoryError, OSError, OverflowError, ValueError) as error:
        raise InvalidValueError(f"{what} do not fit in memory: {ADVICE}") from error


TYPED_DIGITS = 12
"""A float with at most so many significant digits is the decimal number that a user typed."""

TYPED_DENOMINATOR = 10**6
"""A longer one is a quotient such as ``1 / 3``, where one with at most this denominator gives that float."""

EXACT_LIMIT, EXACT_POWER = 2**53, 10**22
"""Whole numbers, and powers of ten, up to these are floats without rounding."""


def sample_times(settings: Settings) -> NDArray[np.float64]:
    """Times of the recorded states [s]."""
    return multiples(settings.dt, settings.sample_count, every=settings.save_every)


def multiples(interval: float, count: int, *, every: int = 1) -> NDArray[np.float64]:
    """The first ``count`` multiples of ``every * interval`` from 0 on, each rounded once: 0.3, not 3 * 0.1.

    Parameters
    ----------
    interval
        As the user typed it: 0.1 is a tenth here, and ``1 / 3`` a third, not the float beside it [s].
    count, every
        Number of multiples, and intervals from one to the next.
    """
    numbers = np.arange(count, dtype=np.float64)
    ratio = _typed_ratio(interval, every)
    if ratio is None:
        return numbers * (every * interval)
    numerator, denominator = ratio
    if numerator * count < EXACT_LIMIT and denominator <= EXACT_POWER:
        return numbers * numerator / denominator
    return np.array([number * numerator / denominator for number in range(count)], dtype=np.float64)


@lru_cache(maxsize=256)
def _typed_ratio(interval: float, every: int) -> tuple[int, int] | None:
    """Numerator and denominator of ``every`` times the number that was typed; None where that is not known.

    A float stands for a decimal of few digits, or for a quotient of small numbers.
    """
    decimal = Decimal(repr(interval))
    if len(decimal.as_tuple().digits) <= TYPED_DIGITS:
        return (every * Fraction(decimal)).as_integer_ratio()
    quotient = Fraction(interval).limit_denominator(TYPED_DENOMINATOR)
    return (every * quotient).as_integer_ratio() if float(quotient) == interval else None
