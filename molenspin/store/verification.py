"""Read all that a store must hold, name what is damaged, and restore it or withdraw what depends on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from molenspin.errors import DamagedFileError, MolenspinError
from molenspin.output.sealed_files import read_sealed
from molenspin.status import CaseStatus
from molenspin.store.arrays import COLUMNS, filled_rows
from molenspin.store.chunks import written_chunks
from molenspin.store.description import COPY, array_names
from molenspin.store.location import DAMAGE, array_of, first_line, naming_damage, open_root
from molenspin.store.nodes import Node, arrays_of, nodes_in
from molenspin.store.records import SUMMARY_KIND, load_record, record_files
from molenspin.store.restoration import MISSING, wrong_coordinates, wrong_documents, wrong_root
from molenspin.store.slots import STATUSES
from molenspin.sweep.ledger import RESULTS
from molenspin.sweep.plan import group_name

LACKING = "is missing or lacks values"


class Remedy(Enum):
    """What repairing does about a damage."""

    RESTORE = "is written anew: no result is lost"
    BATCH = "hits a batch of group"
    NODE = "hits all of"
    RECORD = "is written again by the next run"


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A file that is missing, cannot be read, or lacks values.

    Parameters
    ----------
    key
        Its key in the store, which is its file below the store's folder; the path of a record.
    reason
        What is wrong with it.
    remedy
        What repairing does.
    node
        Node of the store; "" where none is hit.
    chunk, group
        Batch that is hit, and the group that computes it.
    """

    key: str
    reason: str
    remedy: Remedy
    node: str = ""
    chunk: int = 0
    group: str = ""

    def __str__(self) -> str:
        hit = {Remedy.BATCH: f" {self.group}", Remedy.NODE: f" {self.node}"}.get(self.remedy, "")
        return f"{self.key}: {self.reason} ({self.remedy.value}{hit})"


NO_STATUS = "is missing, or a job was stopped while it wrote the batch"


def find_damage(url: str, records: Path | None = None) -> Iterator[Damage]:
    """What is damaged in a store, found by reading all of it but what other people put there.

    Where a description is damaged, the chunks that it describes are read after it was restored only.

    Parameters
    ----------
    url
        Path or URL of the store.
    records
        Folder of the groups' records, where it is known: a batch without a status is no damage as long as its
        group has no record, for then the job was stopped and the next run goes on.

    Raises
    ------
    MolenspinError
        If there is no store, or a group holds results that nothing describes.
    """
    root = open_root(url, read_only=True)
    with naming_damage(url):
        nodes = list(nodes_in(root))
        for reason in wrong_root(root, nodes):
            yield Damage(key="zarr.json", reason=reason, remedy=Remedy.RESTORE)
    for node in nodes:
        with naming_damage(f"{url}/{node.name}"):
            shared = [*_damaged_descriptions(node)] or [*_damaged_columns(node)]
            yield from shared or (
                damage for damage in _damaged_batches(node) if not _is_unfinished(damage, records)
            )


def find_damaged_records(records: Path, summary: Path) -> Iterator[Damage]:
    """Records of groups that cannot be read, or are gone although the sweep was finished.

    Parameters
    ----------
    records
        Folder of the groups' records.
    summary
        File that sums up the records of all groups; it need not be there.
    """
    for path in record_files(records):
        try:
            load_record(path)
        except DamagedFileError as error:
            yield Damage(key=str(path), reason=error.reason, remedy=Remedy.RECORD)
    if not summary.exists():
        return
    try:
        groups = read_sealed(summary, kind=SUMMARY_KIND)["digests"]
    except DamagedFileError as error:
        yield Damage(key=str(summary), reason=error.reason, remedy=Remedy.RECORD)
        return
    for group in groups:
        if not record_files(records, group):
            key = str(records / f"{group}.json")
            yield Damage(key=key, reason="is missing", remedy=Remedy.RECORD)


def _damaged_descriptions(node: Node) -> Iterator[Damage]:
    for document in wrong_documents(node):
        yield _restorable(node, document.key, document.reason)
    if node.description is None:
        yield from _without_copy(node)
    for name, _ in wrong_coordinates(node):
        yield _restorable(node, f"{node.name}/{name}/c/0", "is missing, or its values are wrong")


def _without_copy(node: Node) -> Iterator[Damage]:
    """Damage to the descriptions of arrays that no copy describes: without it they cannot be written anew."""
    if node.has_copy:
        yield _restorable(node, f"{node.name}/{COPY}", MISSING)
    for name in array_names(node.attributes):
        try:
            array_of(node.group, name)
        except MolenspinError:
            key = f"{node.name}/{name}/zarr.json"
            yield Damage(key=key, reason=MISSING, remedy=Remedy.NODE, node=node.name)


def _restorable(node: Node, key: str, reason: str) -> Damage:
    return Damage(key=key, reason=reason, remedy=Remedy.RESTORE, node=node.name)


