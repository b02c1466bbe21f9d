"""Which slots of a node hold a case, and what each array must hold for it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from molenspin.status import CaseStatus
from molenspin.store.arrays import filled_rows
from molenspin.store.description import VARIABLES
from molenspin.store.location import array_of, damaged, naming_damage
from molenspin.sweep.ledger import RESULTS

Rows = NDArray[np.bool_]

STATUSES: Mapping[str, tuple[CaseStatus, ...]] = {
    **dict.fromkeys((*VARIABLES, "outcome"), (CaseStatus.OK,)),
    "origin": RESULTS,
    "message": tuple(status for status in RESULTS if status is not CaseStatus.OK),
}
"""Arrays that a batch writes, and the statuses with which a case must have a value there."""


def needed_rows(node: zarr.Group, name: str, slots: NDArray[np.intp]) -> Rows:
    """In which of these slots an array must hold a value."""
    if name == "status" or not len(slots):
        return np.zeros(len(slots), dtype=bool)
    if name in STATUSES:
        return np.isin(array_of(node, "status").oindex[slots], STATUSES[name])
    return np.asarray(array_of(node, "identity").oindex[slots] != 0)


def refuse_lost_rows(node: zarr.Group, name: str, values: NDArray[Any], slots: NDArray[np.intp]) -> None:
    """Refuse values of these slots that are missing, but for cases that need not have them.

    Parameters
    ----------
    node, name
        A per-case array.
    values
        One row for each slot.
    slots
        Their numbers, shape (slot_count,).
    """
    is_number = values.dtype.kind == "f"
    if not values.size or (is_number and not np.isnan(values.min())):
        return
    empty = slots[~filled_rows(values)]
    lost = empty[needed_rows(node, name, empty)]
    if len(lost):
        raise damaged(
            f"{node.store_path}/{name}/c/{lost[0] // array_of(node, name).chunks[0]}",
            f"case {lost[0]} lacks values that it must have",
        )


def read_coordinate(node: zarr.Group, name: str) -> NDArray[Any]:
    """The values of a coordinate.

    Raises
    ------
    MolenspinError
        If it is damaged.
    """
    with naming_damage(f"{node.store_path}/{name}"):
        values = np.asarray(array_of(node, name)[:])
    is_ascending = name != "time" or bool(np.all(np.diff(values) > 0))
    if not filled_rows(values).all() or not is_ascending:
        raise damaged(f"{node.store_path}/{name}", "it is missing or lacks values")
    return values


def check_statuses(place: str, identity: NDArray[np.uint64], status: NDArray[np.int8]) -> None:
    """Refuse statuses that are none, and results of nobody knows what.

    Parameters
    ----------
    place
        The node, for the message.
    identity, status
        Of its slots; where there are fewer identities, the last slots have none.

    Raises
    ------
    MolenspinError
        If a status is none, or a slot has a result and no identity.
    """
    if not np.isin(status, list(CaseStatus)).all():
        raise damaged(f"{place}/status", "it holds numbers that are no status")
    has_result = np.flatnonzero(status)
    if len(has_result) and not (has_result[-1] < len(identity) and identity[has_result].all()):
        raise damaged(f"{place}/identity", "cases that have results have no identity")


def check_labels(node: zarr.Group, arrays: Mapping[str, zarr.Array[Any]]) -> None:
    """Refuse a node whose slots are only half described: in use by their group and not by their identity."""
    is_used, has_group = np.asarray(arrays["identity"][:]) != 0, np.asarray(arrays["group"][:]) >= 0
    if not np.array_equal(is_used, has_group):
        raise damaged(
            f"{node.store_path}/{'group' if np.any(is_used & ~has_group) else 'identity'}",
            "it lacks values (or a workflow or `molenspin prune` that changes it was stopped: run it again)",
        )
