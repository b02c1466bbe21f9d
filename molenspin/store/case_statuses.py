"""How the cases of a store ended: those that a configuration asks for, or all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import zarr
from numpy.typing import NDArray

from molenspin.status import CaseStatus
from molenspin.store.reading import nodes_of, read_column
from molenspin.store.selection import Selection
from molenspin.store.slots import check_statuses

FAILURES = (CaseStatus.DIVERGED, CaseStatus.NOT_CONVERGED, CaseStatus.FAILED)


@dataclass(frozen=True)
class FailedCase:
    """A case whose result is a failure.

    Parameters
    ----------
    node, slot
        Where it stands in the store.
    status
        How it ended.
    message
        Why.
    """

    node: str
    slot: int
    status: str
    message: str


@dataclass(frozen=True, kw_only=True)
class NodeStatus:
    """How the cases of one node ended.

    Parameters
    ----------
    name
        Name of the node; of the assembly, where the store has no node for it yet.
    counts
        Number of cases by how they ended.
    missing_count
        Cases that are asked for and not in the store.
    surplus_count
        Cases in the store that are not asked for.
    failed
        The cases that failed.
    """

    name: str
    counts: dict[str, int]
    missing_count: int = 0
    surplus_count: int = 0
    failed: tuple[FailedCase, ...] = ()


def status_of(url: str, selections: Sequence[Selection] | None = None) -> list[NodeStatus]:
    """How the cases of a store ended, for each node.

    Parameters
    ----------
    url
        Path or URL of the store.
    selections
        What a configuration asks for: whatever else the store holds is counted as surplus, and listed only
        as that. None for all that the store holds.
    """
    asked = {selection.layout.digest: selection for selection in selections or ()}
    found = [
        _node_status(name, node, asked.pop(str(node.attrs["layout"]), None), everything=selections is None)
        for name, node in nodes_of(url)
    ]
    lacking = [
        NodeStatus(name=selection.node_name, counts={}, missing_count=len(selection.identities))
        for selection in asked.values()
    ]
    return found + lacking


def _node_status(name: str, node: zarr.Group, selection: Selection | None, *, everything: bool) -> NodeStatus:
    identity, status = read_column(node, "identity"), read_column(node, "status")
    check_statuses(str(node.store_path), identity, status)
    used = np.flatnonzero(identity)
    slots = selection.find(identity) if selection else used[: len(used) if everything else 0]
    ends = status[slots]
    return NodeStatus(
        name=name,
        counts={kind.label: int(count) for kind in CaseStatus if (count := np.sum(ends == kind))},
        missing_count=len(selection.identities) - len(slots) if selection else 0,
        surplus_count=len(used) - len(slots),
        failed=tuple(_failed(name, node, status, slots)),
    )


def _failed(
    name: str, node: zarr.Group, status: NDArray[np.int8], slots: NDArray[np.int64]
) -> Iterator[FailedCase]:
    chosen = np.sort(slots[np.isin(status[slots], FAILURES)])
    messages = read_column(node, "message") if len(chosen) else ()
    for slot in chosen.tolist():
        yield FailedCase(name, slot, CaseStatus(int(status[slot])).label, str(messages[slot]))
