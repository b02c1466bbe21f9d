"""Runs the fused kernel of an assembly: buffers, launches, results."""

from dataclasses import dataclass

import numpy as np
import torch

from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.backends.protocol import Settings
from molenspin.backends.torch.kernel_source import kernel_source
from molenspin.backends.torch.layout import Layout, lane_layout
from molenspin.backends.torch.triton_compiler import triton_function
from molenspin.status import CaseStatus

WARP = 32
SLOT_LIMIT = 160
"""Coordinates that one lane can hold: beyond it a kernel takes minutes to compile."""
STEPS_PER_LAUNCH = 5000
BODY_STEPS_PER_LAUNCH = 2_000_000_000
"""A launch is short enough that Ctrl-C is heard within a second or so."""


@dataclass(frozen=True, kw_only=True)
class FusedRun:
    """What a run leaves on the device.

    Parameters
    ----------
    samples
        Positions and velocities, (sample_count, 2, slot_count, member_count, lane_count).
    reactions
        Multipliers, (sample_count, row_count, member_count, lane_count), or None.
    status, stop_step, newton_iterations, max_residual, stop_residual
        Per member.
    stopped
        Time, position and velocity at which members stopped, (1 + 2 slot_count, member_count, lane_count).
    """

    samples: torch.Tensor
    reactions: torch.Tensor | None
    status: torch.Tensor
    stop_step: torch.Tensor
    newton_iterations: torch.Tensor
    max_residual: torch.Tensor
    stop_residual: torch.Tensor
    stopped: torch.Tensor


