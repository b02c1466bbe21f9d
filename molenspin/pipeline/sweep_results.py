"""The results of a sweep that tables, figures and the report are made of, written and kept whole."""

import logging
import os
from collections.abc import Callable

from molenspin.analysis.accuracy_file import read_accuracy, seal_accuracy
from molenspin.analysis.stored import stored_accuracy
from molenspin.config import Config
from molenspin.errors import MolenspinError
from molenspin.pipeline.project import places_of
from molenspin.pipeline.sweep_timing import time_sweep
from molenspin.report.result_tables import write_table
from molenspin.store.selection import select
from molenspin.sweep.cases import expand
from molenspin.timing import load_timing

_log = logging.getLogger(__name__)


def tabulate_accuracy(config: Config) -> None:
    """Write the table of the accuracy of every case, and its checksum."""
    places = places_of(config)
    table = stored_accuracy(places.store, select(config, expand(config)), cache=places.references)
    write_table(table, places.accuracy)
    seal_accuracy(places.accuracy)


def restore_results(config: Config, *, progress: Callable[[str], None] = lambda _: None) -> None:
    """Make the table of accuracy and the timings again where they were damaged, with one line of log.

    Timings come from the archive of the sweep: only what that lacks is timed again.

    Parameters
    ----------
    config
        The configuration.
    progress
        Called with one line before each workload that is timed.
    """
    places = places_of(config)
    try:
        read_accuracy(places.accuracy)
    except MolenspinError as error:
        _log.warning("%s; computed again", error)
        before = places.accuracy.stat()
        tabulate_accuracy(config)
        # Younger than the timings, it would have Snakemake ask for them again.
        os.utime(places.accuracy, ns=(before.st_atime_ns, before.st_mtime_ns))
    if config.timing.repeats:
        try:
            load_timing(places.timing)
        except MolenspinError as error:
            _log.warning("%s; put together again", error)
            time_sweep(config, places.timings, progress=progress).save(places.timing)
