"""Interleaved rounds: every backend is run once per round, so drift of the machine hits all of them alike."""

import gc
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from molenspin.errors import MolenspinError
from molenspin.timing.clock import Clock, monotonic_clock
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

    def rounds_of(self, visit: int) -> range:
        """Numbers of the rounds of a visit."""
        first, after = (self.repeats * number // self.visit_count for number in (visit, visit + 1))
        return range(first, after)


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Raw seconds of one task.

    Parameters
    ----------
    first_call
        Wall-clock seconds of the very first run: compilation, allocation, device start.
    warm_up_count
        Untimed runs after it.
    wall
        Wall-clock seconds of each timed run, measured from outside.
    inside
        Seconds of the same runs as the backend measured them.
    rounds
        The round of each timed run.
    wanted
        Timed runs that the schedule asked for; a slow task has fewer.
    failure
        Why the task was given up; empty where it was not.
    calibration
        Seconds of the calibration kernel right before each timed run; empty where none was timed.
    visits
        The visit of each timed run; empty where there was only one.
    """

    first_call: float
    warm_up_count: int = 0
    wall: tuple[float, ...] = ()
    inside: tuple[float, ...] = ()
    rounds: tuple[int, ...] = ()
    wanted: int = 0
    failure: str = ""
    calibration: tuple[float, ...] = ()
    visits: tuple[int, ...] = ()


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
    clock
        Source of seconds.
    calibrate
        Fixed work that is timed before each run.
    """
    first, failures = _first_calls(tasks, clock)
    warm = {name: _warm_up(tasks[name], first[name], schedule, visit, clock) for name in first}
    counts = {name: _affordable(schedule, [run.wall for run in warm[name]]) for name in first}
    timed: dict[str, list[tuple[int, _Run]]] = {name: [] for name in first}
    order = random.Random(schedule.seed + visit)
    rounds = schedule.rounds_of(visit)
    for round_number in rounds:
        names = [name for name in first if _takes_part(counts[name], schedule, round_number, rounds[-1])]
        order.shuffle(names)
        for name in names:
            timed[name].append((round_number, _timed_run(tasks[name], clock, calibrate)))
    return {
        name: failures[name]
        if name in failures
        else _samples(schedule, visit, first[name], len(warm[name]), timed[name])
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


def _warm_up(task: Task, first: _Run, schedule: Schedule, visit: int, clock: Clock) -> list[_Run]:
    if first.wall > schedule.budget:
        return []
    share = schedule.warm_up / schedule.visit_count
    if visit and first.wall >= share:
        return [first]  # nothing is compiled any more
    end = clock() + share
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
    schedule: Schedule, visit: int, first: _Run, warm_up_count: int, timed: list[tuple[int, _Run]]
) -> Samples:
    return Samples(
        first_call=first.wall,
        warm_up_count=warm_up_count,
        wall=tuple(run.wall for _, run in timed),
        inside=tuple(run.inside for _, run in timed),
        rounds=tuple(round_number for round_number, _ in timed),
        wanted=schedule.repeats,
        calibration=tuple(run.calibration for _, run in timed if run.calibration is not None),
        visits=(visit,) * len(timed) if schedule.visit_count > 1 else (),
    )


def joined(visits: Sequence[Samples]) -> Samples:
    """Samples of one task over its visits: the first call is that of the first."""
    return Samples(
        first_call=visits[0].first_call,
        warm_up_count=sum(part.warm_up_count for part in visits),
        wall=tuple(value for part in visits for value in part.wall),
        inside=tuple(value for part in visits for value in part.inside),
        rounds=tuple(number for part in visits for number in part.rounds),
        wanted=visits[0].wanted,
        failure=next((part.failure for part in visits if part.failure), ""),
        calibration=tuple(value for part in visits for value in part.calibration),
        visits=tuple(number for part in visits for number in part.visits),
    )
