"""Looks up the records of a file of results, and their costs per step with intervals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.session import STEPS
from molenspin.timing import Environment, TimingCase, TimingRecord, Verdict, load_timing
from molenspin.timing.statistics import Estimate, median_estimate, ratio_estimate


@dataclass(frozen=True)
class Records:
    """The records of a file in the order of their cases, and the sessions that they were taken in."""

    environments: tuple[Environment, ...]
    records: tuple[TimingRecord, ...]

    @classmethod
    def load(cls, path: Path) -> "Records":
        """Read a file."""
        results = load_timing(path)
        return cls(results.environments, tuple(sorted(results.records, key=lambda record: record.case)))

    def longest(self, backend: str, **case: object) -> TimingRecord | None:
        """The record of ``backend`` with these values of its case; the one with most steps of several."""
        found = [
            record
            for record in self.records
            if record.backend == backend
            and record.physics.verdict is Verdict.OK
            and all(getattr(record.case, field) == value for field, value in case.items())
        ]
        return max(found, key=lambda record: record.case.step_count, default=None)

    @cached_property
    def backends(self) -> tuple[str, ...]:
        """Labels in the order of their first appearance."""
        return tuple(dict.fromkeys(record.backend for record in self.records))

    @cached_property
    def cases(self) -> tuple[TimingCase, ...]:
        """Cases in the order of their first appearance."""
        return tuple(dict.fromkeys(record.case for record in self.records))

    def values(self, field: str) -> tuple[object, ...]:
        """Values of a field of the cases in the order of their first appearance."""
        return tuple(dict.fromkeys(getattr(case, field) for case in self.cases))


def step_seconds(record: TimingRecord) -> tuple[float, ...]:
    """Seconds per step of each timed run."""
    return tuple(wall / record.case.step_count for wall in record.samples.wall)


def run_seconds(record: TimingRecord) -> Estimate:
    """Seconds for a full run of `STEPS` steps."""
    return median_estimate([seconds * STEPS for seconds in step_seconds(record)])


def speedup(baseline: TimingRecord, record: TimingRecord) -> Estimate:
    """How many times faster a step of ``record`` is."""
    return ratio_estimate(step_seconds(baseline), step_seconds(record))


def paired_speedup(baseline: TimingRecord, record: TimingRecord) -> Estimate | None:
    """How many times faster a step of ``record`` is, as the median over the rounds that both took part in.

    The two runs of a round follow each other closely, so that drift of the machine hits both.
    """
    first, second = (dict(zip(r.samples.rounds, step_seconds(r), strict=True)) for r in (baseline, record))
    ratios = [first[number] / second[number] for number in first if number in second]
    return median_estimate(ratios) if ratios else None


def throughput(record: TimingRecord) -> Estimate:
    """Body-steps per second, all members together."""
    case = record.case
    body_steps = case.member_count * case.body_count * case.step_count
    return median_estimate([body_steps / wall for wall in record.samples.wall])


def text(estimate: Estimate | None, scale: float = 1.0) -> str:
    """A value with its interval, as tables show it."""
    if estimate is None:
        return "-"
    value = digits(estimate.value * scale)
    if estimate.interval is None:
        return value
    return f"{value} ({digits(estimate.interval.low * scale)} to {digits(estimate.interval.high * scale)})"


def digits(value: float) -> str:
    """Three digits, with an exponent only from a million on."""
    return f"{float(f'{value:.3g}'):g}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
