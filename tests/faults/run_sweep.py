"""Run what a sweep lacks, in this process, as the workflow's jobs do: python run_sweep.py CONFIG."""

import sys
from pathlib import Path

from molenspin.jobs.executor import run_group
from molenspin.pipeline.project import open_project, planned_job
from molenspin.store.preparation import prepare_store


def run_sweep(config):
    """Plan, prepare, run; the number of cases that were computed."""
    project = open_project(config)
    prepare_store(project.plan, project.places.store)
    jobs = [
        planned_job(project.config, group.as_parameters()) for group in project.plan.groups if not group.done
    ]
    return sum(run_group(job).computed_count for job in jobs)


if __name__ == "__main__":
    run_sweep(Path(sys.argv[1]))
