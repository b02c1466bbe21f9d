"""Interleaved rounds: every backend is run once per round, so drift of the machine hits all of them alike."""

import gc
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from molenspin.errors import MolenspinError
from molenspin.timing.clock import Clock, monotonic_clock
from molenspin.timing.statistics import MINIMUM_SAMPLES


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
    """

    repeats: int = 20
    warm_up: float = 1.0
    budget: float = 60.0
    seed: int = 0


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
    """

    first_call: float
    warm_up_count: int = 0
    wall: tuple[float, ...] = ()
    inside: tuple[float, ...] = ()
    rounds: tuple[int, ...] = ()
    wanted: int = 0
    failure: str = ""


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


def run_rounds(
    tasks: Mapping[str, Task], schedule: Schedule, *, clock: Clock = monotonic_clock
) -> dict[str, Samples]:
    """Time all tasks in interleaved rounds after a warm-up.

    A task whose first run raises a `MolenspinError` is given up, with the message; the others go on.
    """
    first, failures = _first_calls(tasks, clock)
    warm = {name: _warm_up(tasks[name], first[name], schedule, clock) for name in first}
    counts = {name: _affordable(schedule, [run.wall for run in warm[name]]) for name in first}
    timed: dict[str, list[tuple[int, _Run]]] = {name: [] for name in first}
    order = random.Random(schedule.seed)
    for round_number in range(schedule.repeats):
        names = [name for name in first if _takes_part(counts[name], schedule.repeats, round_number)]
        order.shuffle(names)
        for name in names:
            timed[name].append((round_number, _timed_run(tasks[name], clock)))
    return {
        name: failures[name]
        if name in failures
        else _samples(schedule, first[name], len(warm[name]), timed[name])
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
    end = clock() + schedule.warm_up
    runs = [_timed_run(task, clock)]
    while clock() < end:
        runs.append(_timed_run(task, clock))
    return runs


def _affordable(schedule: Schedule, warm: list[float]) -> int:
    if not warm:
        return 1
    within_budget = int(schedule.budget / max(min(warm), 1e-9))
    return min(schedule.repeats, max(MINIMUM_SAMPLES, within_budget))


def _takes_part(count: int, round_count: int, round_number: int) -> bool:
    return (round_number + 1) * count // round_count > round_number * count // round_count


def _timed_run(task: Task, clock: Clock) -> _Run:
    task.prepare()
    with _garbage_collection_paused():
        start = clock()
        inside = task.run()
        return _Run(wall=clock() - start, inside=inside)


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _samples(schedule: Schedule, first: _Run, warm_up_count: int, timed: list[tuple[int, _Run]]) -> Samples:
    return Samples(
        first_call=first.wall,
        warm_up_count=warm_up_count,
        wall=tuple(run.wall for _, run in timed),
        inside=tuple(run.inside for _, run in timed),
        rounds=tuple(round_number for round_number, _ in timed),
        wanted=schedule.repeats,
    )
