"""Beginning and end of a run of Snakemake: a checked project, or one message and the exit code 2."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from molenspin.errors import MolenspinError
from molenspin.output.terminal import visible
from molenspin.pipeline.project import Project, open_project, prepare_project
from molenspin.store.location import first_line, storage_errors
from molenspin.store.records import load_records, warn_of_damaged_summary


def checked_project(config: Mapping[str, Any]) -> Project:
    """The project of a configuration; stops the process with a message if the configuration is wrong.

    Reads only: dry runs, reports and `--unlock` come through here too.

    Parameters
    ----------
    config
        As Snakemake read it.
    """
    with messages_only():
        project = open_project(config)
        warn_of_damaged_summary(project.places.summary)
    return project


def prepare(project: Project) -> None:
    """Make room in the store for everything that the plan asks, before the first job."""
    with messages_only():
        prepare_project(project)


def ending(project: Project) -> str:
    """The last line of a run: where the results are, and how many cases failed."""
    line = f"molenspin: the results are in {project.places.folder}"
    digests = {group.digest for group in project.plan.groups}
    records = [record for record in load_records(project.places.records) if record.digest in digests]
    failed, cases = (sum(getattr(one, name) for one in records) for name in ("failed_count", "case_count"))
    return f"{line}; {failed} of {cases} cases failed: `molenspin status` says why" if failed else line


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
