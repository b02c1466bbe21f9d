"""The plan: which batches a sweep needs, which of them are done, and which group runs them.

Made once, while the workflow is read; `molenspin plan` prints it and the workflow runs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from json import dumps
from typing import Any

from molenspin.config import Config
from molenspin.sweep.batches import UNASSIGNED, Batch, BatchState, node_batches
from molenspin.sweep.cases import Series
from molenspin.sweep.layout import NodePlan, layout_labels, plan_nodes
from molenspin.sweep.ledger import Ledger


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

    @cached_property
    def asked(self) -> str:
        """Hash of the cases asked for, their code and the names that tables give them.

        What tables show follows from it: `digest` covers whole batches, which may hold cases of other plans.
        """
        labels = layout_labels({node.layout.digest: node.layout for node in self.nodes})
        digest = sha256(dumps([sorted(self.fingerprints.items()), sorted(labels.items())]).encode())
        for series in self.series:
            digest.update(series.identities.tobytes())
        return digest.hexdigest()[:16]

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
        for batch in node_batches(node, series, ledger.nodes.get(node.name), fingerprints)
    ]
    batches = _assign_groups(config, batches, series, ledger.next_group)
    groups = _groups(batches, series, fingerprints)
    return Plan(config, series, nodes, tuple(batches), groups, fingerprints)


def group_name(backend: str, number: int) -> str:
    """Name of a group in file names."""
    return f"{backend}-{number:04d}"


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
