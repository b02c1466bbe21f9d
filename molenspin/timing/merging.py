"""Several machines' timing results in one."""

from itertools import product

import numpy as np

from molenspin.argument_types import refuse_wrong_types
from molenspin.errors import MergeConflictError
from molenspin.simulation.agreement import SMALLEST_SCALE
from molenspin.timing.records import TimingRecord, TimingResults, Verdict


@refuse_wrong_types
def merge_timing(first: TimingResults, second: TimingResults) -> TimingResults:
    """Return both results in one, keyed by case, backend and session.

    Nothing is dropped: `TimingResults.current` is the latest record of each case, backend and machine, and
    the others of its session stand beside it. The order of the arguments does not matter.

    Raises
    ------
    MergeConflictError
        If the two disagree on where the bodies of a case end: names both records of every disagreement.
    """
    conflicts = sorted(
        _conflict(_described(first, a), _described(second, b), difference)
        for a, b in product(first.records, second.records)
        if (difference := _disagreement(a, b)) is not None
    )
    if conflicts:
        raise MergeConflictError("the results disagree in physics:\n" + "\n".join(conflicts))
    return _canonical(first, second)


def position_difference(first: TimingRecord, second: TimingRecord) -> float:
    """Return the largest difference of a final position, relative to the largest angle or displacement."""
    a, b = (np.reshape(record.physics.final_position, (-1, 2)) for record in (first, second))
    if a.shape != b.shape:
        return float("inf")
    largest = np.maximum(np.abs(a), np.abs(b)).max(axis=0, initial=0.0)
    difference = np.abs(a - b).max(axis=0, initial=0.0) / np.maximum(largest, SMALLEST_SCALE)
    return float(difference.max())


def _disagreement(first: TimingRecord, second: TimingRecord) -> float | None:
    verdicts = {first.physics.verdict, second.physics.verdict}
    if first.case != second.case or verdicts != {Verdict.OK}:
        return None
    difference = position_difference(first, second)
    allowed = max(first.physics.tolerance, second.physics.tolerance)
    return difference if difference > allowed else None


def _described(results: TimingResults, record: TimingRecord) -> str:
    environment = results.environment(record.session)
    return f"{record.case}: {record.backend} on {environment.machine} ({environment.started})"


def _conflict(first: str, second: str, difference: float) -> str:
    one, other = sorted((first, second))
    return f"  {one}\n  {other}\n    final positions differ by {difference:.1e}"


def _canonical(*parts: TimingResults) -> TimingResults:
    """All records of all sessions, in an order that does not depend on the parts' order."""
    environments = {environment.session: environment for part in parts for environment in part.environments}
    records = {
        (record.case, record.backend, record.session): record
        for record in sorted((record for part in parts for record in part.records), key=repr)
    }
    kept = sorted(
        records.values(), key=lambda record: (*record.case.display_order, record.backend, record.session)
    )
    used = sorted({record.session for record in kept})
    return TimingResults(environments=tuple(environments[session] for session in used), records=tuple(kept))
