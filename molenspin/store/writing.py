"""Commit a batch: data and outcomes first, then the status that makes it count."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.sync import sync

from molenspin.errors import InvalidValueError
from molenspin.output.durable_files import delete_trees, sync_trees
from molenspin.status import CaseStatus
from molenspin.store.arrays import OUTCOMES, QUANTITIES, VARIABLE_ATTRIBUTES
from molenspin.store.durable_store import folder_of
from molenspin.store.origins import origin_of
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

    @property
    def quantities(self) -> NDArray[np.float64]:
        """What `QUANTITIES` names, shape (case_count, quantity_count)."""
        columns = [np.broadcast_to(getattr(self, name), self.case_count) for name in QUANTITIES]
        return np.stack(columns, axis=1).astype(np.float64)


@dataclass(frozen=True)
class BatchRegion:
    """The slots of one batch, checked to lie within one chunk.

    Parameters
    ----------
    arrays
        Arrays of a node, by name.
    first_slot, case_count
        Where the batch begins, and how many slots it uses.

    Raises
    ------
    InvalidValueError
        If the slots do not begin at a chunk's border or cross one: two writers could then share a chunk.
    """

    arrays: Mapping[str, zarr.Array[Any]]
    first_slot: int
    case_count: int

    def __post_init__(self) -> None:
        status = self.arrays["status"]
        size, slot_count = status.chunks[0], status.shape[0]
        if self.first_slot % size or not 0 < self.case_count <= size:
            raise InvalidValueError(
                f"{status.path}: slots {self.first_slot} to {self.first_slot + self.case_count} are not "
                f"one batch; batches begin at multiples of {size} and have at most {size} cases"
            )
        if self.first_slot + self.case_count > slot_count:
            raise InvalidValueError(f"{status.path}: slot {self.first_slot} is beyond the last, {slot_count}")

    def withdraw(self) -> None:
        """Mark the batch pending before any of its results is overwritten."""
        if self._may_hold("status") and np.any(self._read("status")):
            pending = np.full(self.case_count, CaseStatus.PENDING, dtype=np.int8)
            sync(self.write_together({"status": pending}))

    def commit(
        self, result: BatchResult, *, fingerprint: int, machine: str, relative_error: float = 0.0
    ) -> None:
        """Write the results of the batch and make them count; parameters as for `write`."""
        written = self.write(result, fingerprint=fingerprint, machine=machine, relative_error=relative_error)
        confirm(written)

    def write(
        self, result: BatchResult, *, fingerprint: int, machine: str, relative_error: float = 0.0
    ) -> "WrittenBatch":
        """Write the results of the batch; they count after `confirm`.

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
        self._clear()
        outcomes: dict[str, NDArray[Any]] = {
            "origin": np.full(self.case_count, origin_of(fingerprint, machine), dtype=object),
            "outcome": result.quantities,
        }
        if any(result.messages) or (self._may_hold("message") and np.any(self._read("message") != "")):
            outcomes["message"] = np.array(result.messages, dtype=object)
        rounded = {
            name: round_to_relative_error(values, relative_error) for name, values in result.variables.items()
        }
        values = {**rounded, **outcomes}
        sync(self.write_together(values))
        return WrittenBatch(self, tuple(values), result.status)

    def _clear(self) -> None:
        """Delete what a stopped process left of the batch: a power loss may have damaged it."""
        folder = folder_of(self.arrays["status"].store)
        if folder:
            names = {*VARIABLE_ATTRIBUTES, *OUTCOMES}.intersection(self.arrays) - {"status"}
            delete_trees(folder, self.chunk_keys(names))

    def _may_hold(self, name: str) -> bool:
        """Whether there may be values in an array; a file is quickly seen to be missing."""
        folder = folder_of(self.arrays[name].store)
        return folder is None or (folder / self.chunk_keys([name])[0]).exists()

    def chunk_keys(self, names: Iterable[str]) -> list[str]:
        """Where the batch is in arrays: keys of chunks, or what they begin with."""
        number = self.first_slot // self.arrays["status"].chunks[0]
        return [f"{self.arrays[name].path}/c/{number}" for name in names]

    async def write_together(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Write all at once: one waits for the disk while others compress."""
        writes = (self.arrays[name].async_array.setitem(self._slots, part) for name, part in values.items())
        for outcome in await asyncio.gather(*writes, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    @property
    def _slots(self) -> slice:
        return slice(self.first_slot, self.first_slot + self.case_count)

    def _read(self, name: str) -> NDArray[Any]:
        return np.asarray(self.arrays[name][self._slots])


@dataclass(frozen=True)
class WrittenBatch:
    """A batch whose results are written but do not count yet.

    Parameters
    ----------
    region
        Where they are.
    names
        Arrays that were written.
    status
        How its cases ended.
    """

    region: BatchRegion
    names: tuple[str, ...]
    status: NDArray[np.int8]


def confirm(*batches: WrittenBatch) -> None:
    """Make the results of batches count: flush them to the disk together, then write their statuses.

    A power loss may take a status, and the batch is computed again; it cannot leave one without its data.

    Parameters
    ----------
    batches
        Of one store; at least one.
    """
    folder = folder_of(batches[0].region.arrays["status"].store)
    if folder:
        sync_trees(folder, (key for batch in batches for key in batch.region.chunk_keys(batch.names)))
    sync(_write_statuses(batches))


async def _write_statuses(batches: Sequence[WrittenBatch]) -> None:
    await asyncio.gather(*(batch.region.write_together({"status": batch.status}) for batch in batches))
