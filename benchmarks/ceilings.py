"""What a device can do at most: bytes per second of device memory, and additions and products per second."""

from collections.abc import Callable
from statistics import median

from molenspin.errors import MolenspinError

COPIED_BYTES = 2**32
"""Several times the caches."""

REPEATS = 10
CHAINS = 8
"""Independent chains per thread: enough to hide the time that one operation takes."""

LINKS = 4096


def measure_ceilings(device: str) -> dict[str, float | str]:
    """Bandwidth [B/s] of reads and writes together, and float64 operations per second of a CUDA device."""
    import torch

    if not torch.cuda.is_available():
        raise MolenspinError(f"device {device}: PyTorch sees no CUDA device here; benchmarks.gpu needs one")
    with torch.cuda.device(device):
        return {
            "device": torch.cuda.get_device_name(),
            "bandwidth": _bandwidth(),
            "float64_operations": _operations(),
        }


def _bandwidth() -> float:
    import torch

    source = torch.rand(COPIED_BYTES // 8, dtype=torch.float64, device="cuda")
    target = torch.empty_like(source)
    return 2 * COPIED_BYTES / _seconds(lambda: target.copy_(source))


def _operations() -> float:
    """Fused multiply-adds count as two."""
    import torch

    from benchmarks.multiply_add import chains

    blocks, threads = 16 * torch.cuda.get_device_properties().multi_processor_count, 128
    result = torch.zeros(blocks * threads, dtype=torch.float64, device="cuda")
    seconds = _seconds(lambda: chains[(blocks,)](result, LINKS, THREADS=threads, num_warps=4))
    return float(2.0 * CHAINS * LINKS * blocks * threads / seconds)


def _seconds(run: Callable[[], object]) -> float:
    import torch

    times = []
    for _ in range(REPEATS + 1):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        run()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
    return float(median(times[1:]))
