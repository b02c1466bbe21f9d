"""Cases that two stores share, and how far their trajectories are apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import zarr
from numpy.typing import NDArray

from molenspin.simulation.agreement import AGREEMENT as AGREEMENT_BY_DTYPE
from molenspin.simulation.agreement import SMALLEST_SCALE
from molenspin.simulation.history import BODY_VARIABLES
from molenspin.status import CaseStatus
from molenspin.store.location import array_of, naming_damage
from molenspin.store.nodes import arrays_of
from molenspin.store.reading import nodes_of, read_column
from molenspin.store.slots import check_labels, check_statuses, refuse_lost_rows

Slots: TypeAlias = NDArray[np.int64]

AGREEMENT = AGREEMENT_BY_DTYPE["float64"]
"""Largest relative difference of two trajectories that are the same but for rounding."""


@dataclass(frozen=True)
class NodePair:
    """Two nodes of one layout: the same assembly, output grid and varied parameters.

    Parameters
    ----------
    layout
        Hash that the two share.
    first, second
        The nodes; None where a store lacks it.
    first_slots, second_slots
        Slots of the cases that both have, in one order.
    only_first, only_second
        Slots of the cases that one has.
    """

    layout: str
    first: zarr.Group | None
    second: zarr.Group | None
    first_slots: Slots
    second_slots: Slots
    only_first: Slots
    only_second: Slots

    @property
    def name(self) -> str:
        """Name of the assembly."""
        node = self.first if self.first is not None else self.second
        return str(node.attrs["name"]) if node is not None else ""


def pair_nodes(first_url: str, second_url: str) -> Iterator[NodePair]:
    """Match the nodes of two stores by layout, and their cases by identity.

    Raises
    ------
    MolenspinError
        If what labels the cases is damaged.
    """
    first, second = (_nodes_by_layout(url) for url in (first_url, second_url))
    for layout in sorted({*first, *second}):
        yield _pair(layout, first.get(layout), second.get(layout))


def _nodes_by_layout(url: str) -> dict[str, zarr.Group]:
    nodes = [node for _, node in nodes_of(url)]
    for node in nodes:
        with naming_damage(str(node.store_path)):
            check_labels(node, arrays_of(node))
            check_statuses(str(node.store_path), read_column(node, "identity"), read_column(node, "status"))
    return {str(node.attrs["layout"]): node for node in nodes}


def _pair(layout: str, first: zarr.Group | None, second: zarr.Group | None) -> NodePair:
    ours, theirs = _identities(first), _identities(second)
    shared, first_slots, second_slots = np.intersect1d(ours, theirs, return_indices=True)
    used = shared != 0  # an identity of 0 marks a slot that is not used
    only_first, only_second = (
        np.flatnonzero((mine != 0) & ~np.isin(mine, shared)) for mine in (ours, theirs)
    )
    return NodePair(layout, first, second, first_slots[used], second_slots[used], only_first, only_second)


def _identities(node: zarr.Group | None) -> NDArray[np.uint64]:
    if node is None:
        return np.empty(0, dtype=np.uint64)
    return np.asarray(read_column(node, "identity"), dtype=np.uint64)


def trajectory_differences(pair: NodePair) -> NDArray[np.float64]:
    """Return the largest relative difference of each shared case; NaN where not both ran to the end."""
    differences = np.full(len(pair.first_slots), np.nan)
    if pair.first is None or pair.second is None:
        return differences
    finished = _finished(pair.first)[pair.first_slots] & _finished(pair.second)[pair.second_slots]
    size = array_of(pair.first, "status").chunks[0]
    for start in range(0, len(differences), size):
        rows = start + np.flatnonzero(finished[start : start + size])
        if len(rows):
            differences[rows] = _differences(
                pair.first, pair.first_slots[rows], pair.second, pair.second_slots[rows]
            )
    return differences


def _finished(node: zarr.Group) -> NDArray[np.bool_]:
    return np.asarray(read_column(node, "status") == CaseStatus.OK)


def _differences(
    first: zarr.Group, first_slots: Slots, second: zarr.Group, second_slots: Slots
) -> NDArray[np.float64]:
    recorded: list[Any] = [node.attrs["variables"] for node in (first, second)]
    variables = [name for name in BODY_VARIABLES if all(name in names for names in recorded)]
    differences = [
        _relative(read_rows(first, name, first_slots), read_rows(second, name, second_slots))
        for name in variables
    ]
    return np.asarray(np.max(differences, axis=0, initial=0.0))


def read_rows(node: zarr.Group, name: str, slots: Slots) -> NDArray[Any]:
    """Values of an array in these slots, in their order.

    Raises
    ------
    MolenspinError
        If one that must be there is missing or damaged.
    """
    with naming_damage(f"{node.store_path}/{name}"):
        values = np.asarray(array_of(node, name).oindex[slots])
    refuse_lost_rows(node, name, values.reshape(len(slots), -1) if values.size else values, slots)
    return values


def _relative(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = np.maximum(np.abs(first), np.abs(second)).max(axis=(1, 2))
    return np.asarray(np.abs(first - second).max(axis=(1, 2)) / np.maximum(scale, SMALLEST_SCALE))
