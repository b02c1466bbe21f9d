"""Buffers of a run: what is recorded of every body, and when."""

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.buffers import POOL
from molenspin.backends.protocol import History, Settings
from molenspin.errors import InvalidValueError

BODY_VARIABLES: dict[str, tuple[str, str]] = {
    "angle": ("rad", "spin angle"),
    "displacement": ("m", "axial displacement"),
    "angular_velocity": ("rad/s", "angular velocity"),
    "velocity": ("m/s", "axial velocity"),
}
"""Recorded variables of every body: unit and long name."""


def allocate_history(compiled: CompiledAssembly, settings: Settings, *, reaction: bool) -> History:
    """Buffers for a run, time last.

    Raises
    ------
    InvalidValueError
        If they do not fit in memory.
    """
    shape = (compiled.member_count, compiled.body_count, settings.sample_count)
    rows = (compiled.member_count, compiled.constraint_count, settings.sample_count)
    try:
        buffers = {name: POOL.array(shape) for name in BODY_VARIABLES}
        return History(**buffers, reaction=POOL.array(rows) if reaction else None)
    except (MemoryError, OSError, OverflowError, ValueError) as error:
        raise InvalidValueError(
            f"assembly {compiled.name}: no memory for {settings.sample_count} states of "
            f"{compiled.body_count} bodies, {compiled.member_count} members: raise save_every, or simulate "
            "less at a time"
        ) from error


def sample_times(settings: Settings) -> NDArray[np.float64]:
    """Times of the recorded states [s]."""
    return np.arange(settings.sample_count, dtype=np.float64) * (settings.save_every * settings.dt)
