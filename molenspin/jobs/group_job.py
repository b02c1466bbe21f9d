"""What the job of a group is told, and the batches that it still has to run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from molenspin.backends.protocol import Execution
from molenspin.backends.settings import simulation_settings
from molenspin.config.models import JobExecution
from molenspin.jobs.batch_run import BatchTask, status_counts
from molenspin.store.claims import Claim, claim_place
from molenspin.store.location import open_root
from molenspin.store.nodes import arrays_of, node_in
from molenspin.store.origins import fingerprints
from molenspin.store.reading import case_rows
from molenspin.sweep.ledger import RESULTS


@dataclass(frozen=True, kw_only=True)
class GroupJob:
    """What a job is told.

    Parameters
    ----------
    name, number, backend, digest
        Of the group.
    chunks
        Chunk numbers of its batches by node.
    url
        The store.
    fingerprint
        Number of the code's fingerprint; results of other code are computed again.
    execution
        Threads and device.
    relative_error
        Allowed rounding of stored values.
    record
        Where the record goes.
    """

    name: str
    number: int
    backend: str
    digest: str
    chunks: Mapping[str, Sequence[int]]
    url: str
    fingerprint: int
    execution: JobExecution
    relative_error: float
    record: Path

    @property
    def claim(self) -> str:
        """What is claimed while the group runs."""
        return claim_place(self.url, self.name)


def pending_tasks(job: GroupJob, claim: Claim) -> tuple[list[BatchTask], Counter[str]]:
    """Tasks for the batches without results of this code, and the statuses of the others' cases."""
    root = open_root(job.url)
    tasks, counts = [], Counter[str]()
    for name, chunks in job.chunks.items():
        node = node_in(root, name)
        common = _common_settings(job, node) | {"claim": claim}
        for first_slot, rows in case_rows(node, chunks):
            is_current = fingerprints(rows["origin"]) == job.fingerprint
            current = np.isin(rows["status"], RESULTS) & is_current
            if current.all():
                counts.update(status_counts(rows["status"]))
            else:
                tasks.append(_task(node, first_slot, rows, common))
    # The longest first: then the threads finish at about the same time.
    tasks.sort(key=lambda task: -task.step_count)
    return tasks, counts


def _common_settings(job: GroupJob, node: zarr.Group) -> dict[str, Any]:
    """What all batches of a job in one node share."""
    arrays = arrays_of(node)
    return {
        "url": job.url,
        "node": node.basename,
        "layout": str(node.attrs["layout"]),
        "slot_count": arrays["status"].shape[0],
        "execution": Execution(threads=job.execution.backend_threads, device=job.execution.device),
        "variables": tuple(str(name) for name in node.attrs["variables"]),  # type: ignore[union-attr]
        "fingerprint": job.fingerprint,
        "relative_error": job.relative_error,
    }


def _task(node: zarr.Group, first_slot: int, rows: Mapping[str, Any], common: Mapping[str, Any]) -> BatchTask:
    simulation: Any = node.attrs["simulation"]
    parameters: Any = node.attrs["parameters"]
    dt = float(rows["dt"][0])
    settings = simulation_settings(
        duration=simulation["duration"],
        dt=dt,
        integrator=str(rows["integrator"][0]),
        save_every=round(simulation["save_interval"] / dt),
        tolerance=simulation["tolerance"],
        newton_limit=simulation["newton_limit"],
    )
    columns = [rows[name] for name in parameters]
    return BatchTask(
        first_slot=first_slot,
        backend=str(rows["backend"][0]),
        settings=settings,
        parameter_names=tuple(parameters),
        parameters=np.stack(columns, axis=1) if columns else np.empty((len(rows["dt"]), 0)),
        **common,
    )
