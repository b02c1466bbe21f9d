"""Nodes of a store: which groups are ours, what describes them, and what belongs to somebody else."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import zarr
from zarr.abc.store import Store
from zarr.core.sync import sync

from molenspin.errors import MolenspinError
from molenspin.output.durable_files import PARTIAL
from molenspin.store.arrays import COLUMNS, OUTCOMES
from molenspin.store.description import (
    COPY,
    VARIABLES,
    Attributes,
    Description,
    group_attributes,
    parse_description,
    parse_json,
    per_case_arrays,
    read_bytes,
)
from molenspin.store.location import array_of, damaged, group_at

REQUIRED = ("layout", "name", "assembly", "batch_size", "parameters", "simulation")
"""Attributes that every node has, in stores of all versions of this format."""


COORDINATES = {"time", "body", "quantity", "constraint"}
KNOWN = {*VARIABLES, *OUTCOMES, *COLUMNS}
"""Names of per-case arrays that a node can have, but for those of parameters."""


@dataclass(frozen=True)
class Node:
    """A node with what describes it.

    Parameters
    ----------
    name
        Its name in the store.
    group
        The node; its attributes are the right ones, also where those in ``zarr.json`` are not.
    found
        Attributes in its ``zarr.json``; None if that is missing or damaged.
    description
        The second copy; None if it is missing or damaged, as in stores of earlier versions.
    """

    name: str
    group: zarr.Group
    found: Mapping[str, Any] | None
    description: Description | None

    @property
    def attributes(self) -> dict[str, Any]:
        """What describes the node."""
        return self.group.attrs.asdict()

    @property
    def has_copy(self) -> bool:
        """Whether a second copy of the description must be there."""
        return self.description is not None or "node" in self.attributes


def names_in(store: Store, folder: str) -> list[str]:
    """Names in a folder of a store, but for what a killed write may leave."""

    async def names() -> list[str]:
        return [name async for name in store.list_dir(folder)]

    return sorted(name for name in sync(names()) if not name.endswith(".partial"))


def nodes_in(root: zarr.Group) -> Iterator[Node]:
    """All nodes of a store; groups of other people are passed over.

    Raises
    ------
    MolenspinError
        If a group holds arrays of results, but nothing says of what.
    """
    for name in names_in(root.store, root.path):
        if name == "zarr.json":
            continue
        node = _node(root, name)
        if node is not None:
            yield node
        elif _holds_results(root.store, _path(root, name)):
            raise MolenspinError(
                f"{root.store_path}/{name} holds results, but what described them is gone (were its "
                "attributes replaced?); nothing was changed: bring its zarr.json back from a backup, or move "
                "that folder out of the store and run again, which computes its cases anew"
            )


def node_in(root: zarr.Group, name: str) -> zarr.Group:
    """The node of that name.

    Raises
    ------
    MolenspinError
        If there is none.
    """
    node = _node(root, name)
    if node is None:
        raise MolenspinError(f"{root.store_path}: {name} is not a node of results; run the workflow again")
    return node.group


def _path(root: zarr.Group, name: str) -> str:
    """Path of a node in its Zarr store: in a zip the root may be a folder."""
    return f"{root.path}/{name}".lstrip("/")


def _node(root: zarr.Group, name: str) -> Node | None:
    store, path = root.store, _path(root, name)
    found = group_attributes(read_bytes(store, f"{path}/zarr.json"))
    description = parse_description(read_bytes(store, f"{path}/{COPY}"))
    if description is not None and description.attributes["node"] == name:
        attributes = {**(found or {}), **description.attributes}
        return Node(name, group_at(store, path, attributes), found, description)
    candidates = (found or {}, _consolidated_attributes(root, name) if _holds_results(store, path) else {})
    attributes = next((dict(one) for one in candidates if _is_described(one, name)), {})
    if not attributes:
        return None
    attributes.setdefault("variables", [one for one in VARIABLES if one in names_in(store, path)])
    return Node(name, group_at(store, path, attributes), found, None)


def _is_described(attributes: Attributes, name: str) -> bool:
    """Whether attributes are those of the node of that name; a copy under another name is somebody else's.

    So is a dataset of ours that was written by xarray: there the parameters are text.
    """
    is_whole = all(key in attributes for key in REQUIRED) and isinstance(attributes["parameters"], list)
    return is_whole and attributes.get("node", name) == name


def _consolidated_attributes(root: zarr.Group, name: str) -> dict[str, Any]:
    """Attributes of a group as the root of the store has them."""
    content: Any = parse_json(read_bytes(root.store, _path(root, "zarr.json")))
    try:
        return dict(content["consolidated_metadata"]["metadata"][name]["attributes"])
    except (KeyError, TypeError, ValueError):
        return {}


def _holds_results(store: Store, path: str) -> bool:
    """Whether a group looks like a node with slots, whatever describes it."""
    return set(OUTCOMES) <= set(names_in(store, path)) and not is_empty(store, path)


def is_empty(store: Store, path: str) -> bool:
    """Whether no array of ours in a group has a slot."""
    return not any(_slot_count(store, path, one) for one in names_in(store, path) if one in KNOWN)


def _slot_count(store: Store, path: str, array: str) -> int | None:
    """Slots of a per-case array; None for anything else."""
    document = parse_json(read_bytes(store, f"{path}/{array}/zarr.json")) or {}
    dimensions, shape = document.get("dimension_names"), document.get("shape")
    return int(shape[0]) if dimensions and shape and dimensions[0] == "case" else None


def arrays_of(node: zarr.Group) -> dict[str, zarr.Array[Any]]:
    """The per-case arrays of a node by name, of one length; other people's arrays are passed over.

    Raises
    ------
    MolenspinError
        If one is missing, or not as long or not chunked as the others.
    """
    arrays = {name: array_of(node, name) for name in per_case_arrays(node.attrs)}
    slot_count, batch_size = arrays["status"].shape[0], node.attrs["batch_size"]
    for name, array in arrays.items():
        by_batch = name in OUTCOMES or name in VARIABLES
        if array.shape[0] != slot_count or (by_batch and array.chunks[0] != batch_size):
            raise damaged(
                f"{node.store_path}/{name}",
                f"it has {array.shape[0]} slots of {slot_count}, in chunks of {array.chunks[0]} (or a "
                "workflow that adds to the store was stopped: run it again, which keeps all results)",
            )
    return arrays


def _has_no_file(store: Store, folder: str) -> bool:
    """Whether a folder is all that a power loss left of an array."""

    async def first_file() -> str | None:
        files = store.list_prefix(f"{folder}/")
        return await anext((name async for name in files if not name.endswith(PARTIAL)), None)

    return sync(first_file()) is None


def make_place(root: zarr.Group, name: str, arrays: Collection[str]) -> None:
    """Clear away what the creation of a node left that was killed.

    Parameters
    ----------
    root, name
        Where the node must go.
    arrays
        Names of its arrays.

    Raises
    ------
    MolenspinError
        If something else is there; then nothing is changed.
    """
    store = root.store
    left = set(names_in(store, name)) - {"zarr.json"}
    slots = {one: _slot_count(store, name, one) for one in left}
    attributes = group_attributes(read_bytes(store, f"{name}/zarr.json")) or {}
    if attributes.get("node") == name:  # withdrawn: other people's arrays stay
        left &= set(arrays)
    # Coordinates are created last.
    known = COORDINATES if left >= set(OUTCOMES) else set()
    if any(slots[one] != 0 and one not in known and not _has_no_file(store, f"{name}/{one}") for one in left):
        raise MolenspinError(
            f"{root.store_path}/{name} holds something else than results, where a node must go; nothing was "
            "changed: move that folder out of the store, then run again"
        )
    for one in left:
        sync(store.delete_dir(f"{name}/{one}"))
