"""The plan: which batches a sweep needs, which of them are done, and which group runs them.

Made once, while the workflow is read; `molenspin plan` prints it and the workflow runs it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molenspin.config import Config
from molenspin.status import CaseStatus
from molenspin.sweep.cases import Series
from molenspin.sweep.cost import nominal_seconds
from molenspin.sweep.layout import NodePlan, plan_nodes
from molenspin.sweep.ledger import RESULTS, Ledger, NodeLedger

UNASSIGNED = -1


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
    failed_count
        Cases whose result is a failure.
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
    failed_count: int
    seconds: float

    @property
    def case_count(self) -> int:
        """Number of cases."""
        return self.slots[1] - self.slots[0]


@dataclass(frozen=True)
class Group:
    """The batches that one job runs; the only writer of its part of the store.

    Parameters
    ----------
    number
        Its number, which never changes.
    backend
        The backend of all its batches.
    batches
        Its batches.
    digest
        Hash of what determines the results of its batches: cases and code.
    """

    number: int
    backend: str
    batches: tuple[Batch, ...]
    digest: str

    @property
    def name(self) -> str:
        """Name in file names: ``rust-0003``."""
        return group_name(self.backend, self.number)

    @property
    def chunks(self) -> dict[str, list[int]]:
        """Chunk numbers of its batches by node, as a job is told them."""
        by_node = groupby(
            sorted((batch.node, batch.index) for batch in self.batches), key=lambda item: item[0]
        )
        return {node: [index for _, index in items] for node, items in by_node}

    def as_parameters(self) -> dict[str, Any]:
        """The group in plain values, for a job's parameters."""
        return {
            "name": self.name,
            "number": self.number,
            "backend": self.backend,
            "chunks": self.chunks,
            "digest": self.digest,
        }

    @property
    def done(self) -> bool:
        """Whether nothing is left to run."""
        return all(batch.state is BatchState.DONE for batch in self.batches)


@dataclass(frozen=True)
class Plan:
    """A sweep, planned against what its store holds.

    Parameters
    ----------
    config
        The configuration.
    series
        All cases, in bulk.
    nodes
        Nodes of the store that hold them.
    batches
        All batches that hold a planned case.
    groups
        The batches by group.
    fingerprints
        Hash of the code that computes each backend's results, by backend.
    """

    config: Config
    series: tuple[Series, ...]
    nodes: tuple[NodePlan, ...]
    batches: tuple[Batch, ...]
    groups: tuple[Group, ...]
    fingerprints: Mapping[str, str]

    @property
    def case_count(self) -> int:
        """Number of cases."""
        return sum(series.case_count for series in self.series)

    @cached_property
    def digest(self) -> str:
        """Hash of the whole plan but for what is done: changes when cases or code change."""
        parts = (f"{group.number}:{group.digest}" for group in self.groups)
        return sha256("\n".join(parts).encode()).hexdigest()[:16]

    def batches_in(self, state: BatchState) -> tuple[Batch, ...]:
        """Batches in one state."""
        return tuple(batch for batch in self.batches if batch.state is state)


def make_plan(
    config: Config, series: tuple[Series, ...], ledger: Ledger, fingerprints: Mapping[str, str]
) -> Plan:
    """Plan a sweep.

    Parameters
    ----------
    config
        The validated configuration.
    series
        Its cases, from `molenspin.sweep.cases.expand`.
    ledger
        What the store holds.
    fingerprints
        Hash of the code behind each backend, 16 or more hexadecimal digits.
    """
    nodes = plan_nodes(config, series, ledger)
    batches = [
        batch
        for node in nodes
        for batch in _node_batches(node, series, ledger.nodes.get(node.name), fingerprints)
    ]
    batches = _assign_groups(config, batches, series, ledger.next_group)
    groups = _groups(batches, series, fingerprints)
    return Plan(config, series, nodes, tuple(batches), groups, fingerprints)


def group_name(backend: str, number: int) -> str:
    """Name of a group in file names."""
    return f"{backend}-{number:04d}"


def fingerprint_number(fingerprint: str) -> int:
    """The first 64 bits of a fingerprint, as stores keep it beside each case."""
    return int(fingerprint[:16], 16)


def _node_batches(
    node: NodePlan, series: Sequence[Series], held: NodeLedger | None, fingerprints: Mapping[str, str]
) -> Iterator[Batch]:
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
                failed_count=0,
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
    failed = finished & (held.status != CaseStatus.OK)
    masks = (used, finished, current, failed)
    counts = np.array([np.add.reduceat(mask, np.arange(0, len(mask), size), dtype=int) for mask in masks])
    for chunk in np.unique(slots // size).tolist():
        used_count, finished_count, current_count, failed_count = counts[:, chunk].tolist()
        first = chunk * size
        yield Batch(
            node=node.name,
            index=chunk,
            slots=(first, first + used_count),
            series=number,
            identities=held.identity[first : first + used_count],
            group=int(held.group[first]),
            state=_state(used_count, finished_count, current_count),
            failed_count=failed_count,
            seconds=_batch_seconds(node, item, used_count),
        )


def _state(used_count: int, finished_count: int, current_count: int) -> BatchState:
    if finished_count < used_count:
        return BatchState.UNFINISHED
    return BatchState.DONE if current_count == used_count else BatchState.STALE


def _batch_seconds(node: NodePlan, item: Series, case_count: int) -> float:
    steps = node.layout.simulation.duration / item.dt
    evaluations = steps * item.integrator.evaluations_per_step * case_count
    return nominal_seconds(item.backend, evaluations, item.source.body_count)


def _assign_groups(
    config: Config, batches: list[Batch], series: Sequence[Series], next_group: int
) -> list[Batch]:
    """Give every new batch a group: groups of one backend and of about equal run time."""
    backends = list(dict.fromkeys(item.backend for item in series))
    fresh = [batch for batch in batches if batch.group == UNASSIGNED]
    total = sum(batch.seconds for batch in fresh)
    target = max(config.execution.job_seconds, total / config.execution.jobs)
    assigned = [batch for batch in batches if batch.group != UNASSIGNED]
    for backend in backends:
        filled = 0.0
        mine = [batch for batch in fresh if series[batch.series].backend == backend]
        for batch in mine:
            if filled >= target:
                next_group, filled = next_group + 1, 0.0
            assigned.append(replace(batch, group=next_group))
            filled += batch.seconds
        next_group += bool(mine)
    return assigned


def _groups(
    batches: Sequence[Batch], series: Sequence[Series], fingerprints: Mapping[str, str]
) -> tuple[Group, ...]:
    by_number: dict[int, list[Batch]] = {}
    for batch in batches:
        by_number.setdefault(batch.group, []).append(batch)
    return tuple(
        _group(
            number, tuple(sorted(members, key=lambda batch: (batch.node, batch.index))), series, fingerprints
        )
        for number, members in sorted(by_number.items())
    )


def _group(
    number: int, batches: tuple[Batch, ...], series: Sequence[Series], fingerprints: Mapping[str, str]
) -> Group:
    backend = series[batches[0].series].backend
    digest = sha256(fingerprints[backend].encode())
    for batch in batches:
        digest.update(f"{batch.node}/{batch.index}".encode() + batch.identities.tobytes())
    return Group(number, backend, batches, digest.hexdigest()[:16])
