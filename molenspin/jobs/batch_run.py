"""Run one batch: build the ensemble, call the backend once, commit the results. A failure is a result."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from json import loads
from time import perf_counter
from traceback import format_exc
from typing import Any, TypeAlias

import numpy as np
import zarr
from numpy.typing import NDArray

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_assembly, compile_ensemble
from molenspin.assembly.yaml_format import assembly_from_dict
from molenspin.backends.protocol import Execution, Settings
from molenspin.backends.registry import get_backend
from molenspin.errors import InternalError, MolenspinError
from molenspin.output.publication import machine_name, without_folders
from molenspin.provenance import backend_fingerprint
from molenspin.simulation.history import BODY_VARIABLES, allocate_history
from molenspin.status import CaseStatus
from molenspin.store.claims import Claim
from molenspin.store.location import array_of, first_line, naming_damage, open_root
from molenspin.store.nodes import arrays_of, node_in
from molenspin.store.writing import BatchRegion, BatchResult, WrittenBatch, confirm
from molenspin.sweep.batches import fingerprint_number

Confirm: TypeAlias = Callable[[WrittenBatch], None]
"""Makes the results of a batch count."""

FAULTS = (AssertionError, AttributeError, LookupError, NameError, TypeError)
"""What faulty code raises: neither a result, nor mended by another try."""

failures = logging.getLogger("molenspin.failures")
"""Tracebacks of cases that failed for a reason that molenspin does not know."""
failures.addHandler(logging.NullHandler())


@dataclass(frozen=True, kw_only=True)
class BatchTask:
    """Everything that a worker needs to run a batch; small, for it is sent to workers.

    Parameters
    ----------
    url, node, first_slot
        Where the results go.
    claim
        Under which they are written.
    layout, slot_count
        Hash of the node's layout, and its slots: a worker that lives on must not take a new or a longer node
        for one it knows.
    backend, settings, execution
        How to simulate.
    parameter_names, parameters
        Varied parameters and their values, shape (case_count, parameter_count).
    variables
        Recorded variables.
    fingerprint
        Number of the code's fingerprint.
    relative_error
        Allowed rounding of stored values.
    """

    url: str
    node: str
    layout: str
    slot_count: int
    first_slot: int
    claim: Claim
    backend: str
    settings: Settings
    execution: Execution
    parameter_names: tuple[str, ...]
    parameters: NDArray[np.float64]
    variables: tuple[str, ...]
    fingerprint: int
    relative_error: float

    @property
    def key(self) -> str:
        """Name of the batch in its store."""
        return f"{self.node}/{self.first_slot}"

    @property
    def case_count(self) -> int:
        """Number of cases."""
        return len(self.parameters)

    @property
    def step_count(self) -> int:
        """Steps of all cases together."""
        return self.case_count * self.settings.step_count


@dataclass(frozen=True, kw_only=True)
class BatchReport:
    """What a worker tells of a batch.

    Parameters
    ----------
    case_count, step_count
        Cases, and steps of all cases together.
    status_counts
        Cases by how they ended.
    body_evaluations
        Force evaluations times bodies.
    rate_key
        ``backend/integrator/body_count``, under which rates are kept.
    elapsed
        Run time of the backend [s].
    """

    case_count: int
    step_count: int
    status_counts: dict[str, int]
    body_evaluations: int
    rate_key: str
    elapsed: float


def run_batch(task: BatchTask, when_written: Confirm = confirm) -> BatchReport:
    """Simulate a batch and commit it.

    Parameters
    ----------
    task
        The batch.
    when_written
        Makes its results count, now or later.

    Raises
    ------
    OSError, MolenspinError
        If the store cannot be written; what goes wrong in the simulation is a result instead.
    InternalError
        If the code is faulty.
    """
    return commit_batch(task, compute_batch(task), when_written)


@contextmanager
def _naming_faults(task: BatchTask) -> Iterator[None]:
    """Turn what faulty code raises into one message that names the batch, with the traceback beside it."""
    try:
        yield
    except MolenspinError:
        raise
    except FAULTS as error:
        what = f"{type(error).__name__}: {first_line(error)}"
        raise InternalError(f"batch {task.key}, backend {task.backend}: {what}", format_exc()) from error


def compute_batch(task: BatchTask) -> BatchResult:
    """Simulate a batch; what goes wrong in the simulation is a result.

    Raises
    ------
    InternalError
        If the code is faulty.
    """
    if fingerprint_number(backend_fingerprint(task.backend)) != task.fingerprint:
        raise MolenspinError(
            f"worker on {machine_name()}: its code for backend {task.backend} is not that of the sweep; "
            "restart the workers after every change of the package"
        )
    with _naming_faults(task):
        return simulate_batch(_assembly_of(task), task)


def commit_batch(task: BatchTask, result: BatchResult, when_written: Confirm = confirm) -> BatchReport:
    """Write the results of a batch to the store, if the group's claim is held still."""
    arrays, assembly = _open_node(task.url, task.node, task.layout, task.slot_count)
    task.claim.check()
    with _naming_faults(task):
        written = BatchRegion(arrays, task.first_slot, task.case_count).write(
            result, fingerprint=task.fingerprint, machine=machine_name(), relative_error=task.relative_error
        )
    when_written(written)
    body_count = len(assembly.bodies)
    evaluations = int(result.force_evaluations[result.force_evaluations > 0].sum())
    return BatchReport(
        case_count=task.case_count,
        step_count=task.step_count,
        status_counts=status_counts(result.status),
        body_evaluations=evaluations * body_count,
        rate_key=f"{task.backend}/{task.settings.integrator}/{body_count}",
        elapsed=result.elapsed,
    )


