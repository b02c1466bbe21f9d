"""What a run on tensors leaves behind, whichever path computed it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from molenspin.assembly.compiled import Floats
from molenspin.backends.protocol import History
from molenspin.backends.torch.progress import Progress

PINNED_BYTES = 2**26


@dataclass(frozen=True, kw_only=True)
class DeviceRun:
    """Trajectories and totals, still on the device.

    Parameters
    ----------
    position, velocity
        Recorded states, (member_count, 2n, sample_count); NaN where a member had stopped.
    reaction
        Multipliers, (member_count, m, sample_count), or None.
    progress
        Status and totals.
    newton_iterations
        Per member.
    """

    position: Tensor
    velocity: Tensor
    reaction: Tensor | None
    progress: Progress
    newton_iterations: Tensor

    def copy_to(self, history: History, members: slice) -> None:
        """Bring the trajectories back, once, into the caller's buffers."""
        for tensor, spin, axial in (
            (self.position, history.angle, history.displacement),
            (self.velocity, history.angular_velocity, history.velocity),
        ):
            _copy(tensor[:, 0::2], spin[members])
            _copy(tensor[:, 1::2], axial[members])
        if history.reaction is not None and self.reaction is not None:
            _copy(self.reaction, history.reaction[members])

    def totals(self) -> dict[str, np.ndarray]:
        """Per-member results as arrays, by the names of `molenspin.backends.protocol.Outcome`."""
        names = ("status", "stop_step", "stop_index", "stop_residual", "max_residual")
        totals = {name: getattr(self.progress, name).cpu().numpy() for name in names}
        return totals | {"newton_iterations": self.newton_iterations.cpu().numpy()}


def _copy(source: Tensor, target: Floats) -> None:
    """Transpose on the device, then one transfer; through pinned memory where that is affordable: faster."""
    values = source.contiguous()
    if values.is_cuda and values.nbytes <= PINNED_BYTES:
        values = torch.empty_like(values, device="cpu", pin_memory=True).copy_(values)
    torch.from_numpy(target).copy_(values)
