"""What the Snakefile and its scripts ask of the package: messages instead of tracebacks, progress."""

import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from molenspin.errors import MolenspinError
from molenspin.progress import Progress
from molenspin.project import Project, open_project
from molenspin.store.preparation import prepare_store
from molenspin.store.records import GroupRecord

SECONDS_BETWEEN_LINES = 5.0


def checked_project(config: Mapping[str, Any], *, is_main: bool = True) -> Project:
    """The project of a configuration; stops the process with a message if the configuration is wrong.

    Parameters
    ----------
    config
        As Snakemake read it.
    is_main
        Whether this is the process that schedules: it alone clears records that the store belies.
    """
    with messages_only():
        project = open_project(config)
    if is_main:
        project.drop_false_records()
    return project


def prepare(project: Project) -> None:
    """Make room in the store for everything that the plan asks, before the first job."""
    with messages_only():
        prepare_store(project.plan, project.places.store)


@contextmanager
def messages_only() -> Iterator[None]:
    """Errors of ours and of the disk end the process with their message alone."""
    try:
        yield
    except (MolenspinError, OSError) as error:
        print(f"molenspin: {error}", file=sys.stderr)
        raise SystemExit(2) from None


@contextmanager
def script(snakemake: Any) -> Iterator[None]:  # noqa: ANN401  (Snakemake's object is not typed)
    """Around a script's work: errors of ours are one message, all errors stand in the log."""
    log = Path(snakemake.log[0])
    log.write_text("")
    try:
        yield
    except MolenspinError as error:
        log.write_text(f"{error}\n")
        print(f"molenspin: {snakemake.rule}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        log.write_text("interrupted\n")
        raise SystemExit(130) from None
    except Exception:
        log.write_text(traceback.format_exc())
        raise


class ProgressLine:
    """Prints the progress of a group every few seconds.

    Parameters
    ----------
    name
        Name of the group.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._printed = perf_counter()

    def __call__(self, progress: Progress) -> None:
        """Print, if it is time to."""
        if perf_counter() - self._printed >= SECONDS_BETWEEN_LINES:
            self._printed = perf_counter()
            print_line(f"{self._name}: {progress}")

    def finish(self, record: GroupRecord) -> None:
        """Print how the group ended."""
        counts = ", ".join(f"{count} {label}" for label, count in sorted(record.status_counts.items()))
        print_line(f"{self._name}: done in {record.elapsed:.1f} s: {counts}")


def print_line(line: str) -> None:
    """Show a line while the workflow runs."""
    print(line, file=sys.stderr, flush=True)
