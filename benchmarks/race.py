"""A race: entrants that solve one problem in interleaved rounds, and the errors of what they computed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from molenspin.timing import Environment, Schedule, TimingCase, TimingRecord, Verdict
from molenspin.timing.clock import Clock
from molenspin.timing.records import Physics
from molenspin.timing.rounds import run_rounds
from molenspin.timing.samples import Samples

LARGEST_ERROR = 1e-3
"""An entrant whose angles are further off [rad] does not solve the problem, and its time does not count."""

COMPILATION = 60.0
"""Seconds that a first call may take, compilation included, without costing an entrant its repeats."""

Result = TypeVar("Result")


@dataclass
class Entrant(Generic[Result]):
    """A simulator at the start; a task for `run_rounds`.

    Parameters
    ----------
    label, method
        Who it is and how it computes, for tables.
    case
        What it simulates.
    simulate
        Called once per run.
    error
        Largest error of an angle [rad] in what `simulate` returned.
    """

    label: str
    method: str
    case: TimingCase
    simulate: Callable[[], Result]
    error: Callable[[Result], float]
    last: list[Result] = field(default_factory=list, init=False)

    def prepare(self) -> None:
        """Forget the last run."""
        self.last.clear()

    def run(self) -> float:
        """Simulate; nothing is measured inside."""
        self.last.append(self.simulate())
        return 0.0

    def record(self, samples: Samples, session: str) -> TimingRecord:
        """What was measured, with the error of the last run."""
        return TimingRecord(
            case=self.case,
            backend=self.label,
            session=session,
            samples=samples,
            physics=self._physics(samples),
            path=self.method,
        )

    def _physics(self, samples: Samples) -> Physics:
        if not self.last:
            return Physics(verdict=Verdict.FAILED, reason=samples.failure)
        error = self.error(self.last[0])
        if error <= LARGEST_ERROR:
            return Physics(verdict=Verdict.OK, error=error, reference="DOP853 at 1e-13")
        return Physics(verdict=Verdict.WRONG, error=error, reason=f"angles are off by {error:.1e} rad")


def race(
    entrants: Sequence[Entrant[Result]], schedule: Schedule, environment: Environment, *, clock: Clock
) -> list[TimingRecord]:
    """Time the entrants in interleaved rounds, then measure their errors."""
    samples = run_rounds({entrant.label: entrant for entrant in entrants}, schedule, clock=clock)
    return [entrant.record(samples[entrant.label], environment.session) for entrant in entrants]
