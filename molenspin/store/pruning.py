"""Remove from a store what no configuration asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.sync import sync

from molenspin.store.arrays import OUTCOMES
from molenspin.store.location import array_of, open_root
from molenspin.store.nodes import names_in, nodes_in
from molenspin.store.reading import nodes_of, read_column
from molenspin.store.repair import claimed, withdraw_node
from molenspin.store.restoration import consolidate
from molenspin.store.selection import Selection
from molenspin.sweep.plan import group_name


@dataclass(frozen=True, kw_only=True)
class Surplus:
    """Batches of a node that hold only cases that are not asked for.

    Parameters
    ----------
    node
        Name of the node.
    chunks
        Numbers of the batches.
    case_count
        Cases in them.
    groups
        Groups that computed them.
    is_whole
        Whether these are all batches of the node, so that the node goes.
    """

    node: str
    chunks: tuple[int, ...]
    case_count: int
    groups: frozenset[str]
    is_whole: bool


def find_surplus(url: str, selections: Sequence[Selection]) -> list[Surplus]:
    """Batches of a store without a single case that is asked for.

    Parameters
    ----------
    url
        Path or URL of the store.
    selections
        What is asked for.
    """
    kept: dict[str, list[Selection]] = {}
    for selection in selections:
        kept.setdefault(selection.layout.digest, []).append(selection)
    found = (_surplus(name, node, kept.get(str(node.attrs["layout"]), [])) for name, node in nodes_of(url))
    return [surplus for surplus in found if surplus is not None]


def _surplus(name: str, node: zarr.Group, kept: Sequence[Selection]) -> Surplus | None:
    identity, group, backend = (read_column(node, column) for column in ("identity", "group", "backend"))
    size = array_of(node, "status").chunks[0]
    used = np.flatnonzero(identity)
    found = [one.find(identity) for one in kept]
    asked = np.concatenate([np.empty(0, dtype=np.int64), *found])
    chunks = np.setdiff1d(used // size, asked // size)
    if not len(chunks):
        return None
    slots = used[np.isin(used // size, chunks)]
    pairs = {(str(b), int(g)) for b, g in zip(backend[slots], group[slots], strict=True)}
    return Surplus(
        node=name,
        chunks=tuple(chunks.tolist()),
        case_count=len(slots),
        groups=frozenset(group_name(*pair) for pair in pairs),
        is_whole=len(slots) == len(used),
    )


def prune(url: str, surplus: Sequence[Surplus]) -> None:
    """Delete these batches; other people's arrays stay.

    Parameters
    ----------
    url
        Path or URL of the store.
    surplus
        From `find_surplus`.

    Raises
    ------
    MolenspinError
        If the store is being prepared, or one of the groups is being computed; then nothing is deleted.
    """
    with claimed(url, {group for item in surplus for group in item.groups}):
        root = open_root(url)
        nodes = {node.name: node for node in nodes_in(root)}
        for item in surplus:
            if item.is_whole:
                withdraw_node(nodes[item.node])
                if names_in(root.store, item.node) == ["zarr.json"]:
                    sync(root.store.delete_dir(item.node))
            else:
                _prune_batches(nodes[item.node].group, item.chunks)
        consolidate(root)


def _prune_batches(node: zarr.Group, chunks: Sequence[int]) -> None:
    """Give the slots of batches back, their statuses first: from then on they count as not computed."""
    size = array_of(node, "status").chunks[0]
    for chunk in chunks:
        _delete_chunk(array_of(node, "status"), chunk)
    slots = _slots(chunks, size, array_of(node, "identity").shape[0])
    for name, unused in (("identity", 0), ("group", -1)):
        column = np.asarray(array_of(node, name)[:])
        column[slots] = unused
        array_of(node, name)[:] = column
    variables: Any = node.attrs["variables"]
    for name in (*variables, *OUTCOMES):
        for chunk in chunks:
            _delete_chunk(array_of(node, name), chunk)


def _slots(chunks: Sequence[int], size: int, slot_count: int) -> NDArray[np.int64]:
    slots = (np.asarray(chunks)[:, None] * size + np.arange(size)).ravel()
    return slots[slots < slot_count]


def _delete_chunk(array: zarr.Array[Any], chunk: int) -> None:
    """Delete what a batch wrote in an array: one chunk, or a row of them."""
    key = f"{array.path}/c/{chunk}"
    sync(array.store.delete(key) if array.ndim == 1 else array.store.delete_dir(key))
