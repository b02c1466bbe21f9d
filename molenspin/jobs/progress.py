"""How far a job is, counted in steps."""

from dataclasses import dataclass, field
from time import perf_counter


@dataclass
class Progress:
    """Steps done of the steps to do, and the time left by their rate."""

    step_count: int
    batch_count: int
    begin: float = field(default_factory=perf_counter)
    steps_done: int = 0
    batches_done: int = 0

    def add(self, step_count: int) -> None:
        """Count one more batch."""
        self.steps_done += step_count
        self.batches_done += 1

    @property
    def seconds_left(self) -> float:
        """Expected time to the end [s]."""
        elapsed = perf_counter() - self.begin
        return elapsed * (self.step_count - self.steps_done) / max(self.steps_done, 1)

    def __str__(self) -> str:
        share = self.steps_done / max(self.step_count, 1)
        return (
            f"{self.batches_done}/{self.batch_count} batches, {share:4.0%} of {self.step_count:.3g} steps, "
            f"{self.seconds_left:.0f} s left"
        )
