"""Round values to a bounded relative error, so that compression has less to keep."""

from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

MANTISSA_BITS = 52


def round_to_relative_error(values: NDArray[np.float64], error: float) -> NDArray[np.float64]:
    """Values with the last bits of the mantissa cleared, none off by more than ``error`` relatively.

    Parameters
    ----------
    values
        Any shape; not changed.
    error
        Largest relative error; 0 returns the values themselves.
    """
    kept = ceil(-log2(error)) - 1 if error > 0 else MANTISSA_BITS
    cleared = MANTISSA_BITS - kept
    if cleared <= 0:
        return values
    bits = np.ascontiguousarray(values).view(np.uint64)
    half = np.uint64(1 << (cleared - 1))
    rounded = (bits + half) & np.uint64(2**64 - (1 << cleared))
    return np.where(np.isfinite(values), rounded.view(np.float64), values)
