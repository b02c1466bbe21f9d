"""How the members of a run fare, as tensors on the device: nothing here waits for the device."""

from dataclasses import dataclass

import torch
from torch import Tensor

from molenspin.backends.protocol import RUNAWAY_LIMIT
from molenspin.backends.torch.tensor_model import TensorModel
from molenspin.backends.torch.tensor_steps import Members, State
from molenspin.status import CaseStatus


@dataclass
class Progress:
    """Status and totals of every member, (member_count,) each; see `molenspin.backends.protocol.Outcome`."""

    status: Tensor
    stop_step: Tensor
    stop_index: Tensor
    stop_residual: Tensor
    max_residual: Tensor

    @classmethod
    def starting(cls, model: TensorModel, step_count: int) -> "Progress":
        """All members well."""
        zero = torch.zeros(model.member_count, dtype=torch.int64, device=model.device)
        return cls(
            status=zero + int(CaseStatus.OK),
            stop_step=zero + step_count,
            stop_index=zero - 1,
            stop_residual=zero.to(model.dtype),
            max_residual=zero.to(model.dtype),
        )

    def end_step(self, model: TensorModel, state: State, members: Members, step: Tensor | int) -> None:
        """Take in the end of a step: members that did not converge, and those that ran away."""
        if model.row_count:
            self._lose_unconverged(model, members, step)
        residual = torch.maximum(self.max_residual, state.residual)
        self.max_residual = torch.where(members.alive, residual, self.max_residual)
        size = torch.maximum(state.position.abs(), state.velocity.abs()).nan_to_num(nan=torch.inf)
        bad = members.alive & ~(size < RUNAWAY_LIMIT).all(dim=1)
        self._stop(members, bad, CaseStatus.DIVERGED, step, size.argmax(dim=1) // 2)

    def _lose_unconverged(self, model: TensorModel, members: Members, step: Tensor | int) -> None:
        size, worst = worst_row(model, members.stop_residual)
        self.stop_residual = torch.where(members.lost, size, self.stop_residual)
        self._stop(members, members.lost, CaseStatus.NOT_CONVERGED, step, worst)

    def _stop(
        self, members: Members, lost: Tensor, status: CaseStatus, step: Tensor | int, index: Tensor
    ) -> None:
        self.status = torch.where(lost, int(status), self.status)
        self.stop_step = torch.where(lost, step, self.stop_step)
        self.stop_index = torch.where(lost, index, self.stop_index)
        members.alive = members.alive & ~lost
        members.lost = torch.zeros_like(lost)


def worst_row(model: TensorModel, residual: Tensor) -> tuple[Tensor, Tensor]:
    """Largest abs(g) of each member and the number of its constraint; residuals in the model's order."""
    size = residual[:, model.row_order].abs()
    largest = size.nan_to_num(nan=torch.inf).max(dim=1)
    return size.gather(1, largest.indices[:, None])[:, 0], largest.indices
