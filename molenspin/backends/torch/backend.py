"""The torch backend: chooses the path, splits batches that do not fit, reports which path ran."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter

import numpy as np
import torch

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.free_memory import require_memory
from molenspin.backends.protocol import Execution, History, Outcome, PhaseSeconds, Settings
from molenspin.backends.torch.device_run import DeviceRun
from molenspin.backends.torch.devices import DTYPES, device_label, resolve_device
from molenspin.backends.torch.fused import FusedKernel, obstacle
from molenspin.backends.torch.tensor_run import run_captured, run_eagerly, start
from molenspin.backends.torch.triton_compiler import is_available
from molenspin.errors import MolenspinError
from molenspin.status import CaseStatus

SMALL = 10_000
"""Bodies (over all members) below which tensor operations are too short for several threads."""


MATRICES = 3
"""Matrices of all constraints that a step holds at a time: G M^-1 G^T, its factor, and an intermediate."""


class Path(StrEnum):
    """How the time loop runs."""

    FUSED = "fused"
    CAPTURED = "captured"
    EAGER = "eager"


@dataclass(frozen=True)
class Choice:
    """The path of a run, and why it is not a faster one (empty where it is the fastest)."""

    path: Path
    reason: str = ""


class TorchBackend:
    """Tensors on the CPU, a CUDA device or Apple's GPU, one assembly or a whole ensemble at once.

    On CUDA the time loop is one fused Triton kernel; where that cannot be, a captured graph of tensor
    operations.

    Parameters
    ----------
    path
        Take this path rather than the fastest.
    """

    name = "torch"

    def __init__(self, path: Path | str | None = None) -> None:
        self._path = Path(path) if path else None

    def run(
        self, compiled: CompiledAssembly, settings: Settings, execution: Execution, history: History
    ) -> Outcome:
        """Simulate all members; see `molenspin.backends.protocol.Backend`."""
        device = resolve_device(execution.device, execution.dtype)
        _check_memory(compiled, device, execution.dtype)
        choice = Choice(self._path) if self._path else choose_path(compiled, device)
        begin = perf_counter()
        batch = _Batch(compiled, settings, device, DTYPES[execution.dtype], choice)
        with torch.no_grad(), _threads(compiled, execution.threads):
            totals = list(batch.run(slice(0, compiled.member_count), history))
        merged = {name: np.concatenate([part[name] for part in totals]) for name in totals[0]}
        return _outcome(merged, settings, perf_counter() - begin, batch.description(len(totals)))


def _check_memory(compiled: CompiledAssembly, device: torch.device, dtype: str) -> None:
    """On a GPU running out of memory is an error that is caught; on the CPU it may end the process."""
    if device.type == "cpu":
        size = DTYPES[dtype].itemsize * MATRICES * compiled.member_count * compiled.constraint_count**2
        require_memory(
            float(size),
            f"assembly {compiled.name}: matrices of {compiled.constraint_count} constraints, "
            f"{compiled.member_count} members,",
            "use backend rust, or simulate fewer members at a time",
        )


def choose_path(compiled: CompiledAssembly, device: torch.device) -> Choice:
    """The fastest path for an assembly on a device."""
    if device.type != "cuda":
        return Choice(Path.EAGER)
    if not is_available():
        return Choice(Path.CAPTURED, "Triton is missing")
    reason = obstacle(compiled)
    return Choice(Path.CAPTURED, reason) if reason else Choice(Path.FUSED)


@contextmanager
def _threads(compiled: CompiledAssembly, wanted: int | None) -> Iterator[None]:
    """Threads of tensor operations on the CPU; on small tensors a second one costs more than it brings."""
    before = torch.get_num_threads()
    is_small = compiled.member_count * compiled.body_count < SMALL
    torch.set_num_threads(wanted or (1 if is_small else before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Batch:
    """Members of one run on one device."""

    def __init__(
        self,
        compiled: CompiledAssembly,
        settings: Settings,
        device: torch.device,
        dtype: torch.dtype,
        choice: Choice,
    ) -> None:
        self._compiled, self._settings = compiled, settings
        self._device, self._dtype, self._choice = device, dtype, choice
        self._detail = ""

    def run(self, members: slice, history: History) -> Iterator[dict[str, np.ndarray]]:
        """Run members, in halves where the device has too little memory; totals of each part."""
        count = members.stop - members.start
        try:
            run = self._run(members, reaction=history.reaction is not None)
            run.copy_to(history, members)
            yield run.totals()
            return
        except torch.OutOfMemoryError as error:
            if count == 1:
                raise MolenspinError(
                    f"{device_label(self._device)} has too little memory for one member of "
                    f"{self._compiled.name} with {self._settings.sample_count} samples: raise save_every"
                ) from error
        torch.cuda.empty_cache()
        middle = members.start + count // 2
        yield from self.run(slice(members.start, middle), history)
        yield from self.run(slice(middle, members.stop), history)

    def _run(self, members: slice, *, reaction: bool) -> DeviceRun:
        compiled = self._compiled
        if members != slice(0, compiled.member_count):
            compiled = compiled.members(np.arange(members.start, members.stop))
        begin = start(compiled, self._settings, self._device, self._dtype)
        if self._choice.path == Path.FUSED:
            kernel = FusedKernel(compiled, self._settings, begin.model)
            self._detail = kernel.path
            return kernel.run(begin, reaction=reaction)
        if self._choice.path == Path.CAPTURED:
            run = run_captured(begin, self._settings, reaction=reaction)
            if not bool((run.progress.status == int(CaseStatus.NOT_CONVERGED)).any()):
                return run
            # A graph has few Newton iterations; without one there are as many as the settings allow.
            self._choice = Choice(Path.EAGER, "a step took more Newton iterations than a captured graph has")
            begin = start(compiled, self._settings, self._device, self._dtype)
        return run_eagerly(begin, self._settings, reaction=reaction)

    def description(self, part_count: int) -> str:
        """The path that ran, as reported."""
        kind = self._detail or {Path.EAGER: "tensors", Path.CAPTURED: "captured graph"}[self._choice.path]
        dtype = str(self._dtype).removeprefix("torch.")
        text = f"torch {kind} {dtype} on {device_label(self._device)}"
        if self._choice.reason:
            text += f" (not faster: {self._choice.reason})"
        return text if part_count == 1 else f"{text} in {part_count} parts: the device was out of memory"


def _outcome(totals: dict[str, np.ndarray], settings: Settings, elapsed: float, path: str) -> Outcome:
    return Outcome(
        status=totals["status"].astype(np.int8),
        stop_step=totals["stop_step"].astype(np.int64),
        stop_index=totals["stop_index"].astype(np.int64),
        stop_residual=totals["stop_residual"].astype(np.float64),
        max_residual=totals["max_residual"].astype(np.float64),
        newton_iterations=totals["newton_iterations"].astype(np.int64),
        force_evaluations=totals["stop_step"].astype(np.int64) * settings.integrator.evaluations_per_step,
        phases=PhaseSeconds(),
        elapsed=elapsed,
        path=path,
    )
