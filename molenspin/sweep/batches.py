"""Batches: cases that a backend runs in one call, held by the store already or new."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from molenspin.sweep.cases import Series
from molenspin.sweep.cost import nominal_seconds
from molenspin.sweep.layout import NodePlan
from molenspin.sweep.ledger import RESULTS, NodeLedger

UNASSIGNED = -1
"""Group number of a batch that no group runs yet."""


class BatchState(StrEnum):
    """Whether a batch must run, and why."""

    DONE = "done"
    NEW = "new"
    UNFINISHED = "unfinished"
    STALE = "stale"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Cases of one shape that a backend runs in one call: one chunk-aligned region of the store.

    Parameters
    ----------
    node
        Name of the node.
    index
        Number of the chunk along the node's case axis.
    slots
        First slot and the slot after the last one that is used.
    series
        Number of the series in the plan.
    identities
        Identities of the cases, in the order of the slots.
    group
        Number of the group that runs it.
    state
        Whether it must run, and why.
    seconds
        Nominal run time, to balance groups.
    """

    node: str
    index: int
    slots: tuple[int, int]
    series: int
    identities: NDArray[np.uint64]
    group: int
    state: BatchState
    seconds: float

    @property
    def case_count(self) -> int:
        """Number of cases."""
        return self.slots[1] - self.slots[0]


def node_batches(
    node: NodePlan, series: Sequence[Series], held: NodeLedger | None, fingerprints: Mapping[str, str]
) -> Iterator[Batch]:
    """Batches of a node: those that the store holds, then new ones for the cases that it lacks."""
    next_chunk = -(-held.slot_count // node.batch_size) if held else 0
    search = held.search() if held else None
    for number in node.series:
        item = series[number]
        fresh = item.identities
        if held is not None and search is not None:
            slots, is_held = search.find(item.identities)
            fresh = fresh[~is_held]
            yield from _held_batches(
                node, number, item, held, slots=slots, fingerprint=fingerprints[item.backend]
            )
        for start in range(0, len(fresh), node.batch_size):
            identities = fresh[start : start + node.batch_size]
            first = next_chunk * node.batch_size
            yield Batch(
                node=node.name,
                index=next_chunk,
                slots=(first, first + len(identities)),
                series=number,
                identities=identities,
                group=UNASSIGNED,
                state=BatchState.NEW,
                seconds=_batch_seconds(node, item, len(identities)),
            )
            next_chunk += 1


def _held_batches(
    node: NodePlan,
    number: int,
    item: Series,
    held: NodeLedger,
    *,
    slots: NDArray[np.int64],
    fingerprint: str,
) -> Iterator[Batch]:
    """Batches of the store that hold cases of one series."""
    size = node.batch_size
    used = held.identity != 0
    finished = used & np.isin(held.status, RESULTS)
    current = finished & (held.fingerprint == fingerprint_number(fingerprint))
    masks = (used, finished, current)
    counts = np.array([np.add.reduceat(mask, np.arange(0, len(mask), size), dtype=int) for mask in masks])
    for chunk in np.unique(slots // size).tolist():
        used_count, finished_count, current_count = counts[:, chunk].tolist()
        first = chunk * size
        yield Batch(
            node=node.name,
            index=chunk,
            slots=(first, first + used_count),
            series=number,
            identities=held.identity[first : first + used_count],
            group=int(held.group[first]),
            state=_state(used_count, finished_count, current_count),
            seconds=_batch_seconds(node, item, used_count),
        )


def _state(used_count: int, finished_count: int, current_count: int) -> BatchState:
    if finished_count < used_count:
        return BatchState.UNFINISHED
    return BatchState.DONE if current_count == used_count else BatchState.STALE


def _batch_seconds(node: NodePlan, item: Series, case_count: int) -> float:
    steps = node.layout.simulation.duration / item.dt
    evaluations = steps * item.integrator.evaluations_per_step
    return nominal_seconds(item.backend, evaluations, item.source.body_count, case_count)


def fingerprint_number(fingerprint: str) -> int:
    """The first 64 bits of a fingerprint, as stores keep it beside each case."""
    return int(fingerprint[:16], 16)
