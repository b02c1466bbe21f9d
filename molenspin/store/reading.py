"""Read a store: its ledger for planning, its cases for running, its results for people."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from numpy.typing import NDArray

from molenspin.errors import MolenspinError
from molenspin.store.chunks import read_chunks, written_chunks
from molenspin.store.location import array_of, first_line, naming_damage, open_root, store_exists
from molenspin.store.origins import fingerprints
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
    """Nodes of a store whose creation was finished, by name."""
    root = open_root(url, read_only=read_only)
    with naming_damage(url):
        nodes = sorted(root.groups())
    yield from ((name, node) for name, node in nodes if "layout" in node.attrs)


def read_column(node: zarr.Group, name: str, part: slice = slice(None)) -> NDArray[Any]:
    """One per-case array, whole or a part.

    Raises
    ------
    MolenspinError
        If it is damaged.
    """
    with naming_damage(str(node.store_path)):
        return np.asarray(array_of(node, name)[part])


def open_results(url: str, *, chunks: Any = None) -> "xr.DataTree":  # noqa: ANN401
    """The results as a tree of datasets, one for each node, without unused slots.

    Parameters
    ----------
    url
        Path or URL of the store.
    chunks
        Handed to `xarray.open_datatree`: ``{}`` for dask arrays in the store's chunks.

    Raises
    ------
    MolenspinError
        If there is no store, or what describes it is damaged or half written.
    """
    import xarray as xr

    from molenspin.store.unpacking import unpack

    store: Any = open_root(url, read_only=True).store
    try:
        tree = xr.open_datatree(store, engine="zarr", consolidated=False, chunks=chunks)
    except ValueError as error:
        raise MolenspinError(
            f"{url} cannot be opened ({first_line(error)}): if a workflow that adds to it was stopped, run "
            "it again, which keeps all results; else `molenspin verify` names what is damaged"
        ) from error
    used = {}
    for name, node in nodes_of(url):
        dataset = tree.children[name].to_dataset(inherit=False)
        dataset = unpack(dataset, node, in_chunks=chunks is not None)
        used[name] = dataset.isel(case=np.flatnonzero(dataset["identity"]))
    return xr.DataTree.from_dict({"/": tree.to_dataset(), **used})


def _unread_ledger(node: zarr.Group) -> NodeLedger:
    identity, group = read_column(node, "identity"), read_column(node, "group")
    used = np.flatnonzero(identity)
    # A preparation that was killed leaves slots without an identity at the end: they are given out again.
    slot_count = int(used[-1]) + 1 if len(used) else 0
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
    size = ledger.batch_size
    used = [chunk for chunk in written_chunks(status) if chunk * size < ledger.slot_count]
    found = zip(used, read_chunks(status, used), read_chunks(origin, used, parse=fingerprints), strict=True)
    for chunk, statuses, numbers in found:
        slots = slice(chunk * size, min((chunk + 1) * size, ledger.slot_count))
        ledger.status[slots] = statuses[: slots.stop - slots.start]
        ledger.fingerprint[slots] = numbers[: slots.stop - slots.start]


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
    # Without a status nothing else of a batch counts: a power loss may have damaged it.
    ended = [chunk for chunk in chunks if columns["status"][chunk * size - begin :][:size].any()]
    origins = dict(zip(ended, read_chunks(array_of(node, "origin"), ended), strict=True))
    for chunk in chunks:
        first = chunk * size - begin
        batch = {name: values[first : first + size] for name, values in columns.items()}
        batch["origin"] = origins.get(chunk, np.full(size, "", dtype=object))
        used = int(np.count_nonzero(batch["identity"]))
        yield chunk * size, {name: values[:used] for name, values in batch.items()}
