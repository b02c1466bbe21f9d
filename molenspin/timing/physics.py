"""Correctness of timed runs: a timing counts only beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from molenspin.assembly.compiled import Floats
from molenspin.backends.protocol import History, Outcome
from molenspin.simulation.agreement import AGREEMENT, SMALLEST_SCALE
from molenspin.status import CaseStatus
from molenspin.timing.records import Physics, Verdict

STATE_VARIABLES = ("angle", "displacement", "angular_velocity", "velocity")


@dataclass(frozen=True, kw_only=True)
class Computed:
    """What one backend computed in its last run.

    Parameters
    ----------
    history, outcome
        The filled buffers and the report.
    dtype
        Precision that the backend was asked for.
    """

    history: History
    outcome: Outcome
    dtype: str = "float64"

    @property
    def finished(self) -> bool:
        """All members ran to the end and left finite states."""
        return not self.complaint

    @property
    def complaint(self) -> str:
        """Why the run cannot be trusted on its own evidence; empty where it can."""
        statuses = {CaseStatus(int(status)) for status in self.outcome.status}
        bad = sorted(status.label for status in statuses - {CaseStatus.OK})
        if bad:
            return ", ".join(bad)
        finite = all(np.isfinite(getattr(self.history, name)).all() for name in STATE_VARIABLES)
        return "" if finite else "left states that are not finite"


def judge(runs: Mapping[str, Computed], *, trusted: str, tolerance: float) -> dict[str, Physics]:
    """Compare every run with the trusted one.

    Parameters
    ----------
    runs
        What each backend computed, by label.
    trusted
        Label of the backend to believe; where it did not finish, the first one that did takes its place.
    tolerance
        Newton tolerance that the runs were given.
    """
    finished = [label for label in runs if runs[label].finished]
    against = trusted if trusted in finished else next(iter(finished), "")
    return {label: _judge_one(run, against, runs.get(against), tolerance) for label, run in runs.items()}


def _judge_one(run: Computed, against: str, trusted: Computed | None, tolerance: float) -> Physics:
    agreement = AGREEMENT[run.dtype]
    difference = relative_difference(run.history, trusted.history) if trusted else float("inf")
    verdict, reason = _verdict(run, against, difference, agreement, tolerance)
    return Physics(
        verdict=verdict,
        reason=reason,
        against=against,
        difference=difference,
        tolerance=agreement,
        max_residual=float(run.outcome.max_residual.max()),
        newton_iterations=int(run.outcome.newton_iterations.sum()),
        force_evaluations=int(run.outcome.force_evaluations.sum()),
        final_position=final_position(run.history),
    )


def _verdict(
    run: Computed, against: str, difference: float, agreement: float, tolerance: float
) -> tuple[Verdict, str]:
    if not run.finished:
        return Verdict.FAILED, run.complaint
    if not difference <= agreement:
        return Verdict.WRONG, f"differs from {against} by {difference:.1e} (allowed {agreement:.0e})"
    residual = float(run.outcome.max_residual.max())
    if run.dtype == "float64" and residual > 10 * tolerance:
        return Verdict.WRONG, f"violates a constraint by {residual:.1e} (tolerance {tolerance:.0e})"
    return Verdict.OK, ""


def relative_difference(history: History, trusted: History) -> float:
    """Return the largest difference of any variable, relative to that variable's largest magnitude."""
    return max(_relative(getattr(history, name), getattr(trusted, name)) for name in STATE_VARIABLES)


def _relative(values: Floats, trusted: Floats) -> float:
    difference = float(np.abs(values - trusted).max())
    if np.isnan(difference):
        return float("inf")
    return difference / max(float(np.abs(trusted).max()), SMALLEST_SCALE)


def angle_error(history: History, reference: Floats) -> float:
    """Return the largest difference of an angle from the reference [rad]; infinite if not finite."""
    error = float(np.abs(history.angle - reference).max())
    return float("inf") if np.isnan(error) else error


def final_position(history: History) -> tuple[float, ...]:
    """Return angles and displacements of the first member's last state in coordinate order, (2n,)."""
    last = np.stack([history.angle[0, :, -1], history.displacement[0, :, -1]], axis=1)
    return tuple(float(value) for value in last.ravel())


def forget(history: History) -> None:
    """Overwrite all buffers with NaN, so that a run cannot pass by what an earlier one left."""
    for field in fields(history):
        buffer = getattr(history, field.name)
        if buffer is not None:
            buffer.fill(np.nan)
