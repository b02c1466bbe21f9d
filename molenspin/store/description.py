"""What describes a node, kept a second time where other writers of the node do not replace it.

xarray's ``to_zarr(mode="a")`` replaces the attributes of a group and knows nothing of this copy, which
lies in the folder of one of the node's arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from json import dumps, loads
from typing import Any

from zarr.abc.store import Store
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from molenspin.simulation.history import BODY_VARIABLES
from molenspin.store.arrays import COLUMNS, OUTCOMES

FORMAT = 2
"""Attribute of the root: which arrays a node has, and what they hold."""

COPY = "identity/description.json"
"""Key of the second copy, below the node's."""

VARIABLES = (*BODY_VARIABLES, "reaction")
"""Names that recorded variables can have."""

Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Description:
    """All that is needed to write the description of a node anew.

    Parameters
    ----------
    attributes
        Attributes of the group.
    arrays
        Content of ``zarr.json`` of each array, per-case arrays with no slots.
    coordinates
        Values of the coordinates that are text.
    """

    attributes: Attributes
    arrays: Mapping[str, Mapping[str, Any]]
    coordinates: Mapping[str, Sequence[str]]

    def to_bytes(self) -> bytes:
        """The content of the copy: JSON with a checksum."""
        return dumps(with_checksum({"format": FORMAT, **asdict(self)})).encode()


def checksum(content: Any) -> str:  # noqa: ANN401  (whatever JSON holds)
    """Hash of a JSON value, whatever the order of its keys."""
    return sha256(dumps(content, sort_keys=True).encode()).hexdigest()


def with_checksum(content: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with the checksum of all else in it."""
    plain = {key: value for key, value in content.items() if key != "checksum"}
    return {**plain, "checksum": checksum(plain)}


def parse_description(content: bytes | None) -> Description | None:
    """The description in a copy; None if it is missing, damaged or of another format."""
    document = parse_json(content)
    if document is None or document.pop("checksum", None) != checksum(document):
        return None
    if document.pop("format") != FORMAT:
        return None
    return Description(**document)


def parse_json(content: bytes | None) -> dict[str, Any] | None:
    """A JSON object; None if there is no content, or none that is one."""
    try:
        document = loads(content) if content else None
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def group_attributes(content: bytes | None) -> dict[str, Any] | None:
    """Attributes in the ``zarr.json`` of a group; None if it is missing or damaged."""
    document = parse_json(content)
    if document is None or document.get("node_type") != "group":
        return None
    attributes = document.get("attributes", {})
    return attributes if isinstance(attributes, dict) else None


def read_bytes(store: Store, key: str) -> bytes | None:
    """Content of a key of a store; None if it is not there."""
    content = sync(store.get(key, default_buffer_prototype()))
    return content.to_bytes() if content is not None else None


def per_case_arrays(attributes: Attributes) -> tuple[str, ...]:
    """Arrays of a node with one entry for each case, the identity last."""
    return (*attributes["variables"], *OUTCOMES, *attributes["parameters"], *COLUMNS)


def coordinate_arrays(attributes: Attributes) -> tuple[str, ...]:
    """Arrays of a node that label its other dimensions."""
    return ("time", "body", "quantity", *(["constraint"] if "reaction" in attributes["variables"] else []))


def array_names(attributes: Attributes) -> tuple[str, ...]:
    """All arrays that a node must have; others in it are somebody else's."""
    return (*coordinate_arrays(attributes), *per_case_arrays(attributes))
