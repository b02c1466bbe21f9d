"""Makes the report from what a sweep left in its folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from molenspin.analysis.results import load_results
from molenspin.errors import InvalidValueError
from molenspin.report.drawings import read_drawings
from molenspin.report.page import WANTED_ERROR, Report
from molenspin.store.places import Places


def report_of_folder(
    folder: Path, *, config: Mapping[str, Any] | None = None, error: float = WANTED_ERROR
) -> Report:
    """The report of a finished sweep.

    Parameters
    ----------
    folder
        Folder of the sweep, with ``tables/accuracy.csv`` and, where they were made, ``timing.json`` and
        drawings in ``profile``.
    config
        Configuration, for the provenance.
    error
        Error [rad] that is answered first.

    Raises
    ------
    InvalidValueError
        If the folder holds no accuracy table.
    """
    places = Places.in_folder(folder)
    if not places.accuracy.is_file():
        raise InvalidValueError(f"{folder}: no results of a sweep: {places.accuracy} is missing")
    drawings, left_out = read_drawings(sorted(places.profile.glob("*.svg")))
    return Report(
        title=folder.resolve().name,
        results=load_results(places.accuracy, places.timing if places.timing.is_file() else None),
        config=config or {},
        flamegraphs=drawings,
        left_out=left_out,
        error=error,
    )
