"""Speedup at equal step and at equal error, and the cheapest measured setting for a wanted error."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from molenspin.analysis.choice import Choice, cheapest_setting
from molenspin.analysis.convergence import ERROR
from molenspin.analysis.work_precision import Curve, CurveKey, speedup_at_error, work_precision
from molenspin.errors import InvalidValueError
from molenspin.status import CaseStatus
from molenspin.timing import TimingCase, TimingResults, timing_table
from molenspin.timing.statistics import Estimate
from molenspin.timing.table import in_display_order

BASELINE = "numpy"

ACROSS_SESSIONS = "timed in different sessions"
"""Note of a ratio whose two sides were not timed beside each other: the machine may have changed between."""

ErrorsByCase = Mapping[tuple[TimingCase, str], float]


def known_errors(
    results: TimingResults, accuracy: pd.DataFrame, *, column: str = ERROR
) -> dict[tuple[TimingCase, str], float]:
    """Errors of the timed cases from an accuracy table, by case and backend [rad].

    Joined by the keys of the cases that a timing carries, never by names. Of an ensemble it is the largest
    error of any member; where a member has none, the ensemble has none.

    With ``column`` `molenspin.analysis.convergence.UNCERTAINTY`: how far these errors can be trusted.
    """
    finished = accuracy[(accuracy["status"] == CaseStatus.OK.label) & (accuracy["key"] != "")]
    known = finished.dropna(subset=[ERROR]).set_index("key")[column].to_dict()
    return {
        (record.case, record.backend): float(max(known[key] for key in record.keys))
        for record in results.current
        if record.keys and all(key in known for key in record.keys)
    }


def equal_step_table(
    results: TimingResults,
    errors: ErrorsByCase,
    uncertainties: ErrorsByCase | None = None,
    *,
    baseline: str = BASELINE,
) -> pd.DataFrame:
    """`molenspin.timing.timing_table`, with the errors replaced where they are known better."""
    known = uncertainties or {}
    table = timing_table(results, baseline=baseline)
    records = in_display_order(results)
    best = [errors.get((r.case, r.backend), r.physics.error) for r in records]
    bounds = [known.get((r.case, r.backend), r.physics.uncertainty) for r in records]
    return table.assign(error=pd.array(best, dtype="Float64"), uncertainty=pd.array(bounds, dtype="Float64"))


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Times of one backend and integrator over the size of an assembly, at the smallest step of each size.

    Parameters
    ----------
    label
        What it is, for a legend.
    backend, integrator
        Who computed it, and how.
    rows
        Rows of `equal_step_table`, by size.
    """

    label: str
    backend: str
    integrator: str
    rows: pd.DataFrame


def by_size(table: pd.DataFrame) -> Iterator[Scaling]:
    """Rows of `equal_step_table` for each assembly, ensemble, backend, integrator, duration and machine."""
    several = table["machine"].nunique() > 1
    durations = simulated(table)
    names = ["assembly", "member_count", "parameters", "backend", "integrator", "machine"]
    for (*_, duration), rows in table.groupby([*names, durations]):
        first = rows.iloc[0]
        what = f"{first['assembly']}{members_text(first['member_count'], first['parameters'])}"
        what += f", {duration:g} s" if durations.nunique() > 1 else ""
        what += f" on {first['machine']}" if several else ""
        backend, integrator = str(first["backend"]), str(first["integrator"])
        finest = rows.sort_values("dt").drop_duplicates("body_count").sort_values("body_count")
        yield Scaling(
            label=f"{what}: {backend} {integrator}", backend=backend, integrator=integrator, rows=finest
        )


def simulated(table: pd.DataFrame) -> "pd.Series[float]":
    """Time that each row of `equal_step_table` simulates [s]; merged timings may differ in it."""
    return (table["dt"] * table["step_count"]).round(9)


def members_text(member_count: int, parameters: str) -> str:
    """What stands behind the name of an ensemble: `` × 64 members (sails.pitch varied)``."""
    members = f" × {member_count} members" if member_count > 1 else ""
    return members + (f" ({parameters} varied)" if parameters else "")


def curves_by_key(
    results: TimingResults, errors: ErrorsByCase, uncertainties: ErrorsByCase | None = None
) -> dict[CurveKey, list[Curve]]:
    """Work-precision curves by machine, assembly, size and time simulated."""
    curves: dict[CurveKey, list[Curve]] = {}
    for curve in work_precision(results, errors, uncertainties):
        curves.setdefault(curve.key, []).append(curve)
    return curves


