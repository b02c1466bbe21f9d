"""What a sweep left behind, as tables, figures and the report read it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from molenspin.analysis.accuracy_file import read_accuracy
from molenspin.analysis.convergence import ERROR, UNCERTAINTY, Convergence, convergences
from molenspin.analysis.speedups import (
    curves_by_key,
    equal_error_table,
    equal_step_table,
    known_errors,
    members_text,
    target_errors,
)
from molenspin.analysis.work_precision import Curve, CurveKey
from molenspin.integrators import Integrator
from molenspin.status import CaseStatus
from molenspin.sweep.labels import keyed_name
from molenspin.timing import TimingCase, TimingResults, load_timing
from molenspin.timing.table import in_display_order


@dataclass(frozen=True)
class SweepResults:
    """Accuracy and timing of the same cases.

    Parameters
    ----------
    accuracy
        From `molenspin.analysis.stored.stored_accuracy`; may be empty.
    timing
        Raw timings; None where nothing was timed.
    """

    accuracy: pd.DataFrame
    timing: TimingResults | None = None

    @cached_property
    def errors(self) -> dict[tuple[TimingCase, str], float]:
        """Error of each timed case and backend [rad]."""
        return known_errors(self.timing, self.accuracy) if self.timing and len(self.accuracy) else {}

    @cached_property
    def uncertainties(self) -> dict[tuple[TimingCase, str], float]:
        """How far these errors can be trusted [rad]."""
        if not self.timing or not len(self.accuracy):
            return {}
        return known_errors(self.timing, self.accuracy, column=UNCERTAINTY)

    @cached_property
    def speedup(self) -> pd.DataFrame:
        """Medians and speedups at equal step; empty where nothing was timed."""
        return (
            equal_step_table(self.timing, self.errors, self.uncertainties) if self.timing else pd.DataFrame()
        )

    @cached_property
    def curves(self) -> dict[CurveKey, list[Curve]]:
        """Work-precision curves."""
        return curves_by_key(self.timing, self.errors, self.uncertainties) if self.timing else {}

    @property
    def curve_titles(self) -> dict[CurveKey, str]:
        """Assembly, size and what is varied, of each key; machine and duration where there are several."""
        machines = {key.machine for key in self.curves}
        durations = {key.microseconds for key in self.curves}
        titles = {
            key: f"{key.assembly}, {key.body_count} bodies{members_text(key.member_count, key.parameters)}"
            + (f", {key.microseconds / 1e6:g} s" if len(durations) > 1 else "")
            + (f", on {key.machine}" if len(machines) > 1 else "")
            for key in self.curves
        }
        shared = {title for title, count in Counter(titles.values()).items() if count > 1}
        return {
            key: keyed_name(title, key.content) if title in shared else title for key, title in titles.items()
        }

    @cached_property
    def convergence(self) -> list[Convergence]:
        """Error over step of every assembly and integrator."""
        return convergences(self.accuracy) if len(self.accuracy) else []

    @property
    def finished(self) -> pd.DataFrame:
        """Cases that ran to their end."""
        return self._with_status(is_ok=True)

    @property
    def failed(self) -> pd.DataFrame:
        """Cases that did not."""
        return self._with_status(is_ok=False)

    def _with_status(self, *, is_ok: bool) -> pd.DataFrame:
        if not len(self.accuracy):
            return self.accuracy
        return self.accuracy[(self.accuracy["status"] == CaseStatus.OK.label) == is_ok]

    @property
    def reference_uncertainty(self) -> float | None:
        """Largest uncertainty of an angle of any reference [rad]; None where there is no reference."""
        if not len(self.accuracy) or self.accuracy[UNCERTAINTY].isna().all():
            return None
        return float(self.accuracy[UNCERTAINTY].max())

    @property
    def without_error(self) -> pd.DataFrame:
        """Cases that ran to their end and have no error."""
        finished = self.finished
        return finished[finished[ERROR].isna()] if len(finished) else finished

    @property
    def phase_shares(self) -> pd.DataFrame:
        """Share of each phase in the run time of the finest timed step, by assembly and backend."""
        shares: dict[str, dict[str, float]] = {}
        for record in in_display_order(self.timing) if self.timing else ():
            seconds = asdict(record.phases)
            if record.samples.wall and sum(seconds.values()) > 0 and record.case.integrator is Integrator.RK4:
                whole = max(record.samples.inside[-1], sum(seconds.values()))
                case = record.case
                name = self.timing.labels[case.content] if self.timing else case.assembly
                label = f"{name} {case.body_count}{members_text(case.member_count, case.parameters)}"
                label = f"{label}, {record.backend}"
                other = 1.0 - sum(seconds.values()) / whole
                found = {phase: value / whole for phase, value in seconds.items()} | {"other": other}
                shares.setdefault(label, found)
        return pd.DataFrame.from_dict(shares, orient="index")

    def equal_error(self, targets: Sequence[float] = ()) -> pd.DataFrame:
        """Speedups at equal error, by default at the powers of ten that were measured around."""
        return equal_error_table(self.curves, targets or target_errors(self.curves))


def load_results(accuracy: Path, timing: Path | None = None) -> SweepResults:
    """Read what the sweep wrote.

    Parameters
    ----------
    accuracy
        Table of `stored_accuracy` as CSV.
    timing
        Timing file; None where nothing was timed.

    Raises
    ------
    MolenspinError
        If a file cannot be read.
    """
    return SweepResults(read_accuracy(accuracy), load_timing(timing) if timing else None)
