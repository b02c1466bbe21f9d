"""Peak resident memory of a block, from the kernel's own high-water mark."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


@dataclass
class PeakMemory:
    """Bytes that a block needed above what was resident before it; None where the system does not tell."""

    bytes: int | None = None


@contextmanager
def peak_memory() -> Iterator[PeakMemory]:
    """Measure the peak of resident memory inside the block (Linux; elsewhere the answer is None)."""
    peak = PeakMemory()
    before = _reset_high_water_mark()
    yield peak
    if before is not None:
        peak.bytes = max(0, _resident("VmHWM") - before)


def _reset_high_water_mark() -> int | None:
    try:
        _RESET.write_text("5")  # 5: set the high-water mark to the present resident size
        return _resident("VmRSS")
    except OSError:
        return None


def _resident(field: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024
