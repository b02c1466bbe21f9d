"""Room in the store for the cases of one group: made by the first job that misses it.

`snakemake` prepares the store before its first job, but not where the workflow is a module of another one.
"""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from time import monotonic, sleep
from typing import Any

from molenspin.config import Config
from molenspin.errors import MolenspinError
from molenspin.pipeline.project import open_project, places_of, prepare_project
from molenspin.provenance import backend_fingerprint
from molenspin.store.holders import ClaimHeldError
from molenspin.store.location import open_root
from molenspin.store.nodes import node_in
from molenspin.store.reading import read_column

LONGEST_WAIT = 600.0
"""Seconds that a job waits for another one that prepares the store."""

POLL_SECONDS = 0.2


def ensure_room(config: Config, planned: Mapping[str, Any]) -> None:
    """Prepare the store for the whole sweep unless it has room for this group; of several jobs one does it.

    Parameters
    ----------
    config
        The configuration.
    planned
        The group, from `Group.as_parameters`.

    Raises
    ------
    MolenspinError
        If the store cannot be prepared, or another sweep has added to it since the group was planned.
    """
    end = monotonic() + LONGEST_WAIT
    while not has_room(config, planned):
        try:
            _make_room(config, planned)
            return
        except ClaimHeldError:
            if monotonic() > end:
                raise
            sleep(POLL_SECONDS)


def has_room(config: Config, planned: Mapping[str, Any]) -> bool:
    """Whether the store holds exactly the cases of a group, in their places."""
    digest = sha256(backend_fingerprint(planned["backend"]).encode())
    with suppress(MolenspinError):
        root = open_root(places_of(config).store)
        for name, chunks in planned["chunks"].items():
            node = node_in(root, name)
            size: Any = node.attrs["batch_size"]
            identities = read_column(node, "identity", slice(min(chunks) * size, (max(chunks) + 1) * size))
            for chunk in chunks:
                begin = (chunk - min(chunks)) * size
                batch = identities[begin : begin + size]
                digest.update(f"{name}/{chunk}".encode() + batch[batch != 0].tobytes())
    return bool(digest.hexdigest()[:16] == planned["digest"])


def _make_room(config: Config, planned: Mapping[str, Any]) -> None:
    project = open_project(config.model_dump())
    if planned["digest"] not in {group.digest for group in project.plan.groups}:
        raise MolenspinError(
            f"{project.places.store}: another sweep has added to it since this one was planned; run again"
        )
    prepare_project(project)
