"""Which device a run uses, and how jobs on one machine share several."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import torch

from molenspin.backends.torch.device_locks import lock_a_device, say_on_stderr
from molenspin.errors import InvalidValueError

KINDS = ("auto", "cpu", "cuda", "mps")
NAME_PATTERN = re.compile(rf"{'|'.join(KINDS)}|cuda:[0-9]{{1,4}}")
DTYPES = {"float64": torch.float64, "float32": torch.float32}


def resolve_device(name: str, dtype: str) -> torch.device:
    """The device that a name stands for; ``auto`` takes the fastest one that has the precision.

    Raises
    ------
    InvalidValueError
        If this machine has no such device, or it lacks the precision.
    """
    if not NAME_PATTERN.fullmatch(name):
        raise InvalidValueError(
            f"device {name!r:.80} is not known; use one of {', '.join(KINDS)}, or cuda:1 ..."
        )
    kind = name.split(":", maxsplit=1)[0]
    if kind == "auto":
        return torch.device(_automatic(dtype))
    if kind == "cuda":
        _check_cuda(name)
    if kind == "mps":
        if not torch.backends.mps.is_available():
            raise InvalidValueError("device mps: this machine has no Apple GPU that PyTorch can use; use cpu")
        if dtype == "float64":
            raise InvalidValueError("device mps has no float64; use dtype float32, or device cpu")
    return torch.device(name)


def _automatic(dtype: str) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() and dtype == "float32" else "cpu"


def _check_cuda(name: str) -> None:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    number = int(name.partition(":")[2] or 0)
    if number >= count:
        raise InvalidValueError(f"device {name}: PyTorch sees {count} CUDA devices here; use cpu or auto")


def device_label(device: torch.device) -> str:
    """The device as people know it: ``cuda:0 NVIDIA H200``."""
    if device.type != "cuda":
        return str(device)
    number = torch.cuda.current_device() if device.index is None else device.index
    return f"cuda:{number} {torch.cuda.get_device_name(number)}"


@contextmanager
def claimed_device(folder: Path | None = None, count: int | None = None) -> Iterator[str]:
    """A CUDA device that no other job on this machine has claimed; waits until there is one.

    The workflow lets as many jobs run at a time as there are GPUs; this makes each take another one. A claim
    is a lock on a file, so it ends with its process, however that ends.

    Parameters
    ----------
    folder
        Where the lock files are; the same for all jobs. The folder for temporary files where none is given.
    count
        Number of devices; those that PyTorch sees where none is given.

    Yields
    ------
    str
        ``cuda:0``, ``cuda:1``, ...; ``cuda:0`` where there is none, which a run then refuses.

    Raises
    ------
    MolenspinError
        If no lock file can be used.
    """
    count = torch.cuda.device_count() if count is None else count
    if not count:
        yield "cuda:0"
        return
    number, handle = lock_a_device(folder or Path(gettempdir()), count, say_on_stderr)
    try:
        yield f"cuda:{number}"
    finally:
        os.close(handle)
