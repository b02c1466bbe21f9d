"""What the Snakefile asks of the package: a checked project, or one message and the exit code 2."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from molenspin.errors import MolenspinError
from molenspin.project import Project, open_project, prepare_project
from molenspin.store.location import first_line, storage_errors


def checked_project(config: Mapping[str, Any]) -> Project:
    """The project of a configuration; stops the process with a message if the configuration is wrong.

    Reads only: dry runs, reports and `--unlock` come through here too.

    Parameters
    ----------
    config
        As Snakemake read it.
    """
    with messages_only():
        return open_project(config)


def prepare(project: Project) -> None:
    """Make room in the store for everything that the plan asks, before the first job."""
    with messages_only():
        prepare_project(project)


@contextmanager
def messages_only() -> Iterator[None]:
    """Errors of ours and of the disk end the process with their message alone."""
    try:
        yield
    except MolenspinError as error:
        print(f"molenspin: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except storage_errors() as error:
        print(f"molenspin: results cannot be written: {first_line(error)}", file=sys.stderr)
        raise SystemExit(2) from None
