"""Read a store: its ledger for planning, its cases for running, its results for people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from numpy.typing import NDArray

from molenspin.errors import MolenspinError
from molenspin.output.netcdf import writable
from molenspin.store.arrays import filled_rows
from molenspin.store.chunks import read_chunks, written_chunks
from molenspin.store.location import array_of, damaged, naming_damage, open_root, store_exists
from molenspin.store.nodes import nodes_in
from molenspin.store.origins import fingerprints
from molenspin.store.slots import check_statuses
from molenspin.sweep.ledger import Ledger, NodeLedger

if TYPE_CHECKING:
    import xarray as xr


def read_ledger(url: str) -> Ledger:
    """What the store holds, as its statuses say, which stand beside the data; empty if there is no store.

    Parameters
    ----------
    url
        Path or URL of the store.
    """
    if not store_exists(url):
        return Ledger()
    with naming_damage(url):
        nodes = dict(nodes_of(url))
        ledger = Ledger({name: _unread_ledger(node) for name, node in nodes.items()})
        for name, node in nodes.items():
            _read_statuses(node, ledger.nodes[name])
    return ledger


def nodes_of(url: str, *, read_only: bool = True) -> Iterator[tuple[str, zarr.Group]]:
    """Nodes of a store by name; other people's groups are passed over.

    Raises
    ------
    MolenspinError
        If there is no store, or a group holds results that nothing describes.
    """
    yield from _nodes_below(open_root(url, read_only=read_only), url)


def _nodes_below(root: zarr.Group, url: str) -> Iterator[tuple[str, zarr.Group]]:
    with naming_damage(url):
        nodes = list(nodes_in(root))
    yield from ((node.name, node.group) for node in nodes)


def read_column(node: zarr.Group, name: str, part: slice = slice(None)) -> NDArray[Any]:
    """One per-case array, whole or a part.

    Raises
    ------
    MolenspinError
        If it is damaged.
    """
    with naming_damage(str(node.store_path)):
        return np.asarray(array_of(node, name)[part])


def open_results(store: "str | PathLike[str]", *, chunks: Any = None) -> "xr.DataTree":  # noqa: ANN401
    """The results as a tree of datasets, one for each node, without unused slots.

    Parameters
    ----------
    store
        Path or URL of the store, folder of the sweep, or a zip file of one of them.
    chunks
        As for `xarray.open_dataset`: ``{}`` for dask arrays in the store's chunks.

    Raises
    ------
    MolenspinError
        If there is no store, or what describes it is damaged or half written; later, when values are used
        that are damaged.
    """
    from molenspin.store.opening import naming_zip_damage, open_place

    with naming_damage(str(store)), naming_zip_damage(store):
        return _tree(open_place(store), str(store), chunks)


def _tree(root: zarr.Group, place: str, chunks: Any) -> "xr.DataTree":  # noqa: ANN401
    import xarray as xr

    from molenspin.store.datasets import open_node

    nodes = {name: open_node(node, chunks=chunks) for name, node in _nodes_below(root, place)}
    datasets = {"/": xr.Dataset(attrs=root.attrs.asdict()), **nodes}
    return xr.DataTree.from_dict({name: writable(dataset) for name, dataset in datasets.items()})


def _unread_ledger(node: zarr.Group) -> NodeLedger:
    identity, group = read_column(node, "identity"), read_column(node, "group")
    used = np.flatnonzero(identity)
    # A preparation that was killed leaves slots without an identity at the end: they are given out again.
    slot_count = int(used[-1]) + 1 if len(used) else 0
    if len(group) < slot_count or np.any(group[used] < 0):
        raise damaged(f"{node.store_path}/group", "it is missing or lacks values")
    return NodeLedger(
        layout=str(node.attrs["layout"]),
        batch_size=_integer(node, "batch_size"),
        identity=identity[:slot_count],
        group=group[:slot_count],
        status=np.zeros(slot_count, dtype=np.int8),
        fingerprint=np.zeros(slot_count, dtype=np.uint64),
    )


def _read_statuses(node: zarr.Group, ledger: NodeLedger) -> None:
    """Fill in status and fingerprint from the chunks that were written."""
    status, origin = array_of(node, "status"), array_of(node, "origin")
    size, written = ledger.batch_size, written_chunks(status)
    # Also what lies beyond the last slot is looked at: an identity may be lost there.
    statuses = np.zeros(max(ledger.slot_count, (1 + max(written, default=-1)) * size), dtype=np.int8)
    numbers = np.zeros(len(statuses), dtype=np.uint64)
    read = zip(
        written, read_chunks(status, written), read_chunks(origin, written, parse=fingerprints), strict=True
    )
    for chunk, some, others in read:
        slots = slice(chunk * size, (chunk + 1) * size)
        statuses[slots], numbers[slots] = some, others
    check_statuses(str(node.store_path), ledger.identity, statuses)
    ledger.status[:], ledger.fingerprint[:] = statuses[: ledger.slot_count], numbers[: ledger.slot_count]


def _integer(node: zarr.Group, name: str) -> int:
    value = node.attrs[name]
    if not isinstance(value, int) or value < 1:
        raise MolenspinError(f"{node.path}: attribute {name} is {value!r}, not a count")
    return value


def case_rows(node: zarr.Group, chunks: Sequence[int]) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
    """First slot of each batch, and the columns of its used slots."""
    parameters = [str(name) for name in node.attrs["parameters"]]  # type: ignore[union-attr]
    names = ("dt", "integrator", "backend", "identity", "status", *parameters)
    size = _integer(node, "batch_size")
    # Of a large node a group reads its part only.
    begin = min(chunks) * size
    part = slice(begin, (max(chunks) + 1) * size)
    columns = {name: read_column(node, name, part) for name in names}
    check_statuses(str(node.store_path), columns["identity"], columns["status"])
    _check_columns(node, columns, ("dt", "integrator", "backend", *parameters))
    # Without a status nothing else of a batch counts: a power loss may have damaged it.
    ended = [chunk for chunk in chunks if columns["status"][chunk * size - begin :][:size].any()]
    origins = dict(zip(ended, read_chunks(array_of(node, "origin"), ended), strict=True))
    for chunk in chunks:
        first = chunk * size - begin
        batch = {name: values[first : first + size] for name, values in columns.items()}
        batch["origin"] = origins.get(chunk, np.full(size, "", dtype=object))
        used = int(np.count_nonzero(batch["identity"]))
        yield chunk * size, {name: values[:used] for name, values in batch.items()}


def _check_columns(node: zarr.Group, columns: Mapping[str, NDArray[Any]], names: Iterable[str]) -> None:
    """Refuse to run cases of which a setting or parameter is lost."""
    is_used = columns["identity"] != 0
    for name in names:
        if len(columns[name]) != len(is_used) or not filled_rows(columns[name])[is_used].all():
            raise damaged(f"{node.store_path}/{name}", "it is missing or lacks values")
