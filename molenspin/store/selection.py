"""The cases of a store that a configuration asks for: what tables, figures and reports are about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from molenspin.config import Config
from molenspin.errors import MolenspinError
from molenspin.store.reading import nodes_of, open_results, read_column
from molenspin.sweep.cases import Series
from molenspin.sweep.layout import Layout, layout_labels, layouts_of
from molenspin.sweep.ledger import SlotSearch

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The cases of one layout that a configuration asks for.

    Parameters
    ----------
    label
        Name of the assembly in tables.
    layout
        What the cases share.
    identities
        The cases, in the order of the configuration.
    """

    label: str
    layout: Layout
    identities: NDArray[np.uint64]

    def find(self, held: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Positions of the cases among the identities that a node holds; those that it lacks are left out."""
        order = np.argsort(held)
        return SlotSearch(held[order], order).find(self.identities)[0]


def select(config: Config, series: Sequence[Series]) -> list[Selection]:
    """What a configuration asks for, by layout, sorted by label and size.

    Parameters
    ----------
    config
        The configuration.
    series
        Its cases, from `molenspin.sweep.cases.expand`.
    """
    layouts = layouts_of(config, series)
    labels = layout_labels({digest: layout for digest, (layout, _) in layouts.items()})
    found = [
        Selection(
            label=labels[digest],
            layout=layout,
            identities=np.concatenate([series[number].identities for number in numbers]),
        )
        for digest, (layout, numbers) in layouts.items()
    ]
    return sorted(found, key=lambda item: (item.label, item.layout.source.body_count))


def selected_slots(
    url: str, selections: Sequence[Selection]
) -> Iterator[tuple[Selection, str, NDArray[np.int64]]]:
    """Node and slots of each selection's cases; cases that the store lacks are left out.

    Yields
    ------
    Selection, str, array
        The selection, the name of its node ("" where there is none), and the slots.
    """
    held = {str(node.attrs["layout"]): (name, node) for name, node in nodes_of(url)}
    for selection in selections:
        name, node = held.get(selection.layout.digest, ("", None))
        identities = read_column(node, "identity") if node is not None else np.empty(0, dtype=np.uint64)
        yield selection, name, selection.find(np.asarray(identities, dtype=np.uint64))


def selected_results(url: str, selections: Sequence[Selection]) -> "Iterator[tuple[Selection, xr.Dataset]]":
    """The cases of each selection as a lazy dataset over ``case``, in the order of the configuration.

    Raises
    ------
    MolenspinError
        If the store lacks some of them.
    """
    nodes = {str(node.attrs["layout"]): node for node in open_results(url, chunks={}).children.values()}
    for selection in selections:
        node = nodes.get(selection.layout.digest)
        dataset = node.to_dataset() if node is not None else None
        positions = selection.find(dataset["identity"].to_numpy()) if dataset is not None else ()
        if dataset is None or len(positions) < len(selection.identities):
            raise MolenspinError(
                f"{url}: of {selection.label}, {len(selection.identities) - len(positions)} of "
                f"{len(selection.identities)} cases are missing; run the workflow again"
            )
        yield selection, dataset.isel(case=np.asarray(positions))
