"""A sweep from its configuration to its tables in this process, as the workflow's rules do it."""

from dataclasses import dataclass

import pandas as pd

from molenspin.analysis.results import SweepResults
from molenspin.analysis.stored import stored_accuracy
from molenspin.jobs.executor import run_group
from molenspin.pipeline.project import open_project, planned_job, prepare_project
from molenspin.pipeline.sweep_timing import time_sweep
from molenspin.report.result_tables import result_tables
from molenspin.store.selection import select
from molenspin.timing.records import TimingResults

TIMED = {
    "machine",
    "runs",
    "median",
    "median_low",
    "median_high",
    "first_call",
    "speedup",
    "speedup_low",
    "speedup_high",
    "p_value",
    "peak_memory",
    "note",
    "session",
}
"""Columns of the table of speedups that differ from one timing to the next."""


@dataclass(frozen=True)
class Whole:
    """What a run of the whole sweep left behind.

    Parameters
    ----------
    computed
        Number of cases that were simulated.
    timed
        Content, step, integrator and backend of each timing that was taken now.
    asked
        Identities of the cases that the configuration asks for.
    tables
        The tables, without what a clock decides.
    """

    computed: int
    timed: frozenset[tuple[object, ...]]
    asked: frozenset[int]
    tables: dict[str, pd.DataFrame]


def run_whole(config):
    project = open_project(config)
    places = project.places
    prepare_project(project)
    jobs = [
        planned_job(project.config, group.as_parameters(), project.records[group.name])
        for group in project.plan.groups
        if not group.done
    ]
    computed = sum(run_group(job).computed_count for job in jobs)
    accuracy = stored_accuracy(
        places.store, select(project.config, project.plan.series), cache=places.references
    )
    timing, timed = _timing(project) if project.config.timing.repeats else (None, frozenset())
    asked = frozenset(int(value) for item in project.plan.series for value in item.identities)
    tables = {"accuracy": accuracy, **result_tables(SweepResults(accuracy, timing))}
    del tables["equal_error"]  # a clock decides its rows
    shown = {
        name: table.drop(columns=TIMED & set(table.columns)).reset_index(drop=True)
        for name, table in tables.items()
    }
    return Whole(computed, timed, asked, shown)


def _timing(project) -> tuple[TimingResults, frozenset[tuple[object, ...]]]:
    before = set(project.places.timings.glob("*.json"))
    results = time_sweep(project.config, project.places.timings)
    after = set(project.places.timings.glob("*.json"))
    newest = max(environment.started for environment in results.environments)
    if after == before:
        return results, frozenset()
    fresh = (record for record in results.records if results.environment(record.session).started == newest)
    return results, frozenset(timed_pair(record) for record in fresh)


def timed_pair(record):
    case = record.case
    return case.content, case.dt, case.step_count, str(case.integrator), record.backend
