"""What changed between two sets of timing results, by how much, and with what confidence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp
from typing import TypeAlias

import pandas as pd

from molenspin.errors import InvalidValueError
from molenspin.sweep.labels import keyed_name, shared_names
from molenspin.timing.circumstances import same_circumstances
from molenspin.timing.merging import position_difference
from molenspin.timing.records import TimingCase, TimingRecord, TimingResults, Verdict
from molenspin.timing.session_spread import Shift, Told, shift_between, tell
from molenspin.timing.statistics import MINIMUM_SAMPLES, SIGNIFICANCE, Estimate

SMALLEST_CHANGE = 0.05
"""Changes below this are not reported: two processes of the same code differ by as much."""

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
        Run time of B over that of A, in units of the calibration kernel where one machine took both, with the
        interval that holds what sessions differ by; None where one is missing.
    p_value
        Probability of such a ratio without a change, corrected for the number of comparisons.
    resolves
        Smallest relative change that would have been told.
    physics
        What changed in the computed trajectory; empty where nothing did.
    """

    machine: str
    case: TimingCase
    backend: str
    change: Change
    ratio: Estimate | None = None
    p_value: float | None = None
    resolves: float | None = None
    physics: str = ""


@dataclass(frozen=True)
class _Pair:
    machine: str
    case: TimingCase
    backend: str
    first: TimingRecord | None
    second: TimingRecord | None
    is_same_machine: bool
    is_same_code: bool

    @property
    def has_samples(self) -> bool:
        """Both sides have as many as a judgement needs."""
        sides = (self.first, self.second)
        return all(side is not None and len(side.samples.wall) >= MINIMUM_SAMPLES for side in sides)


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
    told = iter(tell([_shift(pair) for pair in pairs if pair.has_samples]))
    return [_compare_pair(pair, next(told) if pair.has_samples else None, smallest_change) for pair in pairs]


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
    same = {
        (a.session, b.session): same_circumstances(a, b)
        for a in first.environments
        for b in second.environments
    }
    return [
        _pair(key, records_a.get(key), records_b.get(key), label="" if by_machine else label, same=same)
        for key in sorted({*records_a, *records_b}, key=_display_order)
    ]


def _display_order(key: _Key) -> tuple[object, ...]:
    machine, case, backend = key
    return machine, case.display_order, backend


def _pair(
    key: _Key,
    first: TimingRecord | None,
    second: TimingRecord | None,
    *,
    label: str,
    same: Mapping[tuple[str, str], bool],
) -> _Pair:
    is_same = bool(first and second and first.code and first.code == second.code)
    return _Pair(
        machine=label or key[0],
        case=key[1],
        backend=key[2],
        first=first,
        second=second,
        is_same_machine=not label,
        is_same_code=is_same and bool(first and second and same[first.session, second.session]),
    )


def _keyed(results: TimingResults, *, by_machine: bool) -> dict[_Key, TimingRecord]:
    """Index the latest record of each case and backend."""
    return {
        (
            results.environment(record.session).machine if by_machine else "",
            record.case,
            record.backend,
        ): record
        for record in results.current
    }


def _shift(pair: _Pair) -> Shift:
    assert pair.first is not None
    assert pair.second is not None
    return shift_between(
        pair.first.samples,
        pair.second.samples,
        backend=pair.backend,
        is_same_machine=pair.is_same_machine,
        is_same_code=pair.is_same_code,
    )


def _compare_pair(pair: _Pair, told: Told | None, smallest_change: float) -> Comparison:
    comparison = Comparison(machine=pair.machine, case=pair.case, backend=pair.backend, change=Change.UNKNOWN)
    if pair.first is None or pair.second is None:
        return replace(comparison, change=Change.ONLY_SECOND if pair.first is None else Change.ONLY_FIRST)
    physics = _physics_change(pair.first, pair.second)
    ratio = _ratio(pair, told)
    return replace(
        comparison,
        change=Change.PHYSICS if physics else _change(ratio, told, smallest_change),
        ratio=ratio,
        p_value=told.p_value if told else None,
        resolves=max(told.resolves, smallest_change) if told else None,
        physics=physics,
    )


def _ratio(pair: _Pair, told: Told | None) -> Estimate | None:
    sides = [side.samples for side in (pair.first, pair.second) if side and side.samples.wall]
    if len(sides) < 2:
        return None
    return Estimate(value=exp(_shift(pair).value), interval=told.interval if told else None)


def _change(ratio: Estimate | None, told: Told | None, smallest_change: float) -> Change:
    if ratio is None or told is None:
        return Change.UNKNOWN
    if told.p_value >= SIGNIFICANCE or abs(ratio.value - 1) < smallest_change:
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
    cases = {comparison.case.content: comparison.case for comparison in comparisons}
    names = {content: (case.assembly, case.body_count, case.member_count) for content, case in cases.items()}
    shared = shared_names(names)
    labels = {
        content: keyed_name(case.assembly, content) if names[content] in shared else case.assembly
        for content, case in cases.items()
    }
    return pd.DataFrame([_row(comparison, labels[comparison.case.content]) for comparison in comparisons])


def _row(comparison: Comparison, label: str) -> dict[str, object]:
    ratio = comparison.ratio
    interval = ratio.interval if ratio else None
    return {
        "machine": comparison.machine,
        "case": str(replace(comparison.case, assembly=label)),
        "backend": comparison.backend,
        "change [%]": "-" if ratio is None else f"{100 * (ratio.value - 1):+.1f}",
        "95% interval": "-"
        if interval is None
        else f"{100 * (interval.low - 1):+.1f} .. {100 * (interval.high - 1):+.1f}",
        "told above [%]": "-" if comparison.resolves is None else f"{100 * comparison.resolves:.0f}",
        "p": "-" if comparison.p_value is None else f"{comparison.p_value:.2g}",
        "verdict": comparison.change.value + (f": {comparison.physics}" if comparison.physics else ""),
    }
