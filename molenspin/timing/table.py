"""Timing results as a table: one row per case, backend and session."""

import pandas as pd

from molenspin.argument_types import refuse_wrong_types
from molenspin.timing.records import TimingCase, TimingRecord, TimingResults, Verdict
from molenspin.timing.statistics import SIGNIFICANCE, Estimate, median_estimate, rank_test, ratio_estimate

DEFAULT_BASELINE = "numpy"


@refuse_wrong_types
def timing_table(results: TimingResults, *, baseline: str = DEFAULT_BASELINE) -> pd.DataFrame:
    """Return the table of medians and speedups.

    Parameters
    ----------
    results
        Raw samples.
    baseline
        Label of the backend that speedups refer to; where a case lacks it, speedups are missing.

    Returns
    -------
    pandas.DataFrame
        One row for the latest record of each case, backend and machine. Columns: ``machine``,
        ``assembly``, ``body_count``, ``member_count``, ``integrator``, ``dt`` [s],
        ``step_count``, ``save_every``, ``backend``, ``runs``, ``median``, ``median_low``,
        ``median_high``, ``first_call`` [s], ``speedup``, ``speedup_low``, ``speedup_high``, ``p_value`` (rank
        test against the baseline of the same session), ``error`` and its ``uncertainty`` [rad],
        ``difference``,
        ``max_residual``, ``peak_memory`` and ``peak_device_memory`` [bytes], ``verdict``, ``note``,
        ``parameters`` (what the members vary), ``session`` (its start), ``key`` (hash of what was simulated).
        A backend that is wrong or failed has no median and no speedup.
    """
    rows = [
        _row(record, results, _right(results.beside(record, baseline)))
        for record in in_display_order(results)
    ]
    return pd.DataFrame(rows)


def in_display_order(results: TimingResults) -> list[TimingRecord]:
    """The records that a table shows, sorted by name, size and setting."""
    return sorted(results.current, key=lambda record: record.case.display_order)


def _right(record: TimingRecord | None) -> TimingRecord | None:
    """A record that computed the right thing, else None."""
    return record if record and record.physics.verdict is Verdict.OK else None


def _row(record: TimingRecord, results: TimingResults, baseline: TimingRecord | None) -> dict[str, object]:
    counts = record.physics.verdict is Verdict.OK
    wall = record.samples.wall
    median = median_estimate(wall) if counts else None
    speedup, p_value = _against(baseline, record) if counts and baseline else (None, None)
    return {
        "machine": results.environment(record.session).machine,
        **_case_columns(record.case, results.labels[record.case.content]),
        "backend": record.backend,
        "runs": len(wall),
        **_estimate_columns("median", median),
        "first_call": record.samples.first_call,
        **_estimate_columns("speedup", speedup),
        "p_value": p_value,
        "error": record.physics.error,
        "uncertainty": record.physics.uncertainty,
        "difference": record.physics.difference,
        "max_residual": record.physics.max_residual,
        "peak_memory": record.peak_memory,
        "peak_device_memory": record.peak_device_memory,
        "verdict": record.physics.verdict.value,
        "note": _note(record, baseline, median, p_value),
        "parameters": record.case.parameters,
        "session": results.environment(record.session).started,
        "key": record.case.content,
    }


def _against(baseline: TimingRecord, record: TimingRecord) -> tuple[Estimate, float | None]:
    """Return speedup and p value; 1 and nothing to test for the baseline itself."""
    if record is baseline:
        return Estimate(value=1.0, interval=None), None
    slow, fast = baseline.samples.wall, record.samples.wall
    return ratio_estimate(slow, fast), rank_test(slow, fast)


def _case_columns(case: TimingCase, label: str) -> dict[str, object]:
    return {
        "assembly": label,
        "body_count": case.body_count,
        "member_count": case.member_count,
        "integrator": case.integrator.value,
        "dt": case.dt,
        "step_count": case.step_count,
        "save_every": case.save_every,
    }


def _estimate_columns(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    interval = estimate.interval if estimate else None
    return {
        name: estimate.value if estimate else None,
        f"{name}_low": interval.low if interval else None,
        f"{name}_high": interval.high if interval else None,
    }


def _note(
    record: TimingRecord, baseline: TimingRecord | None, median: Estimate | None, p_value: float | None
) -> str:
    if median is None:
        return f"{record.physics.verdict}: {record.physics.reason}"
    runs, wanted = len(record.samples.wall), record.samples.wanted
    notes = [f"slow: {runs} of {wanted} runs"] if runs < wanted else []
    if median.interval is None:
        notes.append("too few runs for an interval")
    elif baseline and p_value is not None and p_value >= SIGNIFICANCE:
        notes.append(f"not distinguishable from {baseline.backend}")
    return "; ".join(notes)


@refuse_wrong_types
def format_table(table: pd.DataFrame) -> str:
    """Return the table as people read it in a terminal: milliseconds, intervals in brackets."""
    rows = [_text_row(row) for _, row in table.iterrows()]
    return pd.DataFrame(rows).to_string(index=False)


def _text_row(row: pd.Series) -> dict[str, str]:
    return {
        "bodies": str(row["body_count"]),
        "backend": str(row["backend"]),
        "median [ms]": _number(row["median"], 1e3),
        "95% interval": _bracket(row["median_low"], row["median_high"], 1e3),
        "runs": str(row["runs"]),
        "first [ms]": _number(row["first_call"], 1e3),
        "speedup": _number(row["speedup"]),
        "95% of speedup": _bracket(row["speedup_low"], row["speedup_high"]),
        "error [rad]": _error(row["error"], row["uncertainty"]),
        "host [MB]": _number(row["peak_memory"], 1e-6),
        "device [MB]": "n/a"
        if pd.isna(row["peak_device_memory"])
        else _number(row["peak_device_memory"], 1e-6),
        "note": str(row["note"]),
    }


def _number(value: float | None, scale: float = 1.0) -> str:
    return "-" if value is None or pd.isna(value) else f"{value * scale:.4g}"


def _error(error: float | None, uncertainty: float | None) -> str:
    if error is None or pd.isna(error):
        return "-"
    return f"{error:.1e}" if pd.isna(uncertainty) else f"{error:.1e} ± {uncertainty:.0e}"


def _bracket(low: float | None, high: float | None, scale: float = 1.0) -> str:
    return "-" if pd.isna(low) else f"{_number(low, scale)} .. {_number(high, scale)}"
