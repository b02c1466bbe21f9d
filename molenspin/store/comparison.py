"""What changed between two stores: cases, how they ended, where they went."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import zarr

from molenspin.status import CaseStatus
from molenspin.store.pairing import AGREEMENT, NodePair, Slots, pair_nodes, read_rows, trajectory_differences
from molenspin.sweep.labels import keyed_name, shared_names


@dataclass(frozen=True, kw_only=True)
class StoreChange:
    """The cases of one assembly and backend in two stores.

    Parameters
    ----------
    assembly, backend
        What they have in common.
    shared, only_first, only_second
        Number of cases in both stores, and in one only.
    status_changes
        Number of cases by change, for example ``ok -> diverged``.
    moved
        Number of shared cases whose trajectories differ by more than rounding.
    largest_difference
        Largest relative difference of a trajectory.
    """

    assembly: str
    backend: str
    shared: int
    only_first: int
    only_second: int
    status_changes: dict[str, int]
    moved: int
    largest_difference: float

    @property
    def is_none(self) -> bool:
        """Nothing changed."""
        return not (self.only_first or self.only_second or self.status_changes or self.moved)


def compare_stores(first: str, second: str) -> list[StoreChange]:
    """Compare two stores case by case.

    Parameters
    ----------
    first, second
        Paths or URLs.

    Returns
    -------
    list of StoreChange
        One for each assembly (with its varied parameters and output grid) and backend.
    """
    pairs = list(pair_nodes(first, second))
    shared = shared_names({pair.layout: pair.name for pair in pairs})
    return [
        change
        for pair in pairs
        for change in _compare_pair(
            pair, keyed_name(pair.name, pair.layout) if pair.name in shared else pair.name
        )
    ]


def _compare_pair(pair: NodePair, label: str) -> list[StoreChange]:
    columns = pd.DataFrame(
        {
            "backend": _texts(pair.first, "backend", pair.first_slots),
            "before": _statuses(pair.first, pair.first_slots),
            "after": _statuses(pair.second, pair.second_slots),
            "difference": trajectory_differences(pair),
        }
    )
    lone = [
        Counter(_texts(node, "backend", slots))
        for node, slots in ((pair.first, pair.only_first), (pair.second, pair.only_second))
    ]
    return [
        _change(label, backend, columns[columns["backend"] == backend], *lone)
        for backend in sorted({*columns["backend"], *lone[0], *lone[1]})
    ]


def _change(
    assembly: str, backend: str, shared: pd.DataFrame, lone_first: Counter[str], lone_second: Counter[str]
) -> StoreChange:
    other = shared[shared["before"] != shared["after"]]
    labels = [
        f"{CaseStatus(before).label} -> {CaseStatus(after).label}"
        for before, after in zip(other["before"], other["after"], strict=True)
    ]
    largest = shared["difference"].max()
    return StoreChange(
        assembly=assembly,
        backend=backend,
        shared=len(shared),
        only_first=lone_first[backend],
        only_second=lone_second[backend],
        status_changes=dict(sorted(Counter(labels).items())),
        moved=int((shared["difference"] > AGREEMENT).sum()),
        largest_difference=0.0 if np.isnan(largest) else float(largest),
    )


def _texts(node: zarr.Group | None, name: str, slots: Slots) -> list[str]:
    return [] if node is None else [str(value) for value in read_rows(node, name, slots)]


def _statuses(node: zarr.Group | None, slots: Slots) -> list[int]:
    return [] if node is None else [int(value) for value in read_rows(node, "status", slots)]


def store_table(changes: list[StoreChange]) -> pd.DataFrame:
    """Return the changes as a table."""
    return pd.DataFrame([_row(change) for change in changes])


def _row(change: StoreChange) -> dict[str, object]:
    statuses = ", ".join(f"{count} x {label}" for label, count in change.status_changes.items())
    return {
        "assembly": change.assembly,
        "backend": change.backend,
        "in both": change.shared,
        "only in A": change.only_first,
        "only in B": change.only_second,
        "moved": change.moved,
        "largest difference": f"{change.largest_difference:.1e}",
        "status": statuses or "-",
    }