class FusedKernel:
    """The kernel of one assembly with its tables on a device.

    Parameters
    ----------
    compiled
        The assembly; its members share one launch.
    settings
        How to simulate.
    device, dtype
        Where, and in which precision.
    """

    def __init__(
        self, compiled: CompiledAssembly, settings: Settings, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.compiled, self.settings, self.device, self.dtype = compiled, settings, device, dtype
        self.layout = lane_layout(compiled)
        name = str(dtype).removeprefix("torch.")
        source = kernel_source(compiled, self.layout, settings, name)
        self.function = triton_function(source.text)
        self.members_per_block = _members_per_block(compiled.member_count, self.layout)
        self.block_count = -(-compiled.member_count // self.members_per_block)
        padding = self.block_count * self.members_per_block - compiled.member_count
        varying = np.pad(source.varying, ((0, 0), (0, padding), (0, 0)), mode="edge")
        self._tables = (
            torch.as_tensor(source.shared, dtype=dtype, device=device),
            torch.as_tensor(varying, dtype=dtype, device=device),
            torch.as_tensor(source.links, dtype=torch.int32, device=device),
        )

    @property
    def path(self) -> str:
        """The path as reported."""
        return f"triton lanes={self.layout.lane_count} members_per_block={self.members_per_block}"

    def run(self, position: torch.Tensor, velocity: torch.Tensor, alive: torch.Tensor, *, reaction: bool) -> FusedRun:
        """Simulate from a consistent state.

        Parameters
        ----------
        position, velocity
            Projected onto the constraints, (member_count, 2n).
        alive
            Members to simulate, (member_count,).
        reaction
            Whether to record multipliers.
        """
        buffers = self._buffers(position, velocity, alive, reaction=reaction)
        for first, last in self._launches():
            self._launch(buffers, first, last, reaction=reaction)
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
        return self._result(buffers, reaction=reaction)

    def _buffers(
        self, position: torch.Tensor, velocity: torch.Tensor, alive: torch.Tensor, *, reaction: bool
    ) -> dict[str, torch.Tensor]:
        units = self.block_count * self.members_per_block * self.layout.lane_count
        slots, samples = self.layout.slot_count, self.settings.sample_count
        real = {"dtype": self.dtype, "device": self.device}
        count = {"dtype": torch.int32, "device": self.device}
        status = torch.where(alive, int(CaseStatus.OK), int(CaseStatus.PENDING)).to(torch.int32)
        rows = len(self.layout.rows) if reaction else 0
        return {
            "state": torch.cat([self._spread(position), self._spread(velocity)]),
            "record": torch.empty(samples, 2 * slots, units, **real),
            "reaction": torch.empty(samples if rows else 0, rows, units, **real),
            "stopped": torch.zeros(1 + 2 * slots, units, **real),
            "status": self._padded(status).repeat_interleave(self.layout.lane_count),
            "stop_step": torch.full((units,), self.settings.step_count, **count),
            "iterations": torch.zeros(units, **count),
            "worst": torch.zeros(units, **real),
            "stop_residual": torch.zeros(units, **real),
        }

    def _padded(self, values: torch.Tensor) -> torch.Tensor:
        """Values per member with members that are not simulated added up to full blocks."""
        padding = self.block_count * self.members_per_block - len(values)
        return torch.cat([values, torch.zeros(padding, dtype=values.dtype, device=values.device)])

    def _spread(self, values: torch.Tensor) -> torch.Tensor:
        """(member_count, 2n) as (slot_count, units); copies and padding start at rest where a real body does."""
        padding = self.block_count * self.members_per_block - len(values)
        members = torch.cat([values, values[-1:].expand(padding, -1)])
        coordinate = torch.as_tensor(self.layout.coordinate, device=self.device)
        return members[:, coordinate].permute(1, 0, 2).reshape(self.layout.slot_count, -1).contiguous()

    def _launches(self) -> list[tuple[int, int]]:
        bodies = self.compiled.member_count * self.compiled.body_count
        stride = int(np.clip(BODY_STEPS_PER_LAUNCH // bodies, 1, STEPS_PER_LAUNCH))
        total = self.settings.step_count
        starts = list(range(0, total, stride))
        return [(first, min(first + stride, total)) for first in starts]

    def _launch(self, buffers: dict[str, torch.Tensor], first: int, last: int, *, reaction: bool) -> None:
        units = buffers["worst"].numel()
        self.function[(self.block_count,)](
            *self._tables,
            *buffers.values(),
            first,
            last,
            self.settings.save_every,
            self.settings.newton_limit,
            units,
            LANES=self.layout.lane_count,
            MEMBERS=self.members_per_block,
            REACTION=reaction and bool(self.layout.rows),
            num_warps=1,
        )

    def _result(self, buffers: dict[str, torch.Tensor], *, reaction: bool) -> FusedRun:
        lanes, members = self.layout.lane_count, self.compiled.member_count
        samples = self.settings.sample_count
        first_lane = {
            name: buffers[name].view(-1, lanes)[:members, 0]
            for name in ("status", "stop_step", "iterations", "worst", "stop_residual")
        }
        return FusedRun(
            samples=buffers["record"].view(samples, 2, self.layout.slot_count, -1, lanes)[..., :members, :],
            reactions=buffers["reaction"].view(samples, -1, self.block_count * self.members_per_block, lanes)[:, :, :members]
            if reaction and self.layout.rows else None,
            status=first_lane["status"],
            stop_step=first_lane["stop_step"],
            newton_iterations=first_lane["iterations"],
            max_residual=first_lane["worst"],
            stop_residual=first_lane["stop_residual"],
            stopped=buffers["stopped"].view(1 + 2 * self.layout.slot_count, -1, lanes)[:, :members],
        )


def _members_per_block(member_count: int, layout: Layout) -> int:
    """As many as fill a warp, a power of 2."""
    fitting = max(1, WARP // layout.lane_count)
    return min(fitting, 1 << (member_count - 1).bit_length())


def reason_against(compiled: CompiledAssembly, layout: Layout) -> str:
    """Why an assembly cannot run as one fused kernel; empty if it can."""
    if layout.slot_count > SLOT_LIMIT:
        return f"{layout.slot_count} coordinates of {compiled.name} are tied together, a lane holds {SLOT_LIMIT}"
    return ""


def scatter(layout: Layout, values: torch.Tensor) -> Floats:
    """Placeholder."""
    raise NotImplementedError
