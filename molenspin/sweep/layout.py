"""Nodes of the store: one for each assembly, output grid and set of varied parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps

from molenspin.config import Config
from molenspin.config.models import Simulation, Storage
from molenspin.sweep.cases import Series, sample_count
from molenspin.sweep.labels import keyed_name, shared_names
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


def layouts_of(config: Config, series: Sequence[Series]) -> dict[str, tuple[Layout, tuple[int, ...]]]:
    """The layouts that the series need, with the numbers of the series of each, by the layout's digest."""
    found: dict[str, tuple[Layout, list[int]]] = {}
    variables = tuple(config.storage.variables)
    for number, item in enumerate(series):
        layout = Layout(item.source, item.parameter_names, config.simulation, variables)
        found.setdefault(layout.digest, (layout, []))[1].append(number)
    return {digest: (layout, tuple(numbers)) for digest, (layout, numbers) in found.items()}


def layout_labels(layouts: Mapping[str, Layout]) -> dict[str, str]:
    """Name of each layout's assembly in tables, by the layout's digest: no two contents share one.

    The sizes of a family share its name, and layouts of one assembly that differ in what they vary share a
    label: the number of bodies and the parameters stand beside it.
    """
    sources = [layout.source for layout in layouts.values()]
    shared = shared_names({source.family or source.content: _short_name(source) for source in sources})
    return {
        digest: keyed_name(layout.source.name, layout.source.content)
        if not layout.source.family and layout.source.name in shared
        else _short_name(layout.source)
        for digest, layout in layouts.items()
    }


def series_labels(config: Config, series: Sequence[Series]) -> list[str]:
    """Name of each series' assembly in tables."""
    layouts = layouts_of(config, series)
    labels = layout_labels({digest: layout for digest, (layout, _) in layouts.items()})
    by_number = {number: labels[digest] for digest, (_, numbers) in layouts.items() for number in numbers}
    return [by_number[number] for number in range(len(series))]


def _short_name(source: AssemblySource) -> str:
    return source.family or source.name


def plan_nodes(config: Config, series: Sequence[Series], ledger: Ledger) -> tuple[NodePlan, ...]:
    """Distribute the series over nodes: those of the store where the layout fits, else new ones."""
    layouts = layouts_of(config, series)
    names = _node_names({digest: layout for digest, (layout, _) in layouts.items()}, ledger)
    return tuple(
        NodePlan(
            names[digest],
            layout,
            _batch_size(layout, [series[number] for number in members], config.storage)
            if names[digest] not in ledger.nodes
            else ledger.nodes[names[digest]].batch_size,
            members,
        )
        for digest, (layout, members) in layouts.items()
    )


def _node_names(layouts: Mapping[str, Layout], ledger: Ledger) -> dict[str, str]:
    """Nodes that exist keep their names; a new one has its assembly's name, with keys where that is taken."""
    names = {node.layout: name for name, node in ledger.nodes.items() if node.layout in layouts}
    fresh = {digest: layout.source for digest, layout in layouts.items() if digest not in names}
    shared = shared_names({source.content: source.name for source in fresh.values()})
    taken = set(ledger.nodes)
    for digest, source in fresh.items():
        keyed = keyed_name(source.name, source.content)
        first = keyed if source.name in shared else source.name
        names[digest] = next(name for name in (first, keyed, f"{keyed}-{digest}") if name not in taken)
        taken.add(names[digest])
    return names


def _batch_size(layout: Layout, series: Sequence[Series], storage: Storage) -> int:
    """Cases that share a chunk: as many as the memory budget allows, in batches of about equal size."""
    within_budget = int(storage.batch_mebibytes * 2**20 // layout.case_bytes)
    most = max(1, min(within_budget, storage.batch_members))
    largest = max(item.case_count for item in series)
    batch_count = -(-largest // most)
    return -(-largest // batch_count)
