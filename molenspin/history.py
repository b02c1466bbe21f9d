"""Buffers of a run: what is recorded of every body, and when."""

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import History, Settings

BODY_VARIABLES: dict[str, tuple[str, str]] = {
    "angle": ("rad", "spin angle"),
    "displacement": ("m", "axial displacement"),
    "angular_velocity": ("rad/s", "angular velocity"),
    "velocity": ("m/s", "axial velocity"),
}
"""Recorded variables of every body: unit and long name."""


def allocate_history(compiled: CompiledAssembly, settings: Settings, *, reaction: bool) -> History:
    """Buffers for a run, time last."""
    shape = (compiled.member_count, compiled.body_count, settings.sample_count)
    buffers = {name: np.empty(shape) for name in BODY_VARIABLES}
    rows = (compiled.member_count, compiled.constraint_count, settings.sample_count)
    return History(**buffers, reaction=np.empty(rows) if reaction else None)


def sample_times(settings: Settings) -> NDArray[np.float64]:
    """Times of the recorded states [s]."""
    return np.arange(settings.sample_count, dtype=np.float64) * (settings.save_every * settings.dt)
