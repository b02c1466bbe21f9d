"""Refuses what would not fit in memory before it is allocated: the system kills a process that runs out."""

from math import inf
from pathlib import Path

from molenspin.errors import InvalidValueError

UNCHECKED_BYTES = 1 << 28
"""Smaller requests are not checked: asking the system takes longer than a short run."""

_SYSTEM = Path("/proc/meminfo")
_GROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def require_memory(size: float, what: str, advice: str) -> None:
    """Raise if the memory that is free now is smaller than ``size`` bytes.

    Parameters
    ----------
    size
        Bytes that would be allocated.
    what
        What they are for, the beginning of the message.
    advice
        What to do, the end of the message.

    Raises
    ------
    InvalidValueError
        Naming both sizes.
    """
    if size <= UNCHECKED_BYTES:
        return
    free = free_bytes()
    if size > free:
        raise InvalidValueError(
            f"{what} would need {size / 2**30:.3g} GiB of memory, {free / 2**30:.3g} GiB are free: {advice}"
        )


def free_bytes() -> float:
    """Memory that this process may still take; infinite where the system does not say."""
    return min(_of_system(), *(_of_group(*files) for files in _GROUPS))


def _of_system() -> float:
    try:
        lines = _SYSTEM.read_text().splitlines()
    except OSError:
        return inf
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), inf)


def _of_group(limit: Path, usage: Path) -> float:
    try:
        return max(0.0, float(limit.read_text()) - float(usage.read_text()))
    except (OSError, ValueError):  # there is no such group, or its limit is "max"
        return inf
