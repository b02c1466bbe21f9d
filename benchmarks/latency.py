"""Latency of a single run: every family, size and integrator, by NumPy and by Rust on one thread.

`python -m benchmarks.latency` simulates with dt = 1e-3 and records every step. 10,000 steps are run where
their record fits into `HISTORY_BYTES`, else fewer. The dense NumPy baseline runs fewer steps beyond 48 bodies
and is left out beyond 768. The tables give all times for 10,000 steps.

Each row is in the file as soon as it is measured; `--resume` goes on after an interruption.
"""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from benchmarks.result_files import add_resume, save_rows, unfinished
from benchmarks.session import (
    DT,
    FEWEST_STEPS,
    affordable_steps,
    clock,
    new_parser,
    pinned_machine,
    schedule,
)
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.backends.protocol import Execution, Settings
from molenspin.backends.registry import available_backends, get_backend
from molenspin.backends.workload import Contender, Workload
from molenspin.integrators import Integrator
from molenspin.timing import Environment, TimingRecord
from molenspin.timing.measure import measure

SIZES = (4, 12, 24, 48, 192, 768, 3072, 12288)
HISTORY_BYTES = 256 * 2**20
STATE_BYTES = 32
"""Bytes that one recorded state of one body takes."""

NUMPY_FULL_SIZE = 48
NUMPY_LARGEST_SIZE = 768


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results."""
    parser = new_parser(__doc__, name="latency", sizes=SIZES)
    parser.add_argument("--families", nargs="+", choices=tuple(Family), default=tuple(Family))
    parser.add_argument("--integrators", nargs="+", choices=tuple(Integrator), default=tuple(Integrator))
    add_resume(parser)
    parser.set_defaults(repeats=8, budget=2.0)
    options = parser.parse_args(arguments)
    contenders = [contender(name) for name in ("numpy", "rust") if name in available_backends()]
    with pinned_machine(options) as environment:
        for workload in unfinished(workloads(options), environment, options):
            save_rows(_measure(workload, contenders, environment, options), environment, options.output)
    return 0


def contender(backend: str, *, threads: int = 1) -> Contender:
    """A backend on so many threads, under its own name."""
    return Contender(label=backend, backend=get_backend(backend), execution=Execution(threads=threads))


def workloads(options: Namespace) -> Iterator[Workload]:
    """One workload per family, size and integrator."""
    for family, size in product(options.families, options.sizes):
        compiled = benchmark_assembly(family, size).compile()
        steps = max(FEWEST_STEPS, min(options.steps, HISTORY_BYTES // (STATE_BYTES * size)))
        for integrator in options.integrators:
            settings = Settings(dt=DT, step_count=steps, integrator=Integrator(integrator))
            yield Workload(assembly=family, compiled=compiled, settings=settings)


def _measure(
    workload: Workload, contenders: Sequence[Contender], environment: Environment, options: Namespace
) -> list[TimingRecord]:
    """Time all together where NumPy runs the whole workload, else the others alone and all on fewer steps."""
    size = workload.compiled.body_count
    rounds, ticks = schedule(options), clock(options)
    records: list[TimingRecord] = []
    if size > NUMPY_FULL_SIZE:
        compiled_only = [contender for contender in contenders if contender.label != "numpy"]
        if compiled_only:
            records += measure([workload], compiled_only, environment, schedule=rounds, clock=ticks).records
        workload = _shortened(workload)
    if size <= NUMPY_LARGEST_SIZE:
        records += measure([workload], contenders, environment, schedule=rounds, clock=ticks).records
    return records


def _shortened(workload: Workload) -> Workload:
    steps = affordable_steps(
        workload.settings.step_count, body_count=workload.compiled.body_count, full_size=NUMPY_FULL_SIZE
    )
    return replace(workload, settings=replace(workload.settings, step_count=steps))


if __name__ == "__main__":
    raise SystemExit(main())