def _damaged_columns(node: Node) -> Iterator[Damage]:
    """Damage to what all batches need to know of their cases."""
    arrays = arrays_of(node.group)
    size, slot_count = arrays["identity"].chunks[0], arrays["identity"].shape[0]
    with_results = np.array(written_chunks(arrays["status"]), dtype=np.int64) * arrays["status"].chunks[0]
    for number in range(ceil(slot_count / size)):
        part = slice(number * size, (number + 1) * size)
        identity, lost = _read(arrays["identity"], part)
        inside = with_results[(with_results >= part.start) & (with_results < part.stop)] - part.start
        if not lost and not identity[inside[inside < len(identity)]].all():
            lost = f"{LACKING}: there are results of cases without an identity"
        reasons = {"identity": lost}
        for name in (*tuple(COLUMNS)[:-1], *node.attributes["parameters"]):
            values, reason = _read(arrays[name], part)
            is_known = bool(lost or reason) or filled_rows(values)[identity != 0].all()
            reasons[name] = reason or ("" if is_known else LACKING)
        for name, reason in reasons.items():
            if reason:
                key = f"{node.name}/{name}/c/{number}"
                yield Damage(key=key, reason=reason, remedy=Remedy.NODE, node=node.name)


@dataclass(frozen=True)
class _Batch:
    """A batch, to be verified.

    Parameters
    ----------
    node, arrays
        Its node.
    chunk
        Its number.
    slots
        Slots that it uses.
    group
        Name of its group.
    """

    node: str
    arrays: Mapping[str, zarr.Array[Any]]
    chunk: int
    slots: slice
    group: str

    def damage(self, name: str, reason: str, across: str = "") -> Damage:
        """Damage to a chunk of the batch."""
        key = f"{self.node}/{name}/c/{self.chunk}{across}"
        return Damage(
            key=key,
            reason=reason,
            remedy=Remedy.BATCH,
            node=self.node,
            chunk=self.chunk,
            group=self.group,
        )


def _damaged_batches(node: Node) -> Iterator[Damage]:
    arrays = arrays_of(node.group)
    identity, group, backend = (np.asarray(arrays[name][:]) for name in ("identity", "group", "backend"))
    size = arrays["status"].chunks[0]
    for chunk in np.unique(np.flatnonzero(identity) // size).tolist():
        first = chunk * size
        slots = slice(first, first + np.count_nonzero(identity[first : first + size]))
        name = group_name(str(backend[first]), int(group[first]))
        yield from _damaged_batch(_Batch(node.name, arrays, chunk, slots, name))


def _damaged_batch(batch: _Batch) -> Iterator[Damage]:
    status, reason = _read(batch.arrays["status"], batch.slots)
    if reason or not np.isin(status, list(CaseStatus)).all():
        yield batch.damage("status", reason or "holds numbers that are no status")
    elif np.isin(status, RESULTS).any():
        for name in ("origin", "message", "outcome"):
            yield from _damaged_outcome(batch, name, status)
        yield from _damaged_variables(batch, status)
    elif _has_origin(batch)[status == CaseStatus.PENDING].any():
        yield batch.damage("status", NO_STATUS)


def _is_unfinished(damage: Damage, records: Path | None) -> bool:
    return damage.reason == NO_STATUS and records is not None and not record_files(records, damage.group)


def _has_origin(batch: _Batch) -> NDArray[np.bool_]:
    """Which cases have left the first trace of a result."""
    origin, reason = _read(batch.arrays["origin"], batch.slots)
    return np.ones(batch.slots.stop - batch.slots.start, dtype=bool) if reason else filled_rows(origin)


def _damaged_outcome(batch: _Batch, name: str, status: NDArray[Any]) -> Iterator[Damage]:
    values, reason = _read(batch.arrays[name], batch.slots)
    if reason or not filled_rows(values)[np.isin(status, STATUSES[name])].all():
        yield batch.damage(name, reason or LACKING, "/0" * (batch.arrays[name].ndim - 1))


def _damaged_variables(batch: _Batch, status: NDArray[Any]) -> Iterator[Damage]:
    """Damage to trajectories: lost samples of cases that were finished, or that other variables have."""
    variables = {name: array for name, array in batch.arrays.items() if array.ndim == 3 and array.shape[1]}
    first = next(iter(variables.values()))
    for number in range(ceil(first.shape[2] / first.chunks[2])):
        found: dict[str, NDArray[np.bool_]] = {}
        for name, array in variables.items():
            part = slice(number * array.chunks[2], (number + 1) * array.chunks[2])
            values, reason = _read(array, (batch.slots, slice(None), part))
            if reason:
                yield batch.damage(name, reason, f"/0/{number}")
            else:
                found[name] = np.isfinite(values).all(axis=1)
        known = np.logical_or.reduce([*found.values()]) if found else np.zeros(0, dtype=bool)
        for name, is_known in found.items():
            finished = np.isin(status, STATUSES[name])
            if not is_known[finished].all() or np.any(known & ~is_known):
                yield batch.damage(name, LACKING, f"/0/{number}")


def _read(array: zarr.Array[Any], part: Any) -> tuple[NDArray[Any], str]:  # noqa: ANN401
    """Values of a part of an array; or none, and why it cannot be read."""
    try:
        return np.asarray(array[part]), ""
    except DAMAGE as error:
        return np.zeros(0), f"cannot be read: {first_line(error)}"
