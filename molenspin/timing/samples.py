"""Raw seconds of one task, kept as they were measured."""

from collections.abc import Sequence
from dataclasses import dataclass


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