def status_counts(status: NDArray[np.int8]) -> dict[str, int]:
    """Cases by how they ended."""
    numbers, counts = np.unique(status, return_counts=True)
    return {
        CaseStatus(number).label: count
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
    }


def simulate_batch(assembly: Assembly, task: BatchTask) -> BatchResult:
    """Simulate all cases; if that raises, one by one, so that only those to blame fail.

    Raises
    ------
    AssertionError, AttributeError, LookupError, NameError, TypeError
        If the code is faulty: that is no result.
    """
    try:
        return _simulate(assembly, task)
    except (Exception, MemoryError) as error:  # any backend, any other reason: it becomes a status
        if isinstance(error, FAULTS) and not isinstance(error, MolenspinError):
            raise
        if task.case_count == 1:
            failures.warning("batch %s: a case failed", task.key, exc_info=error)
            return failed_case(error)
    return join_results([simulate_batch(assembly, part) for part in split_task(task, 1)], task)


def split_task(task: BatchTask, size: int) -> list[BatchTask]:
    """The cases of a batch in parts of so many: to be simulated, and committed together."""
    starts = range(0, task.case_count, size)
    return [replace(task, parameters=task.parameters[start : start + size]) for start in starts]


def _simulate(assembly: Assembly, task: BatchTask) -> BatchResult:
    begin = perf_counter()
    columns = dict(zip(task.parameter_names, task.parameters.T, strict=True))
    compiled = compile_ensemble(assembly, columns) if columns else compile_assembly(assembly)
    history = allocate_history(compiled, task.settings, reaction="reaction" in task.variables)
    outcome = get_backend(task.backend).run(compiled, task.settings, task.execution, history)
    messages: Sequence[str] = [""] * task.case_count
    if np.any(outcome.status != CaseStatus.OK):
        from molenspin.simulation.run_errors import (
            run_messages,  # imports scipy.linalg: only where something failed
        )

        messages = run_messages(compiled, task.settings, outcome)
    return BatchResult(
        variables={name: getattr(history, name) for name in task.variables},
        status=outcome.status,
        messages=messages,
        max_residual=outcome.max_residual,
        newton_iterations=outcome.newton_iterations,
        force_evaluations=outcome.force_evaluations,
        elapsed=outcome.elapsed or perf_counter() - begin,
    )


def failed_case(error: BaseException) -> BatchResult:
    """The result of a single case that nobody could simulate."""
    text = str(error) if isinstance(error, MolenspinError) else f"{type(error).__name__}: {error}".strip(": ")
    return BatchResult(
        variables={},
        status=np.array([CaseStatus.FAILED], dtype=np.int8),
        messages=["out of memory" if isinstance(error, MemoryError) else without_folders(text)[:1000]],
        max_residual=np.full(1, np.nan),
        newton_iterations=np.full(1, -1),
        force_evaluations=np.full(1, -1),
        elapsed=0.0,
    )


def join_results(results: Sequence[BatchResult], task: BatchTask) -> BatchResult:
    """The results of all parts of a batch as one."""
    assembly = _assembly_of(task)
    constraint_count = len(compile_assembly(assembly).constraint_names)

    def values(result: BatchResult, name: str) -> NDArray[np.float64]:
        width = len(assembly.bodies) if name in BODY_VARIABLES else constraint_count
        return result.variables.get(name, np.full((1, width, task.settings.sample_count), np.nan))

    return BatchResult(
        variables={name: np.concatenate([values(r, name) for r in results]) for name in task.variables},
        status=np.concatenate([result.status for result in results]),
        messages=[message for result in results for message in result.messages],
        max_residual=np.concatenate([result.max_residual for result in results]),
        newton_iterations=np.concatenate([result.newton_iterations for result in results]),
        force_evaluations=np.concatenate([result.force_evaluations for result in results]),
        elapsed=sum(result.elapsed for result in results),
    )


def _assembly_of(task: BatchTask) -> Assembly:
    return _open_node(task.url, task.node, task.layout, task.slot_count)[1]


@lru_cache(maxsize=256)
def _open_node(
    url: str,
    name: str,
    layout: str,
    slot_count: int,  # noqa: ARG001  (a longer node is another entry)
) -> tuple[Mapping[str, zarr.Array[Any]], Assembly]:
    """Arrays and assembly of a node, opened once: reading what describes them takes as long as a batch."""
    node = node_in(open_root(url, durable=False), name)
    if node.attrs.get("layout") != layout:
        raise MolenspinError(f"{url}: {name} is not the node that was planned; run the workflow again")
    with naming_damage(f"{url}/{name}"):
        # `confirm` flushes the data of a batch together; its status is on the disk when it is written.
        arrays = arrays_of(node) | {"status": array_of(open_root(url), f"{name}/status")}
        return arrays, assembly_from_dict(loads(str(node.attrs["assembly"])))
