"""Write anew what describes a node: its attributes, its arrays' descriptions, its coordinates, their copy.

No result is read or written here.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from json import dumps, loads
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.store import Store
from zarr.core.buffer import default_buffer_prototype
from zarr.core.metadata import ArrayV3Metadata
from zarr.core.sync import sync

from molenspin.assembly.yaml_format import assembly_from_dict
from molenspin.errors import MolenspinError
from molenspin.simulation.history import multiples
from molenspin.store.arrays import QUANTITIES
from molenspin.store.description import (
    COPY,
    Attributes,
    Description,
    array_names,
    checksum,
    coordinate_arrays,
    group_attributes,
    parse_json,
    per_case_arrays,
    read_bytes,
    with_checksum,
)
from molenspin.store.location import DAMAGE, array_of, damaged
from molenspin.store.nodes import Node

TIME_ROUNDING = 1e-12

MISSING = "is missing or damaged"


@dataclass(frozen=True)
class Document:
    """A JSON file of a node that does not say what it must.

    Parameters
    ----------
    key
        Its key in the store.
    reason
        What is wrong with it.
    content
        What it must say.
    """

    key: str
    reason: str
    content: bytes


def restore(node: Node) -> None:
    """Write what describes a node, where it does not stand in the store as it must.

    Raises
    ------
    MolenspinError
        If an array of a node is gone that no copy describes.
    """
    for document in wrong_documents(node):
        write_bytes(node.group.store, document.key, document.content)
    if node.description is None:
        node.group.update_attributes({"node": node.name})
        write_description(node.group)
    for name, values in wrong_coordinates(node):
        array_of(node.group, name)[:] = values


def wrong_documents(node: Node) -> Iterator[Document]:
    """Descriptions that are missing or wrong; those of arrays only if there is a copy to compare with."""
    derived: set[str] = set() if node.description else {"variables"}  # earlier versions did not write it
    found = node.found or {}
    lost = {key for key, value in node.attributes.items() if key not in derived and found.get(key) != value}
    if lost:
        reason = MISSING if node.found is None else f"its attributes were replaced: {', '.join(sorted(lost))}"
        yield Document(f"{node.name}/zarr.json", reason, _group_document(node.attributes))
    if node.description is not None:
        yield from _wrong_arrays(node, node.description)


def _wrong_arrays(node: Node, description: Description) -> Iterator[Document]:
    store = node.group.store
    keys = {name: f"{node.name}/{name}/zarr.json" for name in array_names(description.attributes)}
    found = {name: parse_json(read_bytes(store, key)) for name, key in keys.items()}
    slot_count = _slot_count(found[name] for name in per_case_arrays(description.attributes))
    for name, document in found.items():
        expected = _with_slots(description.arrays[name], slot_count)
        if document is None or not _says(document, expected):
            attributes = {**_attributes(document), **_attributes(expected)}
            reason = MISSING if document is None else "does not fit the node"
            yield Document(keys[name], reason, _bytes({**expected, "attributes": attributes}))


def _slot_count(documents: Iterator[Mapping[str, Any] | None]) -> int:
    """Slots that most arrays have: one may be damaged, or some extended when a job was killed."""
    shapes = [document.get("shape") for document in documents if document]
    counts = Counter(shape[0] for shape in shapes if isinstance(shape, list) and shape)
    return next((count for count, _ in counts.most_common(1) if isinstance(count, int)), 0)


def _with_slots(document: Mapping[str, Any], slot_count: int) -> dict[str, Any]:
    """The description of an array with so many slots, if it has one for each case."""
    by_case = document["dimension_names"][0] == "case"
    return {**document, "shape": [slot_count, *document["shape"][1:]]} if by_case else dict(document)


def _says(document: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether a description of an array says what is expected; it may have more attributes."""
    if not _attributes(expected).items() <= _attributes(document).items():
        return False
    plain, other = ({**one, "attributes": {}} for one in (document, expected))
    if plain == other:
        return True
    try:
        normal = _normal(other)  # as the present version of Zarr may have written it
        return _normal(plain) == normal and _keys(plain) <= _keys(other) | _keys(normal)
    except (*DAMAGE, IndexError):
        return False


def _normal(document: dict[str, Any]) -> Any:  # noqa: ANN401  (JSON)
    content = ArrayV3Metadata.from_dict(document).to_buffer_dict(default_buffer_prototype())
    return parse_json(content["zarr.json"].to_bytes())


def _keys(document: Any) -> set[str]:  # noqa: ANN401  (JSON)
    """All keys in a JSON value: Zarr passes over those that it does not know."""
    parts = (
        document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    )
    return set(document if isinstance(document, dict) else ()).union(*(_keys(part) for part in parts))


def _attributes(document: Mapping[str, Any] | None) -> dict[str, Any]:
    attributes = (document or {}).get("attributes")
    return attributes if isinstance(attributes, dict) else {}


