"""Around the scripts of the workflow: messages instead of tracebacks, progress. Light to import."""

import gc
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn

from molenspin.errors import InternalError, MolenspinError
from molenspin.output.terminal import visible

if TYPE_CHECKING:
    from molenspin.jobs.progress import Progress
    from molenspin.store.records import GroupRecord

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def script(snakemake: Any) -> Iterator[None]:  # noqa: ANN401  (Snakemake's object is not typed)
    """Around a script's work: errors of ours are one message, all errors stand in the log."""
    log = Path(snakemake.log[0])
    _write(log, "")
    try:
        with _logged_failures(log):
            yield
    except InternalError as error:
        _stop_at_fault(snakemake.rule, log, str(error), error.trace)
    except MolenspinError as error:
        _write(log, f"{error}\n")
        print(f"molenspin: {snakemake.rule}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        _write(log, "interrupted\n")
        # Threads may be in the middle of a long run; what is committed is safe, so do not wait for them.
        os._exit(130)
    except Exception as error:
        what = f"a fault in the code: {type(error).__name__}: {error}"
        _stop_at_fault(snakemake.rule, log, what, traceback.format_exc())
    # On its way out Python searches every object for cycles, a tenth of a second that nobody needs.
    gc.freeze()


def _stop_at_fault(rule: str, log: Path, what: str, trace: str) -> NoReturn:
    _write(log, f"{what}\n\n{trace}")
    message = f"molenspin: {rule}: {what}; please report it with the traceback, which is in {log}"
    print(message, file=sys.stderr)
    raise SystemExit(1) from None


@contextmanager
def _logged_failures(log: Path) -> Iterator[None]:
    """Write the tracebacks of cases that failed to the log of their job."""
    logger, handler = logging.getLogger("molenspin.failures"), logging.FileHandler(log, delay=True)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()


def _write(log: Path, text: str) -> None:
    with suppress(OSError):  # on a full disk the log must not stand in the way of the message
        log.write_text(visible(text))


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

    def __call__(self, progress: "Progress") -> None:
        """Print, if it is time to."""
        if perf_counter() - self._printed >= SECONDS_BETWEEN_LINES:
            self._printed = perf_counter()
            print_line(f"{self._name}: {progress}")

    def finish(self, record: "GroupRecord") -> None:
        """Print how the group ended."""
        counts = ", ".join(f"{count} {label}" for label, count in sorted(record.status_counts.items()))
        print_line(f"{self._name}: done in {record.elapsed:.1f} s: {counts}")


def print_line(line: str) -> None:
    """Show a line while the workflow runs."""
    print(visible(line), file=sys.stderr, flush=True)
