"""Nodes of the store: one for each assembly, output grid and set of varied parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps

from molenspin.config import Config
from molenspin.config.models import Simulation, Storage
from molenspin.sweep.cases import Series, sample_count
from molenspin.sweep.ledger import Ledger
from molenspin.sweep.source import AssemblySource


@dataclass(frozen=True)
class Layout:
    """What all cases of a node share.

    Parameters
    ----------
    source
        The assembly.
    parameter_names
        Varied parameters, ``component.field``.
    simulation
        Duration, output grid and tolerances.
    variables
        Recorded variables.
    """

    source: AssemblySource
    parameter_names: tuple[str, ...]
    simulation: Simulation
    variables: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Hash of the layout: nodes of one digest can hold each other's cases."""
        parts = [self.source.content, self.parameter_names, self.simulation.model_dump(), self.variables]
        return sha256(dumps(parts).encode()).hexdigest()[:16]

    @property
    def sample_count(self) -> int:
        """Recorded states of a case."""
        return sample_count(self.simulation)

    def width(self, variable: str) -> int:
        """Bodies, or constraints for the reaction."""
        if variable == "reaction":
            return len(self.source.constraint_names)
        return self.source.body_count

    @property
    def case_bytes(self) -> int:
        """Uncompressed bytes of one case."""
        return 8 * self.sample_count * sum(self.width(variable) for variable in self.variables)


@dataclass(frozen=True)
class NodePlan:
    """A node with the series that it holds.

    Parameters
    ----------
    name
        Its name in the store.
    layout
        What its cases share.
    batch_size
        Slots of a batch: fixed when the node is made.
    series
        Numbers of the plan's series that it holds.
    """

    name: str
    layout: Layout
    batch_size: int
    series: tuple[int, ...]


def plan_nodes(config: Config, series: Sequence[Series], ledger: Ledger) -> tuple[NodePlan, ...]:
    """Distribute the series over nodes: those of the store where the layout fits, else new ones."""
    layouts: dict[str, Layout] = {}
    members: dict[str, list[int]] = {}
    for number, item in enumerate(series):
        variables = tuple(config.storage.variables)
        layout = Layout(item.source, item.parameter_names, config.simulation, variables)
        layouts.setdefault(layout.digest, layout)
        members.setdefault(layout.digest, []).append(number)
    names = _node_names(layouts, ledger)
    return tuple(
        NodePlan(
            names[digest],
            layout,
            _batch_size(layout, [series[number] for number in members[digest]], config.storage)
            if names[digest] not in ledger.nodes
            else ledger.nodes[names[digest]].batch_size,
            tuple(members[digest]),
        )
        for digest, layout in layouts.items()
    )


def _node_names(layouts: Mapping[str, Layout], ledger: Ledger) -> dict[str, str]:
    names = {node.layout: name for name, node in ledger.nodes.items() if node.layout in layouts}
    taken = set(ledger.nodes)
    for digest, layout in layouts.items():
        if digest in names:
            continue
        number, name = 1, layout.source.name
        while name in taken:
            number += 1
            name = f"{layout.source.name}-{number}"
        names[digest] = name
        taken.add(name)
    return names


def _batch_size(layout: Layout, series: Sequence[Series], storage: Storage) -> int:
    """Cases that share a chunk: as many as the memory budget allows, in batches of about equal size."""
    within_budget = int(storage.batch_mebibytes * 2**20 // layout.case_bytes)
    most = max(1, min(within_budget, storage.batch_members))
    largest = max(item.case_count for item in series)
    batch_count = -(-largest // most)
    return -(-largest // batch_count)