def write_description(group: zarr.Group, texts: Mapping[str, Sequence[str]] | None = None) -> None:
    """Keep what describes a node a second time.

    Parameters
    ----------
    group
        The node.
    texts
        Values of the coordinates that are text; by default they are found from the assembly.

    Raises
    ------
    MolenspinError
        If one of its arrays is not there.
    """
    attributes = group.attrs.asdict()
    arrays = {}
    for name in array_names(attributes):
        document = parse_json(read_bytes(group.store, f"{group.path}/{name}/zarr.json"))
        if document is None or "shape" not in document:
            raise damaged(f"{group.store_path}/{name}/zarr.json", "it is missing or no description")
        arrays[name] = _with_slots(document, 0)
    description = Description(attributes, arrays, texts or coordinate_texts(attributes))
    write_bytes(group.store, f"{group.path}/{COPY}", description.to_bytes())


def coordinate_texts(attributes: Attributes) -> dict[str, list[str]]:
    """Values of the coordinates that are text, from the assembly that a node describes."""
    assembly = assembly_from_dict(loads(attributes["assembly"]))
    texts = {"body": [body.name for body in assembly.bodies], "quantity": list(QUANTITIES)}
    if "constraint" in coordinate_arrays(attributes):
        texts["constraint"] = list(assembly.compile().constraint_names)
    return texts


def coordinate_values(attributes: Attributes, texts: Mapping[str, Sequence[str]]) -> dict[str, NDArray[Any]]:
    """Values of all coordinates of a node; the time in s."""
    simulation = attributes["simulation"]
    interval = simulation["save_interval"]
    times = multiples(interval, 1 + round(simulation["duration"] / interval))
    return {"time": times, **{name: np.array(values, dtype=object) for name, values in texts.items()}}


def wrong_coordinates(node: Node) -> Iterator[tuple[str, NDArray[Any]]]:
    """Coordinates that are missing or wrong, with the values that they must have."""
    texts = node.description.coordinates if node.description else coordinate_texts(node.attributes)
    for name, values in coordinate_values(node.attributes, texts).items():
        try:
            found = np.asarray(array_of(node.group, name)[:])
        except (*DAMAGE, MolenspinError):
            found = np.array(None)
        if found.shape != values.shape or not _agree(found, values):
            yield name, values


def _agree(found: NDArray[Any], values: NDArray[Any]) -> bool:
    """Whether coordinates are the same; times but for the rounding of earlier versions."""
    if found.dtype.kind == "f":
        return np.allclose(found, values, rtol=TIME_ROUNDING, atol=0.0)
    return bool(found.tolist() == values.tolist())


def wrong_root(root: zarr.Group, nodes: Sequence[Node]) -> Iterator[str]:
    """What is wrong with the root: its attributes, or its copy of the nodes' descriptions."""
    content: Any = parse_json(read_bytes(root.store, "zarr.json"))
    if content is None:
        yield MISSING
        return
    attributes = _attributes(content)
    if any(attributes.get(key) != root.attrs[key] for key in ("kind", "format")):
        yield "its attributes were replaced"
    elif attributes.pop("checksum", None) not in (None, checksum(attributes)):
        yield "its attributes are damaged"
    copies = (content.get("consolidated_metadata") or {}).get("metadata", {})
    for node in nodes:
        if copies and node.description is not None and not _is_copied(node, copies):
            yield f"its copy of the description of {node.name} is not that of the node"


def _is_copied(node: Node, copies: Mapping[str, Any]) -> bool:
    """Whether the root's copy of the descriptions in a node says what it must."""
    if not node.attributes.items() <= _attributes(copies.get(node.name)).items():
        return False
    for name, document in (node.description.arrays if node.description else {}).items():
        found = copies.get(f"{node.name}/{name}") or {}
        shape = found.get("shape") or [0]
        if not _says(found, _with_slots(document, shape[0])):
            return False
    return True


def restore_root(root: zarr.Group) -> None:
    """Write the attributes of the root, but for those that are damaged: planning writes them anew."""
    found = group_attributes(read_bytes(root.store, "zarr.json")) or {}
    if found.pop("checksum", None) != checksum(found):
        found = {}
    attributes = {**found, "kind": root.attrs["kind"], "format": root.attrs["format"]}
    write_group(root.store, "", with_checksum(attributes))


def write_group(store: Store, name: str, attributes: Attributes) -> None:
    """Write the description of a group."""
    write_bytes(store, f"{name}/zarr.json".lstrip("/"), _group_document(attributes))


def _group_document(attributes: Attributes) -> bytes:
    return _bytes({"attributes": attributes, "zarr_format": 3, "node_type": "group"})


def consolidate(root: zarr.Group) -> None:
    """Copy all descriptions into the root, from where xarray reads them at once."""
    # Where Zarr cannot read what somebody else put there, xarray reads every description by itself.
    with warnings.catch_warnings(), suppress(*DAMAGE):
        # Zarr notes that format 3 has no consolidated metadata yet, and what it thinks of others' arrays.
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(root.store, zarr_format=3)


def write_bytes(store: Store, key: str, content: bytes) -> None:
    """Write a key of a store."""
    sync(store.set(key, default_buffer_prototype().buffer.from_bytes(content)))


def _bytes(document: Mapping[str, Any]) -> bytes:
    return dumps(document, indent=2).encode()
