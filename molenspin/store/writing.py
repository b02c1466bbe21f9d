"""Commit a batch: data first, then its outcomes, then the status that makes it count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from molenspin.errors import InvalidValueError
from molenspin.status import CaseStatus
from molenspin.store.location import array_of
from molenspin.store.rounding import round_to_relative_error


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """What a batch leaves behind; arrays have one entry for each case.

    Parameters
    ----------
    variables
        Recorded variables, shape (case_count, body_count, sample_count); empty if nothing was computed.
    status
        `CaseStatus` numbers.
    messages
        Why a case stopped, "" where it did not.
    max_residual, newton_iterations, force_evaluations
        As in `molenspin.backends.protocol.Outcome`.
    elapsed
        Run time of the batch [s].
    """

    variables: Mapping[str, NDArray[np.float64]]
    status: NDArray[np.int8]
    messages: Sequence[str]
    max_residual: NDArray[np.float64]
    newton_iterations: NDArray[np.int64]
    force_evaluations: NDArray[np.int64]
    elapsed: float

    @property
    def case_count(self) -> int:
        """Number of cases."""
        return len(self.status)


@dataclass(frozen=True)
class BatchRegion:
    """The slots of one batch, checked to lie within one chunk.

    Parameters
    ----------
    node
        Node of the store.
    first_slot, case_count
        Where the batch begins, and how many slots it uses.

    Raises
    ------
    InvalidValueError
        If the slots do not begin at a chunk's border or cross one: two writers could then share a chunk.
    """

    node: zarr.Group
    first_slot: int
    case_count: int

    def __post_init__(self) -> None:
        size = array_of(self.node, "status").chunks[0]
        slot_count = array_of(self.node, "status").shape[0]
        if self.first_slot % size or not 0 < self.case_count <= size:
            raise InvalidValueError(
                f"{self.node.path}: slots {self.first_slot} to {self.first_slot + self.case_count} are not "
                f"one batch; batches begin at multiples of {size} and have at most {size} cases"
            )
        if self.first_slot + self.case_count > slot_count:
            raise InvalidValueError(
                f"{self.node.path}: slot {self.first_slot} is beyond the last, {slot_count}"
            )

    def withdraw(self) -> None:
        """Mark the batch pending before any of its results is overwritten."""
        status = array_of(self.node, "status")
        if np.any(status[self._slots]):
            status[self._slots] = int(CaseStatus.PENDING)

    def commit(
        self, result: BatchResult, *, fingerprint: int, machine: str, relative_error: float = 0.0
    ) -> None:
        """Write the results of the batch.

        Parameters
        ----------
        result
            What to write.
        fingerprint, machine
            Code and machine that computed it.
        relative_error
            Allowed rounding of recorded variables; 0 keeps every bit.
        """
        self.withdraw()
        for name, values in result.variables.items():
            self._write(name, round_to_relative_error(values, relative_error))
        self._write("fingerprint", np.full(self.case_count, fingerprint, dtype=np.uint64))
        self._write("machine", np.full(self.case_count, machine, dtype=object))
        self._write("max_residual", result.max_residual)
        self._write("newton_iterations", result.newton_iterations)
        self._write("force_evaluations", result.force_evaluations)
        self._write("elapsed", np.full(self.case_count, result.elapsed))
        if any(result.messages) or self._has_messages():
            self._write("message", np.array(result.messages, dtype=object))
        self._write("status", result.status)

    @property
    def _slots(self) -> slice:
        return slice(self.first_slot, self.first_slot + self.case_count)

    def _has_messages(self) -> bool:
        return bool(np.any(np.asarray(array_of(self.node, "message")[self._slots]) != ""))

    def _write(self, name: str, values: NDArray[Any]) -> None:
        array_of(self.node, name)[self._slots] = values
