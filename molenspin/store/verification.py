"""Read every chunk of a store, name what is damaged, and withdraw it so that it is computed again."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.sync import sync

from molenspin.errors import MolenspinError
from molenspin.status import CaseStatus
from molenspin.store.arrays import COLUMNS, OUTCOMES
from molenspin.store.claims import claim, claim_place
from molenspin.store.location import DAMAGE, array_of, naming_damage
from molenspin.store.reading import nodes_of, read_column
from molenspin.sweep.ledger import RESULTS
from molenspin.sweep.plan import group_name


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A chunk that cannot be read or lacks values.

    Parameters
    ----------
    node
        Node of the store.
    key
        The chunk's key, which is its file below the store's folder.
    reason
        What is wrong with it.
    status_key
        Key of the status chunk of the same batch; "" where the chunk is part of a column or a coordinate, so
        that the whole node depends on it.
    group
        Name of the group that computes the batch; "" where the whole node is hit.
    """

    node: str
    key: str
    reason: str
    status_key: str = ""
    group: str = ""

    def __str__(self) -> str:
        hit = f"a batch of group {self.group}" if self.group else f"all of {self.node}"
        return f"{self.key}: {self.reason} (hits {hit})"


def find_damage(url: str) -> Iterator[Damage]:
    """Damaged chunks, found by reading all that hold results.

    Raises
    ------
    MolenspinError
        If there is no store, or the description of the store or of a node cannot be read.
    """
    for name, node in nodes_of(url):
        with naming_damage(f"{url}/{name}"):
            shared = list(_damaged_shared_arrays(name, node))
            yield from shared or _damaged_batches(name, node)


def repair(url: str, damages: Iterable[Damage], records: Path) -> None:
    """Mark what is damaged as not computed; the next run of the workflow computes it.

    Parameters
    ----------
    url
        The store.
    damages
        What to withdraw.
    records
        Folder of the groups' records; those of the groups that are hit are deleted.

    Raises
    ------
    MolenspinError
        If a group that is hit is being computed; then nothing is changed.
    """
    found = list(damages)
    nodes = dict(nodes_of(url, read_only=False))
    groups = {damage.group for damage in found if damage.group}
    with ExitStack() as held:
        claims = [
            held.enter_context(claim(claim_place(url, group), f"group {group}")) for group in sorted(groups)
        ]
        for one in claims:
            one.check()
        whole = any(not damage.group for damage in found)
        for path in records.glob("*.json") if whole else [records / f"{group}.json" for group in groups]:
            path.unlink(missing_ok=True)
        for damage in found:
            _withdraw(nodes[damage.node], damage)


def _withdraw(node: zarr.Group, damage: Damage) -> None:
    if not damage.status_key:
        # A node without a layout counts as never finished: planning creates it anew.
        with suppress(KeyError):
            del node.attrs["layout"]
        return
    # The status first: from then on the batch counts as not computed.
    for key in (damage.status_key, damage.key):
        sync(node.store.delete(key))


def _damaged_shared_arrays(name: str, node: zarr.Group) -> Iterator[Damage]:
    """Damage to what all batches of a node need: columns that planning wrote, and coordinates."""
    missing = sorted({*COLUMNS, *OUTCOMES} - set(node.array_keys()))
    yield from (Damage(node=name, key=f"{name}/{array_name}", reason="is missing") for array_name in missing)
    per_batch = {*OUTCOMES, *(array_name for array_name, array in node.arrays() if array.ndim == 3)}
    for array_name, array in node.arrays():
        if array_name not in per_batch:
            for number in range(ceil(array.shape[0] / array.chunks[0])):
                part = slice(number * array.chunks[0], (number + 1) * array.chunks[0])
                needed = _needed(node, array_name, part)
                reason = _reading_fails(array, part, needed)
                if reason:
                    yield Damage(node=name, key=f"{name}/{array_name}/c/{number}", reason=reason)


def _needed(node: zarr.Group, array_name: str, part: slice) -> NDArray[np.bool_] | None:
    """Entries of a column or coordinate that must be numbers; None where any value is fine."""
    array = array_of(node, array_name)
    if array.dtype != np.float64:
        return None
    if array_name == "time":
        return np.ones(len(range(array.shape[0])[part]), dtype=bool)
    identity = array_of(node, "identity")
    return None if _reading_fails(identity, part) else np.asarray(identity[part]) != 0


def _damaged_batches(name: str, node: zarr.Group) -> Iterator[Damage]:
    identity, group, backend = (read_column(node, column) for column in ("identity", "group", "backend"))
    status = array_of(node, "status")
    size = status.chunks[0]
    for chunk in np.unique(np.flatnonzero(identity) // size).tolist():
        slots = slice(chunk * size, chunk * size + np.count_nonzero(identity[chunk * size :][:size]))

        def damage(
            key: str,
            reason: str,
            status_key: str = f"{name}/status/c/{chunk}",
            group: str = group_name(str(backend[slots.start]), int(group[slots.start])),
        ) -> Damage:
            return Damage(node=name, key=key, reason=reason, status_key=status_key, group=group)

        reason = _reading_fails(status, slots)
        if reason:
            yield damage(f"{name}/status/c/{chunk}", reason)
        elif np.isin(np.asarray(status[slots]), RESULTS).any():
            yield from _damaged_chunks(name, node, slots, damage)


def _damaged_chunks(
    name: str, node: zarr.Group, slots: slice, damage: Callable[[str, str], Damage]
) -> Iterator[Damage]:
    """Damage to the results of a batch that counts as computed."""
    computed = np.asarray(array_of(node, "status")[slots]) == CaseStatus.OK
    for array_name, array in node.arrays():
        chunk = slots.start // array.chunks[0]
        if array.ndim == 3:
            for number in range(ceil(array.shape[2] / array.chunks[2])):
                part = slice(number * array.chunks[2], (number + 1) * array.chunks[2])
                reason = _reading_fails(array, (slots, slice(None), part), computed)
                if reason:
                    yield damage(f"{name}/{array_name}/c/{chunk}/0/{number}", reason)
        elif array_name in OUTCOMES:
            reason = _reading_fails(array, slots, computed if array_name == "outcome" else None)
            if reason:
                yield damage("/".join([name, array_name, "c", str(chunk), *["0"] * (array.ndim - 1)]), reason)


def _reading_fails(
    array: zarr.Array[Any],
    part: Any,  # noqa: ANN401
    needed: NDArray[np.bool_] | None = None,
) -> str:
    """Why a part of an array cannot be used, "" if it can; rows that are needed must hold numbers."""
    try:
        values = np.asarray(array[part])
    except MolenspinError:
        raise
    except DAMAGE as error:
        return f"cannot be read: {error}"
    if needed is not None and not np.isfinite(values[np.flatnonzero(needed)]).all():
        return "is missing or lacks values"
    return ""
