"""Run the batches of a group on Dask workers, and record it when all are committed."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from typing import ParamSpec, TypeAlias

from dask.base import compute
from dask.callbacks import Callback
from dask.delayed import delayed
from dask.threaded import get as run_on_threads

from molenspin.errors import InternalError, MolenspinError
from molenspin.jobs.batch_run import BatchReport, BatchTask, Confirm, compute_batch, run_batch
from molenspin.jobs.clusters import connected, scheduler_in_environment
from molenspin.jobs.group_job import GroupJob, pending_tasks
from molenspin.jobs.isolation import ProcessDiedError, in_own_process, run_apart
from molenspin.jobs.journal import Journal, journal
from molenspin.jobs.progress import Progress
from molenspin.output.publication import machine_name
from molenspin.provenance import versions
from molenspin.store.claims import Claim, claim
from molenspin.store.confirming import confirming
from molenspin.store.location import first_line, naming_damage, storage_errors
from molenspin.store.records import GroupRecord, record_files
from molenspin.store.writing import BatchResult

P = ParamSpec("P")

Finished: TypeAlias = Callable[[BatchReport | InternalError], None]
"""Called with the end of each batch: its report, or the fault of the code that stopped it."""


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
    InternalError
        If the code is faulty; the batches where it is not are kept.
    KeyboardInterrupt
        If the user interrupts; committed batches stay, and the next run goes on from there.
    """
    begin = perf_counter()
    try:
        with claim(job.claim, f"group {job.name}") as held:
            return _run_claimed(job, held, show, begin)
    except storage_errors() as error:
        raise MolenspinError(
            f"group {job.name}: results cannot be written: {first_line(error)}; "
            "finished batches are kept: make room, then run again"
        ) from error


def _run_claimed(job: GroupJob, held: Claim, show: Callable[[Progress], None], begin: float) -> GroupRecord:
    with naming_damage(job.url):
        tasks, counts = pending_tasks(job, held)
    progress = Progress(sum(task.step_count for task in tasks), len(tasks))
    reports: list[BatchReport] = []
    faults: list[InternalError] = []

    def finished(report: BatchReport | InternalError) -> None:
        if isinstance(report, InternalError):
            faults.append(report)
            return
        reports.append(report)
        progress.add(report.step_count)
        show(progress)

    if tasks:
        _drop_records(job)
    with _assigned_device(job) as device:
        moved = [_moved(task, device) for task in tasks]
        scheduler = scheduler_in_environment()
        if moved and scheduler:
            _run_on_cluster(moved, scheduler, moved[0].execution.threads or 1, finished)
        elif moved:
            _run_here(moved, job, held, finished)
    if faults:
        raise InternalError(
            f"group {job.name}: {len(faults)} of {len(tasks)} batches stopped at a fault in the code; the "
            f"others are kept; {faults[0]}",
            faults[0].trace,
        )
    record = _record(job, counts, reports, perf_counter() - begin)
    held.check()
    _drop_records(job)
    record.save(job.record)
    return record


def _drop_records(job: GroupJob) -> None:
    """Delete older records of the group: what they say is no longer so, or is said again."""
    for path in record_files(job.record.parent, job.name):
        path.unlink(missing_ok=True)


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


def _run_here(tasks: Sequence[BatchTask], job: GroupJob, held: Claim, finished: Finished) -> None:
    """Run the batches on threads of this process; before them, and apart, those that the last job died of."""
    with journal(job.record.with_suffix(".journal")) as notes:
        others = []
        for task in tasks:
            if task.key in notes.suspects:
                with notes.under_way(task.key):
                    report = _ended(run_apart, task, in_own_process)
                finished(report)
            else:
                others.append(task)
        with confirming(held.check) as confirm_soon:
            _run_on_threads(others, job.execution.threads, notes, confirm_soon, finished)


def _run_on_threads(
    tasks: Sequence[BatchTask], threads: int, notes: Journal, confirm_soon: Confirm, finished: Finished
) -> None:
    def run(task: BatchTask) -> BatchReport | InternalError:
        with notes.under_way(task.key):
            return _ended(partial(run_batch, when_written=confirm_soon), task)

    delayed_run = delayed(run, pure=False, traverse=False)
    with Callback(posttask=lambda _key, report, *_: finished(report)):
        compute(
            *(delayed_run(task) for task in tasks),
            scheduler=run_on_threads,  # by its name, dask would look for a cluster, and import distributed
            num_workers=max(1, min(threads, len(tasks))),
            optimize_graph=False,
        )


def _run_on_cluster(tasks: Sequence[BatchTask], scheduler: str, cores: int, finished: Finished) -> None:
    from distributed import KilledWorker, as_completed

    died = ProcessDiedError("every worker that ran it died: out of memory?")
    with connected(scheduler, cores=cores) as client:

        def attempt(task: BatchTask) -> BatchResult:
            try:
                result: BatchResult = client.submit(compute_batch, task, pure=False).result()
            except KilledWorker:
                raise died from None
            return result

        futures = client.map(run_batch, tasks, pure=False)
        task_of = dict(zip((future.key for future in futures), tasks, strict=True))
        suspects = []
        try:
            for future in as_completed(futures):
                try:
                    finished(_ended(future.result))
                except KilledWorker:
                    suspects.append(task_of[future.key])
        finally:
            client.cancel(futures)
        # The scheduler blames all that waited on a worker that died: so each once more, by itself.
        for task in suspects:
            finished(_ended(run_apart, task, attempt))


def _ended(run: Callable[P, BatchReport], *args: P.args, **kwargs: P.kwargs) -> BatchReport | InternalError:
    """The end of a batch: a fault of the code stops that batch, and the others go on."""
    try:
        return run(*args, **kwargs)
    except InternalError as error:
        return error


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
        machine=machine_name(),
        versions=versions(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )
