"""Peak memory of a block: of the process by the kernel's high-water mark, of a GPU by torch's."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from molenspin.backends.buffers import POOL

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


@dataclass
class PeakMemory:
    """What a block needed above what was there before it; None where that cannot be told.

    Parameters
    ----------
    bytes
        Of resident memory.
    device_bytes
        Of a GPU, as torch allocates it.
    """

    bytes: int | None = None
    device_bytes: int | None = None


@contextmanager
def peak_memory() -> Iterator[PeakMemory]:
    """Measure the peak of memory inside the block (of the process: on Linux).

    A block that only uses idle memory again seems to need none: call `give_back_idle_memory` before it.
    """
    peak = PeakMemory()
    before, device_before = _reset_high_water_mark(), _reset_device_peak()
    yield peak
    if before is not None:
        peak.bytes = max(0, _resident("VmHWM") - before)
    if (device := _device()) is not None:
        peak.device_bytes = max(0, device.max_memory_allocated() - device_before)


def give_back_idle_memory() -> None:
    """Return to the system what the collector, the buffer pool and the allocator hold without a use."""
    gc.collect()
    POOL.release()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
    if trim is not None:
        trim(0)


def _reset_high_water_mark() -> int | None:
    try:
        _RESET.write_text("5")  # 5: set the high-water mark to the present resident size
        return _resident("VmRSS")
    except OSError:
        return None


def _resident(field: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


def _device() -> Any:  # noqa: ANN401  (torch has no type where it is not installed)
    """`torch.cuda` where this process computes on a GPU, else None: nobody else's import is paid for here."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None


def _reset_device_peak() -> int:
    device = _device()
    if device is None:
        return 0
    device.reset_peak_memory_stats()
    return int(device.memory_allocated())
