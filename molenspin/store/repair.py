"""Repair a store: write anew what can be derived, withdraw the rest so that the next run computes it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import zarr
from zarr.core.sync import sync

from molenspin.store.claims import claim, claim_place
from molenspin.store.description import array_names, group_attributes, read_bytes
from molenspin.store.location import open_root
from molenspin.store.nodes import Node, nodes_in
from molenspin.store.records import record_files
from molenspin.store.restoration import consolidate, restore, restore_root, write_group
from molenspin.store.verification import Damage, Remedy


def repair(url: str, damages: Sequence[Damage], records: Path) -> None:
    """Restore what is damaged, or mark what depends on it as not computed; the next run computes it.

    Other people's arrays stay.

    Parameters
    ----------
    url
        The store.
    damages
        What was found.
    records
        Folder of the groups' records; those of the groups that are hit are deleted.

    Raises
    ------
    MolenspinError
        If the store is being prepared, or a group that is hit is being computed; then nothing is changed.
    """
    whole = any(damage.remedy is Remedy.NODE for damage in damages)
    kept = {path.name.partition(".")[0] for path in record_files(records)} if whole else set()
    groups = {damage.group for damage in damages if damage.group} | kept
    with claimed(url, groups):
        for path in (path for group in groups for path in record_files(records, group)):
            path.unlink(missing_ok=True)
        for damage in damages:
            if damage.remedy is Remedy.RECORD:
                Path(damage.key).unlink(missing_ok=True)
        if any(damage.remedy is not Remedy.RECORD for damage in damages):
            _repair_store(open_root(url), damages)


@contextmanager
def claimed(url: str, groups: set[str]) -> Iterator[None]:
    """Hold the store's preparation and the groups, so that no job writes there meanwhile."""
    with ExitStack() as held:
        purposes = {"plan": f"preparing {url}"} | {group: f"group {group}" for group in sorted(groups)}
        claims = [held.enter_context(claim(claim_place(url, name), text)) for name, text in purposes.items()]
        for one in claims:
            one.check()
        yield


def _repair_store(root: zarr.Group, damages: Sequence[Damage]) -> None:
    nodes = {node.name: node for node in nodes_in(root)}
    lost = {damage.node for damage in damages if damage.remedy is Remedy.NODE}
    for damage in damages:
        if damage.remedy is Remedy.BATCH and damage.node not in lost:
            # The status first: from then on the batch counts as not computed.
            chunks = (f"{damage.node}/{name}/c/{damage.chunk}" for name in ("status", "origin"))
            for key in (*chunks, damage.key):
                sync(root.store.delete(key))
    for name in {damage.node for damage in damages if damage.remedy is Remedy.RESTORE and damage.node} - lost:
        restore(nodes[name])
    for name in lost:
        withdraw_node(nodes[name])
    restore_root(root)
    consolidate(root)


def withdraw_node(node: Node) -> None:
    """Delete the arrays of a node, and nothing else: planning creates them anew."""
    store, described = node.group.store, {*node.attributes} - {"node"}
    for name in array_names(node.attributes):
        sync(store.delete_dir(f"{node.name}/{name}"))
    found = group_attributes(read_bytes(store, f"{node.name}/zarr.json")) or {}
    kept = {name: value for name, value in found.items() if name not in described}
    write_group(store, node.name, kept | {"node": node.name})
