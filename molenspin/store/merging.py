"""Two stores in one: the cases of several machines together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.metadata import ArrayV3Metadata

from molenspin.errors import InvalidValueError, MergeConflictError, MolenspinError
from molenspin.output.durable_files import sync_trees
from molenspin.status import CaseStatus
from molenspin.store.arrays import QUANTITIES, TEXT
from molenspin.store.description import array_names, per_case_arrays, with_checksum
from molenspin.store.durable_store import folder_of
from molenspin.store.location import array_of, open_location, open_root
from molenspin.store.origins import fingerprints, machines
from molenspin.store.pairing import AGREEMENT, NodePair, Slots, pair_nodes, read_rows, trajectory_differences
from molenspin.store.restoration import consolidate, write_description
from molenspin.store.slots import read_coordinate
from molenspin.sweep.labels import keyed_name, shared_names

PHYSICAL = (CaseStatus.OK, CaseStatus.DIVERGED, CaseStatus.NOT_CONVERGED)
"""Statuses that the physics decides: two machines must agree on them."""

LISTED_CONFLICTS = 10

MERGED = "merged"
"""Key under which an attribute of the merged store keeps the values that differ."""


@dataclass(frozen=True)
class _Row:
    """Where a case of the merged store comes from."""

    identity: int
    node: zarr.Group
    slot: int


def merge_stores(first: str, second: str, target: str) -> int:
    """Write both stores' cases into a new store, in an order that does not depend on the arguments'.

    A case that both hold is taken once: a finished one before one that is not, then by machine and code.

    Parameters
    ----------
    first, second
        Paths or URLs of the stores.
    target
        Path or URL of the new store, where nothing may be yet.

    Returns
    -------
    int
        Number of cases in the new store.

    Raises
    ------
    MergeConflictError
        If the two disagree on the trajectory or the end of a case: names both machines.
    InvalidValueError
        If there is something at the target.
    """
    pairs = list(pair_nodes(first, second))
    conflicts = sorted(conflict for pair in pairs for conflict in _conflicts(pair))
    if conflicts:
        listed = conflicts[:LISTED_CONFLICTS]
        more = [f"  and {len(conflicts) - len(listed)} more"] if len(conflicts) > len(listed) else []
        raise MergeConflictError("\n".join(["the stores disagree in physics:", *listed, *more]))
    root = _create_root(target)
    counts = [_write_node(root, pair, name, number) for number, (name, pair) in enumerate(_named(pairs))]
    if folder := folder_of(root.store):
        sync_trees(folder.parent, [folder.name])
    # Written last: a store without it is not taken for one.
    roots = (open_root(url, read_only=True) for url in (first, second))
    durable = zarr.open_group(open_location(target), mode="r+", zarr_format=3)
    durable.update_attributes(with_checksum(_merged_attributes(*roots)))
    consolidate(durable)
    return sum(counts)


def _create_root(target: str) -> zarr.Group:
    try:
        return zarr.open_group(open_location(target, durable=False), mode="w-", zarr_format=3)
    except FileExistsError:
        raise InvalidValueError(f"{target}: exists already; choose another place") from None


def _conflicts(pair: NodePair) -> Iterator[str]:
    if pair.first is None or pair.second is None:
        return
    before, after = (
        read_rows(node, "status", slots)
        for node, slots in ((pair.first, pair.first_slots), (pair.second, pair.second_slots))
    )
    differences = trajectory_differences(pair)
    ends_differ = np.isin(before, PHYSICAL) & np.isin(after, PHYSICAL) & (before != after)
    for row in np.flatnonzero(ends_differ | (differences > AGREEMENT)):
        one, other = sorted(
            (
                _result(pair.first, pair.first_slots[row], before[row]),
                _result(pair.second, pair.second_slots[row], after[row]),
            )
        )
        apart = "" if ends_differ[row] else f", {differences[row]:.1e} apart"
        yield f"  {_case(pair.first, pair.first_slots[row])}: {one} against {other}{apart}"


def _case(node: zarr.Group, slot: int) -> str:
    settings = ", ".join(_text(node, name, slot) for name in ("backend", "integrator"))
    return f"{node.attrs['name']}, {settings}, dt = {float(_text(node, 'dt', slot)):g} s"


def _result(node: zarr.Group, slot: int, status: int) -> str:
    return f"{machines(read_rows(node, 'origin', np.array([slot])))[0]} ({CaseStatus(status).label})"


def _text(node: zarr.Group, name: str, slot: int) -> str:
    return str(array_of(node, name)[int(slot)])


def _named(pairs: list[NodePair]) -> Iterator[tuple[str, NodePair]]:
    shared = shared_names({pair.layout: pair.name for pair in pairs})
    for pair in pairs:
        yield keyed_name(pair.name, pair.layout) if pair.name in shared else pair.name, pair


def _write_node(root: zarr.Group, pair: NodePair, name: str, number: int) -> int:
    nodes = [node for node in (pair.first, pair.second) if node is not None]
    template = min(nodes, key=lambda node: int(str(node.attrs["batch_size"])))
    rows = sorted(_rows(pair), key=lambda row: row.identity)
    group = root.create_group(name)
    for array_name in array_names(template.attrs):
        array = array_of(template, array_name)
        by_case = array_name in per_case_arrays(template.attrs)
        copy = _create_like(group, array_name, array, len(rows) if by_case else array.shape[0])
        if not by_case:
            copy[:] = read_coordinate(template, array_name)
            continue
        for start in range(0, len(rows), copy.chunks[0]):
            copy[start : start + copy.chunks[0]] = _gather(array_name, rows[start : start + copy.chunks[0]])
    # The groups of the two sweeps are no more: one group holds the node.
    array_of(group, "group")[:] = number
    group.update_attributes({**template.attrs.asdict(), "node": name})
    write_description(group)
    return len(rows)


def _create_like(group: zarr.Group, name: str, array: zarr.Array[Any], length: int) -> zarr.Array[Any]:
    dtype: Any = array.dtype if array.dtype.kind in "fiu" else TEXT
    return group.create_array(
        name,
        shape=(length, *array.shape[1:]),
        chunks=array.chunks,
        dtype=dtype,
        fill_value=array.fill_value,
        compressors=array.compressors,
        dimension_names=_dimensions(array),
        attributes=array.attrs.asdict(),
    )


def _dimensions(array: zarr.Array[Any]) -> tuple[str | None, ...]:
    if not isinstance(array.metadata, ArrayV3Metadata) or not array.metadata.dimension_names:
        raise MolenspinError(f"{array.path}: an array without named dimensions, not written by molenspin")
    return array.metadata.dimension_names


def _gather(name: str, rows: list[_Row]) -> NDArray[Any]:
    """Values of the rows, each read from its own node, many at a time."""
    parts, order = [], []
    for node in {id(row.node): row.node for row in rows}.values():
        mine = [position for position, row in enumerate(rows) if row.node is node]
        parts.append(read_rows(node, name, np.array([rows[position].slot for position in mine])))
        order += mine
    return np.concatenate(parts)[np.argsort(order)]


def _rows(pair: NodePair) -> Iterator[_Row]:
    """One row for each case of either store."""
    for node, slots in ((pair.first, pair.only_first), (pair.second, pair.only_second)):
        if node is not None:
            yield from _rows_of(node, slots)
    if pair.first is None or pair.second is None:
        return
    shared = zip(
        _rows_of(pair.first, pair.first_slots),
        _rows_of(pair.second, pair.second_slots),
        _preferences(pair.first, pair.first_slots),
        _preferences(pair.second, pair.second_slots),
        strict=True,
    )
    for first, second, preference, other_preference in shared:
        yield first if preference <= other_preference else second


def _rows_of(node: zarr.Group, slots: Slots) -> list[_Row]:
    identities = read_rows(node, "identity", slots)
    return [_Row(int(identity), node, int(slot)) for identity, slot in zip(identities, slots, strict=True)]


def _preferences(node: zarr.Group, slots: Slots) -> list[tuple[Any, ...]]:
    """What decides between two results of one case: the smaller tuple is taken."""
    status, origin = read_rows(node, "status", slots), read_rows(node, "origin", slots)
    elapsed = read_rows(node, "outcome", slots)[:, list(QUANTITIES).index("elapsed")]
    columns = (status, machines(origin), fingerprints(origin), elapsed)
    return [
        (status not in PHYSICAL, status == CaseStatus.PENDING, str(machine), int(fingerprint), float(elapsed))
        for status, machine, fingerprint, elapsed in zip(*columns, strict=True)
    ]


def _merged_attributes(first: zarr.Group, second: zarr.Group) -> dict[str, Any]:
    """Attributes that both have in common; of others, all values."""
    ours, theirs = first.attrs.asdict(), second.attrs.asdict()
    merged: dict[str, Any] = {}
    for name in sorted({*ours, *theirs} - {"checksum"}):
        values = [value for side in (ours, theirs) if name in side for value in _values(side[name])]
        distinct = [value for number, value in enumerate(values) if value not in values[:number]]
        merged[name] = distinct[0] if len(distinct) == 1 else {MERGED: sorted(distinct, key=repr)}
    return merged


def _values(attribute: Any) -> list[Any]:  # noqa: ANN401  (whatever JSON holds)
    """The values of an attribute, several where it was merged before."""
    return (
        list(attribute[MERGED]) if isinstance(attribute, dict) and set(attribute) == {MERGED} else [attribute]
    )
