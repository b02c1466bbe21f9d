"""What every benchmark shares: options, schedule, the machine, how many steps are affordable."""

import sys
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from molenspin.provenance import version_of
from molenspin.timing import Environment, Schedule
from molenspin.timing.clock import Clock, monotonic_clock
from molenspin.timing.environment import read_environment, refuse_debug_build
from molenspin.timing.threads import pinned_threads

RESULTS = Path(__file__).parent / "results"
"""Folder of the published results; `benchmarks.render` makes the tables of README.md from it."""

DT = 1e-3
STEPS = 10_000
"""Steps of a full run; tables give the time of this many, whatever was run."""

FEWEST_STEPS = 20

CLOCKS: dict[str, Clock] = {"wall": monotonic_clock, "processor": time.process_time}
"""What to measure by. On a machine that is busy with other work, and with one thread, the time that this
process got from the processor is what a wall clock would show on an idle machine."""


def new_parser(description: str | None, *, name: str, sizes: Sequence[int]) -> ArgumentParser:
    """A parser with the options that all benchmarks have."""
    parser = ArgumentParser(description=description, formatter_class=ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    add("--sizes", type=int, nargs="+", default=sizes, help="numbers of bodies")
    add("--steps", type=int, default=STEPS, help="steps of a full run")
    add("--repeats", type=int, default=12, help="timed runs of each task, one per round")
    add("--warm-up", type=float, default=0.3, help="seconds of untimed runs before the first round")
    add("--budget", type=float, default=10.0, help="seconds after which a slow task gets fewer runs")
    add("--clock", choices=tuple(CLOCKS), default="wall", help="processor: the time that this process got")
    add("--machine", default=None, help="name of this machine in the results (default: its host name)")
    add("--output", type=Path, default=RESULTS / f"{name}.json", help="file to write")
    return parser


def schedule(options: Namespace) -> Schedule:
    """The schedule that the options ask for."""
    return Schedule(repeats=options.repeats, warm_up=options.warm_up, budget=options.budget)


def clock(options: Namespace) -> Clock:
    """The clock that the options ask for."""
    return CLOCKS[options.clock]


@contextmanager
def pinned_machine(
    options: Namespace, *, threads: int = 1, packages: Sequence[str] = ()
) -> Iterator[Environment]:
    """Hold this process to ``threads`` processors, and describe machine and versions of ``packages``."""
    with pinned_threads(threads) as pinning:
        environment = read_environment(pinning, machine=options.machine)
        refuse_debug_build(environment.build_profile)
        yield replace(
            environment, versions=environment.versions | {name: version_of(name) for name in packages}
        )


def affordable_steps(steps: int, *, body_count: int, full_size: int) -> int:
    """``steps`` up to ``full_size`` bodies, beyond that fewer: dense matrices cost n^3."""
    if body_count <= full_size:
        return steps
    return max(FEWEST_STEPS, int(steps * (full_size / body_count) ** 3))


def progress(line: str) -> None:
    """Tell how far it is, apart from the results."""
    print(line, file=sys.stderr, flush=True)
