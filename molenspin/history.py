"""Buffers of a run: what is recorded of every body, and when."""

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


def sample_times(settings: Settings) -> NDArray[np.float64]:
    """Times of the recorded states [s]."""
    return np.arange(settings.sample_count, dtype=np.float64) * (settings.save_every * settings.dt)
