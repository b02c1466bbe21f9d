"""Interleaved rounds: every backend is run once per round, so drift of the machine hits all of them alike."""

import gc
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from molenspin.errors import MolenspinError
from molenspin.timing.clock import Clock, monotonic_clock
from molenspin.timing.samples import Samples
from molenspin.timing.statistics import MINIMUM_SAMPLES

RUNS_PER_VISIT = 3
"""Fewer would leave no median to speak of."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How often to run.

    Parameters
    ----------
    repeats
        Timed runs wanted of each task, one per round.
    warm_up
        Seconds of untimed runs of each task before the first round.
    budget
        Seconds of timed runs allowed to one task: a slow one takes part in fewer rounds, spread evenly, but
        in as many as an interval needs; a task whose first call takes longer than that is timed once.
    seed
        Seed of the order inside each round.
    visits
        Parts that the rounds are divided into, spread over the session, at least `RUNS_PER_VISIT` in each:
        how much they differ is what a session can bear. Each has its share of the warm-up.
    """

    repeats: int = 20
    warm_up: float = 1.0
    budget: float = 60.0
    seed: int = 0
    visits: int = 1

    @property
    def visit_count(self) -> int:
        """Visits that the repeats allow."""
        return max(1, min(self.visits, self.repeats // RUNS_PER_VISIT))

    @property
    def warm_up_of_visit(self) -> float:
        """Seconds of warm-up in each visit."""
        return self.warm_up / self.visit_count

    def rounds_of(self, visit: int) -> range:
        """Numbers of the rounds of a visit."""
        first, after = (self.repeats * number // self.visit_count for number in (visit, visit + 1))
        return range(first, after)


class Task(Protocol):
    """Something to time."""

    def prepare(self) -> None:
        """Get ready for a run, untimed."""

    def run(self) -> float:
        """Run to the end, the device synchronised; return the seconds measured inside."""


@dataclass(frozen=True)
class _Run:
    wall: float
    inside: float
    calibration: float | None = None


def run_rounds(
    tasks: Mapping[str, Task],
    schedule: Schedule,
    *,
    visit: int = 0,
    warm: Mapping[str, float] | None = None,
    clock: Clock = monotonic_clock,
    calibrate: Callable[[], object] | None = None,
) -> dict[str, Samples]:
    """Time all tasks in the interleaved rounds of one visit after a warm-up.

    A task whose first run raises a `MolenspinError` is given up, with the message; the others go on.

    Parameters
    ----------
    tasks
        What to time, by name.
    schedule
        How often.
    visit
        Number of the visit, from 0 on.
    warm
        Seconds of a run of each task that an earlier visit has warmed up, and that is too long to need it
        again.
    clock
        Source of seconds.
    calibrate
        Fixed work that is timed before each run.
    """
    warm = warm or {}
    first, failures = _first_calls({name: task for name, task in tasks.items() if name not in warm}, clock)
    warm_up = {name: _warm_up(tasks[name], run, schedule, clock) for name, run in first.items()}
    seconds = {name: [run.wall for run in runs] for name, runs in warm_up.items()}
    counts = {
        name: _affordable(schedule, seconds.get(name, [warm.get(name, 0.0)])) for name in {**first, **warm}
    }
    timed: dict[str, list[tuple[int, _Run]]] = {name: [] for name in counts}
    order = random.Random(schedule.seed + visit)
    rounds = schedule.rounds_of(visit)
    for round_number in rounds:
        names = [name for name in counts if _takes_part(counts[name], schedule, round_number, rounds[-1])]
        order.shuffle(names)
        for name in names:
            timed[name].append((round_number, _timed_run(tasks[name], clock, calibrate)))
    return {
        name: failures[name]
        if name in failures
        else _samples(schedule, visit, first.get(name), len(warm_up.get(name, ())), timed[name])
        for name in tasks
    }


def _first_calls(tasks: Mapping[str, Task], clock: Clock) -> tuple[dict[str, _Run], dict[str, Samples]]:
    first: dict[str, _Run] = {}
    failures: dict[str, Samples] = {}
    for name, task in tasks.items():
        start = clock()
        try:
            first[name] = _timed_run(task, clock)
        except MolenspinError as error:
            failures[name] = Samples(first_call=clock() - start, failure=str(error))
    return first, failures


def _warm_up(task: Task, first: _Run, schedule: Schedule, clock: Clock) -> list[_Run]:
    if first.wall > schedule.budget:
        return []
    end = clock() + schedule.warm_up_of_visit
    runs = [_timed_run(task, clock)]
    while clock() < end:
        runs.append(_timed_run(task, clock))
    return runs


def _affordable(schedule: Schedule, warm: list[float]) -> int:
    if not warm:
        return 1
    within_budget = int(schedule.budget / max(min(warm), 1e-9))
    return min(schedule.repeats, max(MINIMUM_SAMPLES, within_budget))


def _takes_part(count: int, schedule: Schedule, round_number: int, last: int) -> bool:
    if count == 1:  # too slow for more: once, in this visit
        return round_number == last
    return (round_number + 1) * count // schedule.repeats > round_number * count // schedule.repeats


def _timed_run(task: Task, clock: Clock, calibrate: Callable[[], object] | None = None) -> _Run:
    task.prepare()
    with _garbage_collection_paused():
        calibration = _seconds(calibrate, clock) if calibrate else None
        start = clock()
        inside = task.run()
        return _Run(wall=clock() - start, inside=inside, calibration=calibration)


def _seconds(work: Callable[[], object], clock: Clock) -> float:
    start = clock()
    work()
    return clock() - start


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _samples(
    schedule: Schedule, visit: int, first: _Run | None, warm_up_count: int, timed: list[tuple[int, _Run]]
) -> Samples:
    return Samples(
        first_call=first.wall if first else 0.0,
        warm_up_count=warm_up_count,
        wall=tuple(run.wall for _, run in timed),
        inside=tuple(run.inside for _, run in timed),
        rounds=tuple(round_number for round_number, _ in timed),
        wanted=schedule.repeats,
        calibration=tuple(run.calibration for _, run in timed if run.calibration is not None),
        visits=(visit,) * len(timed) if schedule.visit_count > 1 else (),
    )
