"""What changed between two sets of timing results, by how much, and with what confidence."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import pandas as pd
from scipy import stats

from molenspin.errors import InvalidValueError
from molenspin.timing.merging import position_difference
from molenspin.timing.records import TimingCase, TimingRecord, TimingResults, Verdict
from molenspin.timing.statistics import (
    MINIMUM_SAMPLES,
    SIGNIFICANCE,
    Estimate,
    rank_test,
    ratio_estimate,
)

SMALLEST_CHANGE = 0.05
"""Changes below this are not reported as such: two sessions of the same code differ by as much."""

_Key: TypeAlias = tuple[str, TimingCase, str]


class Change(StrEnum):
    """What a comparison says of one case and backend."""

    FASTER = "faster"
    SLOWER = "slower"
    NONE = "no change"
    UNKNOWN = "too few samples"
    PHYSICS = "other physics"
    ONLY_FIRST = "only in A"
    ONLY_SECOND = "only in B"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One case and backend in both results.

    Parameters
    ----------
    machine
        Machine, or ``A -> B`` where the two results come from different ones.
    case, backend
        What was timed.
    change
        The judgement.
    ratio
        Median of B over median of A, None where one is missing.
    p_value
        Of the rank test, corrected for the number of comparisons.
    physics
        What changed in the computed trajectory; empty where nothing did.
    """

    machine: str
    case: TimingCase
    backend: str
    change: Change
    ratio: Estimate | None = None
    p_value: float | None = None
    physics: str = ""


@dataclass(frozen=True)
class _Pair:
    machine: str
    case: TimingCase
    backend: str
    first: TimingRecord | None
    second: TimingRecord | None


def compare_timing(
    first: TimingResults, second: TimingResults, *, smallest_change: float = SMALLEST_CHANGE
) -> list[Comparison]:
    """Compare two results case by case; records are matched by machine where the two share one.

    Parameters
    ----------
    first, second
        Results A and B.
    smallest_change
        Relative change of the median below which a difference counts as no change.

    Raises
    ------
    InvalidValueError
        If the results share no machine and one of them holds several.
    """
    pairs = _matched(first, second)
    p_values = _corrected([_p_value(pair) for pair in pairs])
    return [
        _compare_pair(pair, p_value, smallest_change) for pair, p_value in zip(pairs, p_values, strict=True)
    ]


def _matched(first: TimingResults, second: TimingResults) -> list[_Pair]:
    machines_a = {environment.machine for environment in first.environments}
    machines_b = {environment.machine for environment in second.environments}
    by_machine = bool(machines_a & machines_b)
    if not by_machine and max(len(machines_a), len(machines_b)) > 1:
        raise InvalidValueError(
            "the results share no machine, and one holds several: "
            f"{', '.join(sorted(machines_a))} and {', '.join(sorted(machines_b))}"
        )
    records_a, records_b = _keyed(first, by_machine=by_machine), _keyed(second, by_machine=by_machine)
    label = f"{''.join(machines_a)} -> {''.join(machines_b)}"
    return [
        _Pair(key[0] or label, key[1], key[2], records_a.get(key), records_b.get(key))
        for key in sorted({*records_a, *records_b})
    ]


def _keyed(results: TimingResults, *, by_machine: bool) -> dict[_Key, TimingRecord]:
    """Index the records; where a session repeats another's, the later one counts."""
    keyed: dict[_Key, TimingRecord] = {}
    for record in sorted(results.records, key=lambda record: results.environment(record.session).started):
        machine = results.environment(record.session).machine if by_machine else ""
        keyed[machine, record.case, record.backend] = record
    return keyed


def _p_value(pair: _Pair) -> float | None:
    samples = [record.samples.wall for record in (pair.first, pair.second) if record]
    if len(samples) < 2 or min(len(wall) for wall in samples) < MINIMUM_SAMPLES:
        return None
    return rank_test(*samples)


def _corrected(p_values: list[float | None]) -> list[float | None]:
    """Hold the false discovery rate of all tests together at the level of one."""
    known = [value for value in p_values if value is not None]
    corrected = iter(stats.false_discovery_control(known) if known else ())
    return [None if value is None else float(next(corrected)) for value in p_values]


def _compare_pair(pair: _Pair, p_value: float | None, smallest_change: float) -> Comparison:
    if pair.first is None or pair.second is None:
        change = Change.ONLY_SECOND if pair.first is None else Change.ONLY_FIRST
        return Comparison(machine=pair.machine, case=pair.case, backend=pair.backend, change=change)
    physics = _physics_change(pair.first, pair.second)
    wall_a, wall_b = pair.first.samples.wall, pair.second.samples.wall
    ratio = ratio_estimate(wall_b, wall_a) if wall_a and wall_b else None
    return Comparison(
        machine=pair.machine,
        case=pair.case,
        backend=pair.backend,
        change=Change.PHYSICS if physics else _change(ratio, p_value, smallest_change),
        ratio=ratio,
        p_value=p_value,
        physics=physics,
    )


def _change(ratio: Estimate | None, p_value: float | None, smallest_change: float) -> Change:
    if ratio is None or p_value is None:
        return Change.UNKNOWN
    if p_value >= SIGNIFICANCE or abs(ratio.value - 1) < smallest_change:
        return Change.NONE
    return Change.FASTER if ratio.value < 1 else Change.SLOWER


def _physics_change(record_a: TimingRecord, record_b: TimingRecord) -> str:
    verdicts = record_a.physics.verdict, record_b.physics.verdict
    if verdicts[0] is not verdicts[1]:
        return f"was {verdicts[0]}, is {verdicts[1]}"
    if verdicts[0] is not Verdict.OK:
        return ""
    difference = position_difference(record_a, record_b)
    allowed = max(record_a.physics.tolerance, record_b.physics.tolerance)
    return f"final positions differ by {difference:.1e}" if difference > allowed else ""


def comparison_table(comparisons: list[Comparison]) -> pd.DataFrame:
    """Return the comparisons as a table; ``change [%]`` is negative where B is faster."""
    return pd.DataFrame([_row(comparison) for comparison in comparisons])


def _row(comparison: Comparison) -> dict[str, object]:
    ratio = comparison.ratio
    interval = ratio.interval if ratio else None
    return {
        "machine": comparison.machine,
        "case": str(comparison.case),
        "backend": comparison.backend,
        "change [%]": "-" if ratio is None else f"{100 * (ratio.value - 1):+.1f}",
        "95% interval": "-"
        if interval is None
        else f"{100 * (interval.low - 1):+.1f} .. {100 * (interval.high - 1):+.1f}",
        "p": "-" if comparison.p_value is None else f"{comparison.p_value:.2g}",
        "verdict": comparison.change.value + (f": {comparison.physics}" if comparison.physics else ""),
    }
