"""The direct answer: which integrator, step and backend, how much faster than the baseline, how sure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from molenspin.analysis.choice import Choice
from molenspin.analysis.results import SweepResults
from molenspin.analysis.speedups import ACROSS_SESSIONS, BASELINE, Answer, answers
from molenspin.analysis.work_precision import Curve, Point
from molenspin.report import wording
from molenspin.timing import TimingResults
from molenspin.timing.session_spread import visit_medians
from molenspin.timing.statistics import MINIMUM_SAMPLES, distinguishable, median_estimate


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """One assembly's answer in words.

    Parameters
    ----------
    assembly
        Name and size, and the machine where there are several.
    setting
        Integrator, step and backend; or that none was measured.
    error, seconds, speedup
        What the setting reaches, what it takes, how much faster it is than the baseline at its own best.
    sureness
        How far these numbers can be trusted.
    """

    assembly: str
    setting: str
    error: str = "–"
    seconds: str = "–"
    speedup: str = "–"
    sureness: str = ""


def answer_rows(results: SweepResults, error: float) -> list[AnswerRow]:
    """The answer for every assembly that was timed."""
    return [
        _row(answer, results.curve_titles[answer.key], results) for answer in answers(results.curves, error)
    ]


def answer_summary(results: SweepResults, error: float) -> str:
    """All answers in one sentence: each setting, for how many assemblies, how much faster."""
    found = answers(results.curves, error)
    by_setting: dict[str, list[Choice]] = {}
    for choice in (answer.choice for answer in found if answer.choice):
        by_setting.setdefault(_setting(choice.curve, choice.point), []).append(choice)
    parts = [
        f"{setting} for {_share(len(same), len(found))}{_gains(same)}"
        for setting, same in sorted(by_setting.items(), key=lambda item: -len(item[1]))
    ]
    return "; ".join(parts)


def _share(count: int, total: int) -> str:
    return ("it" if total == 1 else "all") if count == total else f"{count} of {total}"


def _gains(same: Sequence[Choice]) -> str:
    factors = [choice.speedup.value for choice in same if choice.speedup and choice.curve.backend != BASELINE]
    if not factors:
        return ""
    least, most = wording.factor(min(factors)), wording.factor(max(factors))
    return f", {least if least == most else f'{least} to {most}'} as fast as {BASELINE}"


def _row(answer: Answer, name: str, results: SweepResults) -> AnswerRow:
    choice, curves = answer.choice, results.curves[answer.key]
    if choice is None:
        return AnswerRow(assembly=name, setting="no measured setting meets it", sureness=_best(curves))
    return AnswerRow(
        assembly=name,
        setting=_setting(choice.curve, choice.point),
        error=wording.error(choice.point.error, choice.point.uncertainty),
        seconds=_seconds(choice.point),
        speedup=_speedup(choice),
        sureness=". ".join(_sureness(choice, curves, answer.error, results.timing)),
    )


def _seconds(point: Point) -> str:
    found = median_estimate(point.wall)
    if found.interval is None:
        return wording.seconds(found.value)
    low, high = wording.seconds(found.interval.low), wording.seconds(found.interval.high)
    return f"{wording.seconds(found.value)} ({low} to {high})"


def _setting(curve: Curve, point: Point) -> str:
    return f"{curve.integrator}, dt = {wording.step(point.dt)}, backend {curve.backend}"


def _speedup(choice: Choice) -> str:
    if choice.baseline is None or choice.baseline_point is None:
        return f"{BASELINE} was not measured at this error"
    if choice.curve.backend == BASELINE:
        return "it is the baseline"
    against = f"over {BASELINE} {choice.baseline.integrator}, dt = {wording.step(choice.baseline_point.dt)}"
    sides = {point.record.session for point in (choice.point, choice.baseline_point) if point.record}
    across = f" ({ACROSS_SESSIONS})" if len(sides) > 1 else ""
    return f"{wording.speedup(choice.speedup)} {against}{across}"


def _sureness(
    choice: Choice, curves: Sequence[Curve], error: float, timing: TimingResults | None
) -> Iterator[str]:
    yield _runs(choice.point)
    record = choice.point.record
    if record and record.physics.against not in ("", record.backend):
        yield f"Agrees with {record.physics.against} to {wording.power(record.physics.difference)}"
    if record and timing and timing.environment(record.session).is_busy:
        yield "The machine was busy: ratios hold better than times"
    session_count = len(frozenset().union(*(curve.sessions for curve in curves)))
    if session_count > 1:
        yield (
            f"The candidates were timed in {session_count} sessions: small differences between them may come "
            "from the machine"
        )
    ties = [_setting(curve, point) for curve, point in _ties(choice, curves, error)]
    if ties:
        yield "Not distinguishable in time from " + "; ".join(ties)
    if choice.point.error < error / 10:
        yield from _larger_step(choice, error)


def _runs(point: Point) -> str:
    count = f"{len(point.wall)} timed runs"
    samples = point.record.samples if point.record else None
    medians = list(visit_medians(samples)) if samples else []
    if len(medians) > 1:
        count += f" in {len(medians)} visits, {100 * (max(medians) / min(medians) - 1):.0f}% apart"
    return count if len(point.wall) >= MINIMUM_SAMPLES else f"{count}, too few for an interval"


def _larger_step(choice: Choice, error: float) -> Iterator[str]:
    curve, point = choice.curve, choice.point
    if point.dt == max(other.dt for other in curve.points):
        yield "The largest step tried is already finer than asked: a larger one may be cheaper"
    elif curve.reaches(error):
        step, seconds = curve.step_at_error(error), float(curve.at_error(error)[0])
        between = f"dt = {wording.step(float(f'{step:.2g}'))} takes {wording.seconds(seconds)}"
        yield f"Interpolated, not measured: {between}"


def _ties(choice: Choice, curves: Sequence[Curve], error: float) -> Iterator[tuple[Curve, Point]]:
    for curve in curves:
        point = curve.cheapest(error)
        if point is None or curve is choice.curve or len(point.wall) < MINIMUM_SAMPLES:
            continue
        if len(choice.point.wall) >= MINIMUM_SAMPLES and not distinguishable(point.wall, choice.point.wall):
            yield curve, point


def _best(curves: Sequence[Curve]) -> str:
    curve, point = min(
        ((curve, point) for curve in curves for point in curve.points), key=lambda pair: pair[1].error
    )
    return f"The most accurate is {_setting(curve, point)}, with an error of {wording.power(point.error)}"
