"""The clock that the timing reads: an argument, so that a test can pass one that drifts."""

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds from an arbitrary start, never running backwards."""

    def __call__(self) -> float:
        """Return the present time [s]."""


def monotonic_clock() -> float:
    """Return the seconds of the finest monotonic clock of this machine."""
    return time.perf_counter()