def equal_error_table(
    curves: Mapping[CurveKey, Sequence[Curve]], targets: Sequence[float], *, baseline: str = BASELINE
) -> pd.DataFrame:
    """Every backend at its cheapest integrator for an error, interpolated on its work-precision curve.

    Returns
    -------
    pandas.DataFrame
        ``machine``, ``assembly``, ``body_count``, ``member_count``, ``parameters``, ``error``
        [rad], ``backend``, ``integrator``, ``dt`` [s],
        ``seconds``, ``speedup`` over the baseline at the same error with ``speedup_low`` and
        ``speedup_high``, ``note``. Nothing is extrapolated: the note says what was measured instead.
    """
    rows = [
        {
            "machine": key.machine,
            "assembly": key.assembly,
            "body_count": key.body_count,
            "member_count": key.member_count,
            "parameters": key.parameters,
            "error": target,
            **row,
        }
        for key, same in curves.items()
        for target in targets
        for row in _rows_at_error(same, target, baseline)
    ]
    return pd.DataFrame(rows)


def _rows_at_error(curves: Sequence[Curve], target: float, baseline: str) -> Iterator[dict[str, object]]:
    backends = list(dict.fromkeys(curve.backend for curve in curves))
    cheapest = {
        backend: _cheapest_at(target, [curve for curve in curves if curve.backend == backend])
        for backend in backends
    }
    theirs = cheapest.get(baseline)
    for backend in backends:
        curve = cheapest[backend]
        if curve is None:
            yield {"backend": backend, "note": _measured(curves, backend)}
            continue
        itself = Estimate(value=1.0, interval=None) if curve is theirs else None
        gained = itself or (speedup_at_error(curve, theirs, target) if theirs else None)
        yield {
            "backend": backend,
            "integrator": str(curve.integrator),
            "dt": curve.step_at_error(target),
            "seconds": float(curve.at_error(target)[0]),
            **_speedup_columns(gained),
            "note": _note(curve, theirs, curves, target, baseline),
        }


def _cheapest_at(target: float, curves: Sequence[Curve]) -> Curve | None:
    costs: list[tuple[float, Curve]] = []
    for curve in curves:
        try:
            costs.append((float(curve.at_error(target)[0]), curve))
        except InvalidValueError:
            continue
    return min(costs, key=lambda cost: cost[0])[1] if costs else None


def _measured(curves: Sequence[Curve], backend: str) -> str:
    fronts = {curve.integrator: curve.front() for curve in curves if curve.backend == backend}
    ranges = (f"{name} from {front[-1].error:.1e} to {front[0].error:.1e}" for name, front in fronts.items())
    return f"not measured around this error, and not extrapolated: {', '.join(ranges)}"


def _note(curve: Curve, theirs: Curve | None, curves: Sequence[Curve], target: float, baseline: str) -> str:
    if theirs is None:
        return f"{baseline} was not measured around this error"
    seconds = float(curve.at_error(target)[0])
    for other in curves:
        coarsest = other.front()[0]
        if other.backend == curve.backend and coarsest.error < target and coarsest.median < seconds:
            return f"{other.integrator} takes less at its largest step and reaches {coarsest.error:.1e}"
    if len(curve.sessions | theirs.sessions) > 1:
        return ACROSS_SESSIONS
    return ""


def _speedup_columns(gained: Estimate | None) -> dict[str, float | None]:
    interval = gained.interval if gained else None
    return {
        "speedup": gained.value if gained else None,
        "speedup_low": interval.low if interval else None,
        "speedup_high": interval.high if interval else None,
    }


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Which integrator, step and backend for one assembly at one error; None where none was measured.

    Parameters
    ----------
    key
        Machine, assembly and size.
    error
        Wanted error [rad].
    choice
        The cheapest measured setting that meets it.
    """

    key: CurveKey
    error: float
    choice: Choice | None


def answers(
    curves: Mapping[CurveKey, Sequence[Curve]], error: float, *, baseline: str = BASELINE
) -> list[Answer]:
    """The cheapest measured setting of every assembly for an error."""
    return [
        Answer(key=key, error=error, choice=cheapest_setting(same, error, baseline=baseline))
        for key, same in curves.items()
    ]


def target_errors(curves: Mapping[CurveKey, Sequence[Curve]]) -> tuple[float, ...]:
    """Even powers of ten that at least one curve was measured around."""
    fronts = [curve.front() for same in curves.values() for curve in same]
    exponents = range(-2, -15, -2)
    return tuple(
        10.0**exponent
        for exponent in exponents
        if any(len(f) > 1 and f[-1].error <= 10.0**exponent <= f[0].error for f in fronts)
    )
