"""What the Snakefile asks of the package: a planned sweep, or one message and the exit code 2."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from molenspin.config import Config
from molenspin.errors import MolenspinError
from molenspin.output.terminal import visible
from molenspin.pipeline.project import Project, open_project, places_of, prepare_project
from molenspin.pipeline.snakemake_config import is_moved, sweep_config
from molenspin.pipeline.sweep_jobs import SweepJobs, job_gpus, job_threads, saved_jobs
from molenspin.store.location import first_line, storage_errors
from molenspin.store.places import Places
from molenspin.store.records import load_records, warn_of_damaged_summary
from molenspin.user_paths import user_path


@dataclass(frozen=True)
class OpenSweep:
    """A sweep as the rules see it.

    Parameters
    ----------
    config
        Its configuration, which all jobs get.
    places
        Where its results go.
    jobs
        What its jobs are told.
    project
        Its whole plan; None in a job, which needs only its part.
    is_moved
        Whether the workflow is a module whose paths get a prefix, which all its jobs must know.
    """

    config: Config
    places: Places
    jobs: SweepJobs
    project: Project | None
    is_moved: bool

    @property
    def records(self) -> list[Path]:
        """The records of all groups."""
        return [self.places.records / name for name in self.jobs.records.values()]

    def threads(self, group: str) -> int:
        """Threads that the job of a group claims."""
        return job_threads(self.config, self.jobs.group(group)["backend"])

    def gpu_count(self, group: str) -> int:
        """GPUs that the job of a group asks a cluster for."""
        return job_gpus(self.config, self.jobs.group(group)["backend"])

    def input_path(self, path: str) -> Path:
        """A user's file as input of a rule: never moved by the prefix of a module."""
        return user_path(path).absolute() if self.is_moved else user_path(path)


def open_sweep(workflow: Any, config: Mapping[str, Any]) -> OpenSweep:  # noqa: ANN401  (not typed)
    """The sweep that Snakemake was asked for; stops the process with a message if something is wrong.

    Reads only: dry runs, reports and `--unlock` come through here too.

    Parameters
    ----------
    workflow
        Snakemake's workflow object.
    config
        Snakemake's mapping ``config``.
    """
    with messages_only():
        checked = sweep_config(workflow, config)
        moved = is_moved(workflow)
        places = _absolute(places_of(checked)) if moved else places_of(checked)
        # Before its first job the main process has written what all jobs need, but not if it runs a module.
        is_job = not workflow.is_main_process and workflow.modifier.is_main_snakefile()
        if is_job and (saved := saved_jobs(places.plan, checked)):
            return OpenSweep(checked, places, saved, None, moved)
        project = open_project(checked.model_dump(mode="json"))
        warn_of_damaged_summary(places.summary)
    return OpenSweep(checked, places, SweepJobs.of(project), project, moved)


def prepare(sweep: OpenSweep) -> None:
    """Make room in the store for everything that the plan asks, before the first job."""
    assert sweep.project is not None
    with messages_only():
        prepare_project(sweep.project)
        sweep.jobs.save(sweep.places.plan)


def ending(sweep: OpenSweep) -> str:
    """The last line of a run: where the results are, and how many cases failed."""
    line = f"molenspin: the results are in {sweep.places.folder}"
    digests = {group["digest"] for group in sweep.jobs.groups.values()}
    records = [record for record in load_records(sweep.places.records) if record.digest in digests]
    failed, cases = (sum(getattr(one, name) for one in records) for name in ("failed_count", "case_count"))
    return f"{line}; {failed} of {cases} cases failed: `molenspin status` says why" if failed else line


def _absolute(places: Places) -> Places:
    """Places that Snakemake leaves alone when it puts a prefix before paths."""
    return Places(places.folder.absolute(), places.store)


@contextmanager
def messages_only() -> Iterator[None]:
    """Errors of ours and of the disk end the process with their message alone."""
    try:
        yield
    except MolenspinError as error:
        print(visible(f"molenspin: {error}"), file=sys.stderr)
        raise SystemExit(2) from None
    except storage_errors() as error:
        print(visible(f"molenspin: results cannot be written: {first_line(error)}"), file=sys.stderr)
        raise SystemExit(2) from None
