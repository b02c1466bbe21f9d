"""What a store already holds, as planning needs it: slots, what was asked of them, how they ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from molenspin.status import CaseStatus

RESULTS = (CaseStatus.OK, CaseStatus.DIVERGED, CaseStatus.NOT_CONVERGED, CaseStatus.FAILED)
"""Statuses of a case that has a result, good or bad; others are still to be run."""


@dataclass(frozen=True)
class NodeLedger:
    """The slots of one node of the store; all arrays have shape (slot_count,).

    Parameters
    ----------
    layout
        Hash of the assembly, output grid and parameter names that the node holds.
    batch_size
        Slots of one batch, which is one chunk.
    identity
        What is asked of each slot's case; 0 where a slot is not used.
    fingerprint
        The code that computed it; 0 where nothing did.
    status
        `CaseStatus` numbers.
    group
        Number of the group that runs it.
    """

    layout: str
    batch_size: int
    identity: NDArray[np.uint64]
    fingerprint: NDArray[np.uint64]
    status: NDArray[np.int8]
    group: NDArray[np.int32]

    @property
    def slot_count(self) -> int:
        """Number of slots, a whole number of batches but for a last one that is not full."""
        return len(self.identity)

    def search(self) -> "SlotSearch":
        """An index of the identities."""
        order = np.argsort(self.identity)
        return SlotSearch(self.identity[order], order)


@dataclass(frozen=True)
class SlotSearch:
    """Identities in order, and the slot of each."""

    identities: NDArray[np.uint64]
    slots: NDArray[np.int64]

    def find(self, identities: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Slots of the identities that are held, and which are."""
        if not len(self.identities):
            return np.empty(0, dtype=np.int64), np.zeros(len(identities), dtype=bool)
        positions = np.minimum(np.searchsorted(self.identities, identities), len(self.identities) - 1)
        is_held = self.identities[positions] == identities
        return self.slots[positions[is_held]], is_held


@dataclass(frozen=True)
class Ledger:
    """The slots of all nodes of a store, by the node's name; empty for a store that is not there."""

    nodes: Mapping[str, NodeLedger] = field(default_factory=dict)

    @property
    def next_group(self) -> int:
        """First group number that no slot has."""
        return 1 + max((int(node.group.max(initial=-1)) for node in self.nodes.values()), default=-1)
