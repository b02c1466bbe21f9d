"""Runs the fused kernel of an assembly: tables, buffers, launches."""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import Settings
from molenspin.backends.torch.device_run import DeviceRun
from molenspin.backends.torch.kernel_source import kernel_source
from molenspin.backends.torch.layout import WARP, Layout, lane_layout
from molenspin.backends.torch.progress import Progress, worst_row
from molenspin.backends.torch.tensor_model import TensorModel
from molenspin.backends.torch.tensor_run import Start
from molenspin.backends.torch.triton_compiler import triton_function
from molenspin.status import CaseStatus

SLOT_LIMIT = 128
"""Coordinates that one lane can hold: beyond it a kernel takes minutes to compile."""
STEPS_PER_LAUNCH = 5000
BODY_STEPS_PER_LAUNCH = 2_000_000_000
"""A launch is short enough that Ctrl-C is heard within a second or so."""


def obstacle(compiled: CompiledAssembly) -> str:
    """Why an assembly cannot run as one fused kernel; empty if it can."""
    slot_count = lane_layout(compiled).slot_count
    if slot_count <= SLOT_LIMIT:
        return ""
    return f"{slot_count} coordinates of {compiled.name} are tied together, a lane holds {SLOT_LIMIT}"


class FusedKernel:
    """The kernel of one assembly with its tables on a device.

    Parameters
    ----------
    compiled
        The assembly; its members share one launch.
    settings
        How to simulate.
    model
        The assembly's tables on the device.
    """

    def __init__(self, compiled: CompiledAssembly, settings: Settings, model: TensorModel) -> None:
        self.compiled, self.settings, self.device, self.dtype = compiled, settings, model.device, model.dtype
        self.layout = lane_layout(compiled)
        varying = {name: model[name] for name in compiled.varying()}
        dtype = str(model.dtype).removeprefix("torch.")
        source = kernel_source(compiled, self.layout, settings, dtype, varying)
        self._function = triton_function(source.text)
        self.members_per_block = _members_per_block(compiled.member_count, self.layout)
        self.block_count = -(-compiled.member_count // self.members_per_block)
        self._padding = self.block_count * self.members_per_block - compiled.member_count
        self._units = self.block_count * self.members_per_block * self.layout.lane_count
        last = source.varying[:, -1:].expand(-1, self._padding, -1)
        self._tables = (
            torch.as_tensor(source.shared, dtype=self.dtype, device=self.device),
            torch.cat([source.varying, last], dim=1).to(device=self.device, dtype=self.dtype),
            torch.as_tensor(source.links, dtype=torch.int32, device=self.device),
        )

    @property
    def path(self) -> str:
        """How the members lie on the device."""
        return f"triton lanes={self.layout.lane_count} members_per_block={self.members_per_block}"

    def run(self, begin: Start, *, reaction: bool) -> DeviceRun:
        """Simulate from a consistent state."""
        buffers = self._buffers(begin, reaction=reaction)
        for first, last in self._launches():
            self._launch(buffers, first, last, reaction=reaction)
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
        return self._result(buffers, begin, reaction=reaction)

    def _buffers(self, begin: Start, *, reaction: bool) -> dict[str, Tensor]:
        units, samples = self._units, self.settings.sample_count
        slots, rows = self.layout.slot_count, len(self.layout.rows) if reaction else 0
        real = partial(torch.zeros, dtype=self.dtype, device=self.device)
        count = partial(torch.zeros, dtype=torch.int32, device=self.device)
        alive = torch.nn.functional.pad(begin.members.alive, (0, self._padding))
        status = torch.where(alive, int(CaseStatus.OK), int(CaseStatus.PENDING)).to(torch.int32)
        return {
            "state": torch.cat([self._spread(begin.state.position), self._spread(begin.state.velocity)]),
            "record": torch.empty((samples, 2 * slots, units), dtype=self.dtype, device=self.device),
            "reaction": real((samples, rows, units)),
            "stopped": real((1 + 2 * slots, units)),
            "status": status.repeat_interleave(self.layout.lane_count),
            "stop_step": count(units) + self.settings.step_count,
            "iterations": count(units),
            "worst": real(units),
        }

    def _spread(self, values: Tensor) -> Tensor:
        """(member_count, 2n) as (slot_count, units)."""
        padding = values[-1:].expand(self._padding, -1)
        coordinate = torch.as_tensor(self.layout.coordinate, device=self.device)
        members = torch.cat([values, padding])[:, coordinate]
        return members.permute(1, 0, 2).reshape(self.layout.slot_count, -1).contiguous()

    def _launches(self) -> list[tuple[int, int]]:
        bodies = self.compiled.member_count * self.compiled.body_count
        stride = int(np.clip(BODY_STEPS_PER_LAUNCH // bodies, 1, STEPS_PER_LAUNCH))
        total = self.settings.step_count
        return [(first, min(first + stride, total)) for first in range(0, total, stride)]

    def _launch(self, buffers: dict[str, Tensor], first: int, last: int, *, reaction: bool) -> None:
        self._function[(self.block_count,)](
            *self._tables,
            *buffers.values(),
            first,
            last,
            self.settings.save_every,
            self.settings.newton_limit,
            self._units,
            LANES=self.layout.lane_count,
            MEMBERS=self.members_per_block,
            REACTION=reaction and bool(self.layout.rows),
            num_warps=1,
        )

    # Results

    def _result(self, buffers: dict[str, Tensor], begin: Start, *, reaction: bool) -> DeviceRun:
        slots = self.layout.slot_count
        position, velocity = (
            self._gathered(part, *self.layout.home())
            for part in (buffers["record"][:, :slots], buffers["record"][:, slots:])
        )
        return DeviceRun(
            position=position,
            velocity=velocity,
            reaction=self._gathered(buffers["reaction"], *self._row_home()) if reaction else None,
            progress=self._progress(buffers, begin.progress),
            newton_iterations=begin.members.newton_iterations + self._per_member(buffers["iterations"]),
        )

    def _gathered(self, record: Tensor, slots: np.ndarray, lanes: np.ndarray) -> Tensor:
        """(sample_count, slots, units) as (member_count, places, sample_count)."""
        samples, slot_count, units = record.shape
        record = record.view(samples, slot_count, units // self.layout.lane_count, self.layout.lane_count)
        places = [torch.as_tensor(place, device=self.device) for place in (slots, lanes)]
        return record[:, places[0], : self.compiled.member_count, places[1]].permute(2, 0, 1)

    def _row_home(self) -> tuple[np.ndarray, np.ndarray]:
        """Place among the rows, and lane, of each constraint."""
        rows, lanes = np.zeros((2, self.compiled.constraint_count), dtype=np.int64)
        for place, item in enumerate(self.layout.rows):
            numbers = getattr(self.compiled, item.table).row[item.entries[item.real]]
            rows[numbers], lanes[numbers] = place, np.flatnonzero(item.real)
        return rows, lanes

    def _per_member(self, values: Tensor) -> Tensor:
        return values.view(-1, self.layout.lane_count)[: self.compiled.member_count, 0]

    def _progress(self, buffers: dict[str, Tensor], before: Progress) -> Progress:
        """Totals of the run, added to those of its start; what is to blame is found out here."""
        status, stop_step = (self._per_member(buffers[name]) for name in ("status", "stop_step"))
        worst = buffers["worst"].view(-1, self.layout.lane_count)[: self.compiled.member_count].amax(dim=1)
        stopped = status > int(CaseStatus.OK)
        progress = Progress(
            status=torch.where(stopped, status, before.status),
            stop_step=torch.where(stopped, stop_step, before.stop_step),
            stop_index=before.stop_index.clone(),
            stop_residual=before.stop_residual.clone(),
            max_residual=torch.maximum(worst, before.max_residual),
        )
        if bool(stopped.any()):
            self._blame(progress, buffers["stopped"], stopped)
        return progress

    def _blame(self, progress: Progress, kept: Tensor, stopped: Tensor) -> None:
        """Find the constraint or body at fault from the states at which members stopped."""
        numbers = stopped.nonzero()[:, 0]
        slots = self.layout.slot_count
        time = kept[0].view(-1, self.layout.lane_count)[numbers, :1]
        position, velocity = (
            self._gathered(part[None], *self.layout.home())[numbers, :, 0]
            for part in (kept[1 : 1 + slots], kept[1 + slots :])
        )
        size = torch.maximum(position.abs(), velocity.abs()).nan_to_num(nan=torch.inf)
        has_diverged = progress.status[numbers] == int(CaseStatus.DIVERGED)
        index, residual = size.argmax(dim=1) // 2, torch.zeros_like(position[:, 0])
        if self.compiled.constraint_count:
            model = TensorModel(self.compiled.members(numbers.cpu().numpy()), self.device, self.dtype)
            largest, row = worst_row(model, model.rows(position, time).residual)
            index, residual = (
                torch.where(has_diverged, index, row),
                torch.where(has_diverged, residual, largest),
            )
        progress.stop_index[numbers], progress.stop_residual[numbers] = index, residual


def _members_per_block(member_count: int, layout: Layout) -> int:
    """As many as fill a warp, a power of 2."""
    fitting = max(1, WARP // layout.lane_count)
    return min(fitting, 1 << (member_count - 1).bit_length())
