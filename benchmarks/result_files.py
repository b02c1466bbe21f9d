"""Rows of a file of results: put in as soon as they are measured, so that an interrupted run keeps them."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.session import progress
from molenspin.backends.workload import Workload
from molenspin.timing import Environment, TimingCase, TimingRecord, TimingResults, load_timing
from molenspin.timing.measure import case_of

Row = tuple[object, ...]


def row_of(case: TimingCase) -> Row:
    """What tells a row of a table from the others: the case without its steps, which depend on the budget."""
    recorded = "final state" if case.save_every == case.step_count else case.save_every
    return (case.assembly, case.body_count, case.member_count, case.integrator, case.dt, recorded)


def save_rows(records: Sequence[TimingRecord], environment: Environment, path: Path) -> None:
    """Put records into a file, in the place of those of the same rows and backends, and keep the others.

    The final states, which large assemblies make long, are left out.
    """
    new = [replace(record, physics=replace(record.physics, final_position=())) for record in records]
    replaced = {(row_of(record.case), record.backend) for record in new}
    earlier = _load(path)
    kept = [record for record in earlier.records if (row_of(record.case), record.backend) not in replaced]
    sessions = {record.session for record in (*kept, *new)}
    environments = {known.session: known for known in (*earlier.environments, environment)}
    path.parent.mkdir(parents=True, exist_ok=True)
    TimingResults(
        environments=tuple(known for session, known in environments.items() if session in sessions),
        records=(*kept, *new),
    ).save(path)


def add_resume(parser: ArgumentParser) -> None:
    """Add the option that goes on with an interrupted run."""
    parser.add_argument("--resume", action="store_true", help="keep the rows that this code measured here")


def unfinished(
    workloads: Iterable[Workload], environment: Environment, options: Namespace
) -> Iterator[Workload]:
    """The workloads, named one by one; to resume, only those whose rows are missing in the file."""
    finished = _rows_from_here(environment, options.output) if options.resume else set()
    for workload in workloads:
        case = case_of(workload)
        if row_of(case) not in finished:
            progress(f"{case}, a state every {case.save_every}")
            yield workload


def _rows_from_here(environment: Environment, path: Path) -> set[Row]:
    """Rows that were measured on this machine, by the code as it is."""
    earlier = _load(path)
    here = {
        known.session
        for known in earlier.environments
        if (known.machine, known.versions) == (environment.machine, environment.versions)
    }
    return {row_of(record.case) for record in earlier.records if record.session in here}


def _load(path: Path) -> TimingResults:
    return load_timing(path) if path.exists() else TimingResults(environments=(), records=())
