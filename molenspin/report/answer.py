"""The direct answer: which integrator, step and backend, how much faster than the baseline, how sure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from molenspin.analysis.results import SweepResults
from molenspin.analysis.speedups import BASELINE, Answer, answers
from molenspin.analysis.work_precision import Choice, Curve, Point
from molenspin.report import wording
from molenspin.timing.statistics import MINIMUM_SAMPLES, distinguishable


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
    uncertainty = results.reference_uncertainty
    return [
        _row(answer, results.curve_titles[answer.key], results.curves[answer.key], uncertainty)
        for answer in answers(results.curves, error)
    ]


def _row(answer: Answer, name: str, curves: Sequence[Curve], uncertainty: float | None) -> AnswerRow:
    choice = answer.choice
    if choice is None:
        return AnswerRow(assembly=name, setting="no measured setting meets it", sureness=_best(curves))
    return AnswerRow(
        assembly=name,
        setting=_setting(choice.curve, choice.point),
        error=wording.power(choice.point.error),
        seconds=wording.seconds(choice.point.median),
        speedup=_speedup(choice),
        sureness=". ".join(_sureness(choice, curves, answer.error, uncertainty)),
    )


def _setting(curve: Curve, point: Point) -> str:
    return f"{curve.integrator}, dt = {wording.step(point.dt)}, backend {curve.backend}"


def _speedup(choice: Choice) -> str:
    if choice.baseline is None or choice.baseline_point is None:
        return f"{BASELINE} was not measured at this error"
    if choice.curve.backend == BASELINE:
        return "it is the baseline"
    against = f"over {BASELINE} {choice.baseline.integrator}, dt = {wording.step(choice.baseline_point.dt)}"
    return f"{wording.speedup(choice.speedup)} {against}"


def _sureness(
    choice: Choice, curves: Sequence[Curve], error: float, uncertainty: float | None
) -> Iterator[str]:
    runs = len(choice.point.wall)
    enough = runs >= MINIMUM_SAMPLES
    yield f"{runs} timed runs, " + ("with a 95% interval" if enough else "too few for an interval")
    ties = [_setting(curve, point) for curve, point in _ties(choice, curves, error)]
    if ties:
        yield "Not distinguishable in time from " + "; ".join(ties)
    if uncertainty is not None:
        yield f"Errors are against a reference known to {wording.power(uncertainty)} rad"
    if choice.point.error < error / 10 and choice.point.dt == max(point.dt for point in choice.curve.points):
        yield "The largest step tried is already finer than asked: a larger one may be cheaper"


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
