"""Batches that a process died of: tried in one of their own, and split until only the case to blame fails."""

from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from molenspin.errors import MolenspinError
from molenspin.jobs.batch_run import (
    BatchReport,
    BatchTask,
    commit_batch,
    compute_batch,
    failed_case,
    join_results,
    split_task,
)
from molenspin.store.writing import BatchResult

Attempt: TypeAlias = Callable[[BatchTask], BatchResult]
"""A way to compute a batch that raises `ProcessDiedError` where the process that tried it died."""


class ProcessDiedError(MolenspinError):
    """The process that computed a batch was killed or crashed."""


def run_apart(task: BatchTask, attempt: Attempt) -> BatchReport:
    """Run a suspect with no other beside it and commit it; a case that kills its process has failed.

    Parameters
    ----------
    task
        The batch; others that were under way with it may be the ones to blame.
    attempt
        How to try it, or a part of it.
    """
    try:
        result = attempt(task)
    except ProcessDiedError as error:
        result = without_the_culprit(task, attempt, error)
    return commit_batch(task, result)


def without_the_culprit(task: BatchTask, attempt: Attempt, cause: ProcessDiedError) -> BatchResult:
    """Compute a batch that killed its process: half by half, so that only the cases to blame fail.

    Parameters
    ----------
    task
        The batch.
    attempt
        How to try a part of it.
    cause
        How the process died.
    """
    if task.case_count == 1:
        return failed_case(cause)
    results = []
    for half in split_task(task, -(-task.case_count // 2)):
        try:
            results.append(attempt(half))
        except ProcessDiedError as error:
            results.append(without_the_culprit(half, attempt, error))
    return join_results(results, task)


def in_own_process(task: BatchTask) -> BatchResult:
    """Compute a batch in a process of its own.

    Raises
    ------
    ProcessDiedError
        If the process dies.
    """
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_compute, args=(task, sender), daemon=True)
    child.start()
    sender.close()
    try:
        answer = receiver.recv()
    except EOFError:
        child.join()
        raise ProcessDiedError(
            f"the process that ran it died ({_cause(child.exitcode)}): out of memory?"
        ) from None
    child.join()
    if isinstance(answer, Exception):
        raise answer
    return answer  # type: ignore[no-any-return]


def _cause(code: int | None) -> str:
    return f"signal {-code}" if code and code < 0 else f"exit code {code}"


def _compute(task: BatchTask, sender: Connection) -> None:
    # Where memory runs out, the kernel is to kill this process and not the one that waits for it.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    try:
        answer: BatchResult | Exception = compute_batch(task)
    except Exception as error:
        answer = error
    sender.send(answer)
