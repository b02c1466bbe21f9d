"""Run the batches of a group on Dask workers, and record it when all are committed."""

import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import zarr
from dask.base import compute
from dask.callbacks import Callback
from dask.delayed import delayed

from molenspin.backends.protocol import Execution
from molenspin.backends.settings import simulation_settings
from molenspin.batch_run import BatchReport, BatchTask, fail_batch, run_batch, status_counts
from molenspin.clusters import connected, scheduler_in_environment
from molenspin.config.models import Execution as ExecutionConfig
from molenspin.errors import MolenspinError
from molenspin.progress import Progress
from molenspin.provenance import versions
from molenspin.store.claims import claim
from molenspin.store.location import first_line, naming_damage, open_root, storage_errors
from molenspin.store.reading import case_rows
from molenspin.store.records import GroupRecord
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
    execution: ExecutionConfig
    relative_error: float
    record: Path


def run_group(job: GroupJob, *, show: Callable[[Progress], None] = lambda _: None) -> GroupRecord:
    """Run what a group still lacks, then write its record.

    Parameters
    ----------
    job
        The group.
    show
        Called after each batch.

    Raises
    ------
    MolenspinError
        If another process runs the group, or results cannot be written.
    KeyboardInterrupt
        If the user interrupts; committed batches stay, and the next run goes on from there.
    """
    begin = perf_counter()
    try:
        with claim(job.record.with_suffix(".claim"), f"group {job.name}"):
            return _run_claimed(job, show, begin)
    except storage_errors() as error:
        raise MolenspinError(
            f"group {job.name}: results cannot be written: {first_line(error)}; "
            "finished batches are kept: make room, then run again"
        ) from error


def _run_claimed(job: GroupJob, show: Callable[[Progress], None], begin: float) -> GroupRecord:
    with naming_damage(job.url):
        tasks, counts = _pending(job)
    progress = Progress(sum(task.step_count for task in tasks), len(tasks))
    reports: list[BatchReport] = []

    def finished(report: BatchReport) -> None:
        reports.append(report)
        progress.add(report.step_count)
        show(progress)

    with _assigned_device(job) as device:
        _run_all([_moved(task, device) for task in tasks], job.execution.threads, finished)
    record = _record(job, counts, reports, perf_counter() - begin)
    record.save(job.record)
    return record


@contextmanager
def _assigned_device(job: GroupJob) -> Iterator[str]:
    """The device of a job: where it asks for any GPU of this machine, one that no other job has taken."""
    if job.backend != "torch" or job.execution.device != "cuda" or scheduler_in_environment():
        yield job.execution.device
        return
    from molenspin.backends.torch.devices import claimed_device

    with claimed_device() as device:
        yield device


def _moved(task: BatchTask, device: str) -> BatchTask:
    return replace(task, execution=replace(task.execution, device=device))


def _pending(job: GroupJob) -> tuple[list[BatchTask], Counter[str]]:
    """Tasks for the batches without results of this code, and the statuses of the others' cases."""
    root = open_root(job.url)
    tasks, counts = [], Counter[str]()
    for name, chunks in job.chunks.items():
        node = root[name]
        if not isinstance(node, zarr.Group):
            raise MolenspinError(f"{job.url}: {name} is not a node of results")
        for first_slot, rows in case_rows(node, chunks):
            current = np.isin(rows["status"], RESULTS) & (rows["fingerprint"] == job.fingerprint)
            if current.all():
                counts.update(status_counts(rows["status"]))
            else:
                tasks.append(_task(job, node, first_slot, rows))
    return tasks, counts


def _task(job: GroupJob, node: zarr.Group, first_slot: int, rows: Mapping[str, Any]) -> BatchTask:
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
        url=job.url,
        node=node.basename,
        layout=str(node.attrs["layout"]),
        first_slot=first_slot,
        backend=str(rows["backend"][0]),
        settings=settings,
        execution=Execution(threads=job.execution.backend_threads, device=job.execution.device),
        parameter_names=tuple(parameters),
        parameters=np.stack(columns, axis=1) if columns else np.empty((len(rows["dt"]), 0)),
        variables=tuple(simulation_variables(node)),
        fingerprint=job.fingerprint,
        relative_error=job.relative_error,
    )


def simulation_variables(node: zarr.Group) -> list[str]:
    """Recorded variables of a node: its arrays over time."""
    return [name for name, array in node.arrays() if array.ndim == 3]


def _run_all(tasks: Sequence[BatchTask], threads: int, finished: Callable[[BatchReport], None]) -> None:
    """Run all batches, on the cluster that the environment names or on threads of this process."""
    scheduler = scheduler_in_environment()
    if tasks and scheduler:
        _run_on_cluster(tasks, scheduler, tasks[0].execution.threads or 1, finished)
    elif tasks:
        _run_on_threads(tasks, threads, finished)


def _run_on_threads(
    tasks: Sequence[BatchTask], threads: int, finished: Callable[[BatchReport], None]
) -> None:
    run = delayed(run_batch, pure=False, traverse=False)
    with Callback(posttask=lambda _key, report, *_: finished(report)):
        compute(
            *(run(task) for task in tasks),
            scheduler="threads",
            num_workers=min(threads, len(tasks)),
            optimize_graph=False,
        )


def _run_on_cluster(
    tasks: Sequence[BatchTask], scheduler: str, cores: int, finished: Callable[[BatchReport], None]
) -> None:
    from distributed import KilledWorker, as_completed

    with connected(scheduler, cores=cores) as client:
        futures = client.map(run_batch, tasks, pure=False)
        task_of = dict(zip((future.key for future in futures), tasks, strict=True))
        try:
            for future in as_completed(futures):
                try:
                    finished(future.result())
                except KilledWorker:
                    finished(fail_batch(task_of[future.key], "every worker that ran it died: out of memory?"))
        finally:
            client.cancel(futures)


def _record(
    job: GroupJob, counts: Counter[str], reports: Sequence[BatchReport], elapsed: float
) -> GroupRecord:
    computed: Counter[str] = Counter()
    work: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for report in reports:
        computed.update(report.status_counts)
        work[report.rate_key] += report.body_evaluations
        seconds[report.rate_key] += report.elapsed  # type: ignore[assignment]
    total = counts + computed
    return GroupRecord(
        group=job.name,
        number=job.number,
        backend=job.backend,
        digest=job.digest,
        fingerprint=job.fingerprint,
        batch_count=sum(len(chunks) for chunks in job.chunks.values()),
        case_count=total.total(),
        computed_count=computed.total(),
        status_counts=dict(total),
        rates={key: work[key] / seconds[key] for key in work if seconds[key] > 0},
        core_seconds=float(sum(seconds.values())),
        elapsed=elapsed,
        machine=platform.node(),
        versions=versions(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )
